"""The way back from a change of variables: give one of them the value that it had.

The former value is taken from one place only, a published version: it is what served before, and it
cannot have been changed since. Nothing is guessed from similar names, and no secret goes into a
plan: where a value is one, the ledger holds a marker, and a person has to set it.
"""

import re
from datetime import datetime, timedelta

from opspilot.domain.change import Change
from opspilot.domain.environment import (
    VariableChange,
    Variables,
    differences,
    in_service,
    served_before,
)
from opspilot.domain.resource import Resource
from opspilot.domain.workload import FunctionConfiguration
from opspilot.remediation.actions import set_environment
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.way import Closed, Way
from opspilot.remediation.ways_in import aliases_of

_MARKER = re.compile(r"\[redacted:[a-z-]+(?::[0-9a-f]+)?\]")
_AFTER_ONSET = timedelta(minutes=2)
_REACH = timedelta(hours=1)
_BEFORE_CHANGE = timedelta(seconds=2)


def restore_variable(
    function: Resource, variable: str, onset: datetime | None, ledger: Ledger
) -> Way | Closed:
    """Set the variable to what it was in the version published before the change."""
    configuration = ledger.configuration(function)
    if configuration is None or not configuration.environment_read:
        return Closed(f"the variables of {function.name} could not be read")
    if not variable or onset is None:
        return Closed(f"which variable of {function.name} is at fault does not stand out")
    if aliases := aliases_of(function, ledger):
        return Closed(
            f"{function.name} is called through {', '.join(aliases)}, whose published version keeps"
            " its own variables"
        )
    evidence, moment = _changed_at(function, configuration, onset, ledger)
    now = in_service(configuration, ())
    before = served_before(configuration, now, moment) if now else None
    if now is None or before is None:
        return Closed(f"no version of {function.name} tells what {variable} was before")
    change = next((one for one in differences(before, now) if one.name == variable), None)
    if change is None:
        return Closed(f"{variable} of {function.name} is what it was in version {before.version}")
    return _way(function, change, before, evidence)


def _way(
    function: Resource, change: VariableChange, before: Variables, evidence: tuple[str, ...]
) -> Way | Closed:
    if any(value and _MARKER.search(value) for value in (change.before, change.after)):
        return Closed(
            f"{change.name} of {function.name} is a secret, which no plan may hold: set it by hand"
            f" to what version {before.version} has"
        )
    was, now = ("not set" if one is None else one for one in (change.before, change.after))
    return Way(
        set_environment.instruction(function, change.name, change.before),
        f"Set {change.name} of {function.name} back from {now} to {was}",
        f"{change.name} was {was} in version {before.version}, the last one published before",
        evidence,
    )


def _changed_at(
    function: Resource, configuration: FunctionConfiguration, onset: datetime, ledger: Ledger
) -> tuple[tuple[str, ...], datetime]:
    """(evidence ids, before when the former value served): by the change, else by the onset."""
    for evidence, change in ledger.changes(function, onset + _AFTER_ONSET):
        if _sets_variables(change) and change.at >= onset - _REACH:
            return (evidence,), change.at - _BEFORE_CHANGE
    modified = configuration.last_modified
    if modified and onset - _REACH <= modified <= onset + _AFTER_ONSET:
        return (), modified - _BEFORE_CHANGE
    return (), onset


def _sets_variables(change: Change) -> bool:
    return "environment" in change.after
