"""What the execution roles of functions may do: policies that deny, and policies that are gone.

A role begins with everything that its function needs. A change takes actions away in one of two
ways, which AWS words differently: an inline policy denies them, or the policy that allowed them is
removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, cast

from opspilot.embedded.changes.checks import Params, Stamp, function_of, text
from opspilot.embedded.configuration import Configuration, RoleConfig

DEFAULT_POLICY = "guardrail"


def role_of(state: Configuration, function: str) -> RoleConfig:
    """The execution role of a function; AwsError when there is no such function."""
    name = function_of(state, function).latest.role.rpartition("/")[2]
    return state.roles.get(name) or RoleConfig(name)


def policy_name(params: Params) -> str:
    """The policy that a change names."""
    return text(params, "policy") or DEFAULT_POLICY


def _actions(params: Params, key: str) -> frozenset[str]:
    return frozenset(str(one) for one in cast("list[object]", params.get(key) or []))


def _changed(
    state: Configuration,
    params: Params,
    field: Literal["denied", "lost"],
    actions: frozenset[str],
) -> Configuration:
    role = role_of(state, str(params["function"]))
    before: Mapping[str, frozenset[str]] = role.denied if field == "denied" else role.lost
    after = {**before, policy_name(params): actions}
    if not actions:
        after.pop(policy_name(params))
    fields = {field: after}
    return state.with_role(replace(role, **fields))


def _put_role_policy(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """An inline policy with a statement that denies; or one that now allows fewer actions."""
    del stamp
    if params.get("lost") is not None:
        return _changed(state, params, "lost", _actions(params, "lost"))
    return _changed(state, params, "denied", _actions(params, "deny"))


def _delete_role_policy(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """An inline policy goes: what it denied is allowed again, what it allowed is lost."""
    del stamp
    state = _changed(state, params, "denied", frozenset())
    return _changed(state, params, "lost", _actions(params, "lost"))


def _detach_role_policy(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    del stamp
    return _changed(state, params, "lost", _actions(params, "lost"))


def _attach_role_policy(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """A policy is attached: what its absence cost is allowed again."""
    del stamp
    return _changed(state, params, "lost", frozenset())


def _create_policy_version(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """A managed policy that the role has gets a version, the default from now on."""
    del stamp
    state = _changed(state, params, "lost", _actions(params, "lost"))
    role = role_of(state, str(params["function"]))
    return state.with_role(replace(role, rewritten=role.rewritten | {policy_name(params)}))


CHANGES = {
    "iam.create_policy_version": _create_policy_version,
    "iam.put_role_policy": _put_role_policy,
    "iam.delete_role_policy": _delete_role_policy,
    "iam.detach_role_policy": _detach_role_policy,
    "iam.attach_role_policy": _attach_role_policy,
}
