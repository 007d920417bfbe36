"""The walkthrough, on a running embedded account and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opspilot.embedded.client import handshake, list_faults
from opspilot.embedded.server import EmbeddedAccount
from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "walkthrough.py")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[str]:
    """The address of a healthy account of this test's state folder."""
    with EmbeddedAccount(tmp_path / "state" / "embedded", seed=7, speed=1) as running:
        yield running.url


def test_without_the_embedded_account_the_page_says_how_to_get_it(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    assert not app.exception
    assert app.code[0].value == "opspilot demo"


def test_a_fault_is_injected_hinted_at_and_taken_back(account: str) -> None:
    app = opened(PAGE)
    assert not app.exception
    assert "There is none. After a fault its alarm opens one by itself." in said(app)
    app.button(key="break-slow-dependency").click().run()
    assert not app.exception
    assert [one.name for one in list_faults(account) if one.active] == ["slow-dependency"]
    first = next(one for one in list_faults(account) if one.active).hints[0]
    assert first not in said(app)
    app.button(key="hint-slow-dependency").click().run()
    assert first in said(app)
    app.button(key="walkthrough-reset").click().run()
    assert not app.exception
    assert not [one for one in list_faults(account) if one.active]


def test_the_clock_of_the_account_is_set_from_here(account: str) -> None:
    app = opened(PAGE)
    app.slider[0].set_value(12).run()
    assert not app.exception
    assert "12 times as fast" in said(app)
    world = handshake(account)
    assert world is not None
    assert world.speed == 12


def test_a_viewer_changes_nothing_of_the_account(account: str) -> None:
    app = opened(PAGE, **{"as": "vera"})
    app.button(key="break-slow-dependency").click().run()
    assert "may not change embedded account" in said(app)
    app.slider[0].set_value(12).run()
    assert not [one.name for one in list_faults(account) if one.active]
    world = handshake(account)
    assert world is not None
    assert world.speed == 1
