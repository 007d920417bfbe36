"""The verb of the chat: ask a question beside an incident."""

from datetime import timedelta
from typing import Annotated

import typer

from opspilot.bootstrap import Workbench
from opspilot.domain.conversation import ModelRole, Text, ToolCall, Turn, TurnStatus
from opspilot.domain.identity import Role
from opspilot.engine.chat import chat_job_id
from opspilot.engine.commands import incident_job_id
from opspilot.entrypoints.cli.incidents import IncidentId
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.entrypoints.documents import Document
from opspilot.entrypoints.drive import work_on
from opspilot.errors import OpsPilotError

_AT_MOST = timedelta(seconds=240)


class NoAnswer(OpsPilotError):
    """The question was not answered; the message says why."""

    code = "no_answer"


def ask(
    incident_id: IncidentId,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What you want to know.")],
    conversation: Annotated[
        str, typer.Option("--conversation", help="Goes on with this one: INC-0001-C1.")
    ] = "",
    role: Annotated[
        ModelRole, typer.Option("--model", help="Which model, by its role.")
    ] = ModelRole.DEFAULT,
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Ask about an incident; the answer cites its evidence, and every tool call is told."""
    workbench = opened()
    asked = workbench.chats.ask(
        incident_id,
        question,
        actor=acting(workbench, actor, Role.RESPONDER),
        conversation_id=conversation,
        role=role,
    )
    turn = _answered(workbench, asked)
    answer(_document(turn, workbench), _lines(turn, workbench), as_json=as_json)
    if turn.status is not TurnStatus.DONE:
        raise typer.Exit(1)


def _answered(workbench: Workbench, asked: Turn) -> Turn:
    """The turn once it has ended; its job, and the incident's in case a plan is made, are run."""

    def current() -> Turn:
        return workbench.conversations.turn(asked.conversation_id, asked.number)

    jobs = (chat_job_id(asked.conversation_id), incident_job_id(asked.incident_id))
    work_on(workbench, jobs, until=lambda: current().ended, at_most=_AT_MOST)
    turn = current()
    if not turn.ended:
        job = workbench.store.job(jobs[0])
        why = turn.waits_for or (job.last_error if job else "") or "no error is on record"
        raise NoAnswer(
            f"turn {turn.number} of {turn.conversation_id} is still being answered: {why}",
            hint="A worker goes on with it; the chat page shows the answer.",
        )
    return turn


def _document(turn: Turn, workbench: Workbench) -> Document:
    return {
        "conversation_id": turn.conversation_id,
        "turn": turn.number,
        "incident_id": turn.incident_id,
        "status": turn.status,
        "answer": _words(turn),
        "tool_calls": [_call(call) for call in turn.calls],
        "dropped": [{"text": one.text, "reason": one.reason} for one in turn.dropped],
        "plan_id": turn.plan_id,
        "error": turn.error,
        "model": turn.usage.model_id,
        "stand_in": _is_stand_in(turn, workbench),
        "usage": turn.usage.model_dump(mode="json"),
    }


def _call(call: ToolCall) -> Document:
    return {
        "tool": call.name,
        "outcome": call.outcome,
        "summary": call.summary,
        "evidence": list(call.evidence),
        "seconds": call.seconds,
    }


def _lines(turn: Turn, workbench: Workbench) -> list[str]:
    ran = [f"[{one.outcome}] {one.name}: {one.summary}" for one in turn.calls]
    dropped = [f"dropped: {one.text} ({one.reason})" for one in turn.dropped]
    stand_in = (
        " (a rule-based stand-in, no language model)" if _is_stand_in(turn, workbench) else ""
    )
    cost = (
        f"{turn.conversation_id}, model {turn.usage.model_id or 'none'}{stand_in}, "
        f"{turn.usage.input_tokens} tokens in, {turn.usage.output_tokens} out"
    )
    plan = [f"Plan {turn.plan_id} is filed and waits for an approval."] if turn.plan_id else []
    said = _words(turn).splitlines()
    return [*ran, *said, *dropped, *plan, *([turn.error] if turn.error else []), cost]


def _words(turn: Turn) -> str:
    """What the model said, over all its messages."""
    return "\n".join(
        block.text
        for message in turn.messages
        if message.speaker == "assistant"
        for block in message.blocks
        if isinstance(block, Text)
    )


def _is_stand_in(turn: Turn, workbench: Workbench) -> bool:
    return any(one.stand_in and one.role is turn.role for one in workbench.conversations.models())


def register(app: typer.Typer) -> None:
    """Hang the verb on the program."""
    app.command()(ask)
