"""From a verdict to a typed proposal, or to the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opspilot.domain.evidence import Evidence
from opspilot.domain.fingerprint import SuccessRate
from opspilot.domain.hypothesis import Cause, Verdict, VerdictStatus
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Action, Alternative, Criterion, Instruction, PreState
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.wording import plural
from opspilot.domain.workload import Topology
from opspilot.remediation.actions import action_type
from opspilot.remediation.advice import advice
from opspilot.remediation.criteria import criteria_for
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.planners import PLANNERS
from opspilot.remediation.policy import MOST_MUTATIONS
from opspilot.remediation.record import by_record
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
    ledger = Ledger(evidence)
    ways = _open(verdict.cause, verdict, ledger, rates)
    if isinstance(ways, NoProposal):
        return ways
    chosen = [(verdict.cause, ways[0][0])]
    left: list[str] = []
    for cause in verdict.causes[1:]:
        further = _open(cause, verdict, ledger, rates)
        if isinstance(further, NoProposal):
            left.append(f"{cause.cause_class} of {cause.resource.name} stays: {further.reason}")
        else:
            chosen.append((cause, further[0][0]))
    return Proposal(
        actions=_in_order(chosen, left),
        criteria=criteria_for(incident, verdict, ledger),
        alternatives=tuple(
            Alternative(change=way.instruction, summary=way.summary, why_not=why, then=way.then)
            for way, why in ways[1:]
        ),
    )


def _open(
    cause: Cause, verdict: Verdict, ledger: Ledger, rates: Sequence[SuccessRate]
) -> Sequence[tuple[Way, str]] | NoProposal:
    """The ways out of one cause that are open; or why there is none, and what a person does."""
    weigh = PLANNERS.get(cause.cause_class)
    by_hand = advice(cause, ledger)
    then = f"; by hand: {by_hand}" if by_hand else ""
    if weigh is None:
        return NoProposal(f"no action is known yet for {cause.cause_class}{then}")
    weighed = weigh(cause, verdict, ledger)
    ways = by_record(
        [(way, why) for way, why in weighed if isinstance(way, Way)],
        {one.action_type: one for one in rates if one.cause_class == cause.cause_class},
    )
    if ways:
        return ways
    closed = "; ".join(way.why for way, _ in weighed if isinstance(way, Closed))
    return NoProposal(f"no way out is open: {closed}{then}")


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


def _in_order(ways: Sequence[tuple[Cause, Way]], left: list[str]) -> tuple[ProposedAction, ...]:
    """What the ways ask for, each instruction once and whole ways only, within what a plan holds.

    The first way counts whatever it asks for; policy has the last word on that. The last action
    says which causes the plan leaves to a person, those of `left` and those that did not fit.
    """
    found: list[ProposedAction] = []
    for cause, way in ways:
        cited = tuple(dict.fromkeys((*cause.evidence, *way.evidence)))
        taken = [one.instruction for one in found]
        wanted = [one for one in (way.instruction, *way.then) if one not in taken]
        if not found or len(found) + len(wanted) <= MOST_MUTATIONS:
            found += [ProposedAction(one, way.rationale, cited) for one in wanted]
        else:
            more = f"a plan holds at most {MOST_MUTATIONS} changes"
            left = [*left, f"{cause.cause_class} of {cause.resource.name} stays: {more}"]
    told = "; ".join([found[-1].rationale, *left])
    return (*found[:-1], replace(found[-1], rationale=told))
