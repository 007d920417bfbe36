"""Gather: ask every source, and put each answer into the ledger as it comes."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from opspilot.domain.evidence import Evidence, GapDetail, GapReason, MetricRequest
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation, Task
from opspilot.engine.budget import Budget
from opspilot.engine.ledger import Ledger, ledger_of
from opspilot.engine.questions import Question, next_questions
from opspilot.engine.reading import Reader, Reading, budget_gap
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import AwsUnavailable, Conflict, IllegalTransition
from opspilot.ports.clock import Clock

logger = logging.getLogger(__name__)

_PARALLEL = 4
_TRIES = 3
"""How often the step begins again because a source is silent, before that is a gap."""


@dataclass(frozen=True)
class Gathering:
    """The step of the stage: asks what is still to be asked, one commit per answer.

    A source that does not answer at all is asked again a few times, by beginning the step anew
    after a pause: an account that is restarted meanwhile costs no evidence.

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
        patient = scope.failures() < _TRIES
        silent = ""
        for question, reading, seconds in (
            ((one, budget_gap(one, incident.window, spent), 0.0) for one in waiting)
            if spent
            else self._answers(waiting, incident)
        ):
            if patient and _is_silent(reading):
                silent = reading.finding
                continue
            now = self.clock.now()
            usage = reading.usage.model_copy(update={"wall_seconds": (now - last).total_seconds()})
            last = now
            costed = reading.model_copy(update={"usage": usage})
            if not self._admit(question, costed, seconds, incident, scope):
                return
        if silent:
            raise AwsUnavailable(silent, hint="It is asked again in a moment.")

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


def _is_silent(reading: Reading) -> bool:
    detail = reading.detail
    return isinstance(detail, GapDetail) and detail.reason is GapReason.UNAVAILABLE


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
