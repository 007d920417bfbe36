"""Orders the ways out of a cause by their record where that is clear; else the rules order them.

A way moves ahead of the one before it only if the lower end of its Wilson interval lies above the
upper end of the other's: a few lucky cases change nothing. What was never tried is never moved.
"""

from collections.abc import Mapping, Sequence

from opspilot.domain.fingerprint import SuccessRate
from opspilot.domain.wording import plural, share
from opspilot.remediation.way import Way

Rates = Mapping[str, SuccessRate]
"""Action type to how it did against the cause at hand."""


def by_record(ways: Sequence[tuple[Way, str]], rates: Rates) -> list[tuple[Way, str]]:
    """The ways in the order of preference, each with why it comes after those before it.

    Args:
        ways: In the order of the rules.
        rates: Of the cause at hand.
    """
    ordered: list[tuple[Way, str]] = []
    for way, why in ways:
        place = len(ordered)
        while place and _clearly_better(way, ordered[place - 1][0], rates):
            place -= 1
        ordered.insert(place, (way, why))
    return [(way, _told(way, why, rates)) for way, why in ordered]


def _clearly_better(one: Way, other: Way, rates: Rates) -> bool:
    mine, theirs = (rates.get(way.instruction.type) for way in (one, other))
    if mine is None or theirs is None:
        return False
    return mine.bounds[0] > theirs.bounds[1]


def _told(way: Way, why: str, rates: Rates) -> str:
    rate = rates.get(way.instruction.type)
    if rate is None or not rate.tried:
        return why
    low, high = rate.bounds
    record = (
        f"worked in {rate.worked} of {plural(rate.tried, 'earlier plan')} against this cause "
        f"(95 % interval {share(low)} to {share(high)})"
    )
    return f"{why}; {record}" if why else record
