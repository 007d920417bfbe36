"""Drives the whole product through a case, as people would, on the world's virtual clock.

Open an incident, investigate, ask for a plan, approve, execute, observe; then measure the world.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.incidents.measuring import figures, is_well
from bench.incidents.references import resource_of
from bench.incidents.stage import SPEED, Stage
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Verdict, VerdictStatus
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.job import Job, JobKind
from opspilot.domain.plan import Plan
from opspilot.engine.people import EMBEDDED_PEOPLE
from opspilot.errors import OpsPilotError
from opspilot.ports.store import Changeset

_ADA, _GRACE, _ALAN = (
    next(one for one in EMBEDDED_PEOPLE if one.id == name) for name in ("ada", "grace", "alan")
)
_SETTLED = (IncidentStatus.RESOLVED, IncidentStatus.FAILED)
_ALARM_WAIT_MINUTES = 20.0
_STEP_LIMIT = 4000
_NAMED = (VerdictStatus.CONFIRMED, VerdictStatus.LIKELY)


@dataclass(frozen=True)
class Investigated:
    """What an investigation came to, and what it cost.

    Attributes:
        seconds: Wall time of investigation and diagnosis; `account_seconds` of it spent inside the
            simulated account, summed over parallel calls.
        cpu_seconds: Processor time of both, which a busy machine does not stretch.
        waited_seconds: What AWS's rate limits would have cost on top.
        calls: AWS requests; `received` the bytes of their answers; `model_calls` those that asked
            a language model. None over HTTP, like `account_seconds` and `waited_seconds`.
        scanned: Log bytes that the product says it scanned.
    """

    incident: Incident
    verdict: Verdict | None
    evidence: tuple[Evidence, ...]
    seconds: float
    cpu_seconds: float
    account_seconds: float | None
    waited_seconds: float | None
    calls: int | None
    received: int | None
    model_calls: int | None
    scanned: float


@dataclass(frozen=True)
class Remedied:
    """What became of the plan.

    Attributes:
        plan: None when none was proposed; `why_none` says why.
        ill_before: Whether the world was ill by the cure's own measure; None without a cure.
        well_after: Whether it was well in the end; None when nothing was carried out.
        sound: Whether the audit trail verified.
    """

    plan: Plan | None
    why_none: str = ""
    ill_before: bool | None = None
    well_after: bool | None = None
    sound: bool = True
    figures: dict[str, float | None] | None = None


def investigate(stage: Stage) -> Investigated:
    """Open the incident and let the product investigate it."""
    incident = _opened(stage)
    stage.silence()
    bench = stage.bench
    before = stage.spent()
    # The rubbish of the case before is not this one's time.
    gc.collect()
    begun, cpu = time.perf_counter(), time.process_time()
    bench.investigations.start(incident.id, actor=_ADA)
    reached = _reach(stage, incident.id, lambda one: one.status is not IncidentStatus.INVESTIGATING)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    after = stage.spent()
    spent = after - before if after and before else None
    found = bench.store.investigation(incident.id)
    return Investigated(
        incident=reached,
        verdict=found.verdict if found else None,
        evidence=tuple(bench.store.evidence(incident.id)),
        seconds=seconds,
        cpu_seconds=cpu,
        account_seconds=spent.seconds if spent else None,
        waited_seconds=spent.waited if spent else None,
        calls=spent.calls if spent else None,
        received=spent.received if spent else None,
        model_calls=spent.model_calls if spent else None,
        scanned=found.usage.bytes_scanned if found else 0.0,
    )


def remedy(stage: Stage, found: Investigated) -> Remedied:
    """Ask for a plan, approve and execute it, and measure the world."""
    cure = stage.case.truth.cure
    ill = None if cure is None else not is_well(stage.case, stage.account, cure)
    plan, why = _proposed(stage, found)
    if plan is None:
        return Remedied(None, why, ill_before=ill, sound=_sound(stage))
    problem = _carried_out(stage, plan)
    done = stage.bench.store.plan(plan.id)
    if cure is None or problem:
        return Remedied(done, problem, ill_before=ill, sound=_sound(stage))
    _let_heal(stage, done, cure.within_minutes)
    return Remedied(
        done,
        "",
        ill,
        is_well(stage.case, stage.account, cure),
        _sound(stage),
        figures=figures(stage.case, stage.account, cure),
    )


def _let_heal(stage: Stage, plan: Plan, minutes: float) -> None:
    """Move to the moment at which the cure is measured."""
    settled = [run.settled_at for run in plan.runs if run.settled_at is not None]
    begun = max(settled).timestamp() if settled else stage.manual.now()
    stage.advance_to(begun + minutes * 60)


def _opened(stage: Stage) -> Incident:
    opening = stage.case.scenario.open
    if opening.alarm:
        return _by_alarm(stage)
    resource = resource_of(stage.case, opening.resource)
    return stage.bench.intake.open_incident(resource.arn, actor=_ADA, signal=opening.signal)


def _by_alarm(stage: Stage) -> Incident:
    """Poll alarms until the scenario's own has opened or joined an incident."""
    wanted = stage.case.renaming(stage.case.scenario.open.alarm)
    store = stage.bench.store
    store.commit(
        Changeset(puts=(Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=stage.clock.now()),))
    )
    end = stage.manual.now() + _ALARM_WAIT_MINUTES * 60
    while stage.manual.now() < end:
        _run_due(stage, JobKind.ALARMS)
        found = next((one for one in store.incidents().items if wanted in one.alarms), None)
        if found is not None:
            return found
    raise OpsPilotError(
        f"alarm {stage.case.scenario.open.alarm} opened no incident within "
        f"{_ALARM_WAIT_MINUTES:g} minutes"
    )


def _proposed(stage: Stage, found: Investigated) -> tuple[Plan | None, str]:
    """The plan that the product proposes; None with the reason when there is none."""
    if found.verdict is None or found.verdict.status not in _NAMED:
        return None, f"no cause was settled ({found.incident.waits_for or 'no verdict'})"
    incident_id = found.incident.id
    try:
        stage.bench.plans.request(incident_id, actor=_ADA)
    except OpsPilotError as error:
        return None, error.message
    after = _reach(
        stage,
        incident_id,
        lambda one: one.status is IncidentStatus.AWAITING_APPROVAL or bool(one.last_error),
    )
    if after.status is not IncidentStatus.AWAITING_APPROVAL or after.plan_id is None:
        return None, after.last_error or after.waits_for
    return stage.bench.store.plan(after.plan_id), ""


def _carried_out(stage: Stage, plan: Plan) -> str:
    """Approve and execute, and observe to the end; why it could not be, or nothing."""
    bench = stage.bench
    try:
        _approved(stage, plan)
        bench.executions.start(plan.id, actor=_ADA)
    except OpsPilotError as error:
        return error.message
    after = _reach(stage, plan.incident_id, lambda one: one.status in _SETTLED)
    return "" if after.status in _SETTLED else f"ended {after.status}: {after.last_error}"


def _approved(stage: Stage, plan: Plan) -> None:
    """By one person, and by a second one where the risk asks for two."""
    approvals = stage.bench.approvals
    approvers: tuple[Actor, ...] = (_GRACE, _ALAN)
    for person in approvers:
        approvals.approve(plan.id, digest=plan.digest, actor=person)
        if stage.bench.store.plan(plan.id).status == "approved":
            return


def _reach(stage: Stage, incident_id: str, done: Callable[[Incident], bool]) -> Incident:
    """Run the incident's job until it is so, or until it only waits for a person."""
    store = stage.bench.store
    for _ in range(_STEP_LIMIT):
        incident = store.incident(incident_id)
        if done(incident) or not _run_due(stage, f"incident:{incident_id}"):
            return store.incident(incident_id)
    raise OpsPilotError(f"{incident_id} does not come to an end: {incident.status}")


def _run_due(stage: Stage, job_id: str) -> bool:
    """Run one job, moving the clock to when it is due; False when it waits for a person."""
    runner = stage.bench.runner("bench")
    job = stage.bench.store.job(job_id)
    if job is None or job.due_at is None:
        return False
    wait = (job.due_at - stage.clock.now()).total_seconds() * SPEED
    stage.manual.advance(max(wait, 0.0))
    claimed = runner.claim(job_id)
    if claimed is None:
        stage.manual.advance(0.01)
        return True
    runner.run(claimed)
    return True


def _sound(stage: Stage) -> bool:
    stage.bench.audit.checkpoint()
    report = stage.bench.audit.verify()
    return report.ok and report.uncovered == 0
