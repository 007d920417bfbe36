"""Managed policies: which changes of their content reach which role.

CloudTrail files a new version of a policy under the policy alone. Whose roles it is attached to is
asked of IAM, and only where such a change was recorded at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.changes_data import TrailEvent
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.errors import AwsError

_MOST_ROLES = 6


class PolicyClient(Protocol):
    """What is used of the client of IAM, for which there are no stubs."""

    def list_attached_role_policies(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...


@dataclass
class PolicyEdits:
    """The edits by role, as far as they could be matched.

    Attributes:
        gaps: Why some could not be, as sentences.
    """

    by_role: dict[str, list[TrailEvent]] = field(default_factory=dict[str, list[TrailEvent]])
    gaps: list[str] = field(default_factory=list[str])


class Policies:
    """Asks IAM which managed policies a role has."""

    def __init__(self, client: PolicyClient, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def edits_of(
        self, roles: Iterable[str], edits: Sequence[TrailEvent], budget: Budget
    ) -> PolicyEdits:
        """Which of these edits reach each role, given by name; asks one role at a time."""
        matched = PolicyEdits()
        asked = list(dict.fromkeys(roles))
        for role in asked[:_MOST_ROLES] if edits else ():
            try:
                attached = self._attached(role, budget)
            except AwsError as error:
                matched.gaps.append(
                    f"{_named(edits)} changed, and whether {role} has it was not read: {error}"
                )
                continue
            matched.by_role[role] = [one for one in edits if one.edited_policy in attached]
        if edits and len(asked) > _MOST_ROLES:
            left = len(asked) - _MOST_ROLES
            matched.gaps.append(f"{_named(edits)} changed, and {left} roles were not asked for it")
        return matched

    def _attached(self, role: str, budget: Budget) -> frozenset[str]:
        pages = self._calls.pages(
            operations.LIST_ATTACHED_ROLE_POLICIES,
            budget,
            lambda token: (
                self._client.list_attached_role_policies(RoleName=role, Marker=token)
                if token
                else self._client.list_attached_role_policies(RoleName=role)
            ),
            "Marker",
            resource=role,
        )
        return _to_arns(pages)


def _to_arns(pages: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(
        str(one.get("PolicyArn")) for page in pages for one in page.get("AttachedPolicies") or ()
    )


def _named(edits: Sequence[TrailEvent]) -> str:
    names = dict.fromkeys(one.edited_policy.rpartition("/")[2] for one in edits)
    return f"the managed {'policy' if len(names) == 1 else 'policies'} {', '.join(names)}"
