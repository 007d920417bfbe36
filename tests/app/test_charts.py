"""Figures: what is drawn where, and that plotly accepts it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import plotly.graph_objects as go
import pytest

from app.charts import Phases, linked_chart, verification_chart
from app.palette import DARK, LIGHT, Palette
from app.plotting import Figure
from app.rows import Marked, Row, lettered, row_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import AlarmsDetail, Evidence
from opspilot.domain.window import Window
from tests import builders

PHASES = Phases(
    start=builders.ago(minutes=30),
    since=builders.ONSET,
    applied=builders.ago(minutes=7),
    observed_from=builders.ago(minutes=6),
    until=builders.NOW,
    planned_until=builders.NOW + timedelta(minutes=9),
)


def _row(item: Evidence) -> Row:
    alarms = builders.alarms().detail
    assert isinstance(alarms, AlarmsDetail)
    row = row_of(item, alarms.alarms)
    assert row is not None
    return row


def _linked(*items: Evidence, changes: Sequence[Marked] = (), palette: Palette = LIGHT) -> Figure:
    return linked_chart(
        [_row(item) for item in items],
        changes,
        baseline=builders.BASELINE,
        incident=builders.WINDOW,
        palette=palette,
    )


def _traces(figure: Figure) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", figure["data"])


def _layout(figure: Figure) -> dict[str, Any]:
    return cast("dict[str, Any]", figure["layout"])


def _texts(figure: Figure) -> list[str]:
    return [note["text"] for note in _layout(figure)["annotations"]]


def _change(minutes: float, summary: str = "version 18 published") -> Change:
    return Change(
        at=builders.ago(minutes=minutes),
        resource=builders.PAYMENTS,
        kind="release",
        summary=summary,
        source="cloudtrail",
    )


ERRORS = builders.metric("E2", "lambda.errors", usual=0.4, then=18.0)
DURATION = builders.metric("E3", "lambda.duration_p99", builders.PAYMENTS, missing=4)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_plotly_accepts_the_linked_charts(palette: Palette) -> None:
    changes = lettered([_change(14)], builders.WINDOW)
    figure = go.Figure(_linked(ERRORS, DURATION, changes=changes, palette=palette))
    assert figure.layout.height == _layout(_linked(ERRORS, DURATION))["height"]


def test_all_rows_share_one_time_axis_and_have_value_axes_of_their_own() -> None:
    figure = _linked(ERRORS, DURATION)
    assert {trace.get("xaxis", "x") for trace in _traces(figure)} == {"x"}
    assert {trace["yaxis"] for trace in _traces(figure)} == {"y", "y2"}
    top, bottom = (_layout(figure)[name]["domain"] for name in ("yaxis", "yaxis2"))
    assert top[0] >= bottom[1]


def test_a_missing_point_is_a_gap_and_not_a_line() -> None:
    observed = _traces(_linked(DURATION))[-1]
    assert observed["connectgaps"] is False
    assert None in observed["y"]


def test_whole_data_has_no_gap() -> None:
    assert None not in _traces(_linked(ERRORS))[-1]["y"]


def test_long_durations_are_drawn_in_seconds() -> None:
    figure = _linked(DURATION)
    assert max(value for value in _traces(figure)[-1]["y"] if value) == pytest.approx(2.9)
    assert _layout(figure)["yaxis"]["ticksuffix"] == " s"


def test_the_title_of_a_row_says_its_finding_and_the_subtitle_what_it_is() -> None:
    title = _texts(_linked(DURATION))[-1]
    assert "rose from 310 to 2900 at 14:02" in title
    assert "Duration p99 of payments-api, p99 per 1 min" in title


def test_text_from_outside_is_escaped() -> None:
    hostile = ERRORS.model_copy(update={"finding": builders.HOSTILE})
    changes = lettered([_change(14, builders.HOSTILE)], builders.WINDOW)
    figure = _linked(hostile, changes=changes)
    notes = _layout(figure)["annotations"]
    assert not any("<img" in note["text"] + note.get("hovertext", "") for note in notes)


def test_the_onset_is_a_dashed_rule_with_its_uncertainty_as_a_bar() -> None:
    shapes = _layout(_linked(ERRORS))["shapes"]
    rule = next(
        one for one in shapes if one.get("line", {}).get("dash") == "dash" and one["y1"] == 1
    )
    bar = next(one for one in shapes if one.get("line", {}).get("width") == 5)
    assert rule["x0"] == "2026-11-22T14:02:00"
    assert (bar["x0"], bar["x1"]) == ("2026-11-22T14:01:30", "2026-11-22T14:02:30")


def test_a_metric_that_is_as_usual_has_no_onset() -> None:
    calm = builders.metric("E10", "lambda.invocations", usual=60.0, anomalous=False)
    shapes = _layout(_linked(calm))["shapes"]
    assert not [one for one in shapes if one.get("line", {}).get("width") == 5]


def test_the_alarm_threshold_is_drawn_on_its_own_metric_only() -> None:
    assert "alarm &gt;= 5" in _texts(_linked(ERRORS))
    assert not any(text.startswith("alarm") for text in _texts(_linked(DURATION)))


def test_the_baseline_lies_at_the_foot_and_the_incident_at_the_head() -> None:
    strips = [one for one in _layout(_linked(ERRORS))["shapes"] if "ysizemode" in one]
    assert [(one["yanchor"], one["x1"]) for one in strips] == [
        (0, "2026-11-22T13:33:00"),
        (1, "2026-11-22T14:15:20"),
    ]


def test_the_axis_opens_on_the_incident_and_as_long_before_it() -> None:
    assert _layout(_linked(ERRORS))["xaxis"]["range"] == [
        "2026-11-22T12:50:40",
        "2026-11-22T14:15:20",
    ]


def test_changes_close_together_share_one_label() -> None:
    changes = lettered([_change(30), _change(14), _change(13.9)], builders.WINDOW)
    texts = _texts(_linked(ERRORS, changes=changes))
    assert "<b>A</b>" in texts
    assert "<b>B-C</b>" in texts


def test_changes_outside_the_window_get_no_letter() -> None:
    assert lettered([_change(600)], builders.WINDOW) == ()


def test_a_band_far_above_the_values_does_not_press_the_line_down() -> None:
    snapshot = {**cast("dict[str, Any]", ERRORS.snapshot)}
    snapshot["upper"] = [1_000.0] * len(snapshot["times"])
    wide = ERRORS.model_copy(update={"snapshot": snapshot})
    assert _layout(_linked(wide))["yaxis"]["range"][1] < 40


def _proof(palette: Palette = LIGHT) -> Figure:
    window = Window(start=PHASES.start, end=PHASES.until)
    return verification_chart(
        builders.criterion(),
        builders.series("lambda.errors", window, failing=True),
        builders.series("lambda.invocations", window, failing=False),
        phases=PHASES,
        unit="count",
        palette=palette,
    )


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_plotly_accepts_the_proof(palette: Palette) -> None:
    assert len(go.Figure(_proof(palette)).data) == 1


def test_the_proof_shows_before_during_and_after_with_the_criterion_as_a_line() -> None:
    texts = [text.strip() for text in _texts(_proof())]
    assert texts == ["before", "during", "after", "change", "criterion &lt; 1 %"]
    levels = [one for one in _layout(_proof())["shapes"] if one["xref"] == "paper"]
    assert [one["y0"] for one in levels] == [1.0]


def test_a_rate_is_drawn_as_a_share_of_the_traffic() -> None:
    values = _traces(_proof())[0]["y"]
    assert max(values) == pytest.approx(11 / 62 * 100)
    assert values[-1] == 0


def test_a_minute_without_traffic_is_a_gap_and_not_a_healthy_rate() -> None:
    window = Window(start=PHASES.start, end=PHASES.until)
    calls = builders.series("lambda.invocations", window, failing=False)
    quiet = calls.model_copy(update={"values": (*calls.values[:-3], 0.0, 0.0, 62.0)})
    figure = verification_chart(
        builders.criterion(),
        builders.series("lambda.errors", window, failing=True),
        quiet,
        phases=PHASES,
        unit="count",
        palette=LIGHT,
    )
    assert None in _traces(figure)[0]["y"]
