"""The investigate page, on a running embedded account and without one."""

import re
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
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where that account lives."""
    return tmp_path_factory.mktemp("look")


@pytest.fixture(scope="module")
def account(state: Path) -> Iterator[EmbeddedAccount]:
    """Checkout times out since a quarter of an hour; no test of this module changes that."""
    with EmbeddedAccount(
        state / "embedded", clock=ManualClock(), fault="slow-dependency", fault_age_s=900
    ) as running:
        yield running


@pytest.fixture
def running(account: EmbeddedAccount, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screens look at that account."""
    assert account.url
    monkeypatch.setenv("OPSPILOT_STATE_DIR", str(state))


def look(**address: str | list[str]) -> AppTest:
    """The page at an address in which a name may stand several times."""
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(PAGE)
    app.run()
    assert not app.exception
    return app


def counted(app: AppTest) -> AppTest:
    """The page after its log's lines are counted: a look at the query is a run of the page."""
    for _ in range(20):
        if not any(words in said(app) for words in ("Counting with Logs", "being counted first")):
            return app
        app.run()
        assert not app.exception
    raise AssertionError("the count did not end")


def shown_lines(app: AppTest) -> list[str]:
    """The raw lines on the screen, each with its time."""
    (block,) = (one.proto.body for one in app.get("html") if 'class="op-lines"' in one.proto.body)
    return re.findall(r"<li>(.*?)</li>", block, re.DOTALL)


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
    rows = counted(app).dataframe[0].value
    assert "Compared: all " in said(app)
    timed_out = rows[rows["pattern"].str.contains("Task timed out")].iloc[0]
    assert timed_out["change"] == "new"
    assert timed_out["before"] == 0
    assert timed_out["window"] == sum(timed_out["trend"])


@pytest.mark.usefixtures("running")
def test_all_lines_of_a_long_window_are_counted_and_patterns_say_how_many_were_read() -> None:
    app = counted(
        look(
            resource="checkout", part="Log patterns",
            start="2026-03-04T08:00Z", end="2026-03-04T12:00Z", baseline="12h",
        )
    )  # fmt: skip
    text = said(app)
    assert "Counted by Logs Insights from 4 Mar 04:00 to 12:00 UTC" in text
    assert " % of the lines of 08:00 to 12:00 UTC (" in text
    assert "10 even slices" in text
    rows = app.dataframe[0].value
    assert "new" in set(rows["change"])
    assert {len(trend) for trend in rows["trend"]} == {20}


@pytest.mark.usefixtures("running")
def test_where_the_count_is_denied_the_lines_read_are_shown_and_the_permission_named(
    account: EmbeddedAccount,
) -> None:
    account.account.api_faults.arm("logs:StartQuery", "AccessDeniedException", 1)
    app = look(resource="checkout", part="Log patterns", **PINNED)
    text = said(app)
    assert "Logs Insights did not count /aws/lambda/checkout: denied" in text
    assert "Missing permission: logs:StartQuery" in text
    assert "The bars show the lines that were read instead" in text
    assert len(app.dataframe[0].value)
    counted(app.button(key="look-count").click().run())
    assert "did not count" not in said(app)


@pytest.mark.usefixtures("running")
def test_lines_are_searched_and_every_page_of_them_can_be_reached() -> None:
    app = look(resource="checkout", part="Log lines", find="timed out", **PINNED)
    first = shown_lines(app)
    assert len(first) == 100
    assert "More follow." in said(app)
    app.button(key="page-next").click().run()
    assert not app.exception
    second = shown_lines(app)
    assert "from" in address(app)
    assert set(second).isdisjoint(first)
    app.button(key="page-back").click().run()
    assert shown_lines(app) == first
    while not app.button(key="page-next").disabled:
        app.button(key="page-next").click().run()
    assert "More follow." not in said(app)
    app.text_input(key="find").set_value("nobody wrote this").run()
    assert "No lines of /aws/lambda/checkout match" in said(app)
    assert "from" not in address(app)


@pytest.mark.usefixtures("running")
def test_a_neighbours_release_is_marked_and_alarms_that_no_chart_shows_are_listed() -> None:
    app = look(resource="checkout", metric="lambda.invocations", window="1h")
    text = said(app)
    assert "neighbour" in text
    assert "alias live moved from version 17 to version 18" in text
    listed = [one.label for one in app.expander if "not drawn above" in one.label]
    assert len(listed) == 1
    assert "<b>checkout-errors</b>" in text
    drawn = said(look(resource="checkout", metric="lambda.errors", window="1h"))
    assert "<b>checkout-errors</b>" not in drawn
    assert "<b>shop-api-5xx</b>" in drawn


@pytest.mark.usefixtures("running")
def test_a_baseline_of_its_own_in_the_address_is_kept_and_named() -> None:
    against = "2026-03-04T06:00Z/2026-03-04T09:00Z"
    app = look(resource="checkout", against=against, **PINNED)
    assert address(app)["against"] == [against]
    assert "4 Mar 06:00 to 09:00" in app.selectbox(key="look-baseline").options
    app.selectbox(key="look-baseline").set_value("1h").run()
    assert not app.exception
    assert "against" not in address(app)
    assert address(app)["baseline"] == ["1h"]


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
