"""Figures of the investigate page: what is drawn where, and that plotly accepts it."""

from datetime import timedelta
from typing import Any, cast

import plotly.graph_objects as go
import pytest

from app.components.explore_tail import MOST_KEPT, Tail, followed
from app.explore_figures import AlarmSpan, Cell, LookRow, look_chart, multiples_chart
from app.palette import DARK, LIGHT, Palette
from app.plotting import Figure
from app.rows import row_of
from app.tables import csv_text
from opspilot.engine.explore_lines import FoundLines, Line
from tests import builders

MINUTE = timedelta(minutes=1)
ERRORS = builders.metric("E2", "lambda.errors", usual=0.4, then=18.0)
SLOW = builders.metric("E3", "lambda.duration_p99", builders.PAYMENTS)


def layout_of(figure: Figure) -> dict[str, Any]:
    return cast("dict[str, Any]", figure["layout"])


def stacked(palette: Palette = LIGHT) -> Figure:
    first, second = row_of(ERRORS), row_of(SLOW)
    assert first is not None
    assert second is not None
    alarm = AlarmSpan(builders.ONSET, builders.NOW, "ALARM")
    return look_chart(
        [
            LookRow(first, alarm=(alarm,)),
            LookRow(second, anomalous=((builders.ONSET, 2_900.0, True),)),
        ],
        (),
        baseline=builders.BASELINE,
        window=builders.WINDOW,
        palette=palette,
    )


def cell(title: str = "Duration p99 of payments") -> Cell:
    times = tuple(builders.WINDOW.start + MINUTE * at for at in (0, 1, 2, 5))
    return Cell(
        title, "up 12 sigma", times, (300.0, 310.0, 2_900.0, 3_000.0), MINUTE, "ms", times[2]
    )


def grid(*cells: Cell) -> Figure:
    return multiples_chart(cells, baseline=builders.BASELINE, window=builders.WINDOW, palette=LIGHT)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_plotly_accepts_the_stacked_series(palette: Palette) -> None:
    assert go.Figure(stacked(palette)).layout.dragmode == "select"


def test_what_stands_out_is_marked_on_its_own_axis_in_the_shown_unit() -> None:
    traces = cast("list[dict[str, Any]]", stacked()["data"])
    (marks,) = (one for one in traces if one["mode"] == "markers")
    assert marks["yaxis"] == "y2"
    assert marks["y"] == [2.9]
    assert marks["marker"]["symbol"] == ["triangle-up"]


def test_the_alarm_is_a_strip_at_the_foot_of_the_series_that_it_watches() -> None:
    strips = [one for one in layout_of(stacked())["shapes"] if one.get("yref") == "y domain"]
    assert any(one["fillcolor"] == LIGHT.breach for one in strips if one["type"] == "rect")


def test_small_charts_have_axes_of_their_own_and_gaps_stay_gaps() -> None:
    figure = grid(*(cell() for _ in range(6)))
    traces = cast("list[dict[str, Any]]", figure["data"])
    assert {(one["xaxis"], one["yaxis"]) for one in traces} == {
        ("x", "y"), *((f"x{at}", f"y{at}") for at in range(2, 7)),
    }  # fmt: skip
    assert None in traces[0]["y"]
    assert max(value for value in traces[0]["y"] if value) == 3.0
    assert len(go.Figure(figure).data) == 6


def test_the_titles_of_small_charts_are_escaped() -> None:
    notes = layout_of(grid(cell(builders.HOSTILE)))["annotations"]
    assert not any("<img" in one["text"] for one in notes)


def test_a_file_for_a_spreadsheet_holds_no_formula() -> None:
    text = csv_text([{"name": "=1+1", "value": -2.5}, {"name": "plain", "value": None}])
    assert text.splitlines() == ["name,value", "'=1+1,-2.5", "plain,"]
    assert csv_text([]) == ""


def line(seconds: float, text: str = "tick") -> Line:
    return Line(builders.NOW + timedelta(seconds=seconds), "s", "", text)


def tailed(known: Tail, *lines: Line, truncated: bool = False) -> Tail:
    return followed(known, FoundLines(builders.WINDOW, lines, truncated))


def test_a_tail_takes_late_lines_in_and_repeats_none() -> None:
    begun = Tail("g", "", builders.NOW)
    first = tailed(begun, line(1), line(30))
    again = tailed(first, line(20, "late"), line(30), line(31))
    assert [one.at.second - builders.NOW.second for one in again.lines] == [1, 20, 30, 31]


def test_a_tail_keeps_the_newest_lines_and_counts_what_it_dropped() -> None:
    many = [line(at) for at in range(MOST_KEPT + 20)]
    kept = tailed(Tail("g", "", builders.NOW), *many)
    assert len(kept.lines) == MOST_KEPT
    assert kept.dropped == 20
    assert kept.lines[-1] == many[-1]


def test_a_tail_that_lags_goes_on_where_the_answer_was_cut() -> None:
    lagging = tailed(Tail("g", "", builders.NOW), line(5), line(6), truncated=True)
    assert lagging.since == line(6).at
