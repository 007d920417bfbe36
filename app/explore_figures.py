"""Figures of the investigate page: stacked series, log volume on the same axis, small multiples.

The same grammar as the incident's charts; a drag marks a span of time instead of zooming, because
the page then looks at that span anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from app.charts import divisor_of, linked_chart, scale_of
from app.palette import Palette
from app.plotting import (
    FONT,
    Figure,
    Piece,
    band,
    escaped,
    frame,
    iso,
    line,
    note,
    rule,
    strip,
    value_axis,
    with_gaps,
)
from app.rows import Marked, Row
from opspilot.domain.window import Window

_STATE_PIXELS = 4
_CELL_HEIGHT = 150
_CELLS_A_ROW = 4
_CELL_GAP = 0.035


@dataclass(frozen=True)
class AlarmSpan:
    """An alarm's state over a part of the axis."""

    start: datetime
    end: datetime
    state: str


@dataclass(frozen=True)
class LookRow:
    """A row with what only this page draws.

    Attributes:
        anomalous: Points of episodes that stand out: time, value, and whether above expectation.
        alarm: States of the alarm that watches this series.
    """

    row: Row
    anomalous: tuple[tuple[datetime, float, bool], ...] = ()
    alarm: tuple[AlarmSpan, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One small chart.

    Attributes:
        title: What it is; `subtitle`: how it moved.
        onset: Drawn as a dashed rule; None without one.
        tone: "breach" or "quiet": of the subtitle.
    """

    title: str
    subtitle: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    period: timedelta
    unit: str
    onset: datetime | None = None


def look_chart(
    rows: Sequence[LookRow],
    changes: Sequence[Marked],
    *,
    baseline: Window,
    window: Window,
    palette: Palette,
) -> Figure:
    """Series on one time axis, with the points that stand out and the alarms' states."""
    figure = linked_chart(
        [one.row for one in rows], changes, baseline=baseline, incident=window, palette=palette
    )
    layout = cast("dict[str, object]", figure["layout"])
    traces = cast("list[Piece]", figure["data"])
    shapes = cast("list[Piece]", layout["shapes"])
    for index, one in enumerate(rows):
        axis = "y" if index == 0 else f"y{index + 1}"
        traces += _anomalous(one, axis, palette)
        shapes += [_state_strip(span, axis, palette) for span in one.alarm]
    shapes += shades(baseline, window, palette)
    notes = cast("list[Piece]", layout["annotations"])
    for piece in notes:
        if piece["text"] == "incident window":
            piece["text"] = "window"
    return {"data": traces, "layout": {**layout, **SELECTING}}


def multiples_chart(
    cells: Sequence[Cell], *, baseline: Window, window: Window, palette: Palette
) -> Figure:
    """Small charts in a grid, all over the same time, each with a value axis of its own."""
    across = min(_CELLS_A_ROW, max(len(cells), 2))
    down = -(-len(cells) // across)
    begins = max(baseline.start, window.start - window.length)
    traces: list[Piece] = []
    shapes: list[Piece] = []
    notes: list[Piece] = []
    axes: dict[str, object] = {}
    base = frame(
        palette, height=_CELL_HEIGHT * down + 34, foot_axis="y", window=(begins, window.end),
        margin_top=6,
    )  # fmt: skip
    for index, cell in enumerate(cells):
        place = _place(index, across, down)
        number = "" if index == 0 else str(index + 1)
        divisor, unit = divisor_of(cell.values, cell.unit)
        column = [None if value is None else value / divisor for value in cell.values]
        times, (values,) = with_gaps(cell.times, [column], cell.period)
        across_time = cast("dict[str, object]", base["xaxis"]) | {"tickformat": _ticks(window)}
        axes |= _cell_axes(column, unit, number, place, across_time, palette)
        traces.append(
            line(
                times, values, name=cell.title, colour=palette.observed, axis=f"y{number}",
                unit=unit, width=1.4,
            ) | {"xaxis": f"x{number}"}
        )  # fmt: skip
        shapes += _cell_shapes(cell, number, window, palette)
        notes.append(_cell_title(cell, place, palette))
    layout = {key: value for key, value in base.items() if key != "xaxis"}
    layout |= {"hovermode": "x", "hoversubplots": "single", "dragmode": False}
    return {"data": traces, "layout": {**layout, **axes, "shapes": shapes, "annotations": notes}}


SELECTING: dict[str, object] = {"dragmode": "select", "selectdirection": "h"}
"""Of a layout: a drag marks a span of time."""

_Place = tuple[tuple[float, float], tuple[float, float]]


def _anomalous(one: LookRow, axis: str, palette: Palette) -> list[Piece]:
    if not one.anomalous:
        return []
    divisor, unit = scale_of(one.row)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "stands out",
            "x": iso([at for at, _, _ in one.anomalous]),
            "y": [value / divisor for _, value, _ in one.anomalous],
            "yaxis": axis,
            "marker": {
                "color": palette.breach,
                "size": 7,
                "symbol": ["triangle-up" if up else "triangle-down" for _, _, up in one.anomalous],
            },
            "hovertemplate": f"%{{y:,.3~r}}{escaped(f' {unit}' if unit else '')}",
            "showlegend": False,
        }
    ]


def _state_strip(span: AlarmSpan, axis: str, palette: Palette) -> Piece:
    colours = {"ALARM": palette.breach, "OK": palette.faint(palette.healthy, 0.7)}
    colour = colours.get(span.state, palette.faint(palette.waiting, 0.7))
    piece = strip(span.start, span.end, colour, head=False)
    return piece | {"yref": f"{axis} domain", "y0": -_STATE_PIXELS, "y1": -1}


def shades(baseline: Window, window: Window, palette: Palette) -> list[Piece]:
    """Baseline and window as grounds behind a chart."""
    return [
        band(baseline.start, baseline.end, palette.faint(palette.secondary, 0.05)),
        band(window.start, window.end, palette.faint(palette.breach, 0.05)),
    ]


def _place(index: int, across: int, down: int) -> _Place:
    """Shares of width and height that a cell's axes take; its title stands above."""
    column, row = index % across, index // across
    width, height = 1 / across, 1 / down
    left = column * width + (_CELL_GAP if column else 0)
    bottom = 1 - (row + 1) * height
    return (
        (round(left, 4), round((column + 1) * width - 0.005, 4)),
        (round(bottom + 0.16 * height, 4), round(bottom + 0.70 * height, 4)),
    )


def _ticks(window: Window) -> str:
    """Small axes name the hour, or the day where the time spans several."""
    return "%H:%M" if window.length <= timedelta(days=1) else "%-d %b"


def _cell_axes(
    values: Sequence[float | None],
    unit: str,
    number: str,
    place: _Place,
    base: dict[str, object],
    palette: Palette,
) -> dict[str, object]:
    known = [value for value in values if value is not None]
    upright = value_axis(palette, place[1], unit, max(known, default=0.0) * 1.12 or 1.0)
    small = {"color": palette.secondary, "size": 10, "family": FONT}
    return {
        f"xaxis{number}": {
            **base, "domain": list(place[0]), "anchor": f"y{number}", "nticks": 4,
            "tickfont": small, "showspikes": False, "fixedrange": True,
        },
        f"yaxis{number}": {**upright, "anchor": f"x{number}", "nticks": 3, "tickfont": small},
    }  # fmt: skip


def _cell_shapes(cell: Cell, number: str, window: Window, palette: Palette) -> list[Piece]:
    upright = f"y{number} domain"
    shade = band(window.start, window.end, palette.faint(palette.breach, 0.07))
    shapes = [shade | {"xref": f"x{number}", "yref": upright}]
    if cell.onset:
        onset = rule(cell.onset, palette.breach, dash="dash", yref=upright)
        shapes.append(onset | {"xref": f"x{number}"})
    return shapes


def _cell_title(cell: Cell, place: _Place, palette: Palette) -> Piece:
    text = f"<b>{escaped(cell.title)}</b><br>{escaped(cell.subtitle)}"
    return note(text, palette.text, x=place[0][0], y=place[1][1], lift=3, size=11)


__all__ = [
    "SELECTING",
    "AlarmSpan",
    "Cell",
    "LookRow",
    "look_chart",
    "multiples_chart",
    "shades",
]
