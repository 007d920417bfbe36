"""Compares what the product said and did with what was injected; one record a case."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bench.incidents.drawing import Case
from bench.incidents.playing import Investigated, Remedied
from bench.incidents.references import resource_of
from bench.incidents.scenario import ActionPattern, Pair, TrueCause, Wanted
from opspilot.domain.evidence import Evidence, MetricDetail
from opspilot.domain.hypothesis import Cause, Hypothesis, Verdict, VerdictStatus
from opspilot.domain.plan import Action
from opspilot.remediation import CATALOGUE

PERIOD_S = 60.0
_CALM = ("healthy", "surge", "recovered")
_SURGE = "traffic_surge"


@dataclass(frozen=True)
class Score:
    """A case's figures; None where a measure does not apply to it.

    Attributes:
        right: Whether the verdict as a whole is right: cause and component, or no incident, or an
            abstention where nothing could be seen.
        top1: The named cause is a true one, at its component.
        top3: A true one is among the first three that were not ruled out.
        component: The named cause sits where a true one does.
        both: With two faults: whether both are on the board and neither is ruled out.
        onset_error: Of a right cause, in periods of a minute.
        evidence: Share of the required evidence that the ledger holds.
        ruled_out: Whether every cause that had to be ruled out was.
        false_cause: On a healthy system: whether a cause was named.
        abstained: Where the truth cannot be seen: whether no cause was named.
        forbidden: Whether the plan holds a forbidden action; None without a plan.
        curable: Whether an action that exists would cure; `cured` whether the first plan did.
        confidence: Of the leading hypothesis, for calibration with `lead_right`.
    """

    key: str
    scenario: str
    seed: int
    level: int
    tags: tuple[str, ...]
    state: str
    http: bool
    right: bool
    top1: bool | None = None
    top3: bool | None = None
    component: bool | None = None
    both: bool | None = None
    onset_error: float | None = None
    evidence: float | None = None
    ruled_out: bool | None = None
    false_cause: bool | None = None
    abstained: bool | None = None
    forbidden: bool | None = None
    curable: bool | None = None
    cured: bool | None = None
    confidence: float | None = None
    lead_right: bool | None = None
    sound: bool = True
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    account_seconds: float = 0.0
    waited_seconds: float = 0.0
    case_seconds: float = 0.0
    calls: int = 0
    received: int = 0
    scanned: float = 0.0
    tokens: int = 0
    said: str = ""
    truth: str = ""
    why: str = ""
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """As one object of the report."""
        return asdict(self)


def score(case: Case, found: Investigated, remedied: Remedied, *, http: bool = False) -> Score:
    """The case's score.

    Raises:
        BenchmarkError: The scenario's truth names a resource that its workload has not.
    """
    verdict = found.verdict
    judge = _Judge(case, found, verdict)
    state = case.truth.state
    fault = state == "fault"
    named = verdict.cause if verdict else None
    lead = judge.leads()[0] if judge.leads() else None
    return Score(
        key=case.key,
        scenario=case.scenario.name,
        seed=case.seed,
        level=case.scenario.level,
        tags=tuple(case.scenario.tags),
        state=state,
        http=http,
        right=judge.right(),
        top1=judge.is_true(named) if fault else None,
        top3=any(map(judge.is_true, judge.leads()[:3])) if fault else None,
        component=judge.at_component(named) if fault else None,
        both=judge.both() if len(case.truth.causes) > 1 else None,
        onset_error=judge.onset_error(),
        evidence=judge.evidence(),
        ruled_out=judge.ruled_out(),
        false_cause=judge.is_false_cause(named) if state in _CALM else None,
        abstained=named is None if state == "unobservable" else None,
        forbidden=judge.forbidden(remedied),
        curable=judge.curable(),
        cured=bool(remedied.well_after) if judge.curable() else None,
        confidence=lead.confidence if lead and (fault or named) else None,
        lead_right=judge.is_true(lead) if lead and (fault or named) else None,
        sound=remedied.sound,
        seconds=found.seconds,
        cpu_seconds=found.cpu_seconds,
        account_seconds=found.account_seconds,
        waited_seconds=found.waited_seconds,
        calls=found.calls,
        received=found.received,
        scanned=found.scanned,
        said=judge.said(),
        truth=judge.told(),
        why=judge.why(remedied),
        details=_details(case, found, remedied),
    )


class _Judge:
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

    def both(self) -> bool:
        """Whether every true cause is on the board."""
        said = {(one.cause_class, one.resource.arn) for one in self.leads()}
        return all(pairs & said for _, pairs, _ in self._accepted)

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
            return self.is_true(verdict.cause)
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
        return any(pattern.type in CATALOGUE for pattern in self._truth.actions.right)

    def forbidden(self, remedied: Remedied) -> bool | None:
        """Whether the plan holds an action that must not be."""
        if remedied.plan is None:
            return None
        return bool(self.offences(remedied))

    def offences(self, remedied: Remedied) -> list[str]:
        """The forbidden actions of the plan."""
        actions = remedied.plan.actions if remedied.plan else ()
        if self._truth.state in _CALM:
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
        return f"{_words(verdict.cause)} ({verdict.status} {verdict.confidence:.2f})"

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


def _details(case: Case, found: Investigated, remedied: Remedied) -> dict[str, Any]:
    verdict, plan = found.verdict, remedied.plan
    return {
        "opened": datetime.fromtimestamp(case.opened).astimezone().isoformat(),
        "drawn": dict(case.values),
        "note": case.truth.note,
        "hypotheses": [
            {
                "cause": one.cause_class,
                "of": one.resource.name,
                "confidence": round(one.confidence, 4),
                "status": one.status,
            }
            for one in (verdict.hypotheses if verdict else ())
        ],
        "plan": [one.summary for one in plan.actions] if plan else [],
        "no_plan": remedied.why_none,
        "verification": (str(plan.verification.outcome) if plan and plan.verification else None),
        "ill_before": remedied.ill_before,
        "figures": remedied.figures,
        "gaps": sum(one.status == "gap" for one in found.evidence),
    }
