"""The job of a conversation: answers its turns one after the other, each in bounded steps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from opspilot.domain.conversation import TurnStatus
from opspilot.domain.job import Job
from opspilot.engine.journal import Journal
from opspilot.engine.steps import JobResult, Scope
from opspilot.engine.turn_keeper import TurnKeeper
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    IllegalTransition,
    InputError,
    OpsPilotError,
)
from opspilot.ports.clock import Clock

MOST_FAILURES = 10
"""Tries in a row, with growing pauses, before a turn is given up: about five minutes."""

_FINAL = (AwsDenied, AwsNotFound, AwsRejected, AwsCredentialsMissing, InputError)
"""What does not get better by waiting."""


class Answerer(Protocol):
    """Works on a turn."""

    def __call__(self, keeper: TurnKeeper) -> datetime | None:
        """Go on until the turn has ended (None), or must be taken up again at this wall time.

        Raises:
            AwsError: The model did not answer.
        """
        ...


@dataclass(frozen=True)
class Chatting:
    """The handler of `JobKind.CHAT`."""

    journal: Journal
    clock: Clock
    answer: Answerer

    def __call__(self, job: Job, scope: Scope) -> JobResult:
        """Work on the oldest turn that has not ended."""
        if job.conversation_id is None:
            raise IllegalTransition(f"{job.id} names no conversation")
        turns = scope.store.turns(job.conversation_id)
        turn = next((one for one in turns if not one.ended), None)
        if turn is None:
            return JobResult(due_at=None)
        keeper = TurnKeeper(
            scope.store.conversation(job.conversation_id),
            turns,
            turn,
            scope=scope,
            journal=self.journal,
            clock=self.clock,
        )
        if job.attempts >= MOST_FAILURES:
            keeper.ended(
                TurnStatus.FAILED, f"given up after {job.attempts} tries: {job.last_error}"
            )
            return JobResult(due_at=scope.now())
        wake_at = self._worked(keeper)
        return JobResult(due_at=scope.now() if wake_at is None else wake_at)

    def _worked(self, keeper: TurnKeeper) -> datetime | None:
        try:
            return self.answer(keeper)
        except _FINAL as error:
            keeper.ended(TurnStatus.FAILED, _in_words(error))
            return None
        except AwsError as error:
            keeper.waiting(f"the model: {error.message}")
            raise


def _in_words(error: OpsPilotError) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in (error.message, error.hint) if part)
