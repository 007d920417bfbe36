"""Incidents come in: from a person, or from an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.alarm import AlarmReceipt
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident, IncidentStatus, Severity, Symptom
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.window import Window
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.redaction import redact_text
from opspilot.errors import InputError, InvalidWindow
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.workloads import Workloads

DEFAULT_WINDOW = timedelta(minutes=30)
DEFAULT_BASELINE = timedelta(hours=3)
LONGEST_WINDOW = timedelta(hours=24)
SHORTEST_WINDOW = timedelta(minutes=5)
RETENTION = timedelta(days=455)
"""CloudWatch keeps metrics this long at most."""

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

_MAX_TITLE = 200
_RECENT = 50
_SETTLING = timedelta(minutes=5)
_FURTHEST_BACK = timedelta(days=7)


def checked_window(window: Window, baseline: timedelta, now: datetime) -> Window:
    """The window, if telemetry can exist for it.

    Raises:
        InvalidWindow: It lies in the future, before retention, or is too short or too long.
    """
    if window.start >= now:
        raise InvalidWindow(
            f"the window starts in the future: {window.start:%Y-%m-%d %H:%M:%S} UTC, "
            f"the account's clock shows {now:%Y-%m-%d %H:%M:%S} UTC",
            hint="Give times in UTC that have passed on the account's clock.",
        )
    if window.start < now - RETENTION + baseline:
        raise InvalidWindow(
            f"the window reaches past CloudWatch's retention of {RETENTION.days} days",
            hint="Choose a later start, or a shorter baseline.",
        )
    passed = Window(start=window.start, end=min(window.end, now))
    if not SHORTEST_WINDOW <= passed.length <= LONGEST_WINDOW:
        raise InvalidWindow(
            f"the window is {passed.length} up to now; it must last 5 minutes to 24 hours",
            hint="Use --window 30m, or --start and --end.",
        )
    return passed


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
    ) -> Incident:
        """Open an incident on a resource, or return the active one that it has already.

        Raises:
            NotAllowed: The actor is no responder.
            UnknownResource: No such resource.
            InvalidWindow: The window cannot hold telemetry.
            InputError: The title is too long, or OpsPilot reads no signals of the resource.
        """
        self.desk.require(actor, Command.OPEN_INCIDENT, subject=resource[:_MAX_TITLE])
        if len(title) > _MAX_TITLE:
            raise InputError(f"the title has {len(title)} characters; at most {_MAX_TITLE}")
        now = self.desk.clock.account_now()
        length = baseline or DEFAULT_BASELINE
        if length < DEFAULT_WINDOW:
            raise InvalidWindow(
                f"the baseline is {length}; it must last at least {DEFAULT_WINDOW}",
                hint="Use --baseline 3h.",
            )
        given = window or Window(start=now - DEFAULT_WINDOW, end=now)
        checked = checked_window(given, length, now)
        found = self.workloads.resolve(resource)
        if found.kind is ResourceKind.OTHER:
            raise InputError(
                f"{found.name} is of a kind that OpsPilot reads no signals of ({found.service})",
                hint="Open the incident on a Lambda function, table, queue or REST API.",
            )
        chosen = window is not None or baseline is not None
        return persistently(
            lambda: self._open_or_join(found, checked, length, actor, title, chosen=chosen)
        )

    def place(self) -> int:
        """How many incidents there are: to be read before looking for an active one to join."""
        return sum(self.desk.store.counts().values())

    def opening(self, incident: Incident, place: int) -> AlarmReceipt:
        """The note that goes with a new incident, whose key only one opening of a place can have.

        Of two who open at the same moment, the second conflicts, looks again and finds the first.
        """
        return AlarmReceipt(key=f"opening:{place}", incident_id=incident.id, at=incident.opened_at)

    def _open(self, incident: Incident, actor: Actor, place: int) -> Incident:
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "incident.opened",
            incident.id,
            input={"resource": incident.resource.arn, "title": incident.title},
            result={
                "window": incident.window.model_dump(mode="json"),
                "baseline": incident.baseline.model_dump(mode="json"),
            },
        )
        self.desk.submit(incident, self.opening(incident, place), audit=(entry,))
        return self.desk.store.incident(incident.id)

    def draft(
        self,
        resource: Resource,
        window: Window,
        baseline: timedelta,
        actor: Actor,
        symptom: Symptom,
        title: str,
        severity: Severity = Severity.HIGH,
    ) -> Incident:
        """A new incident, not stored yet; secrets in its words are taken out."""
        number = self.desk.store.next_number("incident")
        return Incident(
            id=f"INC-{number:04d}",
            title=redact_text(title),
            resource=resource,
            severity=severity,
            symptom=self._with_signal(symptom, resource),
            window=window,
            baseline=self._clear_baseline(window, baseline),
            opened_at=self.desk.clock.account_now(),
            opened_wall=self.desk.clock.now(),
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

        def attempt() -> Incident:
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
                update={"status": status, "waits_for": "", "outcome": incident.outcome or "closed"}
            )
            self.desk.submit(closed, audit=(entry,))
            return self.desk.store.incident(incident_id)

        return persistently(attempt)

    def active_on(self, resource: Resource) -> Incident | None:
        """The newest active incident of a resource."""
        page = self.desk.store.incidents(ACTIVE, limit=200)
        return next((item for item in page.items if item.resource == resource), None)

    def _open_or_join(
        self,
        resource: Resource,
        window: Window,
        baseline: timedelta,
        actor: Actor,
        title: str,
        *,
        chosen: bool,
    ) -> Incident:
        """Open, or join; a window that the person chose holds for the next investigation."""
        place = self.place()
        active = self.active_on(resource)
        if active is None:
            named = title or f"{resource.name}: reported"
            draft = self.draft(resource, window, baseline, actor, Symptom(), named)
            return self._open(draft, actor, place)
        if chosen and active.status not in _UNDER_WAY:
            active = active.model_copy(
                update={"window": window, "baseline": window.before(baseline)}
            )
        entry = self.desk.journal.entry(
            active.id,
            actor,
            "incident.joined",
            active.id,
            input={"resource": resource.arn, "title": title},
            result="this resource has an active incident already",
        )
        self.desk.submit(active, audit=(entry,))
        return self.desk.store.incident(active.id)

    def _clear_baseline(self, window: Window, length: timedelta) -> Window:
        """The last span of this length before the window that no earlier trouble lies in.

        Trouble of a neighbour counts as well, so every recent incident of the account does.
        """
        baseline = window.before(length)
        earlier = self.desk.store.incidents(limit=_RECENT).items
        for span in sorted(map(_trouble, earlier), key=_start, reverse=True):
            overlaps = span.start < baseline.end and span.end > baseline.start
            if overlaps and timedelta(0) < window.start - span.start < _FURTHEST_BACK:
                baseline = span.before(length)
        return baseline

    @staticmethod
    def _with_signal(symptom: Symptom, resource: Resource) -> Symptom:
        said = redact_text(symptom.summary)
        if symptom.query is not None:
            return symptom.model_copy(update={"summary": said})
        signal = signals_of(resource)[0]
        return symptom.model_copy(
            update={
                "query": query_of(signal, resource),
                "summary": said or f"{signal.title} of {resource.name}",
            }
        )


def _start(window: Window) -> datetime:
    return window.start


def _trouble(incident: Incident) -> Window:
    """The time an incident spoils for baselines: from its suspicion to its recovery."""
    end = max(incident.window.end, incident.resolved_at or incident.window.end)
    return Window(start=incident.window.start, end=end + _SETTLING)
