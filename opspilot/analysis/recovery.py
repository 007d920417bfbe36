"""Whether the original signal has recovered: a success criterion measured on the telemetry.

Only whole periods count that began after the change settled and had one more period to be
published. A period without traffic is no data, never a period without errors.
"""

from datetime import datetime, timedelta

from opspilot.analysis.recovery_level import measure_level
from opspilot.analysis.recovery_rate import Period, measure_rate
from opspilot.analysis.recovery_words import too_little
from opspilot.domain.plan import Criterion, Measurement
from opspilot.domain.signals import signal_of_query
from opspilot.domain.telemetry import MetricSeries

_PUBLISHING_DELAY_PERIODS = 1
_UNREADABLE = ("denied", "failed")


def measure(
    criterion: Criterion,
    numerator: MetricSeries,
    denominator: MetricSeries | None,
    started_at: datetime,
    now: datetime,
) -> Measurement:
    """Measure a criterion once, on what is published by now.

    Args:
        criterion: What was agreed before the approval.
        numerator: The original signal.
        denominator: Its traffic; required by the rate test, ignored by "level".
        started_at: Account time from which datapoints count.
        now: Account time.
    """
    traffic = denominator if criterion.test == "rate_upper_bound" else None
    series = [one for one in (numerator, traffic) if one is not None]
    unread = next((one for one in series if one.status in _UNREADABLE), None)
    if unread is not None:
        why = "; ".join(unread.messages) or unread.status
        return too_little(criterion, now, f"{unread.query.metric} could not be read ({why})")
    if criterion.test == "level":
        return measure_level(criterion, _levels(numerator, started_at, now), now)
    if denominator is None:
        return too_little(criterion, now, "the traffic behind the rate was not read")
    return measure_rate(criterion, _periods(numerator, denominator, started_at, now), now)


def _whole(series: MetricSeries, started_at: datetime, now: datetime) -> dict[datetime, float]:
    """Values of the whole, published periods that began after the start."""
    period = timedelta(seconds=series.period_seconds)
    newest = now - period * (1 + _PUBLISHING_DELAY_PERIODS)
    pairs = zip(series.times, series.values, strict=True)
    return {at: value for at, value in pairs if started_at <= at <= newest}


def _periods(
    numerator: MetricSeries, denominator: MetricSeries, started_at: datetime, now: datetime
) -> list[Period]:
    """The periods with traffic, oldest first.

    Where there was traffic and the numerator is of a kind whose silence means zero, silence is
    zero; any other silence, and any silence in a series that was read in part only, is no data.
    """
    failed = _whole(numerator, started_at, now)
    signal = signal_of_query(numerator.query)
    silent_is_zero = (
        signal is not None and signal.missing_is_zero and numerator.status == "complete"
    )
    return [
        Period(min(failed.get(at, 0.0), total), total)
        for at, total in sorted(_whole(denominator, started_at, now).items())
        if total > 0 and (at in failed or silent_is_zero)
    ]


def _levels(series: MetricSeries, started_at: datetime, now: datetime) -> list[float]:
    return [value for _, value in sorted(_whole(series, started_at, now).items())]
