"""Which environment variables of a function changed, when, and which a complaint is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.diagnosis.case import Case, ChangeFound, Shown
from opspilot.diagnosis.change_search import Onset, changes_behind, untold_change
from opspilot.diagnosis.complaints import Complaint
from opspilot.diagnosis.symptoms import misconfigured
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

_BEFORE_CHANGE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Compared:
    """The variables that callers meet, beside those of the version published before."""

    shown: Shown[FunctionConfiguration]
    now: Variables
    before: Variables
    changed: tuple[VariableChange, ...]

    @property
    def origin(self) -> str:
        """Where the former values come from, in words."""
        return f"version {self.before.version}"

    def corroborated(
        self, case: Case, function: Resource, variable: VariableChange
    ) -> Iterator[str]:
        """What else speaks for the former value: others use it and it exists."""
        if variable.before is None:
            return
        same = [
            edge
            for edge in case.edges
            if edge.via == _via(variable.name) and edge.caller != function
        ]
        named = [edge for edge in same if edge.callee.name == variable.before]
        if named:
            who = ", ".join(sorted({edge.caller.name for edge in named}))
            yield f"{variable.before} exists, and {variable.name} names it in {who}"

    def contradicted(
        self, case: Case, function: Resource, variable: VariableChange
    ) -> Iterator[str]:
        """What speaks for the present value: it names something that was found."""
        for edge in case.edges:
            if edge.caller == function and edge.via == _via(variable.name):
                yield f"{variable.name} names {edge.callee.name}, which exists"
                return


def change_of_variables(case: Case, function: Resource, onset: Onset) -> ChangeFound | None:
    """The change that can have set other variables: told by the feed, else by their own time."""
    return changes_behind(case, function, onset, _sets_variables) or untold_change(
        case, function, onset
    )


def compared(
    case: Case, function: Resource, change: ChangeFound | None, onset: Onset | None
) -> Compared | None:
    """Before the change (before the onset, where none was found) and now; None if not read."""
    shown = case.configuration(function)
    moment = change.earliest - _BEFORE_CHANGE if change else onset.at if onset else None
    if shown is None or moment is None:
        return None
    return _compared(case, function, shown, moment)


def _compared(
    case: Case, function: Resource, shown: Shown[FunctionConfiguration], moment: datetime
) -> Compared | None:
    qualifiers = [
        edge.qualifier
        for edge in case.edges
        if edge.callee == function and edge.relation == "invokes"
    ]
    now = in_service(shown.detail, qualifiers)
    before = served_before(shown.detail, now, moment) if now else None
    if now is None or before is None:
        return None
    return Compared(shown, now, before, differences(before, now))


def explained(case: Case, function: Resource, onset: Onset) -> VariableChange | None:
    """The variable that explains why a function complains; None where none stands out."""
    told = misconfigured(case, function)
    change = change_of_variables(case, function, onset) if told else None
    known = compared(case, function, change, onset) if change else None
    return culprit(case, function, told[1][0], known) if told and known else None


def _sets_variables(change: Change) -> bool:
    return change.kind == "release" or "environment" in change.after


def culprit(
    case: Case, function: Resource, complaint: Complaint, known: Compared
) -> VariableChange | None:
    """The variable that the complaint is about; None when it does not stand out.

    The one that the complaint names, if it is not set; else the only one that changed; else the
    only one whose value it quotes, or whose former value names something that exists while the
    present one does not.
    """
    name = complaint.variable
    if name:
        if name in known.now.values:
            return None
        return VariableChange(name=name, before=known.before.values.get(name), after=None)
    if len(known.changed) == 1:
        return known.changed[0]
    quoted = [one for one in known.changed if one.after and one.after in complaint.text]
    if len(quoted) == 1:
        return quoted[0]
    found = {edge.via for edge in case.edges if edge.caller == function}
    existing = {edge.callee.name for edge in case.edges}
    gone = [one for one in known.changed if one.before in existing and _via(one.name) not in found]
    return gone[0] if len(gone) == 1 else None


def _via(variable: str) -> str:
    return f"environment {variable}"
