"""Through what a function is called: what an action has to change so that its callers meet it.

A setting of $LATEST reaches nobody who calls through an alias, and an alias that nobody uses moves
nobody. A resource policy is a permission and no call: where a call by the same caller is known, or
the log tells which versions served, those count.
"""

from opspilot.domain.resource import Resource
from opspilot.domain.workload import PERMITTED, FunctionConfiguration
from opspilot.remediation.ledger import Ledger

LATEST = ""
"""The way in of those who name no version."""


def ways_in(function: Resource, ledger: Ledger) -> frozenset[str]:
    """Aliases and versions through which a function is called, and `LATEST`; empty if not known."""
    edges = [edge for edge in ledger.topology().callers(function) if edge.relation == "invokes"]
    calls = [edge for edge in edges if edge.via != PERMITTED]
    calling = {edge.caller for edge in calls}
    permitted = {edge.qualifier for edge in edges if edge.caller not in calling}
    configuration = ledger.configuration(function)
    served = _served(function, configuration, ledger)
    polled = configuration.event_sources if configuration else ()
    return frozenset(
        {edge.qualifier for edge in calls}
        | {source.qualifier for source in polled}
        | (permitted & served if served else permitted)
        | served
    )


def aliases_of(function: Resource, ledger: Ledger) -> list[str]:
    """The aliases and versions among them, sorted."""
    return sorted(ways_in(function, ledger) - {LATEST})


def _served(
    function: Resource, configuration: FunctionConfiguration | None, ledger: Ledger
) -> frozenset[str]:
    """The ways in that the log shows: a version stands for the aliases that point at it now."""
    log = ledger.log(function)
    if log is None or configuration is None:
        return frozenset()
    latest = {LATEST} if "$LATEST" in log.versions else set[str]()
    return frozenset(
        latest | {one.name for one in configuration.aliases if one.version in log.versions}
    )


__all__ = ["LATEST", "aliases_of", "ways_in"]
