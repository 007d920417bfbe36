"""Pieces of a figure, as plotly's own JSON: lines, rules, strips and the frame around them.

Figures are plain dictionaries, so that they can be compared, tested without Streamlit, and built
without importing plotly. All text is escaped: plotly reads a little HTML in labels and hovers.
"""

import html
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.palette import Palette

Piece = dict[str, object]
Figure = dict[str, object]

FONT = "'Source Sans', 'Source Sans Pro', sans-serif"
_STRIP_PIXELS = 7


def escaped(text: str) -> str:
    """Text that plotly shows as it is."""
    return html.escape(text, quote=False)


def with_gaps(
    times: Sequence[datetime], columns: Sequence[Sequence[float | None]], period: timedelta
) -> tuple[list[datetime], list[list[float | None]]]:
    """The points with an empty one wherever a period has no datapoint, so that the line breaks.

    Args:
        times: Ascending.
        columns: Each as long as `times`.
        period: The spacing of whole data.

    Returns:
        Times and columns, each longer by one for every gap.
    """
    at: list[datetime] = []
    filled: list[list[float | None]] = [[] for _ in columns]
    for index, moment in enumerate(times):
        if at and moment - at[-1] > period * 1.5:
            at.append(at[-1] + period)
            for column in filled:
                column.append(None)
        at.append(moment)
        for column, values in zip(filled, columns, strict=True):
            column.append(values[index])
    return at, filled


def iso(times: Sequence[datetime]) -> list[str]:
    """Times as plotly takes them; they stay UTC because nothing names another zone."""
    return [moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in times]


def line(
    times: Sequence[datetime],
    values: Sequence[float | None],
    *,
    name: str,
    colour: str,
    axis: str,
    unit: str,
    width: float = 1.8,
    dash: str = "solid",
    fill: str = "",
    mark: bool = False,
) -> Piece:
    """One series; `fill` shades up to the line before it, `mark` shows the single points too."""
    suffix = f" {unit}" if unit else ""
    piece: Piece = {
        "type": "scatter",
        "mode": "lines+markers" if mark else "lines",
        "name": escaped(name),
        "x": iso(times),
        "y": list(values),
        "yaxis": axis,
        "line": {"color": colour, "width": width, "dash": dash},
        "connectgaps": False,
        "hovertemplate": f"%{{y:,.3~r}}{escaped(suffix)}",
        "showlegend": False,
    }
    if mark:
        piece["marker"] = {"color": colour, "size": 5}
    if fill:
        piece |= {"fill": "tonexty", "fillcolor": fill}
    if width == 0:
        piece |= {"hoverinfo": "skip", "hovertemplate": None}
    return piece


def rule(
    at: datetime, colour: str, *, dash: str = "solid", yref: str = "paper", width: float = 1.5
) -> Piece:
    """A vertical rule over the whole figure, or over one row (`yref="y2 domain"`)."""
    return {
        "type": "line",
        "xref": "x",
        "yref": yref,
        "x0": iso([at])[0],
        "x1": iso([at])[0],
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": width, "dash": dash},
    }


def uncertainty(at: datetime, half_width: timedelta, colour: str, yref: str) -> Piece:
    """A short bar at the head of a row: somewhere in here it began."""
    start, end = iso([at - half_width, at + half_width])
    return {
        "type": "line",
        "xref": "x",
        "yref": yref,
        "x0": start,
        "x1": end,
        "y0": 1,
        "y1": 1,
        "line": {"color": colour, "width": 5},
    }


def level(value: float, colour: str, axis: str) -> Piece:
    """A horizontal line at a value of one axis."""
    return {
        "type": "line",
        "xref": "paper",
        "yref": axis,
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": colour, "width": 1.5, "dash": "dash"},
    }


def strip(start: datetime, end: datetime, colour: str, *, head: bool) -> Piece:
    """A window as a thin strip at the head or the foot of the time axis."""
    low, high = (-_STRIP_PIXELS, 0) if head else (0, _STRIP_PIXELS)
    begins, ends = iso([start, end])
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": begins,
        "x1": ends,
        "ysizemode": "pixel",
        "yanchor": 1 if head else 0,
        "y0": low,
        "y1": high,
        "fillcolor": colour,
        "line": {"width": 0},
    }


def band(start: datetime, end: datetime, colour: str) -> Piece:
    """A window shaded over the whole height, below the lines."""
    begins, ends = iso([start, end])
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": begins,
        "x1": ends,
        "y0": 0,
        "y1": 1,
        "fillcolor": colour,
        "line": {"width": 0},
        "layer": "below",
    }


def note(
    text: str,
    colour: str,
    *,
    x: datetime | float,
    y: float,
    yref: str = "paper",
    anchor: str = "left",
    lift: float = 0,
    size: int = 12,
) -> Piece:
    """A short text, placed by time or by share of the width; `text` must be escaped."""
    timed = isinstance(x, datetime)
    return {
        "text": text,
        "showarrow": False,
        "xref": "x" if timed else "paper",
        "yref": yref,
        "x": iso([x])[0] if isinstance(x, datetime) else x,
        "y": y,
        "xanchor": anchor,
        "yanchor": "bottom",
        "yshift": lift,
        "align": "left",
        "font": {"color": colour, "size": size, "family": FONT},
    }


def value_axis(palette: Palette, domain: tuple[float, float], unit: str, top: float) -> Piece:
    """A value axis from zero, with few ticks and its unit."""
    return {
        "domain": list(domain),
        "anchor": "x",
        "rangemode": "tozero",
        "range": [0, top],
        "nticks": 4,
        "tickformat": "~s" if top >= 10_000 else ",~r",
        "ticksuffix": f" {escaped(unit)}" if unit else "",
        "gridcolor": palette.rule,
        "zerolinecolor": palette.rule,
        "fixedrange": True,
        "tickfont": {"color": palette.secondary},
    }


def frame(
    palette: Palette,
    *,
    height: int,
    foot_axis: str,
    window: tuple[datetime, datetime],
    margin_top: int = 34,
) -> Piece:
    """What every figure shares: ground, fonts, one time axis, hovers across all rows."""
    start, end = iso(window)
    return {
        "height": height,
        "margin": {"l": 62, "r": 14, "t": margin_top, "b": 42, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": palette.text},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "hoverlabel": {
            "bgcolor": palette.raised,
            "bordercolor": palette.rule,
            "font": {"color": palette.text, "family": FONT},
        },
        "dragmode": "zoom",
        "showlegend": False,
        "xaxis": {
            "type": "date",
            "anchor": foot_axis,
            "range": [start, end],
            "gridcolor": palette.rule,
            "linecolor": palette.rule,
            "tickfont": {"color": palette.secondary},
            "hoverformat": "%-d %b %H:%M:%S UTC",
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikedash": "dot",
            "spikecolor": palette.secondary,
        },
    }
