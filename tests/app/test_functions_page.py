"""The functions page, on a running embedded account and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "functions.py")
SEND = "FormSubmitter:test-function-Test"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[None]:
    """Checkout of this account times out."""
    folder = tmp_path / "state" / "embedded"
    with EmbeddedAccount(folder, clock=ManualClock(), fault="slow-dependency", fault_age_s=900):
        yield


def test_while_the_account_is_stopped_the_page_says_so(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    assert not app.exception
    assert "is not running" in said(app)


@pytest.mark.usefixtures("account")
def test_a_function_is_judged_and_tried_with_several_events() -> None:
    app = opened(PAGE, function="checkout")
    assert not app.exception
    assert "invocations failed in the last hour" in said(app)
    app.text_area(key="test-events").set_value('{"id": 1}\n{"id": 2}')
    app.button(key=SEND).click().run()
    assert not app.exception
    assert list(app.dataframe[0].value["outcome"]) == ["function error"] * 2
    assert "Task timed out after 3.00 seconds" in app.dataframe[0].value["error"][0]


@pytest.mark.usefixtures("account")
def test_an_event_that_is_no_json_is_refused_with_the_reason() -> None:
    app = opened(PAGE, function="checkout")
    app.text_area(key="test-events").set_value("{nonsense")
    app.button(key=SEND).click().run()
    assert not app.exception
    assert "is no JSON" in said(app)
    assert not app.dataframe


@pytest.mark.usefixtures("account")
def test_a_single_event_over_several_lines_is_one_event() -> None:
    app = opened(PAGE, function="payments")
    app.text_area(key="test-events").set_value('{\n  "id": 1\n}')
    app.button(key=SEND).click().run()
    assert list(app.dataframe[0].value["outcome"]) == ["succeeded"]
