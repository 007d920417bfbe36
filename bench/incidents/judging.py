"""What is true of a case, in the names of its world, and what of the product's work is right."""

from __future__ import annotations

from bench.incidents.drawing import Case
from bench.incidents.playing import Investigated, Remedied
from bench.incidents.references import resource_of
from bench.incidents.scenario import ActionPattern, Pair, TrueCause, Wanted
from opspilot.domain.evidence import Evidence, MetricDetail
from opspilot.domain.hypothesis import Cause, Hypothesis, Verdict, VerdictStatus
from opspilot.domain.plan import Action
from opspilot.remediation import CATALOGUE

PERIOD_S = 60.0
CALM = ("healthy", "surge", "recovered")
_SURGE = "traffic_surge"


class Judge:
    """Knows the truth of a case in the world's own names."""

    def __init__(self, case: Case, found: Investigated, verdict: Verdict | None) -> None:
        self._case = case
        self._found = found
        self._verdict = verdict
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

    def at_component(self, one: Cause | None) -> bool:
        """Whether this cause sits where a true one does."""
        return one is not None and any(
            one.resource.arn in {arn for _, arn in pairs} for _, pairs, _ in self._accepted
        )

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
        if named is None or (self._truth.state == "surge" and named.cause_class == _SURGE):
            return False
        return not self.is_true(named)

    def right(self) -> bool:
        """Whether the verdict as a whole is right."""
        verdict = self._verdict
        if verdict is None:
            return False
        if self._truth.state == "unobservable":
            return verdict.cause is None
        if self._truth.state == "fault":
            return self.is_true(verdict.cause) and not self.false_ones()
        if verdict.cause is not None:
            return not self.is_false_cause(verdict.cause)
        return verdict.status is VerdictStatus.NO_INCIDENT

    def onset_error(self) -> float | None:
        """In periods, of a right cause that tells its onset."""
        named = self._verdict.cause if self._verdict else None
        if named is None or named.onset is None or not self.is_true(named):
            return None
        errors = [
            abs(named.onset.timestamp() - onset) / PERIOD_S
            for _, pairs, onset in self._accepted
            if (named.cause_class, named.resource.arn) in pairs
        ]
        return min(errors)

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

    def alive(self) -> list[str]:
        """Causes that had to be ruled out and still stand."""
        accepted = {name for _, pairs, _ in self._accepted for name, _ in pairs}
        wanted = set(self._truth.ruled_out) - accepted
        return sorted({one.cause_class for one in self.leads()} & wanted)

    def ruled_out(self) -> bool | None:
        """Whether none that had to be ruled out still stands."""
        return not self.alive() if self._truth.ruled_out else None

    def curable(self) -> bool | None:
        """Whether an action that exists would cure; None where nothing is to be cured."""
        if self._truth.cure is None:
            return None
        right = [one for one in self._truth.actions.right if one.type in CATALOGUE]
        if len(self._truth.causes) == 1:
            return bool(right)
        # Of several faults each needs an action of its own.
        places = [
            {where for pair in (one, *one.also) for where in pair.components}
            for one in self._truth.causes
        ]
        return all(any(one.of in where for one in right) for where in places)

    def forbidden(self, remedied: Remedied) -> bool | None:
        """Whether the plan holds an action that must not be."""
        if remedied.plan is None:
            return None
        return bool(self.offences(remedied))

    def offences(self, remedied: Remedied) -> list[str]:
        """The forbidden actions of the plan."""
        actions = remedied.plan.actions if remedied.plan else ()
        if self._truth.state in CALM:
            return [f"{one.change.type} on what is well" for one in actions]
        return [
            f"{one.change.type} of {one.change.resource.name}"
            for one in actions
            if any(self._fits(one, pattern) for pattern in self._truth.actions.forbidden)
        ]

    def _fits(self, action: Action, pattern: ActionPattern) -> bool:
        change = action.change
        if pattern.type not in ("*", change.type):
            return False
        if pattern.of and resource_of(self._case, pattern.of) != change.resource:
            return False
        wanted = self._case.renaming.over(pattern.parameters)
        return all(change.parameters.get(name) == value for name, value in wanted.items())

    def said(self) -> str:
        """The verdict in a few words."""
        verdict = self._verdict
        if verdict is None:
            return "no verdict"
        if verdict.cause is None:
            lead = self.leads()[:1]
            led = f", lead {_words(lead[0])} {lead[0].confidence:.2f}" if lead else ""
            return f"{verdict.status}{led}"
        causes = " and ".join(map(_words, self.named()))
        return f"{causes} ({verdict.status} {verdict.confidence:.2f})"

    def told(self) -> str:
        """The truth in a few words, under the world's names."""
        if self._truth.state != "fault":
            return self._truth.state
        return " and ".join(
            f"{cause.classes[0]} of {resource_of(self._case, cause.components[0]).name}"
            for cause in self._truth.causes
        )

    def why(self, remedied: Remedied) -> str:
        """What is wrong, worst first; empty when nothing is."""
        wrong: list[str] = []
        if not self.right():
            wrong.append(f"said {self.said()}; truth: {self.told()}")
        if offences := self.offences(remedied):
            wrong.append(f"forbidden: {', '.join(offences)}")
        if self.curable() and not remedied.well_after:
            wrong.append(f"not cured: {_uncured(remedied)}")
        if missing := self.missing():
            wrong.append(f"evidence missing: {', '.join(missing)}")
        if alive := self.alive():
            wrong.append(f"not ruled out: {', '.join(alive)}")
        if not remedied.sound:
            wrong.append("the audit trail does not verify")
        return "; ".join(wrong)


def _words(one: Cause | Hypothesis) -> str:
    return f"{one.cause_class} of {one.resource.name}"


def _uncured(remedied: Remedied) -> str:
    if remedied.plan is None or remedied.why_none:
        return remedied.why_none or "no plan"
    did = ", ".join(one.summary for one in remedied.plan.actions)
    return f"{did} ({remedied.plan.status})"


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
