"""The table of contents of the engine: which step moves an incident of which status."""

from dataclasses import dataclass

from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.engine.diagnose import Diagnosis
from opspilot.engine.execute import Execution, Undoing
from opspilot.engine.gather import Gathering
from opspilot.engine.plan import Planning, Waiting
from opspilot.engine.steps import Scope, Step, StepResult
from opspilot.engine.verify import Observation
from opspilot.errors import IllegalTransition


@dataclass(frozen=True)
class Investigating:
    """Investigate, then diagnose: one status, two steps, told apart by the phase."""

    gather: Gathering
    diagnose: Diagnosis

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Run the step of the phase."""
        current = scope.store.investigation(incident.id)
        if current is None:
            raise IllegalTransition(f"{incident.id} is investigating without an investigation")
        step = self.gather if current.phase == "gathering" else self.diagnose
        return step(incident, scope)


@dataclass(frozen=True)
class Stages:
    """Every step; a status that is not in the table waits for a person."""

    investigating: Investigating
    planning: Planning
    waiting: Waiting
    execution: Execution
    undoing: Undoing
    observation: Observation

    def table(self) -> dict[IncidentStatus, Step]:
        """Step by status."""
        return {
            IncidentStatus.INVESTIGATING: self.investigating,
            IncidentStatus.DIAGNOSED: self.planning,
            IncidentStatus.AWAITING_APPROVAL: self.waiting,
            IncidentStatus.REMEDIATING: self.execution,
            IncidentStatus.ROLLING_BACK: self.undoing,
            IncidentStatus.VERIFYING: self.observation,
        }
