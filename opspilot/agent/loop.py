"""The loop: asks the model, runs its tools, keeps each whole message before the next thing."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.agent import claims, prompts
from opspilot.agent.events import Called, Event, Heard, Paused
from opspilot.agent.events import Ended as TurnEnded
from opspilot.agent.step import Ask, End, Run, next_step
from opspilot.domain.conversation import (
    Message,
    Text,
    TokenUsage,
    ToolCall,
    ToolResult,
    ToolUse,
    TurnStatus,
)
from opspilot.engine.chat_budget import TurnBudget
from opspilot.engine.lookups import Lookups
from opspilot.engine.plan import Plans
from opspilot.engine.turn_keeper import TurnKeeper
from opspilot.ports.clock import Clock
from opspilot.ports.model import Ended, LanguageModel, ModelRequest, StopReason, TextDelta
from opspilot.tools.catalog import execute, specs
from opspilot.tools.tool import Context, Outcome

logger = logging.getLogger(__name__)

_SHOWN_EVERY = timedelta(seconds=0.4)
_ROOM = timedelta(seconds=35)
"""An answer of the model is begun only with so much left of the step."""

_LOOK_AGAIN = timedelta(seconds=1)
_ANSWER_TOKENS = 2_000

CUT_BY_LENGTH = "The answer was cut at its length limit."
CUT_BY_TIME = "The answer was cut: the model took longer than a minute."
REFUSED = "The model refused to answer. Ask in other words, or choose another model."


class Stopped(Exception):  # a signal within this module
    """A person asked to stop while the model was speaking."""


@dataclass(frozen=True)
class Answer:
    """What came of asking the model once."""

    message: Message
    reason: StopReason
    usage: TokenUsage
    note: str = ""


@dataclass(frozen=True)
class Agent:
    """Answers turns; `opspilot.engine.chat_step.Answerer`."""

    model: LanguageModel
    lookups: Lookups
    plans: Plans
    clock: Clock
    budget: TurnBudget

    def __call__(self, keeper: TurnKeeper) -> datetime | None:
        """Go on until the turn has ended (None), or must be taken up again at this wall time.

        Raises:
            AwsError: The model did not answer.
        """
        for event in self.events(keeper):
            told = type(event).__name__.lower()  # questions and answers stay out of the log
            logger.info("turn=<%s/%s> | %s", keeper.conversation.id, keeper.turn.number, told)
            if isinstance(event, Paused):
                return event.until
        return None

    def events(self, keeper: TurnKeeper) -> Iterator[Event]:
        """What happens, each told once it is durable; the last is `Paused` or `Ended`.

        Raises:
            AwsError: The model did not answer.
        """
        keeper.running()
        while True:
            wanted = next_step(keeper.refresh(), self.budget)
            if isinstance(wanted, End):
                keeper.ended(wanted.status, wanted.error)
                yield TurnEnded(keeper.turn.status, keeper.turn.error)
                return
            if keeper.scope.deadline - self.clock.now() < _ROOM:
                yield Paused(self.clock.now(), "the step's time is over")
                return
            event = (
                self._ran(wanted, keeper)
                if isinstance(wanted, Run)
                else self._asked(wanted, keeper)
            )
            yield event
            if isinstance(event, Paused | TurnEnded):
                return

    # --- the model --------------------------------------------------------------------------------

    def _asked(self, wanted: Ask, keeper: TurnKeeper) -> Event:
        incident = keeper.incident
        request = ModelRequest(
            system=prompts.system(last=wanted.last),
            messages=prompts.conversation(keeper.turn, keeper.earlier, incident),
            tools=specs(),
            max_tokens=_ANSWER_TOKENS,
            role=keeper.turn.role,
        )
        try:
            answer = self._streamed(request, keeper)
        except Stopped:
            keeper.ended(TurnStatus.STOPPED)
            return TurnEnded(TurnStatus.STOPPED)
        if answer.reason == "refused":
            keeper.heard(answer.message, answer.usage)
            keeper.ended(TurnStatus.FAILED, REFUSED, refused=True)
            return TurnEnded(TurnStatus.FAILED, REFUSED)
        store = keeper.scope.store
        known = claims.on_record(
            incident,
            store.evidence(incident.id),
            store.plans(incident.id),
            (*keeper.earlier, keeper.turn),
        )
        message, dropped = claims.checked(answer.message, known)
        keeper.heard(message, answer.usage, dropped, answer.note)
        return Heard(message)

    def _streamed(self, request: ModelRequest, keeper: TurnKeeper) -> Answer:
        said, uses = "", list[ToolUse]()
        shown: datetime | None = None
        for event in self.model.answer(request):
            now = self.clock.now()
            if isinstance(event, Ended):
                return _whole(event)
            if isinstance(event, TextDelta):
                said += event.text
            else:
                uses.append(event)
            if shown is None or now - shown >= _SHOWN_EVERY:
                shown = now
                if not keeper.streaming(said):
                    raise Stopped
            if keeper.scope.out_of_time():
                break
        usage = TokenUsage(calls=1)
        return Answer(_message(said, uses), "stopped", usage, CUT_BY_TIME)

    # --- the tools --------------------------------------------------------------------------------

    def _ran(self, wanted: Run, keeper: TurnKeeper) -> Event:
        begun = self.clock.now()
        outcome = (
            self._refused(wanted.refusal) if wanted.refusal else self._executed(wanted, keeper)
        )
        if outcome.status == "pending":
            keeper.waiting(outcome.summary)
            return Paused(self.clock.now() + _LOOK_AGAIN, outcome.summary)
        call = ToolCall(
            id=wanted.use.id,
            name=wanted.use.name[:64],
            seconds=round((self.clock.now() - begun).total_seconds(), 3),
            summary=outcome.summary[:600],
            evidence=outcome.evidence,
            outcome=outcome.status,
        )
        result = ToolResult(
            id=wanted.use.id, content=outcome.content, failed=outcome.status == "failed"
        )
        keeper.called(wanted.use, result, call, outcome.plan_id)
        return Called(call)

    def _executed(self, wanted: Run, keeper: TurnKeeper) -> Outcome:
        context = Context(
            incident=keeper.incident,
            turn=keeper.turn,
            use_id=wanted.use.id,
            conversation_number=keeper.conversation.number,
            scope=keeper.scope,
            lookups=self.lookups,
            plans=self.plans,
            clock=self.clock,
        )
        return execute(wanted.use, context)

    def _refused(self, reason: str) -> Outcome:
        message = f"not run: {reason}; answer with what you have"
        return Outcome(status="failed", summary=message, content={"error": message})


def _whole(event: Ended) -> Answer:
    note = CUT_BY_LENGTH if event.reason == "max_tokens" else ""
    blocks = tuple(
        block
        for block in event.message.blocks
        if isinstance(block, ToolUse) or (isinstance(block, Text) and block.text.strip())
    )
    usage = event.usage.model_copy(update={"calls": max(event.usage.calls, 1)})
    return Answer(Message(speaker="assistant", blocks=blocks), event.reason, usage, note)


def _message(said: str, uses: list[ToolUse]) -> Message:
    words = (Text(text=said),) if said.strip() else ()
    return Message(speaker="assistant", blocks=(*words, *uses))
