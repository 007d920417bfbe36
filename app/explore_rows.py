"""Rows, cells and table lines of the investigate page, made from what the explorer read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from app.explore_figures import AlarmSpan, Cell, LookRow
from app.rows import Points, Row, subtitle
from app.tables import Cell as TableCell
from opspilot.domain.alarm import Alarm
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.signals import signal_for
from opspilot.domain.window import Window
from opspilot.domain.wording import clock, number
from opspilot.engine.explore import Explored
from opspilot.engine.explore_around import Surroundings
from opspilot.engine.explore_suspects import Suspected

MOST_STACKED = 7
_ADDING = ("Sum", "SampleCount")


def drawable(series: Sequence[Explored]) -> list[Explored]:
    """Series that hold a datapoint."""
    return [one for one in series if one.raw.times]


def most_telling(series: Sequence[Explored]) -> list[Explored]:
    """What stands out first, by onset, then the rest in the order chosen."""
    return sorted(series, key=lambda one: (not one.anomalous, _onset_key(one)))


def look_row(one: Explored, around: Surroundings, span: Window, *, raw: bool) -> LookRow:
    """A series as a row: with its finding, or bare as CloudWatch gave it."""
    query = one.raw.query.model_copy(update={"period_seconds": one.raw.period_seconds})
    alarm = _alarm_of(one, around)
    detail = one.detail if isinstance(one.detail, MetricDetail) else None
    said = subtitle(query, one.asked.subject)
    detected = detail is not None and not raw
    row = Row(
        label=said,
        title=one.sentence if detected else said,
        subtitle=_subtitle(one, said if detected else "", alarm),
        points=_points(one) if detected else Points(one.raw.times, one.raw.values),
        period=timedelta(seconds=one.raw.period_seconds),
        unit=signal_for(one.raw.query).unit,
        threshold=_threshold(alarm, one.raw.period_seconds),
        onset=_onset(detail) if detected else None,
    )
    return LookRow(
        row=row,
        anomalous=_anomalous(one) if detected else (),
        alarm=_states(alarm, around, span) if alarm else (),
    )


def cell_of(one: Explored) -> Cell:
    """A series as a small chart."""
    signal = signal_for(one.raw.query)
    detail = one.detail if isinstance(one.detail, MetricDetail) else None
    moved, since = "", ""
    if detail and detail.anomalous:
        moved = f"{detail.direction} {abs(detail.effect_size):.3g} sigma"
        since = f" from {clock(detail.onset)}" if detail.onset else ""
    return Cell(
        title=f"{signal.title} of {one.asked.subject}",
        subtitle=f"{moved}{since}" or "nothing stands out",
        times=one.raw.times,
        values=one.raw.values,
        period=timedelta(seconds=one.raw.period_seconds),
        unit=signal.unit,
        onset=detail.onset if detail and one.anomalous else None,
    )


def suspect_cell(one: Suspected) -> Cell:
    """A suspect as a small chart, with its rank."""
    return Cell(
        title=f"{one.rank}. {one.title}",
        subtitle=f"{one.direction} {abs(one.effect_size):.3g} sigma from {clock(one.onset)}",
        times=one.times,
        values=one.values,
        period=one.period,
        unit=one.signal.unit,
        onset=one.onset,
    )


def suspect_line(one: Suspected) -> dict[str, TableCell]:
    """A suspect as a line of the table."""
    return {
        "rank": one.rank,
        "signal": one.title,
        "resource": one.resource.name,
        "direction": one.direction,
        "effect (sigma)": round(one.effect_size, 2),
        "onset (UTC)": f"{one.onset:%Y-%m-%d %H:%M:%S}",
        "score": round(one.score, 3),
    }


def data_lines(series: Sequence[Explored]) -> list[dict[str, TableCell]]:
    """Every datapoint as read, one line each, with the band where there is one."""
    return [line for one in series for line in _lines(one)]


def _lines(one: Explored) -> list[dict[str, TableCell]]:
    columns = cast("dict[str, list[float | None]]", one.columns or {})
    times = [datetime.fromisoformat(str(at)) for at in columns.get("times", [])]
    place = {at: index for index, at in enumerate(times)}

    def beside(name: str, at: datetime) -> float | None:
        return columns[name][place[at]] if at in place else None

    return [
        {
            "time (UTC)": f"{at:%Y-%m-%d %H:%M:%S}",
            "of": one.asked.subject,
            "metric": one.raw.query.metric,
            "statistic": one.raw.query.statistic,
            "value": value,
            "lower": beside("lower", at),
            "expected": beside("expected", at),
            "upper": beside("upper", at),
            "score": beside("scores", at),
        }
        for at, value in zip(one.raw.times, one.raw.values, strict=True)
    ]


def _subtitle(one: Explored, said: str, alarm: Alarm | None) -> str:
    parts = [said] if said else []
    if one.raw.status == "partial":
        parts.append("incomplete: " + ("; ".join(one.raw.messages) or "CloudWatch says no more"))
    asked, given = one.asked.query.period_seconds, one.raw.period_seconds
    if given != asked:
        parts.append(f"CloudWatch keeps this age at {number(given)} s")
    if alarm:
        parts.append(f"alarm {alarm.name}: {alarm.state} since {clock(alarm.since)}")
    return "; ".join(parts)


def _points(one: Explored) -> Points:
    columns = cast("dict[str, list[float | None]]", one.columns)
    return Points(
        tuple(datetime.fromisoformat(str(at)) for at in columns["times"]),
        *(tuple(columns[name]) for name in ("values", "lower", "expected", "upper")),
    )


def _anomalous(one: Explored) -> tuple[tuple[datetime, float, bool], ...]:
    """The points of every episode that stands out."""
    points = _points(one)
    return tuple(
        (at, value, value >= (expected or 0.0))
        for at, value, expected in zip(points.times, points.values, points.expected, strict=True)
        if value is not None and any(start <= at <= end for start, end in one.episodes)
    )


def _onset(detail: MetricDetail | None) -> tuple[datetime, float] | None:
    if detail is None or not detail.anomalous or detail.onset is None:
        return None
    return detail.onset, detail.onset_uncertainty_seconds or 0.0


def _onset_key(one: Explored) -> tuple[float, float]:
    if not one.anomalous or not isinstance(one.detail, MetricDetail) or one.detail.onset is None:
        return 0.0, 0.0
    return one.detail.onset.timestamp(), -abs(one.detail.effect_size)


def drawn_alarms(series: Sequence[Explored], around: Surroundings) -> set[str]:
    """The ARNs of alarms whose states stand below these series."""
    return {alarm.arn for one in series if (alarm := _alarm_of(one, around))}


def _alarm_of(one: Explored, around: Surroundings) -> Alarm | None:
    """The first alarm on this very metric, whatever the period that it is drawn in."""
    asked = one.asked.query
    return next(
        (
            known
            for known in around.alarms
            if known.query
            and known.query.model_copy(update={"period_seconds": asked.period_seconds}) == asked
        ),
        None,
    )


def _threshold(alarm: Alarm | None, period_seconds: int) -> tuple[float, str] | None:
    """The line of an alarm; none where a sum is drawn over another period than the alarm's."""
    if alarm is None or alarm.query is None:
        return None
    adds_up = alarm.query.statistic in _ADDING
    if adds_up and alarm.query.period_seconds != period_seconds:
        return None
    return alarm.threshold, f"alarm {alarm.comparator} {alarm.threshold:,.3g}"


def _states(alarm: Alarm, around: Surroundings, span: Window) -> tuple[AlarmSpan, ...]:
    """The states of an alarm over the axis, as far as its history tells."""
    moves = [one for one in around.transitions if one.alarm.arn == alarm.arn]
    cuts = [(span.start, moves[0].before if moves else alarm.state)]
    if not moves and alarm.since > span.start:
        cuts = [(alarm.since, alarm.state)]
    cuts += [(one.at, one.after) for one in moves if span.contains(one.at)]
    ends = [*(at for at, _ in cuts[1:]), span.end]
    return tuple(
        AlarmSpan(at, end, state) for (at, state), end in zip(cuts, ends, strict=True) if at < end
    )
