"""The bars of a log: on the axis of the charts, errors apart, and gaps that are no zeros."""

from datetime import timedelta
from typing import Any, cast

import plotly.graph_objects as go
import pytest

from app.palette import DARK, LIGHT, Palette
from app.plotting import Figure
from app.volume_figure import per_words, volume_chart
from opspilot.domain.window import Window
from opspilot.engine.explore_bars import Bar
from tests import builders

MINUTE = timedelta(minutes=1)
START = builders.WINDOW.start
BARS = (
    Bar(START, START + MINUTE, 12, errors=2, warnings=3),
    Bar(START + MINUTE, START + 2 * MINUTE, 0),
)
GAP = Window(start=START + 2 * MINUTE, end=START + 10 * MINUTE)


def chart(*bars: Bar, missing: tuple[Window, ...] = (), palette: Palette = LIGHT) -> Figure:
    return volume_chart(
        bars, 60, (), title=builders.HOSTILE, baseline=builders.BASELINE,
        window=builders.WINDOW, palette=palette, missing=missing,
    )  # fmt: skip


def layout_of(figure: Figure) -> dict[str, Any]:
    return cast("dict[str, Any]", figure["layout"])


def traces_of(figure: Figure) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in cast("list[dict[str, Any]]", figure["data"])}


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_plotly_accepts_the_bars_and_stacks_them(palette: Palette) -> None:
    figure = go.Figure(chart(*BARS, missing=(GAP,), palette=palette))
    assert figure.layout.barmode == "stack"
    assert figure.layout.dragmode == "select"


def test_errors_and_warnings_are_parts_of_their_bar() -> None:
    traces = traces_of(chart(*BARS))
    assert {name: one["y"] for name, one in traces.items()} == {
        "errors": [2, 0],
        "warnings": [3, 0],
        "other lines": [7, 0],
    }
    assert traces["errors"]["marker"]["color"] == LIGHT.breach


def test_the_sums_stand_in_the_title_and_not_by_colour_alone() -> None:
    (title, *_) = (one["text"] for one in layout_of(chart(*BARS))["annotations"])
    assert "▲ 2 errors" in title
    assert "◇ 3 warnings" in title
    assert "<img" not in title


def test_time_that_was_not_counted_is_shaded_and_named() -> None:
    layout = layout_of(chart(*BARS, missing=(GAP,)))
    assert "▨ 80 % of the time not read" in layout["annotations"][0]["text"]
    shaded = [one for one in layout["shapes"] if one["type"] == "rect"]
    assert len(shaded) == 1 + len(
        [one for one in layout_of(chart(*BARS))["shapes"] if one["type"] == "rect"]
    )


def test_a_short_bar_stands_at_its_rate_and_tells_its_count() -> None:
    (trace,) = traces_of(chart(Bar(START, START + MINUTE / 4, 5))).values()
    assert trace["y"] == [20]
    assert trace["customdata"][0][0] == 5


@pytest.mark.parametrize(("seconds", "words"), [(30, "30 s"), (300, "5 min"), (10_800, "3 h")])
def test_the_width_of_a_bin_is_told_in_words(seconds: int, words: str) -> None:
    assert per_words(seconds) == words
