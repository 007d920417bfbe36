"""Plans: ask for one in the name of the person who asks, and show what stands.

Nothing here executes, approves or changes anything. The engine makes the plan from the verdict; the
model chooses neither actions nor parameters.
"""

from datetime import timedelta

from pydantic import Field

from opspilot.domain.incident import Incident
from opspilot.domain.model import Json
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.errors import IllegalTransition, InputError, NotAllowed
from opspilot.tools.tool import Arguments, Context, Outcome, Tool
from opspilot.tools.verdict import NoArguments

_PATIENCE = timedelta(minutes=10)
_IN_FORCE = (PlanStatus.PROPOSED, PlanStatus.APPROVED, PlanStatus.EXECUTING)


class PlanArguments(Arguments):
    """Which plan."""

    plan_id: str = Field(
        default="",
        max_length=60,
        description="Id of a plan of this incident; empty for the newest one.",
    )


def _propose(given: NoArguments, context: Context) -> Outcome:  # noqa: ARG001 - a tool's shape
    incident, turn = context.incident, context.turn
    if turn.proposal:
        return _became(context)
    standing = _in_force(incident, context)
    if standing is not None:
        summary = f"{standing.id} is {standing.status} already; nothing was filed."
        return _told(standing, summary)
    via = f"{turn.conversation_id}/{turn.number}"
    marked = turn.model_copy(update={"proposal": context.use_id})
    try:
        context.plans.request(incident.id, actor=turn.asked_by, via=via, also=(marked,))
    except NotAllowed as error:
        return _refused(error.message)
    except IllegalTransition:
        return _refused(
            f"the incident is {incident.status.replace('_', ' ')}: a plan is made from a verdict, "
            "after the investigation"
        )
    return Outcome(status="pending", summary="the plan that is being made", content={})


def _became(context: Context) -> Outcome:
    """What came of the request that this turn made earlier."""
    incident, turn = context.incident, context.turn
    if incident.plan_requested_by is not None:
        if context.clock.now() - turn.asked_at > _PATIENCE:
            return _refused("it is still being made; the incident's page will show it")
        return Outcome(status="pending", summary="the plan that is being made", content={})
    made = [
        plan
        for plan in context.scope.store.plans(incident.id)
        if plan.requested_by.id == turn.asked_by.id and plan.requested_at >= turn.asked_at
    ]
    if made:
        return _told(made[-1], f"{made[-1].id} is filed and waits for an approval.", new=True)
    return _refused(incident.last_error or "there is no plan to propose")


def _show(given: PlanArguments, context: Context) -> Outcome:
    plans = context.scope.store.plans(context.incident.id)
    if not plans:
        return Outcome(
            status="no_data", summary="There is no plan yet.", content={"plans": [], "count": 0}
        )
    wanted = given.plan_id.strip() or plans[-1].id
    plan = next((one for one in plans if one.id == wanted), None)
    if plan is None:
        raise InputError(f"no such plan; there are {', '.join(one.id for one in plans)}")
    return _told(plan, f"{plan.id} is {plan.status}.")


def _in_force(incident: Incident, context: Context) -> Plan | None:
    plans = context.scope.store.plans(incident.id)
    return next(
        (one for one in plans if one.id == incident.plan_id and one.status in _IN_FORCE), None
    )


def _refused(reason: str) -> Outcome:
    return Outcome(
        status="failed", summary=f"No plan: {reason}", content={"error": f"no plan: {reason}"}
    )


def _told(plan: Plan, summary: str, *, new: bool = False) -> Outcome:
    content: dict[str, Json] = {
        "plan_id": plan.id,
        "status": plan.status,
        "says": summary,
        "risk": plan.risk,
        "digest": plan.digest[:12],
        "requested_by": plan.requested_by.name,
        "actions": [
            {
                "type": action.change.type,
                "resource": action.change.resource.name,
                "summary": action.summary,
                "before": action.before,
                "after": action.after,
                "risk": action.risk,
                "why": action.rationale,
                "blast_radius": action.blast_radius,
                "evidence": list(action.evidence),
            }
            for action in plan.actions
        ],
        "success_means": [criterion.text for criterion in plan.criteria],
        "outcome": _outcome(plan),
        "next": "A person approves and executes it on the incident's page; no tool does.",
    }
    cited = tuple(dict.fromkeys(one for action in plan.actions for one in action.evidence))
    return Outcome(
        summary=summary, content=content, evidence=cited, plan_id=plan.id if new else None
    )


def _outcome(plan: Plan) -> Json:
    done = plan.verification
    if done is None:
        return None
    return {
        "outcome": done.outcome,
        "measured": [one.sentence for one in done.measurements],
    }


PROPOSE_PLAN = Tool(
    name="propose_plan",
    title="Propose a plan",
    description=(
        "Asks the engine for a remediation plan, in the name of the person who asks you. It takes "
        "no parameters: the engine makes the plan from the verdict and captures its undo. Nothing "
        "is changed; people approve and execute. Call it only when the person asks for a plan or "
        "a fix."
    ),
    arguments=NoArguments,
    run=_propose,
    effect="propose",
)

SHOW_PLAN = Tool(
    name="show_plan",
    title="Plan",
    description="A plan of this incident: its actions, risk, criteria of success and outcome.",
    arguments=PlanArguments,
    run=_show,
)
