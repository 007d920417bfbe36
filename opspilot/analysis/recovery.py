"""Whether the original signal has recovered: a success criterion measured on the telemetry.

Only whole periods count that began after the change settled and had one more period to be
published. A period without traffic is no data, never a period without errors.

For a rate, recovery means: some run of the newest periods, at least `hold_periods` long and with at
least `min_events` calls, has a one-sided 95 % upper bound below the limit (Clopper and Pearson,
Biometrika 26, 1934), and none of its periods refutes the limit by itself (exact binomial test at
5 %). A single failed call among sixty does not refute a limit of 1 %. Asking for *some* run keeps
the rule monotone: one more failure can only make the outcome worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import ge, gt, le, lt

from scipy.stats import beta, binom

from opspilot.domain.plan import Criterion, Measurement, VerificationOutcome
from opspilot.domain.signals import signal_of_query
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.wording import number, plural, quantity, share

_CONFIDENCE = 0.95
_PUBLISHING_DELAY_PERIODS = 1
_UNREADABLE = ("denied", "failed")
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class _Period:
    """Failed calls and all calls of one period with traffic."""

    failed: float
    total: float


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
    series = (
        [numerator]
        if criterion.test == "level" or denominator is None
        else [
            numerator,
            denominator,
        ]
    )
    unread = next((one for one in series if one.status in _UNREADABLE), None)
    if unread is not None:
        why = "; ".join(unread.messages) or unread.status
        return _no_data(criterion, now, f"{unread.query.metric} could not be read ({why})")
    if criterion.test == "level":
        return _measure_level(criterion, _levels(numerator, started_at, now), now)
    if denominator is None:
        return _no_data(criterion, now, "the traffic behind the rate was not read")
    return _measure_rate(criterion, _periods(numerator, denominator, started_at, now), now)


def upper_bound(failed: float, total: float) -> float:
    """One-sided 95 % Clopper-Pearson upper bound of a share; 1 without any events."""
    if total <= 0 or failed >= total:
        return 1.0
    return float(beta.ppf(_CONFIDENCE, failed + 1.0, total - failed))


def _whole(series: MetricSeries, started_at: datetime, now: datetime) -> dict[datetime, float]:
    """Values of the whole, published periods that began after the start."""
    period = timedelta(seconds=series.period_seconds)
    newest = now - period * (1 + _PUBLISHING_DELAY_PERIODS)
    pairs = zip(series.times, series.values, strict=True)
    return {at: value for at, value in pairs if started_at <= at <= newest}


def _periods(
    numerator: MetricSeries, denominator: MetricSeries, started_at: datetime, now: datetime
) -> list[_Period]:
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
        _Period(min(failed.get(at, 0.0), total), total)
        for at, total in sorted(_whole(denominator, started_at, now).items())
        if total > 0 and (at in failed or silent_is_zero)
    ]


def _measure_rate(criterion: Criterion, periods: list[_Period], now: datetime) -> Measurement:
    failed, events = _sums(periods)
    if events < criterion.min_events:
        needed = number(criterion.min_events)
        seen = f"{plural(events, 'call')} seen after the change, at least {needed} needed"
        return _no_data(criterion, now, seen, failed=failed, events=events, seen=len(periods))
    held = _held(criterion, periods)
    run = _recovered_run(criterion, held)
    shown = run or held or periods
    bad, total = _sums(shown)
    outcome = VerificationOutcome.RECOVERED if run else _compared(criterion, failed, events)
    bound = upper_bound(bad, total)
    return Measurement(
        criterion_id=criterion.id,
        at=now,
        outcome=outcome,
        value=bound,
        observed=bad / total,
        failed=bad,
        events=total,
        periods_held=len(held),
        periods_seen=len(periods),
        sentence=_rate_sentence(criterion, (bad, total, bound), outcome, _when(shown, periods)),
    )


def _held(criterion: Criterion, periods: list[_Period]) -> list[_Period]:
    """The newest periods that are consistent with the limit, without a break."""
    count = 0
    for period in reversed(periods):
        if _refutes(period, criterion.limit):
            break
        count += 1
    return periods[len(periods) - count :]


def _refutes(period: _Period, limit: float) -> bool:
    """Whether so many failures in one period would be rare if the rate were at the limit."""
    at_least = float(binom.sf(round(period.failed) - 1, round(period.total), limit))
    return period.failed > 0 and at_least < 1 - _CONFIDENCE


def _recovered_run(criterion: Criterion, held: list[_Period]) -> list[_Period]:
    """The longest run of newest periods that meets the criterion; empty when none does."""
    for length in range(len(held), max(criterion.hold_periods, 1) - 1, -1):
        run = held[-length:]
        failed, total = _sums(run)
        if total >= criterion.min_events and upper_bound(failed, total) < criterion.limit:
            return run
    return []


def _compared(criterion: Criterion, failed: float, events: float) -> VerificationOutcome:
    """Against the share during the incident: an exact binomial test on each side at 5 %."""
    if criterion.before is None:
        better = failed / events < criterion.limit
        return VerificationOutcome.IMPROVING if better else VerificationOutcome.NO_EFFECT
    calls, bad = round(events), round(failed)
    share_before = min(max(criterion.before, 0.0), 1.0)
    if float(binom.cdf(bad, calls, share_before)) < 1 - _CONFIDENCE:
        return VerificationOutcome.IMPROVING
    if float(binom.sf(bad - 1, calls, share_before)) < 1 - _CONFIDENCE:
        return VerificationOutcome.WORSE
    return VerificationOutcome.NO_EFFECT


def _sums(periods: Sequence[_Period]) -> tuple[float, float]:
    return sum(period.failed for period in periods), sum(period.total for period in periods)


def _when(shown: Sequence[_Period], periods: Sequence[_Period]) -> str:
    if len(shown) == len(periods):
        return "after the change"
    return f"in the last {plural(len(shown), 'period')}"


def _rate_sentence(
    criterion: Criterion,
    figures: tuple[float, float, float],
    outcome: VerificationOutcome,
    when: str,
) -> str:
    failed, total, bound = figures
    before = (
        f", during the incident {share(criterion.before)}" if criterion.before is not None else ""
    )
    return (
        f"{number(failed)} of {plural(total, 'call')} failed {when}: 95 % upper bound"
        f" {share(bound)}, limit {share(criterion.limit)}{before}: {_word(outcome)}"
    )


def _levels(series: MetricSeries, started_at: datetime, now: datetime) -> list[float]:
    return [value for _, value in sorted(_whole(series, started_at, now).items())]


def _measure_level(criterion: Criterion, levels: list[float], now: datetime) -> Measurement:
    if not levels:
        return _no_data(criterion, now, "no datapoint was published after the change")
    meets = _COMPARE[criterion.comparator]
    held = 0
    for level in reversed(levels):
        if not meets(level, criterion.limit):
            break
        held += 1
    outcome = (
        VerificationOutcome.RECOVERED
        if held >= max(criterion.hold_periods, 1)
        else _level_compared(criterion, levels)
    )
    return Measurement(
        criterion_id=criterion.id,
        at=now,
        outcome=outcome,
        value=levels[-1],
        observed=levels[-1],
        periods_held=held,
        periods_seen=len(levels),
        sentence=_level_sentence(criterion, levels[-1], held, outcome),
    )


def _level_compared(criterion: Criterion, levels: list[float]) -> VerificationOutcome:
    """Better or worse than during the incident only if every one of the newest periods is."""
    if criterion.before is None:
        return VerificationOutcome.NO_EFFECT
    newest = levels[-max(criterion.hold_periods, 1) :]
    better, worse = (lt, gt) if criterion.comparator in ("<", "<=") else (gt, lt)
    if all(better(level, criterion.before) for level in newest):
        return VerificationOutcome.IMPROVING
    if all(worse(level, criterion.before) for level in newest):
        return VerificationOutcome.WORSE
    return VerificationOutcome.NO_EFFECT


def _level_sentence(
    criterion: Criterion, newest: float, held: int, outcome: VerificationOutcome
) -> str:
    signal = signal_of_query(criterion.numerator)
    unit = signal.unit if signal else ""
    name = signal.title if signal else criterion.numerator.metric
    before = (
        f", during the incident {quantity(criterion.before, unit)}"
        if criterion.before is not None
        else ""
    )
    return (
        f"{name} is {quantity(newest, unit)}, wanted {criterion.comparator}"
        f" {quantity(criterion.limit, unit)}{before}; held for {held} of"
        f" {plural(criterion.hold_periods, 'period')}: {_word(outcome)}"
    )


def _word(outcome: VerificationOutcome) -> str:
    return outcome.value.replace("_", " ")


def _no_data(
    criterion: Criterion,
    now: datetime,
    reason: str,
    *,
    failed: float | None = None,
    events: float | None = None,
    seen: int = 0,
) -> Measurement:
    outcome = VerificationOutcome.TOO_LITTLE_DATA
    return Measurement(
        criterion_id=criterion.id,
        at=now,
        outcome=outcome,
        failed=failed,
        events=events,
        periods_seen=seen,
        sentence=f"{reason[0].upper()}{reason[1:]}: {_word(outcome)}",
    )
