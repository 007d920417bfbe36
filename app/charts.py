"""Figures from domain objects: the linked charts of an incident, and the proof of its recovery.

Grammar: one time axis for all rows; the title of a row says its finding; the baseline window lies
at the foot of the axis and the incident window at its head; an onset is a dashed rule with its
uncertainty as a short bar; a change is a solid rule with a letter; a missing point is a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.palette import Palette
from app.plotting import (
    Figure,
    Piece,
    band,
    escaped,
    frame,
    level,
    line,
    note,
    rule,
    strip,
    uncertainty,
    value_axis,
    with_gaps,
)
from app.rows import Marked, Points, Row
from opspilot.domain.plan import Criterion
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.window import Window
from opspilot.domain.wording import quantity, share

_ROW = 138
_HEAD = 46
_FOOT = 42
_TITLE_SHARE = 0.30
_SECONDS = 2_000.0
_LONGEST_TITLE = 150
_PROOF_HEIGHT = 300
_LETTER_WIDTH = timedelta(seconds=90)


@dataclass(frozen=True)
class Phases:
    """The three spans that a recovery is told by.

    Attributes:
        since: When the trouble began.
        applied: When the change took effect.
        observed_from: From when datapoints count; `until`: end of the observation so far.
        planned_until: When the observation ends at the latest.
    """

    start: datetime
    since: datetime
    applied: datetime
    observed_from: datetime
    until: datetime
    planned_until: datetime


def linked_chart(
    rows: Sequence[Row],
    changes: Sequence[Marked],
    *,
    baseline: Window,
    incident: Window,
    palette: Palette,
) -> Figure:
    """All rows on one time axis, with the changes ruled across them.

    The axis opens on the incident and as long before it; the whole baseline lies further left.
    """
    height = _HEAD + _FOOT + _ROW * len(rows)
    traces: list[Piece] = []
    shapes: list[Piece] = [
        strip(baseline.start, baseline.end, palette.faint(palette.secondary, 0.45), head=False),
        strip(incident.start, incident.end, palette.faint(palette.breach, 0.55), head=True),
    ]
    notes: list[Piece] = [
        note("incident window", palette.breach, x=incident.start, y=1, lift=1, size=11),
        note("baseline", palette.secondary, x=0.0, y=0, lift=8, size=11),
    ]
    axes: dict[str, object] = {}
    for index, row in enumerate(rows):
        axis = "y" if index == 0 else f"y{index + 1}"
        domain = _domain(index, len(rows))
        scale, unit = scale_of(row)
        axes[axis.replace("y", "yaxis")] = value_axis(
            palette, domain, unit, _top(row.points, row.threshold, scale)
        )
        traces += _row_lines(row, axis, scale, unit, palette)
        shapes += _row_marks(row, axis, scale, palette)
        notes += _row_notes(row, axis, scale, domain, palette)
    for together in _close_together(changes):
        shapes += [rule(marked.change.at, palette.change) for marked in together]
        notes.append(_letters(together, palette))
    start = max(baseline.start, incident.start - incident.length)
    layout = frame(
        palette,
        height=height,
        foot_axis="y" if len(rows) == 1 else f"y{len(rows)}",
        window=(start, incident.end),
        margin_top=_HEAD,
    )
    return {"data": traces, "layout": {**layout, **axes, "shapes": shapes, "annotations": notes}}


def verification_chart(
    criterion: Criterion,
    numerator: MetricSeries,
    denominator: MetricSeries | None,
    *,
    phases: Phases,
    unit: str,
    palette: Palette,
) -> Figure:
    """Before, during and after as three bands, with the criterion as a line across them."""
    times, values, limit, shown_unit = _proof(criterion, numerator, denominator, unit)
    period = timedelta(seconds=numerator.period_seconds)
    gapped, (filled,) = with_gaps(times, [values], period)
    points = Points(tuple(times), tuple(values))
    words = share(criterion.limit) if denominator else quantity(criterion.limit, unit)
    layout = frame(
        palette,
        height=_PROOF_HEIGHT,
        foot_axis="y",
        window=(phases.start, max(phases.until, phases.planned_until)),
        margin_top=26,
    )
    shapes, notes = _phase_bands(phases, palette)
    text = escaped(f"criterion {criterion.comparator} {words}")
    return {
        "data": [
            line(
                gapped, filled, name="observed", colour=palette.observed, axis="y",
                unit=shown_unit, mark=True,
            )
        ],
        "layout": {
            **layout,
            "yaxis": value_axis(palette, (0.0, 1.0), shown_unit, _top(points, (limit, ""), 1.0)),
            "shapes": [*shapes, level(limit, palette.waiting, "y")],
            "annotations": [
                *notes,
                note(text, palette.waiting, x=1.0, y=limit, yref="y", anchor="right", size=12),
            ],
        },
    }  # fmt: skip


def _proof(
    criterion: Criterion, numerator: MetricSeries, denominator: MetricSeries | None, unit: str
) -> tuple[list[datetime], list[float | None], float, str]:
    """Times, values, limit and unit of the figure that the criterion compares, period by period."""
    if denominator is None:
        return list(numerator.times), list(numerator.values), criterion.limit, _plain_unit(unit)
    failed = dict(zip(numerator.times, numerator.values, strict=True))
    rates: dict[datetime, float | None] = {
        at: failed.get(at, 0.0) / total * 100
        for at, total in zip(denominator.times, denominator.values, strict=True)
        if total > 0
    }
    return list(rates), list(rates.values()), criterion.limit * 100, "%"


def _phase_bands(phases: Phases, palette: Palette) -> tuple[list[Piece], list[Piece]]:
    spans = (
        ("before", phases.start, phases.since, palette.secondary),
        ("during", phases.since, phases.applied, palette.breach),
        ("after", phases.observed_from, phases.until, palette.healthy),
    )
    known = [(name, start, end, colour) for name, start, end, colour in spans if start < end]
    shapes = [band(start, end, palette.faint(colour, 0.10)) for _, start, end, colour in known]
    notes = [note(name, colour, x=start, y=1, lift=3) for name, start, _, colour in known]
    shapes.append(rule(phases.applied, palette.change))
    return shapes, [
        *notes,
        note("change ", palette.change, x=phases.applied, y=1, anchor="right", lift=3),
    ]


def _plain_unit(unit: str) -> str:
    return "" if unit == "count" else unit


def _domain(index: int, count: int) -> tuple[float, float]:
    """The share of the height that a row's axis takes; the first row is on top, titles between."""
    top = 1 - index / count
    return round(top - 1 / count, 6), round(top - _TITLE_SHARE / count, 6)


def scale_of(row: Row) -> tuple[float, str]:
    """What to divide a row's values by, and the unit then."""
    return divisor_of(row.points.values, row.unit)


def divisor_of(values: Sequence[float | None], unit: str) -> tuple[float, str]:
    """What to divide by, and the unit then: long durations read better in seconds."""
    if unit == "ms" and max(_known(values), default=0.0) >= _SECONDS:
        return 1000.0, "s"
    return 1.0, "" if unit == "count" else unit


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _top(points: Points, threshold: tuple[float, str] | None, scale: float) -> float:
    seen = max([*_known(points.values), threshold[0] if threshold else 0.0, 0.0])
    # A band far above every value would press the line to the floor.
    band_top = min(max(_known(points.upper), default=0.0), seen * 1.5)
    return max(seen, band_top) / scale * 1.12 or 1.0


def _row_lines(row: Row, axis: str, scale: float, unit: str, palette: Palette) -> list[Piece]:
    points = row.points
    columns = [points.values, points.lower, points.expected, points.upper]
    scaled = [
        [None if value is None else value / scale for value in column]
        for column in columns
        if column
    ]
    times, filled = with_gaps(points.times, scaled, row.period)
    observed = line(times, filled[0], name=row.label, colour=palette.observed, axis=axis, unit=unit)
    if len(filled) < len(columns):
        return [observed]
    shade = palette.faint(palette.observed)
    upper = line(times, filled[3], name="upper", colour=shade, axis=axis, unit=unit, width=0)
    lower = line(
        times, filled[1], name="lower", colour=shade, axis=axis, unit=unit, width=0, fill=shade
    )
    expected = line(
        times,
        filled[2],
        name="expected",
        colour=palette.observed,
        axis=axis,
        unit=unit,
        width=1.2,
        dash="dot",
    )
    return [upper, lower, expected, observed]


def _row_marks(row: Row, axis: str, scale: float, palette: Palette) -> list[Piece]:
    marks: list[Piece] = []
    if row.onset:
        at, half_width = row.onset
        domain = f"{axis} domain"
        marks.append(rule(at, palette.breach, dash="dash", yref=domain))
        marks.append(uncertainty(at, timedelta(seconds=half_width), palette.breach, domain))
    if row.threshold:
        marks.append(level(row.threshold[0] / scale, palette.waiting, axis))
    return marks


def _row_notes(
    row: Row, axis: str, scale: float, domain: tuple[float, float], palette: Palette
) -> list[Piece]:
    title = row.title if len(row.title) <= _LONGEST_TITLE else row.title[:_LONGEST_TITLE] + "…"
    text = f"<b>{escaped(title)}</b><br>{escaped(row.subtitle)}"
    notes = [note(text, palette.text, x=0.0, y=domain[1], lift=4)]
    if row.threshold:
        value, words = row.threshold
        notes.append(
            note(
                escaped(words), palette.waiting, x=1.0, y=value / scale, yref=axis,
                anchor="right", size=11,
            )
        )  # fmt: skip
    return notes


def _close_together(changes: Sequence[Marked]) -> list[list[Marked]]:
    """Changes in groups whose letters would lie on each other."""
    groups: list[list[Marked]] = []
    for marked in changes:
        if groups and marked.change.at - groups[-1][-1].change.at < _LETTER_WIDTH:
            groups[-1].append(marked)
        else:
            groups.append([marked])
    return groups


def _letters(together: Sequence[Marked], palette: Palette) -> Piece:
    first, last = together[0], together[-1]
    letters = first.letter if first is last else f"{first.letter}-{last.letter}"
    badge = note(
        f"<b>{letters}</b>", palette.change, x=first.change.at, y=1, anchor="center", lift=14
    )
    told = [f"{one.letter} {one.change.resource.name}: {one.change.summary}" for one in together]
    return badge | {
        "bordercolor": palette.change,
        "borderwidth": 1,
        "borderpad": 2,
        "bgcolor": palette.ground,
        "hovertext": "<br>".join(map(escaped, told)),
    }
