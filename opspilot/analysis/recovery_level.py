"""The level test of recovery: the newest datapoints hold, one by one."""

from datetime import datetime
from operator import ge, gt, le, lt

from opspilot.analysis.recovery_words import in_words, too_little
from opspilot.domain.plan import Criterion, Measurement, VerificationOutcome
from opspilot.domain.signals import signal_of_query
from opspilot.domain.wording import plural, quantity

_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


def measure_level(criterion: Criterion, levels: list[float], now: datetime) -> Measurement:
    """Measure a level criterion over the datapoints since the change, oldest first."""
    if not levels:
        return too_little(criterion, now, "no datapoint was published after the change")
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
        f" {plural(criterion.hold_periods, 'period')}: {in_words(outcome)}"
    )
