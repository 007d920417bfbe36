"""Compares what the product said and did with what was injected; one record a case."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bench.incidents.drawing import Case
from bench.incidents.judging import Judge
from bench.incidents.playing import Investigated, Remedied
from bench.incidents.remedying import curable, offences
from bench.incidents.telling import said, truth, why
from bench.incidents.truth import CALM


@dataclass(frozen=True)
class Score:
    """A case's figures; None where a measure does not apply to it.

    Attributes:
        right: Whether the verdict as a whole is right: every true cause and no other, each at its
            component; or no incident; or an abstention where nothing could be seen.
        top1: The named cause is a true one, at its component, by any of its names; `strict` by the
            first of them, at the first component.
        top3: A true one is among the first three that were not ruled out.
        component: The named cause sits where a true one does; `opened` whether the resource does
            that the incident was opened on.
        first_failure: The resource told to have failed first is one that did.
        both: With two faults: whether both are named.
        extra: Over faults: whether a false cause is named beside, or instead of, a true one.
        recovery: Over what has recovered: whether the verdict says since when.
        onset_error: Of a right cause, in periods of a minute.
        evidence: Share of the required evidence that the ledger holds.
        rivals: How many causes had to be ruled out; of them `reasoned` were with a reason,
            `unconsidered` were never on the board, and the rest still stand.
        false_cause: On a healthy system: whether a cause was named.
        abstained: Where the truth cannot be seen: whether no cause was named.
        forbidden: Whether the plan holds a forbidden action; None without a plan.
        curable: Whether an action that exists would cure; `cured` whether the first plan did.
        confidence: Of the leading hypothesis of any case that shows one, for calibration with
            `lead_right`: whether it is what goes on, or went on before it was over.
        calls: AWS requests; `received` the bytes of their answers. None over HTTP, like `waited`
            and `account_seconds`: they are counted where requests are answered in process.
        tokens: None where a model was asked, whose tokens nobody counts here yet.
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
    strict: bool | None = None
    top3: bool | None = None
    component: bool | None = None
    opened: bool | None = None
    first_failure: bool | None = None
    both: bool | None = None
    extra: bool | None = None
    recovery: bool | None = None
    onset_error: float | None = None
    evidence: float | None = None
    rivals: int = 0
    reasoned: int = 0
    unconsidered: int = 0
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
    account_seconds: float | None = None
    waited_seconds: float | None = None
    case_seconds: float = 0.0
    calls: int | None = None
    received: int | None = None
    scanned: float = 0.0
    tokens: int | None = None
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
    judge = Judge(case, found)
    state = case.truth.state
    fault = state == "fault"
    named = verdict.cause if verdict else None
    lead = next(iter(judge.leads()), None)
    rivals = judge.rivals()
    could = curable(case)
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
        strict=judge.is_first_name(named) if fault else None,
        top3=any(map(judge.is_true, judge.leads()[:3])) if fault else None,
        component=judge.at_component(named) if fault else None,
        opened=judge.opened_on_it() if fault else None,
        first_failure=judge.first_failure() if fault else None,
        both=judge.both() if len(case.truth.causes) > 1 else None,
        extra=bool(judge.false_ones()) if fault else None,
        recovery=bool(verdict and verdict.recovered_at) if state == "recovered" else None,
        onset_error=judge.onset_error(),
        evidence=judge.evidence(),
        rivals=rivals.demanded,
        reasoned=len(rivals.reasoned),
        unconsidered=len(rivals.unconsidered),
        false_cause=judge.is_false_cause(named) if state in CALM else None,
        abstained=named is None if state == "unobservable" else None,
        forbidden=bool(offences(case, remedied)) if remedied.plan else None,
        curable=could,
        cured=bool(remedied.well_after) if could else None,
        confidence=lead.confidence if lead else None,
        lead_right=judge.leads_rightly(lead) if lead else None,
        sound=remedied.sound,
        seconds=found.seconds,
        cpu_seconds=found.cpu_seconds,
        account_seconds=found.account_seconds,
        waited_seconds=found.waited_seconds,
        calls=found.calls,
        received=found.received,
        scanned=found.scanned,
        tokens=0 if found.model_calls == 0 else None,
        said=said(judge, found),
        truth=truth(case),
        why=why(case, judge, found, remedied),
        details=_details(case, judge, found, remedied),
    )


def _details(case: Case, judge: Judge, found: Investigated, remedied: Remedied) -> dict[str, Any]:
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
        "rivals": asdict(judge.rivals()),
        "gaps": sum(one.status == "gap" for one in found.evidence),
    }
