"""Asks many questions at once; begins none once the budget is spent or somebody said stop.

What is in flight by then is paid for and comes in all the same: its answers are told like others.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from opspilot.domain.evidence import GapDetail, GapReason, MetricRequest, TracesRequest
from opspilot.domain.incident import Incident
from opspilot.domain.telemetry import CallUsage
from opspilot.engine.answer import Reading, budget_gap
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reader
from opspilot.ports.clock import Clock

PARALLEL = 4

Batch = list[tuple[Question, Reading]]


@dataclass(frozen=True)
class Answer:
    """One question answered.

    Attributes:
        seconds: From its asking to its answer.
        begun: Key of the question that was asked next; empty when none was.
    """

    question: Question
    reading: Reading
    seconds: float = 0.0
    begun: str = ""

    @property
    def silent(self) -> bool:
        """Whether its source should be waited for; many accounts do without traces, as we can."""
        detail = self.reading.detail
        spare = isinstance(self.question.request, TracesRequest)
        return (
            isinstance(detail, GapDetail) and detail.reason is GapReason.UNAVAILABLE and not spare
        )


def in_turn(questions: Sequence[Question]) -> list[list[Question]]:
    """What is asked together, in the order of asking: all metrics, then one by one."""
    metrics = [one for one in questions if isinstance(one.request, MetricRequest)]
    others = [[one] for one in questions if not isinstance(one.request, MetricRequest)]
    return [metrics, *others] if metrics else others


@dataclass
class Asking:
    """One round of questions.

    Attributes:
        spent: Which bound is reached once this much was used, in words; empty when none is.
        halted: Whether nothing more is to be begun for now, whatever the budget says; stays so
            once it is so. What it leaves unasked is no gap.
        hurried: Whether what takes many requests should end with what it has; asked by the threads
            that read.
        usage: What the round has used so far.
    """

    reader: Reader
    clock: Clock
    incident: Incident
    spent: Callable[[CallUsage], str]
    halted: Callable[[], bool]
    hurried: Callable[[], bool]
    usage: CallUsage = field(default_factory=CallUsage)
    _last: datetime = field(init=False)

    def answers(self, questions: Sequence[Question]) -> Iterator[list[Answer]]:
        """Answers as they come, together what came together.

        What the budget leaves unasked is a gap; what is left because of a halt is not told.
        """
        turns = deque(in_turn(questions))
        self._last = self.clock.now()
        with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
            running: dict[Future[Batch], datetime] = {}
            while turns or running:
                while turns and len(running) < PARALLEL and self._may_begin():
                    running[pool.submit(self._read, turns.popleft())] = self.clock.now()
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    begun = running.pop(future)
                    now = self.clock.now()
                    found = _timed(future.result(), (now - self._last).total_seconds())
                    self._last = now
                    for _, reading in found:
                        self.usage = self.usage.plus(reading.usage)
                    following = self._follow(turns, pool, running)
                    seconds = (now - begun).total_seconds()
                    yield _told(found, seconds, following)
        if turns and not self.halted():
            yield self._unasked(turns)

    def _may_begin(self) -> bool:
        return not self.spent(self.usage) and not self.halted()

    def _follow(
        self,
        turns: deque[list[Question]],
        pool: ThreadPoolExecutor,
        running: dict[Future[Batch], datetime],
    ) -> str:
        """Ask the next in the place of the one that was answered; its key."""
        if not turns or not self._may_begin():
            return ""
        questions = turns.popleft()
        running[pool.submit(self._read, questions)] = self.clock.now()
        return questions[0].key

    def _unasked(self, turns: deque[list[Question]]) -> list[Answer]:
        why = self.spent(self.usage)
        return [
            Answer(one, budget_gap(one, self.incident.window, why))
            for questions in turns
            for one in questions
        ]

    def _read(self, questions: Sequence[Question]) -> Batch:
        baseline, window = self.incident.baseline, self.incident.window
        if isinstance(questions[0].request, MetricRequest):
            readings = self.reader.read_metrics(questions, baseline, window)
            return list(zip(questions, readings, strict=True))
        return [(one, self.reader.read(one, baseline, window, self._enough)) for one in questions]

    def _enough(self) -> bool:
        waited = (self.clock.now() - self._last).total_seconds()
        return self.hurried() or bool(self.spent(self.usage.plus(CallUsage(wall_seconds=waited))))


def _timed(found: Batch, seconds: float) -> Batch:
    """The time since the last answer is used up once, by the first of these."""
    return [
        (one, _with_wall(reading, seconds if index == 0 else 0.0))
        for index, (one, reading) in enumerate(found)
    ]


def _with_wall(reading: Reading, seconds: float) -> Reading:
    usage = reading.usage.model_copy(update={"wall_seconds": seconds})
    return reading.model_copy(update={"usage": usage})


def _told(found: Batch, seconds: float, following: str) -> list[Answer]:
    return [
        Answer(one, reading, seconds, following if index == 0 else "")
        for index, (one, reading) in enumerate(found)
    ]
