"""Typed actions with captured undo, the safety policy, and the plan's digest; pure."""

from opspilot.remediation.actions import CATALOGUE, ActionType, action_type, holds, in_force
from opspilot.remediation.digest import digest, digest_of
from opspilot.remediation.policy import (
    APPROVAL_TIME,
    MOST_MUTATIONS,
    POLICY_VERSION,
    ApprovalRule,
    ApprovalState,
    approval_state,
    check_approval,
    check_policy,
    highest_risk,
    required_approvals,
)
from opspilot.remediation.proposal import (
    NoProposal,
    Proposal,
    ProposedAction,
    blast_radius,
    build_action,
    propose,
)

__all__ = [
    "APPROVAL_TIME",
    "CATALOGUE",
    "MOST_MUTATIONS",
    "POLICY_VERSION",
    "ActionType",
    "ApprovalRule",
    "ApprovalState",
    "NoProposal",
    "Proposal",
    "ProposedAction",
    "action_type",
    "approval_state",
    "blast_radius",
    "build_action",
    "check_approval",
    "check_policy",
    "digest",
    "digest_of",
    "highest_risk",
    "holds",
    "in_force",
    "propose",
    "required_approvals",
]
