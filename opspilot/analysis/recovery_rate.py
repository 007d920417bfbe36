"""The rate test of recovery: an upper confidence bound over a run of the newest periods.

Recovery means: some run of the newest periods, at least `hold_periods` long and with at least
`min_events` calls, has a one-sided 95 % upper bound below the limit (Clopper and Pearson,
Biometrika 26, 1934), and none of its periods refutes the limit by itself (exact binomial test at
5 %). A single failed call among sixty does not refute a limit of 1 %. Asking for *some* run keeps
the rule monotone: one more failure can only make the outcome worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scipy.special import betainc, betaincinv

from opspilot.analysis.recovery_words import in_words, too_little
from opspilot.domain.plan import Criterion, Measurement, VerificationOutcome
from opspilot.domain.wording import number, plural, share

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Period:
    """Failed calls and all calls of one period with traffic."""

    failed: float
    total: float


def upper_bound(failed: float, total: float) -> float:
    """One-sided 95 % Clopper-Pearson upper bound of a share; 1 without any events."""
    if total <= 0 or failed >= total:
        return 1.0
    return float(betaincinv(failed + 1.0, total - failed, _CONFIDENCE))


def measure_rate(criterion: Criterion, periods: list[Period], now: datetime) -> Measurement:
    """Measure a rate criterion over the periods with traffic, oldest first."""
    failed, events = _sums(periods)
    if events < criterion.min_events:
        needed = number(criterion.min_events)
        seen = f"{plural(events, 'call')} seen after the change, at least {needed} needed"
        return too_little(criterion, now, seen, failed=failed, events=events, seen=len(periods))
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


def _held(criterion: Criterion, periods: list[Period]) -> list[Period]:
    """The newest periods that are consistent with the limit, without a break."""
    count = 0
    for period in reversed(periods):
        if _refutes(period, criterion.limit):
            break
        count += 1
    return periods[len(periods) - count :]


def _refutes(period: Period, limit: float) -> bool:
    """Whether so many failures in one period would be rare if the rate were at the limit."""
    at_least = _at_least(round(period.failed), round(period.total), limit)
    return period.failed > 0 and at_least < 1 - _CONFIDENCE


def _at_least(failed: int, total: int, rate: float) -> float:
    """P(at least so many of all calls fail) at this rate: the binomial tail, by the beta function.

    scipy.stats has it too, and takes most of a second to import.
    """
    if failed <= 0:
        return 1.0
    return float(betainc(failed, total - failed + 1, rate)) if failed <= total else 0.0


def _recovered_run(criterion: Criterion, held: list[Period]) -> list[Period]:
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
    if 1.0 - _at_least(bad + 1, calls, share_before) < 1 - _CONFIDENCE:
        return VerificationOutcome.IMPROVING
    if _at_least(bad, calls, share_before) < 1 - _CONFIDENCE:
        return VerificationOutcome.WORSE
    return VerificationOutcome.NO_EFFECT


def _sums(periods: Sequence[Period]) -> tuple[float, float]:
    return sum(period.failed for period in periods), sum(period.total for period in periods)


def _when(shown: Sequence[Period], periods: Sequence[Period]) -> str:
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
        f" {share(bound)}, limit {share(criterion.limit)}{before}: {in_words(outcome)}"
    )
