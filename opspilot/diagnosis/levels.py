"""Levels of a signal before and after a moment, from the data that its finding was made of."""

from datetime import datetime, timedelta

from opspilot.diagnosis.entries import Shown
from opspilot.domain.evidence import MetricDetail, MetricRequest
from opspilot.domain.snapshots import metric_points

_FEWEST = 3
_FEWEST_BEFORE = 5


def growth(shown: Shown[MetricDetail] | None) -> float | None:
    """Present level over the usual one; None where either is not known or the usual one is 0."""
    if shown is None:
        return None
    usual, now = shown.detail.baseline_value, shown.detail.incident_value
    return now / usual if usual and now is not None else None


def since(shown: Shown[MetricDetail], start: datetime) -> list[float]:
    """Values from a moment on; the period that the moment falls into counts."""
    step = timedelta(seconds=period_seconds(shown))
    return [value for at, value in metric_points(shown.evidence) if at > start - step]


def until(shown: Shown[MetricDetail], end: datetime) -> list[float]:
    """Values before a moment."""
    return [value for at, value in metric_points(shown.evidence) if at < end]


def total(shown: Shown[MetricDetail] | None, start: datetime) -> float | None:
    """Sum from a moment on; None where nothing was read."""
    values = since(shown, start) if shown else []
    return sum(values) if values else None


def per_second(shown: Shown[MetricDetail], start: datetime) -> float | None:
    """Median rate from a moment on, of a count; None with fewer than three points."""
    values = sorted(since(shown, start))
    if len(values) < _FEWEST:
        return None
    return values[len(values) // 2] / period_seconds(shown)


def period_seconds(shown: Shown[MetricDetail]) -> int:
    """The period that was asked for."""
    request = shown.evidence.request
    return request.metric.period_seconds if isinstance(request, MetricRequest) else 60


def only_began(shown: Shown[MetricDetail]) -> bool:
    """Whether traffic that rose was hardly there before: it began, and had no usual level.

    Of a young account or function the time before its first calls counts as zero.
    """
    onset = shown.detail.onset
    before = [value for at, value in metric_points(shown.evidence) if onset and at < onset]
    return sum(value > 0 for value in before) < _FEWEST_BEFORE


__all__ = ["growth", "only_began", "per_second", "period_seconds", "since", "total", "until"]
