"""The connections page, through the app's entry, while the account is stopped and while it runs."""

from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "connections.py")


def test_a_stopped_account_is_named_with_how_to_start_it(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    assert not app.exception
    text = said(app)
    assert "does not answer" in text
    assert "no answer" in text
    assert "000000000000" in text


def test_every_tool_is_listed_with_its_effect(fill: Fill) -> None:
    fill()
    app = opened(PAGE)
    tables = [frame.value for frame in app.dataframe if "tool" in frame.value]
    assert set(tables[0]["effect"]) == {"read", "propose"}


def test_everybody_whom_one_may_act_as_is_listed(fill: Fill) -> None:
    fill()
    app = opened(PAGE)
    tables = [frame.value for frame in app.dataframe if "person" in frame.value]
    assert "Ada" in list(tables[0]["person"])
