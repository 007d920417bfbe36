"""The investigate page, on a running embedded account and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "investigate.py")
PINNED = {"start": "2026-03-04T11:45Z", "end": "2026-03-04T12:00Z"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Checkout times out since a quarter of an hour; no test of this module changes that."""
    state = tmp_path_factory.mktemp("look")
    with EmbeddedAccount(
        state / "embedded", clock=ManualClock(), fault="slow-dependency", fault_age_s=900
    ):
        yield state


@pytest.fixture
def running(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screens look at that account."""
    monkeypatch.setenv("OPSPILOT_STATE_DIR", str(account))


def look(**address: str | list[str]) -> AppTest:
    """The page at an address in which a name may stand several times."""
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(PAGE)
    app.run()
    assert not app.exception
    return app


def address(app: AppTest) -> dict[str, list[str]]:
    """What stands in the address, each name with all its values."""
    return {
        name: [value] if isinstance(value, str) else list(value)
        for name, value in app.query_params.items()
    }


def test_while_the_account_is_stopped_the_page_says_so(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE)
    assert not app.exception
    assert "is not running" in said(app)


@pytest.mark.usefixtures("running")
def test_an_empty_page_says_what_to_do_first() -> None:
    assert "Choose a resource" in look().info[0].value


@pytest.mark.usefixtures("running")
def test_a_resource_is_drawn_with_its_findings_and_suspects() -> None:
    app = look(resource=["checkout", "payments"])
    text = said(app)
    assert "series stand" in text
    assert "alias live moved from version 17 to version 18" in text
    signals = list(app.dataframe[0].value["signal"])
    assert {name.rsplit(" ", 1)[-1] for name in signals} >= {"checkout", "payments"}
    assert "were compared" in text


@pytest.mark.usefixtures("running")
def test_the_address_of_a_pinned_view_reopens_it_unchanged() -> None:
    asked = {
        "resource": ["checkout", "payments"],
        "metric": ["lambda.errors", "lambda.duration_p99"],
        "custom": ["AWS/Lambda|Duration|Average|FunctionName=checkout"],
        "baseline": ["1h"],
        "view": ["raw"],
        "start": [PINNED["start"]],
        "end": [PINNED["end"]],
    }
    app = look(**asked)
    assert {name: value for name, value in address(app).items() if name in asked} == asked
    assert app.multiselect(key="look-resource").value[0].endswith(":function:checkout")
    points = app.dataframe[0].value
    assert set(points["statistic"]) == {"Sum", "p99", "Average"}


@pytest.mark.usefixtures("running")
def test_pinning_writes_the_shown_window_into_the_address() -> None:
    app = look(resource="orders", window="15m")
    app.button(key="look-pin").click().run()
    assert not app.exception
    assert {"start", "end"} <= set(address(app))
    assert "window" not in address(app)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"resource": "no-such-thing"}, "no-such-thing"),
        ({"window": "yesterday"}, "'yesterday' in the address"),
        ({"metric": "lambda.mood"}, "no metric called 'lambda.mood'"),
        ({"start": "2031-01-01T00:00Z", "end": "2031-01-01T01:00Z"}, "starts in the future"),
        ({"start": "2026-01-01T00:00Z", "end": "2026-03-01T01:00Z"}, "5 minutes to 7 days"),
    ],
)
def test_what_is_wrong_in_an_address_is_said(named: dict[str, str], told: str) -> None:
    assert told in said(look(**named)).replace("&#x27;", "'")


@pytest.mark.usefixtures("running")
def test_a_hostile_name_stays_text() -> None:
    text = said(look(resource=builders.HOSTILE, metric=builders.HOSTILE))
    assert "<img" not in text


@pytest.mark.usefixtures("running")
def test_changed_patterns_are_listed_with_counts_and_a_trend() -> None:
    app = look(resource="checkout", part="Log patterns", **PINNED)
    rows = app.dataframe[0].value
    timed_out = rows[rows["pattern"].str.contains("Task timed out")].iloc[0]
    assert timed_out["change"] == "new"
    assert timed_out["before"] == 0
    assert timed_out["window"] == sum(timed_out["trend"])


@pytest.mark.usefixtures("running")
def test_lines_are_searched_and_a_cut_answer_says_so() -> None:
    app = look(resource="checkout", part="Log lines", find="timed out", **PINNED)
    assert "At least 200 lines of /aws/lambda/checkout match" in said(app)
    assert "Cut: more than 200 lines match" in said(app)
    app.text_input(key="find").set_value("nobody wrote this").run()
    assert "No lines of /aws/lambda/checkout match" in said(app)


@pytest.mark.usefixtures("running")
def test_a_log_group_that_there_is_not_is_told_as_such() -> None:
    app = look(resource="checkout", log="/aws/lambda/nope", part="Log lines")
    assert "The specified log group does not exist" in said(app)


@pytest.mark.usefixtures("running")
def test_a_tail_starts_shows_lines_and_stops() -> None:
    app = look(resource="checkout", part="Tail")
    app.button(key="tail-start").click().run()
    assert not app.exception
    assert "newest first" in said(app)
    app.button(key="tail-stop").click().run()
    assert "newest first" not in said(app)


@pytest.mark.usefixtures("running")
def test_a_viewer_may_look_and_is_told_why_no_incident_can_be_opened() -> None:
    app = look(resource="checkout", **{"as": "vera"})
    button = app.button(key="look-open")
    assert button.disabled
    assert "may not open incidents" in said(app)


@pytest.mark.usefixtures("running")
def test_an_incident_is_opened_from_the_view_with_its_window() -> None:
    app = look(resource="fraud-score", **PINNED)
    app.button(key="look-open").click().run()
    assert not app.exception
    assert address(app)["id"][0].startswith("INC-")
    assert "fraud-score" in said(app)
