"""Which functions became slow, and down the calls which of them explains the others."""

from dataclasses import dataclass

from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.change_search import Onset
from opspilot.diagnosis.symptoms import onset_of
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource

_EXPLAINS_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Slow:
    """A function whose duration rose."""

    resource: Resource
    shown: Shown[MetricDetail]
    onset: Onset


def slowed(case: Case, resource: Resource) -> Slow | None:
    """The function as slow, by the one of its risen durations whose onset is known best."""
    risen = [shown for signal in DURATIONS if (shown := case.risen(resource, signal))]
    dated = [(onset, shown) for shown in risen if (onset := onset_of(shown, case.period))]
    if not dated:
        return None
    onset, shown = min(dated, key=lambda pair: (pair[0].uncertainty, pair[0].at))
    return Slow(resource, shown, onset)


def slowest_chain(case: Case, start: Resource) -> list[Slow]:
    """The slowed callees from `start` down: each explains the one above it, the last by itself.

    A callee explains its caller if it slowed by a fair part of what the caller slowed by; a
    statistically clear rise of a few milliseconds does not explain seconds.
    """
    chain: list[Slow] = []
    above, seen = start, {start}
    while True:
        slow = [
            one
            for callee in case.callees(above)
            if callee not in seen and (one := slowed(case, callee)) and _explains(case, one, above)
        ]
        if not slow:
            return chain
        chain.append(max(slow, key=lambda one: rise(one.shown)))
        above = chain[-1].resource
        seen.add(above)


def rise(shown: Shown[MetricDetail]) -> float:
    """By how much a level rose, in its unit; 0 where that is not known."""
    before, now = shown.detail.baseline_value, shown.detail.incident_value
    return now - before if before is not None and now is not None else 0.0


def _explains(case: Case, callee: Slow, above: Resource) -> bool:
    """Whether the callee's rise is a fair part of its caller's, under one statistic."""
    for signal in DURATIONS:
        own, other = case.risen(callee.resource, signal), case.risen(above, signal)
        if own and other:
            return rise(own) >= _EXPLAINS_SHARE * rise(other)
    return True


__all__ = ["Slow", "rise", "slowed", "slowest_chain"]
