"""Incidents in every status, each reached by the moves that really lead there."""

from collections.abc import Callable

from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.errors import AwsDenied
from tests.engine.scene import BACK_TO_17, GRACE, ROSA, Scene


def _open(stage: Scene) -> None:
    stage.opened()


def _investigating(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)


def _diagnosed(stage: Scene) -> None:
    incident = stage.put_incident(IncidentStatus.DIAGNOSED)
    done = Investigation(
        incident_id=incident.id,
        requested_by=ROSA,
        phase="done",
        started_at=stage.clock.account_now(),
        started_wall=stage.clock.now(),
    )
    stage.bench.intake.desk.submit(incident, done, audit=())


def _awaiting(stage: Scene) -> None:
    stage.filed(BACK_TO_17)


def _approved(stage: Scene) -> None:
    stage.approved(BACK_TO_17)


def _remediating(stage: Scene) -> None:
    stage.started(BACK_TO_17)


def _verifying(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)


def _rolling_back(stage: Scene) -> None:
    _verifying(stage)
    stage.bench.executions.undo("INC-0001-P1", actor=GRACE)


def _resolved(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)


def _failed(stage: Scene) -> None:
    stage.account.traffic = 0
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.FAILED)


def _failed_unapplied(stage: Scene) -> None:
    denied = AwsDenied("not allowed", iam_action="lambda:UpdateAlias")
    stage.account.fail("apply", denied)
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.FAILED)


def _closed(stage: Scene) -> None:
    stage.bench.intake.close(stage.opened().id, actor=ROSA, reason="a false alarm")


STANDING: dict[str, tuple[IncidentStatus, Callable[[Scene], None]]] = {
    "open": (IncidentStatus.OPEN, _open),
    "investigating": (IncidentStatus.INVESTIGATING, _investigating),
    "diagnosed": (IncidentStatus.DIAGNOSED, _diagnosed),
    "awaiting_approval": (IncidentStatus.AWAITING_APPROVAL, _awaiting),
    "approved": (IncidentStatus.AWAITING_APPROVAL, _approved),
    "remediating": (IncidentStatus.REMEDIATING, _remediating),
    "verifying": (IncidentStatus.VERIFYING, _verifying),
    "rolling_back": (IncidentStatus.ROLLING_BACK, _rolling_back),
    "resolved": (IncidentStatus.RESOLVED, _resolved),
    "failed": (IncidentStatus.FAILED, _failed),
    "failed_unapplied": (IncidentStatus.FAILED, _failed_unapplied),
    "closed": (IncidentStatus.CLOSED, _closed),
}


def standing(stage: Scene, name: str) -> Incident:
    """The scene's first incident, brought to where the name says."""
    status, bring = STANDING[name]
    bring(stage)
    assert stage.status() is status
    return stage.incident()
