"""What the log of a failing function tells its failures to be, and the start of weighing that."""

from dataclasses import dataclass

from opspilot.diagnosis.assessment import STRONG, WEAK, Brief, Onset
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.families import Family, Told, told
from opspilot.diagnosis.symptoms import accounts_for, failure_onset, failures
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number


@dataclass(frozen=True, slots=True)
class Failure:
    """A function that fails in a way that its log names."""

    function: Resource
    told: Told
    errors: Shown[MetricDetail] | None
    onset: Onset | None


def failure_told(case: Case, function: Resource, family: Family) -> Failure | None:
    """The function's failures, if its log accounts for them by this family."""
    log = case.log(function)
    said = told(log, family) if log else None
    if said is None or not accounts_for(case, said.log, said.count, said.before):
        return None
    onset = failure_onset(case, function)
    if said.first_seen and (
        onset is None or abs(said.first_seen - onset.at) <= onset.uncertainty + 2 * case.period
    ):
        onset = Onset(said.first_seen, case.period / 60)
    return Failure(function, said, failures(case, function), onset)


def argue_told(brief: Brief, failure: Failure, weight: float = STRONG) -> None:
    """The failures rose, and the log says of what sort they are."""
    name, said = failure.function.name, failure.told
    if failure.errors:
        brief.speaks_for(WEAK, f"errors of {name} rose", failure.errors.id)
    words = f": {said.text}" if said.text else f": {', '.join(said.types)}" if said.types else ""
    brief.speaks_for(
        weight,
        f"its log says, {number(said.count)} times ({number(said.before)} before){words}",
        said.log.id,
    )


__all__ = ["Failure", "argue_told", "failure_told"]
