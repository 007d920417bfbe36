"""From a verdict to a typed proposal, or to the reason why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import SuccessRate
from opspilot.domain.hypothesis import Cause, Verdict, VerdictStatus
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Action, Alternative, Criterion, Instruction, PreState
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.wording import plural
from opspilot.domain.workload import Topology
from opspilot.remediation.actions import action_type
from opspilot.remediation.criteria import criterion_for
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.record import by_record
from opspilot.remediation.restore import raise_timeout_above, restore_memory, restore_timeout
from opspilot.remediation.restore_variable import restore_variable
from opspilot.remediation.roll_back import roll_back
from opspilot.remediation.way import Closed, Way


@dataclass(frozen=True, slots=True)
class ProposedAction:
    """What to do, and why it should cure; `evidence` cites the ledger."""

    instruction: Instruction
    rationale: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Actions in order, when they count as a success, and what was weighed besides."""

    actions: tuple[ProposedAction, ...]
    criteria: tuple[Criterion, ...]
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Nothing is proposed, and why."""

    reason: str


Weighed = tuple[Way | Closed, str]
"""A way out, and why it comes after the ones before it."""


def propose(
    incident: Incident,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    rates: Sequence[SuccessRate] = (),
) -> Proposal | NoProposal:
    """The first way out that is open for the verdict's cause; the others stay as alternatives.

    Args:
        incident: As it stands.
        verdict: Of its newest investigation; drawn without knowing of the past.
        evidence: The ledger that the verdict was drawn from.
        rates: How ways out did before; a clear record moves one ahead of another.
    """
    if verdict.status is VerdictStatus.NO_INCIDENT:
        return NoProposal("nothing abnormal was found, so there is nothing to change")
    if verdict.status is VerdictStatus.INCONCLUSIVE or verdict.cause is None:
        return NoProposal("the cause is not settled; no change is proposed on a guess")
    weigh = _PLANNERS.get(verdict.cause.cause_class)
    if weigh is None:
        return NoProposal(f"no action is known yet for {verdict.cause.cause_class}")
    ledger = Ledger(evidence)
    weighed = weigh(verdict.cause, verdict, ledger)
    ways = by_record(
        [(way, why) for way, why in weighed if isinstance(way, Way)],
        {one.action_type: one for one in rates if one.cause_class == verdict.cause.cause_class},
    )
    if not ways:
        closed = "; ".join(way.why for way, _ in weighed if isinstance(way, Closed))
        return NoProposal(f"no way out is open: {closed}")
    chosen = ways[0][0]
    return Proposal(
        actions=_actions(chosen, verdict.cause),
        criteria=(criterion_for(incident, verdict, ledger),),
        alternatives=tuple(
            Alternative(change=way.instruction, summary=way.summary, why_not=why, then=way.then)
            for way, why in ways[1:]
        ),
    )


def build_action(
    action_id: str, proposed: ProposedAction, pre_state: PreState, topology: Topology | None
) -> Action:
    """An action with its undo, generated from the state that was read.

    Args:
        action_id: "A1", in order.
        proposed: What to do.
        pre_state: The state as it is now.
        topology: Who calls whom; None when it is not known.

    Raises:
        InputError: Unknown action, or a parameter out of range.
        PolicyViolation: The change would change nothing, or could not be undone.
    """
    change = proposed.instruction
    kind = action_type(change.type)
    kind.validate(change, pre_state)
    undo = kind.undo(change, pre_state)
    kind.checked(undo.parameters)
    before, after = kind.preview(change, pre_state)
    risk, reason = kind.risk_of(change, pre_state)
    return Action(
        id=action_id,
        change=change,
        undo=undo,
        pre_state=pre_state,
        before=before,
        after=after,
        risk=risk,
        risk_reason=reason,
        summary=kind.summary_of(change, pre_state),
        blast_radius=blast_radius(change.resource, topology),
        rationale=proposed.rationale,
        evidence=proposed.evidence,
    )


def blast_radius(resource: Resource, topology: Topology | None) -> str:
    """Who else is touched, in words."""
    if topology is None:
        return "1 function; who calls it could not be read"
    callers = list(dict.fromkeys(edge.caller for edge in topology.callers(resource)))
    feeds = [edge.callee.name for edge in topology.callees(resource) if edge.relation == "consumes"]
    said = ["1 function"]
    if callers:
        said.append(f"called by {', '.join(_named(caller) for caller in callers)}")
    if feeds:
        said.append(f"fed by {plural(len(feeds), 'queue')} ({', '.join(sorted(set(feeds)))})")
    return ", ".join(said) if len(said) > 1 else "1 function, called by nobody that is known"


def _named(resource: Resource) -> str:
    return f"API {resource.name}" if resource.kind is ResourceKind.API else resource.name


def _actions(way: Way, cause: Cause) -> tuple[ProposedAction, ...]:
    cited = tuple(dict.fromkeys((*cause.evidence, *way.evidence)))
    return tuple(ProposedAction(one, way.rationale, cited) for one in (way.instruction, *way.then))


def _slow_dependency(cause: Cause, verdict: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    failing = verdict.first_failure.resource if verdict.first_failure else None
    if failing is None or failing == cause.resource:
        return [(back, "")]
    waiting = raise_timeout_above(failing, cause.resource, ledger)
    why = (
        f"stops the failures of {failing.name} but leaves {cause.resource.name} slow: every caller"
        " goes on waiting for it"
    )
    return [(back, ""), (waiting, why)]


def _timeout_too_small(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    why = "moves other code into service, where a setting is enough"
    return [(restore_timeout(cause.resource, cause.onset, ledger), ""), (back, why)]


def _out_of_memory(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    why = "gives the new code what it takes, without knowing why it takes more"
    return [(back, ""), (restore_memory(cause.resource, cause.onset, ledger), why)]


def _bad_environment(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    back = roll_back(cause.resource, cause.onset, ledger)
    variable = restore_variable(cause.resource, cause.setting, cause.onset, ledger)
    return [(variable, ""), (back, "moves other code into service, where a variable is enough")]


def _bad_release(cause: Cause, _: Verdict, ledger: Ledger) -> list[Weighed]:
    return [(roll_back(cause.resource, cause.onset, ledger), "")]


_PLANNERS: dict[str, Callable[[Cause, Verdict, Ledger], list[Weighed]]] = {
    "lambda.slow_dependency": _slow_dependency,
    "lambda.timeout_too_small": _timeout_too_small,
    "lambda.out_of_memory": _out_of_memory,
    "lambda.bad_environment": _bad_environment,
    "lambda.code_error_after_release": _bad_release,
}
"""Cause class to the ways out for it, in order of preference."""
