"""Which incident an alarm belongs to: one on the same resource, else one of a near neighbour.

Near are who calls it, whom it calls, and whom those call: an API answers with errors for what fails
two calls below it, and the alarm of the function between may be late, or there may be none.
"""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.alarm import AlarmTransition
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.resource import Resource
from opspilot.engine.intake import ACTIVE
from opspilot.engine.steps import Scope
from opspilot.errors import AwsError, AwsUnavailable
from opspilot.ports.workloads import Workloads

_REOPEN_WITHIN = timedelta(hours=1)
_TRIES = 3


@dataclass(frozen=True)
class AlarmReach:
    """Looks for the incident among the recent ones."""

    workloads: Workloads

    def incident_of(
        self, resource: Resource, transition: AlarmTransition, scope: Scope
    ) -> Incident | None:
        """The incident that this alarm belongs to: same resource first, else a near neighbour.

        Raises:
            AwsUnavailable: The neighbours are not known yet; worth another try.
        """
        recent = scope.store.incidents((*ACTIVE, IncidentStatus.RESOLVED), limit=100).items
        candidates = [item for item in recent if _in_reach(item, transition)]
        same = next((item for item in candidates if item.resource == resource), None)
        if same or not candidates:
            return same
        near, unread = self._neighbours(resource)
        found = next(
            (
                item
                for item in candidates
                if item.resource in near and item.status is not IncidentStatus.RESOLVED
            ),
            None,
        )
        if found is None and unread and scope.failures() < _TRIES:
            raise AwsUnavailable(f"the neighbours of {resource.name} are not known: {unread}")
        return found

    def _neighbours(self, resource: Resource) -> tuple[set[Resource], str]:
        """Callers, callees and whom those invoke, and what of them could not be read.

        What could not be read is tried again a few times; after that a neighbour's alarm opens an
        incident of its own, so that an account whose configuration may not be read still gets its
        incidents.
        """
        try:
            topology = self.workloads.topology(resource)
        except AwsError as error:
            return set(), error.message
        callees = {edge.callee for edge in topology.callees(resource)}
        callers = {edge.caller for edge in topology.callers(resource)}
        below = {
            edge.callee
            for callee in callees
            for edge in topology.callees(callee)
            if edge.relation == "invokes"
        }
        return callees | callers | below, "; ".join(topology.gaps)


def _in_reach(incident: Incident, transition: AlarmTransition) -> bool:
    """Whether an incident still takes this in; one that rests does so for a while only."""
    if incident.status is IncidentStatus.RESOLVED:
        rested = incident.resolved_at or incident.opened_at
    elif incident.status is IncidentStatus.FAILED:
        rested = max(incident.window.end, incident.opened_at)
    else:
        return True
    return transition.at - rested < _REOPEN_WITHIN
