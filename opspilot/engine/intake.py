"""Incidents come in: from a person, or from an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus, Severity, Symptom
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.fingerprints import left_behind
from opspilot.engine.notes import new_note
from opspilot.engine.redaction import redact_text
from opspilot.engine.report import (
    MOST_DESCRIPTION,
    MOST_TITLE,
    Report,
    measurable,
    must_fit,
    symptom_of,
)
from opspilot.engine.windows import (
    SHORTEST_WINDOW,
    after_trouble,
    checked_baseline,
    checked_window,
    clear_baseline,
)
from opspilot.errors import InputError
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.store import Row
from opspilot.ports.workloads import Workloads

ACTIVE = (
    IncidentStatus.OPEN,
    IncidentStatus.INVESTIGATING,
    IncidentStatus.DIAGNOSED,
    IncidentStatus.AWAITING_APPROVAL,
    IncidentStatus.REMEDIATING,
    IncidentStatus.VERIFYING,
    IncidentStatus.ROLLING_BACK,
    IncidentStatus.FAILED,
)
"""Statuses in which an incident still takes in new alarms of its resource."""

_UNDER_WAY = (
    IncidentStatus.INVESTIGATING,
    IncidentStatus.AWAITING_APPROVAL,
    IncidentStatus.REMEDIATING,
    IncidentStatus.VERIFYING,
    IncidentStatus.ROLLING_BACK,
)
"""Statuses whose window other work rests on now."""

_RECENT = 50


@dataclass(frozen=True)
class Intake:
    """Opens, joins and closes incidents."""

    desk: Desk
    workloads: Workloads

    def open_incident(
        self,
        resource: str,
        *,
        actor: Actor,
        window: Window | None = None,
        baseline: timedelta | None = None,
        title: str = "",
        severity: Severity | None = None,
        signal: str = "",
        description: str = "",
    ) -> Incident:
        """Open an incident on a resource, or join the active one that it has already.

        What a person says about an incident that is there already becomes a note on it.

        Args:
            resource: Name or ARN.
            actor: Who reports.
            window: Time under suspicion (account time); None takes the last half hour.
            baseline: How much time before it to compare with; None takes three hours.
            title: None given: made from the resource's name.
            severity: None takes "high"; an active incident keeps its own.
            signal: Name of the signal on which the trouble was seen, "lambda.errors"; empty takes
                the most telling one of the resource's kind.
            description: What was seen, in the person's words.

        Raises:
            NotAllowed: The actor is no responder.
            UnknownResource: No such resource.
            InvalidWindow: The window cannot hold telemetry.
            InputError: The title or description is too long, or OpsPilot does not read this signal
                of the resource, or none at all.
        """
        self.desk.require(actor, Command.OPEN_INCIDENT, subject=resource[:MOST_TITLE])
        must_fit("title", title, MOST_TITLE)
        must_fit("description", description, MOST_DESCRIPTION)
        length = checked_baseline(baseline)
        checked = checked_window(window, length, self.desk.clock.account_now())
        found = self.workloads.resolve(resource)
        report = Report(
            resource=found,
            window=checked,
            baseline=length,
            actor=actor,
            title=title.strip(),
            severity=severity,
            symptom=symptom_of(found, signal, description.strip()),
            chosen=window is not None or baseline is not None,
        )
        return persistently(lambda: self._open_or_join(report))

    def place(self) -> int:
        """How many incidents there are: to be read before looking for an active one to join."""
        return sum(self.desk.store.counts().values())

    def opening(self, incident: Incident, place: int) -> AlarmReceipt:
        """The note that goes with a new incident, whose key only one opening of a place can have.

        Of two who open at the same moment, the second conflicts, looks again and finds the first.
        """
        return AlarmReceipt(key=f"opening:{place}", incident_id=incident.id, at=incident.opened_at)

    def draft(
        self,
        resource: Resource,
        window: Window,
        baseline: timedelta,
        actor: Actor,
        symptom: Symptom,
        title: str,
        severity: Severity = Severity.HIGH,
        *,
        latest: datetime | None = None,
    ) -> Incident:
        """A new incident, not stored yet; secrets in its words are taken out.

        With `latest` nobody chose the window: it then begins after what was resolved in it, and by
        this moment at the latest.
        """
        number = self.desk.store.next_number("incident")
        earlier = self.desk.store.incidents(limit=_RECENT).items
        if latest is not None:
            window = after_trouble(window, earlier, latest=latest)
        wall = self.desk.clock.now()
        return Incident(
            id=f"INC-{number:04d}",
            title=redact_text(title),
            resource=resource,
            severity=severity,
            symptom=measurable(symptom, resource),
            window=window,
            baseline=clear_baseline(window, baseline, earlier),
            opened_at=self.desk.clock.account_now(),
            opened_wall=wall,
            status_since=wall,
            opened_by=actor,
            waits_for="an investigation",
        )

    def close(self, incident_id: str, *, actor: Actor, reason: str) -> Incident:
        """Close an incident for good.

        Raises:
            NotAllowed: The actor is no responder.
            InputError: No reason is given.
            IllegalTransition: It cannot be closed from where it stands.
        """
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, Command.CLOSE_INCIDENT, chain=chain, subject=incident_id)
        if not reason.strip():
            raise InputError("closing an incident needs a reason", hint="Say why in a few words.")
        return persistently(lambda: self._close(incident_id, actor, reason))

    def resources(self) -> list[Resource]:
        """What an incident can be opened on, as far as the account could be listed.

        Raises:
            AwsError: The account did not answer.
        """
        return self.workloads.resources()

    def active_on(self, resource: Resource) -> Incident | None:
        """The newest active incident of a resource."""
        page = self.desk.store.incidents(ACTIVE, limit=200)
        return next((item for item in page.items if item.resource == resource), None)

    def _open_or_join(self, report: Report) -> Incident:
        place = self.place()
        active = self.active_on(report.resource)
        return self._join(active, report) if active else self._open(report, place)

    def _open(self, report: Report, place: int) -> Incident:
        incident = self.draft(
            report.resource,
            report.window,
            report.baseline,
            report.actor,
            report.symptom,
            report.title or f"{report.resource.name}: reported",
            report.severity or Severity.HIGH,
            latest=None if report.chosen else report.window.end - SHORTEST_WINDOW,
        )
        if report.severity:
            incident = incident.model_copy(update={"severity_set_by": report.actor})
        entry = self.desk.journal.entry(
            incident.id,
            report.actor,
            "incident.opened",
            incident.id,
            input={
                "resource": incident.resource.arn,
                "title": incident.title,
                "severity": incident.severity,
                "symptom": incident.symptom.summary,
            },
            result={
                "window": incident.window.model_dump(mode="json"),
                "baseline": incident.baseline.model_dump(mode="json"),
            },
        )
        self.desk.submit(incident, self.opening(incident, place), audit=(entry,))
        return self.desk.store.incident(incident.id)

    def _join(self, active: Incident, report: Report) -> Incident:
        """Join; a window that the person chose holds for the next investigation."""
        if report.chosen and active.status not in _UNDER_WAY:
            active = active.model_copy(
                update={
                    "window": report.window,
                    "baseline": report.window.before(report.baseline),
                }
            )
        entry = self.desk.journal.entry(
            active.id,
            report.actor,
            "incident.joined",
            active.id,
            input={
                "resource": report.resource.arn,
                "title": report.title,
                "severity": report.severity,
                "description": report.symptom.summary,
            },
            result="this resource has an active incident already",
        )
        told: tuple[Row, ...] = ()
        if report.words:
            told = (new_note(self.desk, active.id, report.words, report.actor),)
        self.desk.submit(active, *told, audit=(entry,))
        return self.desk.store.incident(active.id)

    def _close(self, incident_id: str, actor: Actor, reason: str) -> Incident:
        incident = self.desk.store.incident(incident_id)
        status = advance(incident.status, Trigger.CLOSED)
        entry = self.desk.journal.entry(
            incident_id,
            actor,
            "incident.closed",
            incident_id,
            input={"reason": reason, "status": incident.status},
            result={"status": status},
        )
        closed = incident.model_copy(
            update={
                "status": status,
                "status_since": self.desk.clock.now(),
                "waits_for": "",
                "outcome": incident.outcome or "closed",
            }
        )
        learnt = left_behind(self.desk.store, self.desk.clock.account_now(), closed)
        self.desk.submit(closed, *learnt, audit=(entry,))
        return self.desk.store.incident(incident_id)
