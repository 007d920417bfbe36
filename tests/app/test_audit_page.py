"""The audit page, through the app's entry, on a real store."""

import pytest

from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "audit.py")


def test_an_empty_trail_says_what_will_be_here(fill: Fill) -> None:
    fill()
    app = opened(PAGE, chain="system")
    assert not app.exception
    assert "No entry fits." in said(app)


def test_entries_of_all_chains_stand_in_one_table(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["action"]) == ["incident.opened"]
    assert list(table["chain"]) == ["INC-0042"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"about": "incident"}, True),
        ({"about": "plan"}, False),
        ({"containing": "INC-0042"}, True),
        ({"containing": "nothing like this"}, False),
        ({"failed": "true"}, False),
        ({"actor": "system", "chain": "INC-0042"}, True),
    ],
)
def test_the_filter_stands_in_the_address(fill: Fill, query: dict[str, str], found: bool) -> None:
    fill(builders.incident())
    app = opened(PAGE, **query)
    assert not app.exception
    assert ("No entry fits." not in said(app)) is found


def test_the_chains_are_verified_from_here(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    app.button(key="verify-all").click().run()
    assert not app.exception
    assert "The audit chain verifies" in said(app)
