"""Plans filed by hand, as the planner would have filed them."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from opspilot.bootstrap import Workbench
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.plan import Action, Criterion, Instruction, Plan, PreState
from opspilot.engine.commands import persistently
from opspilot.remediation import POLICY_VERSION, build_action, digest, highest_risk
from opspilot.remediation.proposal import ProposedAction


def file_plan(
    bench: Workbench,
    incident: Incident,
    changes: Sequence[Instruction],
    *,
    read: Callable[[Instruction], PreState],
    requested_by: Actor,
    criterion: Criterion,
) -> Plan:
    """A plan of these changes that awaits approval; `read` captures the state before each."""
    actions = tuple(
        build_action(f"A{index}", ProposedAction(one, "a test"), read(one), None)
        for index, one in enumerate(changes, start=1)
    )
    return persistently(lambda: _file(bench, incident.id, actions, requested_by, criterion))


def _file(
    bench: Workbench,
    incident_id: str,
    actions: tuple[Action, ...],
    requested_by: Actor,
    criterion: Criterion,
) -> Plan:
    number = len(bench.store.plans(incident_id)) + 1
    now = bench.clock.now()
    plan = Plan(
        id=f"{incident_id}-P{number}",
        incident_id=incident_id,
        number=number,
        actions=actions,
        criteria=(criterion,),
        risk=highest_risk(actions),
        policy_version=POLICY_VERSION,
        digest="",
        requested_by=requested_by,
        requested_at=now,
        requested_at_account=bench.clock.account_now(),
        expires_at=now + timedelta(minutes=30),
    )
    plan = plan.model_copy(update={"digest": digest(plan)})
    waiting = bench.store.incident(incident_id).model_copy(
        update={"status": IncidentStatus.AWAITING_APPROVAL, "plan_id": plan.id}
    )
    recorded = bench.intake.desk.journal.entry(
        incident_id, requested_by, "plan.proposed", plan.id, result={"digest": plan.digest}
    )
    bench.intake.desk.submit(waiting, plan, audit=(recorded,))
    return bench.store.plan(plan.id)
