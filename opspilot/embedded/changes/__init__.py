"""Changes of the account: pure functions (configuration, params, stamp) -> configuration.

The same functions replay the fleet's history, a fault's steps, the journal and live API calls; they
refuse with the error that AWS would answer. `params` are JSON values, since the journal holds them.
Changes `condition.*` are of the world and not of the account: no API makes them, none shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opspilot.embedded.changes import (
    account,
    conditions,
    functions,
    mappings,
    queues,
    roles,
    tables,
    versions,
)
from opspilot.embedded.changes.checks import Params, Stamp, function_of
from opspilot.embedded.changes.functions import MIN_UNRESERVED, SETTLE_S, unreserved
from opspilot.embedded.changes.versions import alias_of, newest_version, next_version
from opspilot.embedded.configuration import ACCOUNT_CONCURRENCY, Configuration

__all__ = [
    "ACCOUNT_CONCURRENCY",
    "MIN_UNRESERVED",
    "SETTLE_S",
    "Params",
    "Stamp",
    "alias_of",
    "apply",
    "function_of",
    "is_condition",
    "kinds",
    "newest_version",
    "next_version",
    "unreserved",
]

_Change = Callable[[Configuration, Params, Stamp], Configuration]

_CHANGES: Mapping[str, _Change] = {
    **functions.CHANGES,
    **versions.CHANGES,
    **mappings.CHANGES,
    **roles.CHANGES,
    **tables.CHANGES,
    **queues.CHANGES,
    **account.CHANGES,
    **conditions.CHANGES,
}


def apply(kind: str, state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    """The configuration after the change; raises AwsError when AWS would refuse it."""
    return _CHANGES[kind](state, params, stamp)


def kinds() -> frozenset[str]:
    """The changes that exist."""
    return frozenset(_CHANGES)


def is_condition(kind: str) -> bool:
    """Whether a change is one of the world, which leaves no event."""
    return kind.startswith("condition.")
