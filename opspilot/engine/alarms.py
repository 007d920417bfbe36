"""Polls alarms: each transition into ALARM opens or joins exactly one incident."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.alarm import AlarmReceipt, AlarmTransition
from opspilot.domain.audit import SYSTEM_CHAIN, AuditDraft
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident, IncidentStatus, Severity, Symptom
from opspilot.domain.job import Job
from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    dynamodb_table,
    http_api,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.engine.alarm_reach import AlarmReach
from opspilot.engine.intake import Intake
from opspilot.engine.investigate import Investigations
from opspilot.engine.steps import JobResult, Scope
from opspilot.engine.windows import DEFAULT_BASELINE, DEFAULT_WINDOW, SHORTEST_WINDOW
from opspilot.errors import AwsError, Conflict, UnknownResource
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.store import Changeset
from opspilot.ports.workloads import Alarms, Workloads

logger = logging.getLogger(__name__)

POLL = timedelta(seconds=5)
_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(hours=24)
# WebSocket APIs have the dimension as well; nothing is read of them.
_OF_WEBSOCKETS = frozenset(
    {"ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError"}
)


def resource_of(query: MetricQuery, account_id: str, region: str) -> Resource | None:
    """The resource whose metric an alarm watches; None when it is none that we know."""
    names = dict(query.dimensions)
    if name := names.get("FunctionName"):
        return lambda_function(account_id, region, name.split(":")[0])
    if name := names.get("ApiName"):
        return rest_api(region, name)
    if (api_id := names.get("ApiId")) and query.metric not in _OF_WEBSOCKETS:
        return http_api(region, api_id)
    if name := names.get("TableName"):
        return dynamodb_table(account_id, region, name)
    if name := names.get("QueueName"):
        return sqs_queue(account_id, region, name)
    return None


@dataclass(frozen=True)
class AlarmPoll:
    """The alarm job.

    Attributes:
        auto_investigate: Whether an incident opened here is investigated at once.
    """

    intake: Intake
    investigations: Investigations
    alarms: Alarms
    workloads: Workloads
    account_id: str
    region: str
    auto_investigate: bool

    def __call__(self, job: Job, scope: Scope) -> JobResult:
        """Handle every transition that has no receipt yet."""
        clock = self.intake.desk.clock
        now = clock.account_now()
        first = job.cursor is None
        since = (now - _FIRST_LOOK) if job.cursor is None else job.cursor - _OVERLAP
        for transition in sorted(self.alarms.transitions(since), key=_deepest_first):
            over = transition.alarm.state != "ALARM"
            if transition.after != "ALARM" or scope.out_of_time() or (first and over):
                continue
            if scope.store.receipt(transition.key) is None:
                self._handle(transition, scope)
        due = clock.now() + POLL
        return JobResult(due_at=due, cursor=now if not scope.out_of_time() else job.cursor)

    def _handle(self, transition: AlarmTransition, scope: Scope) -> None:
        query = transition.alarm.query
        resource = resource_of(query, self.account_id, self.region) if query else None
        if resource is None or query is None:
            self._ignore(transition, scope)
            return
        resource = self._called(resource)
        place = self.intake.place()
        incident = AlarmReach(self.workloads).incident_of(resource, transition, scope)
        try:
            if incident is None:
                self._open(transition, resource, query, place)
            else:
                self._join(incident, transition, resource)
        except Conflict:
            logger.info("alarm=<%s> | handled meanwhile", transition.alarm.name)

    def _called(self, resource: Resource) -> Resource:
        """The same with its name, where the alarm tells an id alone."""
        if not resource.is_http_api:
            return resource
        try:
            return self.workloads.resolve(resource.arn)
        except (AwsError, UnknownResource):
            return resource

    def _open(
        self, transition: AlarmTransition, resource: Resource, query: MetricQuery, place: int
    ) -> None:
        alarm = transition.alarm
        now = self.intake.desk.clock.account_now()
        draft = self.intake.draft(
            resource,
            Window(start=transition.at - DEFAULT_WINDOW, end=max(now, transition.at)),
            DEFAULT_BASELINE,
            SYSTEM,
            Symptom(
                query=query,
                summary=f"{alarm.name}: {alarm.reason or 'in ALARM'}",
                alarm_arn=alarm.arn,
            ),
            title=alarm.description or alarm.name,
            severity=_severity(resource),
            latest=transition.at - SHORTEST_WINDOW,
        ).model_copy(update={"alarms": (alarm.name,)})
        entry = self._entry(draft, "incident.opened", transition, resource)
        receipts = (self._receipt(transition, draft.id), self.intake.opening(draft, place))
        self._file(draft, receipts, [entry], anew=True)
        logger.info("incident_id=<%s> | opened by alarm %s", draft.id, alarm.name)

    def _join(self, incident: Incident, transition: AlarmTransition, resource: Resource) -> None:
        names = tuple(dict.fromkeys((*incident.alarms, transition.alarm.name)))
        joined = incident.model_copy(
            update={"alarms": names, "severity": _worst(incident, resource)}
        )
        audit = [self._entry(incident, "incident.joined", transition, resource)]
        returned = False
        if incident.status is IncidentStatus.RESOLVED and transition.at > (
            incident.resolved_at or transition.at
        ):
            status = advance(incident.status, Trigger.ALARM_RETURNED)
            joined = joined.model_copy(
                update={
                    "status": status,
                    "status_since": self.intake.desk.clock.now(),
                    "waits_for": "an investigation",
                    "outcome": "",
                    "resolved_at": None,
                    "window": self._since(transition, incident),
                }
            )
            audit.append(self._entry(incident, "incident.alarm_returned", transition, resource))
            returned = True
        self._file(joined, (self._receipt(transition, incident.id),), audit, anew=returned)

    def _since(self, transition: AlarmTransition, incident: Incident) -> Window:
        """The time under suspicion of trouble that came back, without what was resolved."""
        start = max(transition.at - DEFAULT_WINDOW, incident.resolved_at or transition.at)
        now = self.intake.desk.clock.account_now()
        return Window(
            start=min(start, transition.at - SHORTEST_WINDOW), end=max(now, transition.at)
        )

    def _file(
        self,
        incident: Incident,
        receipts: tuple[AlarmReceipt, ...],
        audit: list[AuditDraft],
        *,
        anew: bool,
    ) -> None:
        """One commit, so that a kill leaves no incident behind whose investigation never starts."""
        if not (anew and self.auto_investigate):
            self.intake.desk.submit(incident, *receipts, audit=audit)
            return
        begun = self.investigations.begin(incident, SYSTEM)
        audit.append(begun.entry)
        self.intake.desk.submit(begun.incident, begun.investigation, *receipts, audit=audit)

    def _ignore(self, transition: AlarmTransition, scope: Scope) -> None:
        entry = self.intake.desk.journal.entry(
            SYSTEM_CHAIN,
            SYSTEM,
            "alarm.ignored",
            transition.alarm.name,
            input={"alarm": transition.alarm.arn, "at": transition.at.isoformat()},
            result="its metric belongs to no resource that OpsPilot reads signals of",
        )
        receipt = self._receipt(transition, "")
        scope.store.commit(Changeset(puts=(receipt,), audit=(entry,)))

    def _receipt(self, transition: AlarmTransition, incident_id: str) -> AlarmReceipt:
        return AlarmReceipt(key=transition.key, incident_id=incident_id, at=transition.at)

    def _entry(
        self, incident: Incident, action: str, transition: AlarmTransition, resource: Resource
    ) -> AuditDraft:
        return self.intake.desk.journal.entry(
            incident.id,
            SYSTEM,
            action,
            incident.id,
            input={
                "alarm": transition.alarm.arn,
                "transition": transition.key,
                "reason": transition.alarm.reason,
                "resource": resource.arn,
            },
            result={"title": incident.title, "severity": incident.severity},
        )


def _severity(resource: Resource) -> Severity:
    """An alarm at an entry is seen by users at once."""
    return Severity.CRITICAL if resource.kind is ResourceKind.API else Severity.HIGH


def _worst(incident: Incident, resource: Resource) -> Severity:
    """The severity after an alarm joined; a person's word stands."""
    if incident.severity_set_by is not None:
        return incident.severity
    return min(incident.severity, _severity(resource), key=list(Severity).index)


def _deepest_first(transition: AlarmTransition) -> tuple[object, ...]:
    """Oldest first; of one moment the alarm farthest from the entry opens, the others join."""
    query = transition.alarm.query
    return (transition.at, query is not None and query.namespace == "AWS/ApiGateway")
