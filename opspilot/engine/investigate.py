"""Investigate: ask every source, and put each answer into the ledger as it comes."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.audit import AuditDraft
from opspilot.domain.commands import Command
from opspilot.domain.evidence import Evidence, MetricRequest
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation, Task
from opspilot.domain.window import Window
from opspilot.engine.budget import Budget
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.ledger import Ledger, ledger_of
from opspilot.engine.questions import Question, next_questions
from opspilot.engine.reading import Reader, Reading, budget_gap
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import Conflict, IllegalTransition
from opspilot.lifecycle import Trigger, advance
from opspilot.ports.clock import Clock

logger = logging.getLogger(__name__)

_PARALLEL = 4
_LONGEST = timedelta(hours=24)
_STILL_OPEN = timedelta(minutes=2)


@dataclass(frozen=True)
class Beginning:
    """What an investigation begins with; `entry` goes into the same commit as the rows."""

    incident: Incident
    investigation: Investigation
    entry: AuditDraft


@dataclass(frozen=True)
class Investigations:
    """The commands of the stage."""

    desk: Desk

    def start(self, incident_id: str, *, actor: Actor) -> Investigation:
        """Ask for an investigation, or for a fresh one.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: The incident stands where none can start.
        """
        chain = self.desk.store.incident(incident_id).id
        if actor.kind == "person":
            self.desk.require(actor, Command.INVESTIGATE, chain=chain, subject=incident_id)
        return persistently(lambda: self._start(incident_id, actor))

    def begin(self, incident: Incident, actor: Actor) -> Beginning:
        """The rows of a new investigation, for whoever commits them together with others.

        Raises:
            IllegalTransition: The incident stands where none can start.
        """
        clock = self.desk.clock
        status = advance(incident.status, Trigger.INVESTIGATION_STARTED)
        earlier = self.desk.store.investigation(incident.id)
        window = _grown(incident, clock.account_now())
        begun = Investigation(
            incident_id=incident.id,
            number=earlier.number + 1 if earlier else 1,
            requested_by=actor,
            started_at=clock.account_now(),
            started_wall=clock.now(),
        )
        entry = self.desk.journal.entry(
            incident.id,
            actor,
            "investigation.started",
            incident.id,
            input={"number": begun.number, "status": incident.status},
            result={"status": status, "window": window.model_dump(mode="json")},
        )
        moved = incident.model_copy(
            update={"status": status, "waits_for": "", "window": window, "last_error": ""}
        )
        return Beginning(moved, begun, entry)

    def stop(self, incident_id: str, *, actor: Actor) -> None:
        """Stop gathering with what there is; the verdict is drawn from that.

        Raises:
            NotAllowed: The actor is no responder.
            IllegalTransition: No investigation is under way.
        """
        chain = self.desk.store.incident(incident_id).id
        self.desk.require(actor, Command.STOP_INVESTIGATION, chain=chain, subject=incident_id)
        persistently(lambda: self._stop(incident_id, actor))

    def _start(self, incident_id: str, actor: Actor) -> Investigation:
        beginning = self.begin(self.desk.store.incident(incident_id), actor)
        self.desk.submit(beginning.incident, beginning.investigation, audit=(beginning.entry,))
        return beginning.investigation

    def _stop(self, incident_id: str, actor: Actor) -> None:
        incident = self.desk.store.incident(incident_id)
        current = self.desk.store.investigation(incident_id)
        if current is None or current.phase != "gathering":
            raise IllegalTransition(
                f"{incident_id} is not gathering evidence", hint="There is nothing to stop."
            )
        entry = self.desk.journal.entry(
            incident_id,
            actor,
            "investigation.stopped",
            incident_id,
            input={"number": current.number},
        )
        stopped = current.model_copy(update={"stop_requested": True})
        self.desk.submit(incident, stopped, audit=(entry,))


@dataclass(frozen=True)
class Gathering:
    """The step of the stage: asks what is still to be asked, one commit per answer.

    Attributes:
        budget: Bounds per investigation; what they leave unasked becomes a gap.
    """

    reader: Reader
    ledger: Ledger
    clock: Clock
    budget: Budget

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Gather until nothing is left to ask, then hand over to the diagnosis."""
        while not scope.out_of_time():
            current = _current(scope, incident)
            ledger = ledger_of(scope.store.evidence(incident.id), current.number)
            waiting = _unanswered(next_questions(incident, ledger), ledger, current)
            if not waiting or current.stop_requested:
                self._hand_over(current, incident, scope)
                break
            self._ask(waiting, incident, scope)
        return StepResult(incident, wake_at=self.clock.now())

    def _ask(self, waiting: list[Question], incident: Incident, scope: Scope) -> None:
        current = _announced(_current(scope, incident), waiting)
        scope.save(current)
        spent = self.budget.exhausted(current.usage)
        last = self.clock.now()
        for question, reading, seconds in (
            ((one, budget_gap(one, incident.window, spent), 0.0) for one in waiting)
            if spent
            else self._answers(waiting, incident)
        ):
            now = self.clock.now()
            usage = reading.usage.model_copy(update={"wall_seconds": (now - last).total_seconds()})
            last = now
            costed = reading.model_copy(update={"usage": usage})
            if not self._admit(question, costed, seconds, incident, scope):
                return

    def _answers(
        self, waiting: Sequence[Question], incident: Incident
    ) -> Iterator[tuple[Question, Reading, float]]:
        metric = [one for one in waiting if isinstance(one.request, MetricRequest)]
        others = [one for one in waiting if not isinstance(one.request, MetricRequest)]
        begun = self.clock.now()
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            batch = pool.submit(self._metrics, metric, incident)
            single = [pool.submit(self._other, one, incident) for one in others]
            for future in as_completed((batch, *single)):
                seconds = (self.clock.now() - begun).total_seconds()
                for question, reading in future.result():
                    yield question, reading, seconds

    def _metrics(
        self, questions: Sequence[Question], incident: Incident
    ) -> list[tuple[Question, Reading]]:
        if not questions:
            return []
        readings = self.reader.read_metrics(questions, incident.baseline, incident.window)
        return list(zip(questions, readings, strict=True))

    def _other(self, question: Question, incident: Incident) -> list[tuple[Question, Reading]]:
        return [(question, self.reader.read(question, incident.baseline, incident.window))]

    def _admit(
        self, question: Question, reading: Reading, seconds: float, incident: Incident, scope: Scope
    ) -> bool:
        """Put an answer into the ledger; False when a person asked to stop meanwhile."""
        for _ in range(3):
            current = _current(scope, incident)
            number = len(scope.store.evidence(incident.id)) + 1
            item = self.ledger.entry(f"E{number}", current.number, question, reading, incident)
            done = _answered(current, question, item, seconds).model_copy(
                update={"usage": current.usage.plus(reading.usage)}
            )
            try:
                scope.save(item, done, audit=(self.ledger.audit(item),))
            except Conflict:
                continue
            return not done.stop_requested
        raise Conflict(f"the investigation of {incident.id} keeps changing")

    def _hand_over(self, current: Investigation, incident: Incident, scope: Scope) -> None:
        skipped = tuple(
            task.model_copy(update={"status": "skipped"})
            if task.status in ("waiting", "running")
            else task
            for task in current.tasks
        )
        scope.save(current.model_copy(update={"phase": "diagnosing", "tasks": skipped}))
        logger.info("incident_id=<%s> | evidence gathered", incident.id)


def _current(scope: Scope, incident: Incident) -> Investigation:
    current = scope.store.investigation(incident.id)
    if current is None:
        raise IllegalTransition(f"{incident.id} has no investigation")
    return current


def _unanswered(
    questions: Sequence[Question], ledger: Sequence[Evidence], current: Investigation
) -> list[Question]:
    answered = {item.task for item in ledger}
    return [one for one in questions if f"{current.number}/{one.key}" not in answered]


def _announced(current: Investigation, waiting: Sequence[Question]) -> Investigation:
    known = {task.key for task in current.tasks}
    fresh = tuple(
        Task(key=one.key, title=one.title, status="running")
        for one in waiting
        if one.key not in known
    )
    return current.model_copy(update={"tasks": (*current.tasks, *fresh)})


def _answered(
    current: Investigation, question: Question, item: Evidence, seconds: float
) -> Investigation:
    tasks = tuple(
        task.model_copy(
            update={
                "status": "gap" if item.status == "gap" else "done",
                "evidence_id": item.id,
                "wall_seconds": round(seconds, 3),
            }
        )
        if task.key == question.key
        else task
        for task in current.tasks
    )
    return current.model_copy(update={"tasks": tasks})


def _grown(incident: Incident, now: datetime) -> Window:
    """The window up to now, unless a person chose one that had ended before the incident opened."""
    window = incident.window
    if window.end < incident.opened_at - _STILL_OPEN:
        return window
    return Window(start=window.start, end=min(max(window.end, now), window.start + _LONGEST))
