"""Whether a changed function ran well before it began to fail: then the change did not break it.

If a share p of the calls fails since the onset, n calls in a row without a failure have a chance of
(1 - p)^n to come from the same state; below one in a thousand they came from another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.diagnosis.assessment import Onset
from opspilot.diagnosis.case import Case, ChangeFound, Shown
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.snapshots import metric_points
from opspilot.domain.wording import plural

_CHANCE = 0.001
_AROUND = timedelta(minutes=1)
"""The periods of the change and of the onset hold calls of both states."""


@dataclass(frozen=True)
class RanWell:
    """So many calls without a failure; `told` in words, `ids` of the metrics that say so."""

    calls: float
    ids: Sequence[str]

    @property
    def told(self) -> str:
        """How many, with their noun."""
        return plural(self.calls, "call")


def ran_well(
    case: Case, function: Resource, onset: Onset, found: ChangeFound | None
) -> RanWell | None:
    """The good calls between a change and the onset; None where chance may have spared them."""
    calls = case.metric(function, "lambda.invocations")
    errors = case.metric(function, "lambda.errors")
    if found is None or calls is None or errors is None:
        return None
    start, end = found.change.at + _AROUND, onset.at - onset.uncertainty - _AROUND
    ran, failed = _sum(calls, start, end), _sum(errors, start, end)
    since, lost = _sum(calls, onset.at, case.now), _sum(errors, onset.at, case.now)
    if not ran or failed or not since:
        return None
    return RanWell(ran, (calls.id, errors.id)) if (1 - lost / since) ** ran < _CHANCE else None


def _sum(shown: Shown[MetricDetail], start: datetime, end: datetime) -> float:
    return sum(value for at, value in metric_points(shown.evidence) if start <= at < end)


__all__ = ["RanWell", "ran_well"]
