"""What one metric shows: the ledger's detail, its snapshot, and the sentence that says it."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from opspilot.analysis.anomaly import Alert, AnomalyReport, detect_anomalies
from opspilot.analysis.onset import Onset, onset_of
from opspilot.analysis.series import from_telemetry
from opspilot.analysis.silence import fell_silent
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.model import Json
from opspilot.domain.signals import Signal
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.window import Window
from opspilot.domain.wording import clock, number, plural, quantity

_DIGITS = 6
_COLUMNS = ("times", "values", "lower", "expected", "upper", "scores")


@dataclass(frozen=True, slots=True)
class MetricFinding:
    """What a metric shows, for the ledger and for a chart.

    Attributes:
        snapshot: See `metric_detail`.
        alerts: Every episode of baseline and window, oldest first.
    """

    detail: MetricDetail
    snapshot: Json
    alerts: tuple[Alert, ...]


def metric_detail(
    signal: Signal, series: MetricSeries, incident: Window, *, baseline: Window | None = None
) -> tuple[MetricDetail, Json]:
    """What a metric shows in the incident window against the time before it.

    Args:
        signal: The signal that was read.
        series: Its answer over baseline and incident window together.
        incident: The window under suspicion; kept out of the baseline.
        baseline: The window to compare with; None takes all before `incident`. What lies between
            the two (an earlier incident, say) counts for neither.

    Returns:
        The detail, and the snapshot for the ledger: lists of equal length, None where there is no
        value, and the period of the points. The values are as they were analysed, so that the
        detail can be computed again; band and scores are rounded to six significant digits.
    """
    found = metric_finding(signal, series, incident, baseline=baseline)
    return found.detail, found.snapshot


def metric_finding(
    signal: Signal, series: MetricSeries, incident: Window, *, baseline: Window | None = None
) -> MetricFinding:
    """The same with every episode; see `metric_detail`."""
    step = timedelta(seconds=series.period_seconds)
    if not series.times:
        return _nothing(signal, step, 0)
    values = from_telemetry(series, signal)
    return _found(signal, values, step, incident, baseline, _observed(series, incident))


def replayed_detail(
    signal: Signal, snapshot: Json, incident: Window, *, baseline: Window, points: int
) -> MetricDetail:
    """What a metric's snapshot shows when it is analysed again; see `metric_detail`.

    Args:
        signal: The signal that was read.
        snapshot: As `metric_detail` gave it.
        incident: The window under suspicion, as it was then.
        baseline: The window to compare with, as it was then.
        points: Datapoints in the incident window; zeros that were filled in are none, and the
            snapshot does not tell them from others.

    Raises:
        ValueError: That is no snapshot of a metric; KeyError and TypeError likewise.
    """
    times = [datetime.fromisoformat(at) for at in snapshot["times"]]
    values = pd.Series(
        [np.nan if value is None else float(value) for value in snapshot["values"]],
        index=pd.DatetimeIndex(times, tz="UTC"),
        dtype="float64",
        name=signal.name,
    )
    step = timedelta(seconds=float(snapshot["period_seconds"]))
    return _found(signal, values, step, incident, baseline, points).detail


def _found(
    signal: Signal,
    values: pd.Series,
    step: timedelta,
    incident: Window,
    baseline: Window | None,
    points: int,
) -> MetricFinding:
    if values.empty:
        return _nothing(signal, step, points)
    until = min(baseline.end, incident.start) if baseline else incident.start
    kept_out = Window(start=until, end=incident.end)
    report = detect_anomalies(values, kind=signal.kind, exclude=(kept_out,))
    start, end = pd.Timestamp(incident.start), pd.Timestamp(incident.end)
    first, last, ending = values.index.searchsorted([start, end, pd.Timestamp(until)])
    before, during = values.iloc[:ending], values.iloc[first:last]
    alert = _strongest(report.alerts, start, end)
    if alert is None and signal.kind == "count":
        alert = fell_silent(values, int(first), int(last))
    detail = _detail_of(signal, points, alert)
    found = _totals(before, during, signal)
    if alert:
        onset = onset_of(alert, report.sigma, step)
        found |= _timing(onset, alert)
        during = during[(during.index >= onset.at) & (during.index <= alert.end)]
    found |= _levels(before, during, detail.direction)
    snapshot = _snapshot(values, report) | {"period_seconds": step.total_seconds()}
    return MetricFinding(detail.model_copy(update=found), snapshot, report.alerts)


def _detail_of(signal: Signal, points: int, alert: Alert | None) -> MetricDetail:
    return MetricDetail(
        signal=signal.name,
        statistic=signal.statistic,
        unit=signal.unit,
        metric_kind=signal.kind,
        anomalous=alert is not None,
        direction=alert.direction if alert else "none",
        points=points,
    )


def _nothing(signal: Signal, step: timedelta, points: int) -> MetricFinding:
    """What a metric without values shows; many have none, and no analysis tells more of them."""
    empty: dict[str, Json] = {name: [] for name in _COLUMNS}
    snapshot = empty | {"period_seconds": step.total_seconds()}
    return MetricFinding(_detail_of(signal, points, None), snapshot, ())


def metric_sentence(resource_name: str, signal: Signal, detail: MetricDetail) -> str:
    """The finding in one sentence; every number is in `detail`."""
    subject = f"{signal.title} of {resource_name}"
    if detail.points == 0 and not detail.anomalous:
        return f"{subject}: no data in the incident window."
    if not detail.anomalous or detail.onset is None:
        return _unremarkable(subject, detail)
    verb = "rose" if detail.direction == "up" else "fell"
    levels = _from_to(detail)
    sigma = f"{abs(detail.effect_size):.3g} robust sigma"
    total = _total(detail)
    return f"{subject} {verb}{levels} at {clock(detail.onset)} ({sigma}{total})."


def _unremarkable(subject: str, detail: MetricDetail) -> str:
    if detail.baseline_value is None or detail.incident_value is None:
        seen = plural(detail.points, "datapoint")
        return f"{subject}: {seen} in the incident window, too few before it to compare with."
    usual, now = (
        quantity(value, detail.unit) for value in (detail.baseline_value, detail.incident_value)
    )
    return f"{subject}: nothing stands out (median {now}, before {usual}{_total(detail)})."


def _from_to(detail: MetricDetail) -> str:
    if detail.baseline_value is None or detail.incident_value is None:
        return ""
    usual = quantity(detail.baseline_value, detail.unit)
    return f" from {usual} to {quantity(detail.incident_value, detail.unit)}"


def _total(detail: MetricDetail) -> str:
    if detail.total_incident is None:
        return ""
    return f", {number(detail.total_incident)} in all"


def _strongest(alerts: Sequence[Alert], start: pd.Timestamp, end: pd.Timestamp) -> Alert | None:
    """The alert of greatest evidence that reaches into the incident window."""
    inside = [alert for alert in alerts if alert.end >= start and alert.start < end]
    return max(inside, key=lambda alert: (alert.score, abs(alert.effect_size)), default=None)


def _observed(series: MetricSeries, incident: Window) -> int:
    return bisect_left(series.times, incident.end) - bisect_left(series.times, incident.start)


def _levels(before: pd.Series, during: pd.Series, direction: str) -> dict[str, object]:
    """Usual level, level of the episode (or of the whole window), and its most extreme value."""
    peak = _peak(during, direction)
    return {
        "baseline_value": _median(before),
        "incident_value": _median(during),
        "peak_value": None if peak is None else _rounded(float(during[peak])),
        "peak_at": None if peak is None else _moment(peak),
    }


def _peak(part: pd.Series, direction: str) -> pd.Timestamp | None:
    values = part.to_numpy()
    if bool(np.isnan(values).all()):
        return None
    position = np.nanargmin(values) if direction == "down" else np.nanargmax(values)
    return pd.Timestamp(part.index[int(position)])


def _totals(before: pd.Series, during: pd.Series, signal: Signal) -> dict[str, object]:
    if signal.kind != "count":
        return {}
    return {
        "total_baseline": float(before.sum()) if len(before) else None,
        "total_incident": float(during.sum()) if len(during) else None,
    }


def _timing(onset: Onset, alert: Alert) -> dict[str, object]:
    return {
        "onset": _moment(onset.at),
        "onset_uncertainty_seconds": onset.uncertainty.total_seconds(),
        "effect_size": _rounded(alert.effect_size),
    }


def _snapshot(values: pd.Series, report: AnomalyReport) -> dict[str, Json]:
    columns = {
        "lower": report.band["lower"],
        "expected": report.band["expected"],
        "upper": report.band["upper"],
        "scores": report.scores,
    }
    times = [at.isoformat() for at in pd.DatetimeIndex(values.index).to_pydatetime()]
    exact = [value if math.isfinite(value) else None for value in values.tolist()]
    return {"times": times, "values": exact} | {
        name: _all_rounded(column.tolist()) for name, column in columns.items()
    }


def _all_rounded(values: Sequence[float]) -> list[float | None]:
    """Each value rounded; bands and scores repeat themselves, so each different one only once."""
    rounded = {value: _rounded(value) for value in set(values)}
    return [rounded[value] for value in values]


def _median(series: pd.Series) -> float | None:
    values = series.to_numpy()
    known = values[~np.isnan(values)]
    return _rounded(float(np.median(known))) if len(known) else None


def _rounded(value: float) -> float | None:
    """Six significant digits; None for what JSON cannot hold."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _moment(stamp: pd.Timestamp) -> datetime:
    return stamp.to_pydatetime()
