"""Gather: ask every source, and put each answer into the ledger as it comes."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from opspilot.domain.evidence import (
    ComparisonRequest,
    Evidence,
)
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.engine.answer import Reading
from opspilot.engine.asking import PARALLEL, Answer, Asking, in_turn
from opspilot.engine.budget import Budget, besides
from opspilot.engine.comparing import compared
from opspilot.engine.inquiry import ahead, next_questions
from opspilot.engine.ledger import Ledger, ledger_of
from opspilot.engine.past import Past
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reader
from opspilot.engine.steps import STEP_SECONDS, Scope, StepResult
from opspilot.engine.task_list import announced, answered, ended
from opspilot.errors import AwsUnavailable, Conflict, IllegalTransition
from opspilot.ports.clock import Clock

logger = logging.getLogger(__name__)

_TRIES = 3
"""How often the step begins again because a source is silent, before that is a gap."""

_LEFT_FOR_ANSWERS = timedelta(seconds=STEP_SECONDS / 2)
"""Of a step's minute: nothing is begun in it, so that what takes long can still come in."""

_CONFLICTS = 3
"""How often a commit is tried anew because somebody else has written meanwhile."""

_TOGETHER = 16
"""Answers in one commit: with their audit entries well below the 100 items of DynamoDB's."""


@dataclass(frozen=True)
class _Round:
    """What is asked at once.

    Attributes:
        waiting: Questions without an answer.
        later: Keys of what is known to come later.
        ledger: Entries of this investigation; `evidence` all of the incident.
    """

    waiting: list[Question]
    later: set[str]
    ledger: Sequence[Evidence]
    evidence: Sequence[Evidence]


@dataclass(frozen=True)
class Gathering:
    """The step of the stage: asks what is still to be asked, and files what comes together at once.

    A source that does not answer at all is asked again a few times, by beginning the step anew
    after a pause: an account that is restarted meanwhile costs no evidence.

    Attributes:
        budget: Bounds per investigation and incident; what they leave unasked becomes a gap.
    """

    reader: Reader
    ledger: Ledger
    clock: Clock
    budget: Budget

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Gather until nothing is left to ask, then hand over to the diagnosis."""
        past = Past(scope.store, incident.id)
        while not _is_late(scope):
            current = _current(scope, incident)
            evidence = scope.store.evidence(incident.id)
            ledger = ledger_of(evidence, current.number)
            questions = next_questions(
                incident, ledger, self.clock.account_now(), partial(past.kept, current.number)
            )
            waiting = _unanswered(questions, ledger, current)
            if not waiting or current.stop_requested:
                self._hand_over(current, ledger, incident, scope)
                break
            later = ahead(incident, ledger, questions)
            self._ask(_Round(waiting, later, ledger, evidence), past, incident, scope)
        return StepResult(incident, wake_at=self.clock.now())

    def _ask(self, asked: _Round, past: Past, incident: Incident, scope: Scope) -> None:
        current = self._announce(asked.waiting, asked.later, incident, scope)
        asking = self._asking(current, asked.evidence, incident, scope)
        patient = scope.failures() < _TRIES
        silent, filed = "", len(asked.evidence)
        for answers in _answers(asked, asking, past, current.number):
            # After a stop nothing is asked again: a silent source is a gap at once.
            wait = patient and any(one.silent for one in answers) and not _stopped(scope, incident)
            heard = [one for one in answers if not (wait and one.silent)]
            silent = next((one.reading.finding for one in answers if one not in heard), silent)
            self._charge([one for one in answers if one not in heard], incident, scope)
            if heard:
                filed = self._admit(heard, filed, incident, scope)
        if silent:
            raise AwsUnavailable(silent, hint="It is asked again in a moment.")

    def _asking(
        self,
        current: Investigation,
        evidence: Sequence[Evidence],
        incident: Incident,
        scope: Scope,
    ) -> Asking:
        earlier = besides(current, evidence)
        return Asking(
            self.reader,
            self.clock,
            incident,
            lambda used: self.budget.exhausted(current.usage.plus(used), earlier),
            lambda: _is_late(scope) or _stopped(scope, incident),
            lambda: scope.out_of_time() or _stopped(scope, incident),
        )

    def _announce(
        self, waiting: list[Question], later: set[str], incident: Incident, scope: Scope
    ) -> Investigation:
        begun = {one.key for turn in in_turn(waiting)[:PARALLEL] for one in turn}
        current = _current(scope, incident)
        scope.save(announced(current, waiting, begun, later, self.clock.now()))
        return current

    def _admit(
        self, answers: Sequence[Answer], filed: int, incident: Incident, scope: Scope
    ) -> int:
        """Put answers into the ledger after so many others, all in one commit.

        Returns:
            How many the ledger holds then.
        """
        for _ in range(_CONFLICTS):
            done = _current(scope, incident)
            items: list[Evidence] = []
            for at, one in enumerate(answers, start=filed + 1):
                item = self.ledger.entry(f"E{at}", done.number, one.question, one.reading, incident)
                done = answered(
                    done, one.question.key, item, one.seconds, one.begun, self.clock.now()
                )
                items.append(item)
            try:
                scope.save(*items, done, audit=[self.ledger.audit(item) for item in items])
            except Conflict:
                # A conversation beside the investigation may have filed something as well.
                filed = len(scope.store.evidence(incident.id))
                continue
            return filed + len(items)
        raise Conflict(f"the investigation of {incident.id} keeps changing")

    def _charge(self, dropped: Sequence[Answer], incident: Incident, scope: Scope) -> None:
        """Count what answers cost that are given up, to be asked for again."""
        if not dropped:
            return
        for _ in range(_CONFLICTS):
            current = _current(scope, incident)
            used = current.usage
            for one in dropped:
                used = used.plus(one.reading.usage)
            try:
                scope.save(current.model_copy(update={"usage": used}))
            except Conflict:
                continue
            return
        raise Conflict(f"the investigation of {incident.id} keeps changing")

    def _hand_over(
        self,
        current: Investigation,
        ledger: Sequence[Evidence],
        incident: Incident,
        scope: Scope,
    ) -> None:
        scope.save(ended(current, ledger))
        logger.info("incident_id=<%s> | evidence gathered", incident.id)


def _answers(asked: _Round, asking: Asking, past: Past, number: int) -> Iterator[Sequence[Answer]]:
    """From the account; what is only compared comes from ledgers."""
    told = [
        Answer(one, _comparison(one, one.request, past, asked.ledger, number))
        for one in asked.waiting
        if isinstance(one.request, ComparisonRequest)
    ]
    yield from _cut(told)
    for answers in asking.answers(
        [one for one in asked.waiting if not isinstance(one.request, ComparisonRequest)]
    ):
        yield from _cut(answers)


def _cut(answers: Sequence[Answer]) -> Iterator[Sequence[Answer]]:
    """As many as go into one commit."""
    for first in range(0, len(answers), _TOGETHER):
        yield answers[first : first + _TOGETHER]


def _comparison(
    question: Question,
    request: ComparisonRequest,
    past: Past,
    ledger: Sequence[Evidence],
    number: int,
) -> Reading:
    before = next(
        item
        for item in past.kept(number)
        if (item.incident_id, item.id) == (request.incident_id, request.evidence_id)
    )
    return compared(question, before, ledger)


def _current(scope: Scope, incident: Incident) -> Investigation:
    current = scope.store.investigation(incident.id)
    if current is None:
        raise IllegalTransition(f"{incident.id} has no investigation")
    return current


def _is_late(scope: Scope) -> bool:
    """Whether the next step should ask what is left."""
    return scope.now() >= scope.deadline - _LEFT_FOR_ANSWERS


def _stopped(scope: Scope, incident: Incident) -> bool:
    return _current(scope, incident).stop_requested


def _unanswered(
    questions: Sequence[Question], ledger: Sequence[Evidence], current: Investigation
) -> list[Question]:
    answered = {item.task for item in ledger}
    return [one for one in questions if f"{current.number}/{one.key}" not in answered]
