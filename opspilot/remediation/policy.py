"""The safety rules: how much a plan may do, who must agree, and whether somebody's word counts.

Low and medium risk need one approver, who may be the requester. High risk needs a person other than
the requester. Destructive needs two people, neither of them the requester. An approval binds to the
digest that was seen, expires, and is spent once. Whatever is in doubt is denied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from opspilot.domain.approval import Approval
from opspilot.domain.commands import Command, permits
from opspilot.domain.identity import Actor
from opspilot.domain.plan import Action, Plan, PlanStatus, Risk
from opspilot.errors import ApprovalDenied, PolicyViolation
from opspilot.remediation.actions import action_type
from opspilot.remediation.digest import digest

POLICY_VERSION = "2"
"""Part of every digest: a change of these rules voids the approvals given under the old ones."""

MOST_MUTATIONS = 5
"""Mutating actions over all plans of an incident; undo, waits and reads do not count."""

APPROVAL_TIME = timedelta(minutes=30)
"""How long an approval stands unless set otherwise (wall time)."""

_ORDER = (Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.DESTRUCTIVE)


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who must agree.

    Attributes:
        people: How many different people.
        requester_counts: Whether the requester may be one of them.
    """

    people: int
    requester_counts: bool


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """Whether a plan may run as far as people are concerned; `missing` says what is not there."""

    satisfied: bool
    missing: str = ""


_RULES = {
    Risk.LOW: ApprovalRule(1, requester_counts=True),
    Risk.MEDIUM: ApprovalRule(1, requester_counts=True),
    Risk.HIGH: ApprovalRule(1, requester_counts=False),
    Risk.DESTRUCTIVE: ApprovalRule(2, requester_counts=False),
}


def required_approvals(risk: Risk) -> ApprovalRule:
    """Who must agree to a plan of this risk."""
    return _RULES[risk]


def highest_risk(actions: Sequence[Action]) -> Risk:
    """The risk of a plan: that of its riskiest action.

    Raises:
        PolicyViolation: There is no action.
    """
    if not actions:
        raise PolicyViolation("a plan needs at least one action")
    return max((action.risk for action in actions), key=_ORDER.index)


def check_policy(actions: Sequence[Action], mutations_before: int) -> None:
    """Check a proposal against the rules.

    Args:
        actions: Of the plan.
        mutations_before: Mutating actions that earlier plans of the incident started.

    Raises:
        PolicyViolation: No action, too many of them, or two on the same part of one resource (the
            second would stand on a captured state that the first has changed).
    """
    highest_risk(actions)
    total = mutations_before + len(actions)
    if total > MOST_MUTATIONS:
        raise PolicyViolation(
            f"{len(actions)} more changes would make {total} over all plans of the incident;"
            f" at most {MOST_MUTATIONS} are allowed",
            hint="A person should take over, or open a new incident.",
        )
    parts = [_part(action) for action in actions]
    twice = sorted({part for part in parts if parts.count(part) > 1})
    if twice:
        raise PolicyViolation(f"two actions on one resource: {', '.join(twice)}")


def _part(action: Action) -> str:
    part = action_type(action.change.type).part(action.change.parameters)
    return f"{action.change.resource.arn} ({part})"


def check_approval(plan: Plan, actor: Actor, seen_digest: str, now: datetime) -> None:
    """Check whether this person may approve this plan now.

    Args:
        plan: The plan as stored.
        actor: Who approves.
        seen_digest: The digest that the person was shown.
        now: Wall time.

    Raises:
        ApprovalDenied: Not; the message says why.
    """
    _deny_if(plan.status is not PlanStatus.PROPOSED, f"{plan.id} is {plan.status}, not proposed")
    _deny_if(now >= plan.expires_at, f"{plan.id} expired at {plan.expires_at:%H:%M:%S} UTC")
    _deny_if(
        not compare_digest(seen_digest.encode(), plan.digest.encode()),
        f"the digest that was seen is not that of {plan.id}: the plan on screen is another",
    )
    _deny_if(
        not compare_digest(digest(plan).encode(), plan.digest.encode()),
        f"{plan.id} does not match its own digest: its content was changed",
    )
    _deny_if(actor.kind != "person", f"{actor.name} is not a person")
    _deny_if(not permits(actor, Command.APPROVE_PLAN), f"{actor.name} is not an approver")
    _deny_if(
        any(approval.decision == "rejected" for approval in plan.approvals),
        f"{plan.id} was rejected",
    )
    _deny_if(
        any(
            approval.by.id == actor.id and _stands(approval, plan, now)
            for approval in plan.approvals
        ),
        f"{actor.name} has approved {plan.id} already; it takes somebody else",
    )
    _deny_if(
        actor.id == plan.requested_by.id and not required_approvals(plan.risk).requester_counts,
        f"{actor.name} asked for {plan.id}, whose risk is {plan.risk}: another person must approve",
    )


def approval_state(plan: Plan, now: datetime) -> ApprovalState:
    """Whether the approvals that stand now are enough to execute the plan.

    Args:
        plan: The plan with its approvals.
        now: Wall time.
    """
    if now >= plan.expires_at:
        return ApprovalState(satisfied=False, missing=f"{plan.id} has expired; ask for a new plan")
    if any(approval.decision == "rejected" for approval in plan.approvals):
        return ApprovalState(satisfied=False, missing=f"{plan.id} was rejected")
    rule = required_approvals(plan.risk)
    people = {
        approval.by.id
        for approval in plan.approvals
        if _stands(approval, plan, now)
        and (rule.requester_counts or approval.by.id != plan.requested_by.id)
    }
    lacking = rule.people - len(people)
    if lacking <= 0:
        return ApprovalState(satisfied=True)
    return ApprovalState(satisfied=False, missing=_missing(rule, lacking, plan.requested_by.name))


def _missing(rule: ApprovalRule, lacking: int, requester: str) -> str:
    if rule.requester_counts:
        return "an approval"
    if rule.people == 1:
        return f"an approval by a second person (not {requester})"
    people = "two people" if lacking > 1 else "one more person"
    return f"approval by {people} (not {requester})"


def _stands(approval: Approval, plan: Plan, now: datetime) -> bool:
    """Whether an approval counts now: this very plan, not expired, not spent, by an approver."""
    return (
        approval.decision == "approved"
        and compare_digest(approval.digest.encode(), plan.digest.encode())
        and approval.decided_at <= now < approval.expires_at
        and approval.used_at is None
        and approval.by.kind == "person"
        and permits(approval.by, Command.APPROVE_PLAN)
    )


def _deny_if(doubt: bool, reason: str) -> None:
    if doubt:
        raise ApprovalDenied(reason, hint="Nothing was approved and nothing ran.")
