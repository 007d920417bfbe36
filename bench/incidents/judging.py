"""What of a verdict and its ledger is right, by the truth of the case in its world's own names."""

from __future__ import annotations

from dataclasses import dataclass

from bench.incidents.drawing import Case
from bench.incidents.playing import Investigated
from bench.incidents.references import resource_of
from bench.incidents.truth import Pair, TrueCause, Wanted
from opspilot.domain.evidence import Evidence, MetricDetail
from opspilot.domain.hypothesis import Cause, Hypothesis, VerdictStatus

PERIOD_S = 60.0
_SURGE = "traffic_surge"


@dataclass(frozen=True)
class Rivals:
    """What became of the causes that had to be ruled out.

    Attributes:
        reasoned: On the board as ruled out, each with its reason.
        unconsidered: Nowhere on the board: nothing was weighed.
        standing: Not ruled out.
    """

    reasoned: tuple[str, ...]
    unconsidered: tuple[str, ...]
    standing: tuple[str, ...]

    @property
    def demanded(self) -> int:
        """How many had to be ruled out."""
        return len(self.reasoned) + len(self.unconsidered) + len(self.standing)


class Judge:
    """Knows the truth of a case in the world's own names."""

    def __init__(self, case: Case, found: Investigated) -> None:
        self._case = case
        self._found = found
        self._verdict = found.verdict
        self._truth = case.truth
        self._accepted = [
            (cause, self._pairs(cause), self._onset(cause)) for cause in case.truth.causes
        ]

    def _pairs(self, cause: TrueCause) -> set[tuple[str, str]]:
        """Every (class, ARN) under which a cause counts as found."""
        pairs: list[Pair] = [cause, *cause.also]
        return {
            (name, resource_of(self._case, where).arn)
            for pair in pairs
            for name in pair.classes
            for where in pair.components
        }

    def _onset(self, cause: TrueCause) -> float:
        return self._case.times[cause.onset] if cause.onset else self._case.zero

    def leads(self) -> list[Hypothesis]:
        """Those that were not ruled out, best first."""
        board = self._verdict.hypotheses if self._verdict else ()
        return [one for one in board if one.status != "ruled_out"]

    def is_true(self, one: Cause | Hypothesis | None) -> bool:
        """Whether this is a true cause at its component."""
        return one is not None and any(
            (one.cause_class, one.resource.arn) in pairs for _, pairs, _ in self._accepted
        )

    def is_first_name(self, one: Cause | None) -> bool:
        """Whether this is a true cause under the first of its names, at the first component."""
        return one is not None and any(
            one.cause_class == cause.classes[0]
            and one.resource.arn == resource_of(self._case, cause.components[0]).arn
            for cause, _, _ in self._accepted
        )

    def leads_rightly(self, lead: Hypothesis) -> bool:
        """Whether the leading hypothesis is what goes on, or what went on before it was over."""
        if self._truth.state == "surge" and lead.cause_class == _SURGE:
            return True
        return self.is_true(lead)

    def at_component(self, one: Cause | None) -> bool:
        """Whether this cause sits where a true one does."""
        return one is not None and self._holds_a_cause(one.resource.arn)

    def opened_on_it(self) -> bool:
        """Whether the incident was opened on a true component: who names that is right at once."""
        return self._holds_a_cause(self._found.incident.resource.arn)

    def _holds_a_cause(self, arn: str) -> bool:
        return any(arn in {each for _, each in pairs} for _, pairs, _ in self._accepted)

    def first_failure(self) -> bool | None:
        """Whether the resource told to have failed first is one that did; None without a truth."""
        wanted = {resource_of(self._case, one).arn for one in self._truth.failing_first}
        if not wanted:
            return None
        told = self._verdict.first_failure if self._verdict else None
        return told is not None and told.resource.arn in wanted

    def named(self) -> tuple[Cause, ...]:
        """Every cause that the verdict names."""
        verdict = self._verdict
        if verdict is None or verdict.cause is None:
            return ()
        return verdict.causes or (verdict.cause,)

    def both(self) -> bool:
        """Whether every true cause is named."""
        said = {(one.cause_class, one.resource.arn) for one in self.named()}
        return all(pairs & said for _, pairs, _ in self._accepted)

    def false_ones(self) -> list[Cause]:
        """The named causes that are not true."""
        return [one for one in self.named() if not self.is_true(one)]

    def is_false_cause(self, named: Cause | None) -> bool:
        """Whether trouble was made of what is well; a surge may be called a surge."""
        if named is None:
            return False
        return not (self._truth.state == "surge" and named.cause_class == _SURGE)

    def right(self) -> bool:
        """Whether the verdict as a whole is right."""
        verdict = self._verdict
        if verdict is None:
            return False
        if self._truth.state == "unobservable":
            return verdict.cause is None
        if self._truth.state == "fault":
            return self.both() and not self.false_ones()
        if verdict.cause is not None:
            return not self.is_false_cause(verdict.cause)
        return verdict.status is VerdictStatus.NO_INCIDENT

    def onset_error(self) -> float | None:
        """In periods, of a right cause that tells its onset."""
        named = self._verdict.cause if self._verdict else None
        if named is None or named.onset is None or self._truth.state != "fault":
            return None
        errors = [
            abs(named.onset.timestamp() - onset) / PERIOD_S
            for _, pairs, onset in self._accepted
            if (named.cause_class, named.resource.arn) in pairs
        ]
        return min(errors, default=None)

    def evidence(self) -> float | None:
        """Share of what had to be found."""
        wanted = self._truth.evidence
        if not wanted:
            return None
        return sum(self._has(one) for one in wanted) / len(wanted)

    def missing(self) -> list[str]:
        """What had to be found and was not."""
        return [
            f"{one.source} of {one.of} {one.signal}".strip()
            for one in self._truth.evidence
            if not self._has(one)
        ]

    def _has(self, wanted: Wanted) -> bool:
        resource = resource_of(self._case, wanted.of)
        return any(_answers(one, wanted, resource.arn) for one in self._found.evidence)

    def rivals(self) -> Rivals:
        """What became of the causes that had to be ruled out."""
        wanted = set(self._truth.ruled_out)
        standing = {one.cause_class for one in self.leads()} & wanted
        board = self._verdict.hypotheses if self._verdict else ()
        told = {one.cause_class for one in board if one.ruled_out_because} & wanted - standing
        return Rivals(
            tuple(sorted(told)), tuple(sorted(wanted - standing - told)), tuple(sorted(standing))
        )


def _answers(one: Evidence, wanted: Wanted, arn: str) -> bool:
    """Whether this entry is what had to be found."""
    if one.status == "gap" or one.request.source != wanted.source:
        return False
    covered = {one.resource.arn, *(each.arn for each in getattr(one.request, "resources", ()))}
    if arn not in covered:
        return False
    if not wanted.signal:
        return True
    detail = one.detail
    return (
        isinstance(detail, MetricDetail)
        and detail.signal == wanted.signal
        and (detail.anomalous or not wanted.standing_out)
    )
