"""A turn as a worker job: what is durable, what is refused, what ends it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.memory import ScriptedModel
from opspilot.adapters.memory.model import Script, Scripted
from opspilot.domain.conversation import (
    ModelRole,
    Text,
    ToolResult,
    TurnStatus,
)
from opspilot.domain.job import JobKind
from opspilot.engine.chat import LONGEST_QUESTION, MOST_WAITING, chat_job_id
from opspilot.engine.chat_step import MOST_FAILURES
from opspilot.errors import (
    AwsDenied,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
    IllegalTransition,
    InputError,
    NotAllowed,
    NotFound,
)
from opspilot.ports.model import ModelEvent, ModelRequest
from opspilot.ports.store import Changeset, Store
from tests.engine.crashing import Fuse, FusedStore, Killed
from tests.engine.scene import ADA, ROSA, VERA, Scene
from tests.engine.talking import (
    GATHERED,
    INCIDENT,
    NEXT,
    answer,
    asked,
    stored,
    talking,
    use,
    with_model,
)

C1 = "INC-0001-C1"
THROTTLED = AwsThrottled("Bedrock asks to slow down")


def entries(stage: Scene, kind: str) -> list[dict[str, object]]:
    """Entries of the incident's chain of one type, what is told of them."""
    return [
        {"by": one.actor.id, **one.input, **(one.result or {}), "error": one.error}
        for one in stage.trail()
        if one.action_type == kind
    ]


def test_a_question_is_answered_by_the_worker_and_on_record(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("verdict"), "Payments release 18 slowed it (E16).")
    turn = asked(stage, "Why does checkout fail?")
    assert turn.status is TurnStatus.DONE
    assert answer(turn) == "Payments release 18 slowed it (E16)."
    assert [(one.name, one.outcome) for one in turn.calls] == [("verdict", "success")]
    assert turn.usage.calls == 2
    assert turn.error == turn.partial == turn.waits_for == ""
    assert entries(stage, "chat.asked")[0]["question"] == "Why does checkout fail?"
    assert entries(stage, "chat.asked")[0]["by"] == ROSA.id
    told = entries(stage, "chat.answered")[0]
    assert (told["model"], told["model_calls"], told["tool_calls"]) == ("scripted", 2, 1)
    assert told["input_tokens"] == turn.usage.input_tokens > 0
    assert entries(stage, "tool.called")[0]["tool"] == "verdict"
    stage.assert_sound()


def test_what_chat_reads_is_evidence_of_the_incident_but_not_of_the_verdict(
    tmp_path: Path,
) -> None:
    stage = talking(tmp_path, use("metric_findings", signal="lambda.errors"), f"It rose ({NEXT}).")
    before = stage.bench.queries.incident(INCIDENT, ROSA)
    turn = asked(stage)
    after = stage.bench.queries.incident(INCIDENT, ROSA)
    assert after.investigation == before.investigation
    (filed,) = after.evidence[len(before.evidence) :]
    assert filed.task.startswith("chat/1.1/metric:lambda.errors:")
    assert (filed.id, turn.calls[0].evidence) == (NEXT, (NEXT,))
    assert filed.request.source == "metrics"
    assert filed.data_hash
    assert filed.snapshot
    assert filed.window.start == after.incident.baseline.start
    assert stage.said().count("evidence.collected") == len(after.evidence)


def test_a_conversation_asks_no_source_once_the_incidents_budget_is_spent(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("metric_findings", signal="lambda.errors"), "Not to be told.")
    stage.spend(2_000)
    asked(stage)
    filed = stage.store.evidence(INCIDENT)[-1]
    assert filed.task.startswith("chat/")
    assert "the budget of 2000 AWS calls for all looks at this incident is spent" in filed.finding
    assert "fetch" not in stage.account.calls


def test_the_model_is_asked_with_the_question_the_record_and_the_tools(tmp_path: Path) -> None:
    model = ScriptedModel([use("verdict"), "First.", "Second."])
    stage = with_model(talking(tmp_path), model)
    asked(stage, "One?")
    asked(stage, "Two?", conversation=C1)
    first, second, third = model.requests
    assert [block.text for block in first.messages[-1].blocks if isinstance(block, Text)][-1] == (
        "One?"
    )
    assert '"incident_id": "INC-0001"' in str(first.messages[-1].blocks[0])
    assert "propose_plan" in [tool.name for tool in first.tools]
    assert isinstance(second.messages[-1].blocks[0], ToolResult)
    assert [message.speaker for message in third.messages] == ["user", "assistant", "user"]
    assert third.messages[1].blocks == (Text(text="First."),)


def test_a_viewer_who_calls_the_engine_directly_is_refused_on_record(tmp_path: Path) -> None:
    stage = talking(tmp_path, "Nothing.")
    with pytest.raises(NotAllowed, match="needs the role"):
        stage.bench.chats.ask(INCIDENT, "Why?", actor=VERA)
    stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA)
    with pytest.raises(NotAllowed, match="needs the role"):
        stage.bench.chats.stop(C1, actor=VERA)
    refused = entries(stage, "command.refused")
    assert [(one["by"], one["command"]) for one in refused] == [
        (VERA.id, "ask"),
        (VERA.id, "stop_turn"),
    ]
    assert stage.bench.conversations.view(INCIDENT, C1, VERA).ask_refusal


@pytest.mark.parametrize("question", ["", "  \n ", "x" * (LONGEST_QUESTION + 1)])
def test_a_question_must_be_there_and_bounded(tmp_path: Path, question: str) -> None:
    stage = talking(tmp_path)
    with pytest.raises(InputError):
        stage.bench.chats.ask(INCIDENT, question, actor=ROSA)
    assert stage.store.conversations(INCIDENT) == []


def test_a_conversation_belongs_to_its_incident(tmp_path: Path) -> None:
    stage = talking(tmp_path, "Yes.")
    asked(stage)
    other = stage.bench.intake.open_incident("mail", actor=ROSA)
    with pytest.raises(NotFound, match=C1):
        stage.bench.chats.ask(other.id, "Why?", actor=ROSA, conversation_id=C1)
    with pytest.raises(NotFound, match="INC-0001-C9"):
        stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA, conversation_id="INC-0001-C9")
    with pytest.raises(NotFound):
        stage.bench.conversations.view(other.id, C1, ROSA)


def test_secrets_reach_neither_the_store_nor_the_model(tmp_path: Path) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    model = ScriptedModel(
        [Scripted((Text(text=f"I see {secret}."), use("search_logs", pattern=secret))), "Done."]
    )
    stage = with_model(talking(tmp_path), model)
    turn = asked(stage, f"Is {secret} leaked?")
    assert secret not in turn.model_dump_json()
    assert all(secret not in str(request) for request in model.requests)
    assert all(secret not in entry.model_dump_json() for entry in stage.trail())
    assert all(secret not in one.model_dump_json() for one in stage.store.evidence(INCIDENT))


def test_questions_are_answered_one_after_the_other(tmp_path: Path) -> None:
    stage = talking(tmp_path, "One.", "Two.")
    stage.bench.chats.ask(INCIDENT, "1?", actor=ROSA)
    turn = asked(stage, "2?", conversation=C1)
    assert answer(turn) == "Two."
    assert [one.status for one in stage.store.turns(C1)] == [TurnStatus.DONE, TurnStatus.DONE]
    stage.work()
    job = stage.store.job(chat_job_id(C1))
    assert job is not None
    assert job.done


def test_no_more_than_a_few_questions_may_wait(tmp_path: Path) -> None:
    stage = talking(tmp_path)
    for _ in range(MOST_WAITING):
        known = C1 if stage.store.conversations(INCIDENT) else ""
        stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA, conversation_id=known)
    with pytest.raises(IllegalTransition, match="wait"):
        stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA, conversation_id=C1)


def test_a_stopped_question_ends_at_the_next_event_with_what_there_is(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("metric_findings", signal="lambda.errors"), "Never said.")
    turn = stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA)
    stage.account.before("fetch", lambda: stage.bench.chats.stop(C1, actor=ADA))
    stage.work(lambda: stored(stage, turn).ended)
    after = stored(stage, turn)
    assert after.status is TurnStatus.STOPPED
    assert [one.name for one in after.calls] == ["metric_findings"]
    assert entries(stage, "chat.stopped")[0]["by"] == ADA.id
    with pytest.raises(IllegalTransition, match="nothing is being answered"):
        stage.bench.chats.stop(C1, actor=ROSA)


def test_words_are_shown_while_they_come_and_a_stop_cuts_them(tmp_path: Path) -> None:
    stage = talking(tmp_path)
    seen: list[str] = []

    class Chatty(ScriptedModel):
        def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
            for event in super().answer(request):
                yield event
                stage.pass_time(seconds=0.5)
                seen.append(stage.store.turns(C1)[0].partial)
                if len(seen) == 4:
                    stage.bench.chats.stop(C1, actor=ROSA)

    stage = with_model(stage, Chatty(["one two three four five six seven"]))
    turn = asked(stage)
    assert turn.status is TurnStatus.STOPPED
    assert seen == ["one", "one two", "one two three", "one two three four"]
    assert (turn.partial, turn.messages) == ("", ())


def test_a_throttled_model_is_waited_for(tmp_path: Path) -> None:
    stage = talking(tmp_path, THROTTLED, THROTTLED, "Now.")
    turn = stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA)
    stage.step(chat_job_id(C1))
    waiting = stored(stage, turn)
    assert waiting.status is TurnStatus.RUNNING
    assert waiting.waits_for == "the model: Bedrock asks to slow down"
    stage.work(lambda: stored(stage, turn).ended)
    after = stored(stage, turn)
    assert (after.status, answer(after), after.waits_for) == (TurnStatus.DONE, "Now.", "")


def test_a_model_that_stays_away_is_given_up(tmp_path: Path) -> None:
    stage = talking(tmp_path, *[AwsUnavailable("nothing listens")] * (MOST_FAILURES + 5))
    turn = asked(stage)
    assert turn.status is TurnStatus.FAILED
    assert "nothing listens" in turn.error
    assert entries(stage, "chat.failed")[0]["error"] == turn.error


@pytest.mark.parametrize(
    "error",
    [
        AwsDenied(
            "bedrock:InvokeModel is denied", iam_action="bedrock:InvokeModel", hint="Grant it."
        ),
        AwsRejected("the request is too long", hint="Grant it."),
    ],
)
def test_a_model_that_says_no_ends_the_turn_and_says_what_to_do(
    tmp_path: Path, error: AwsDenied | AwsRejected
) -> None:
    turn = asked(talking(tmp_path, error))
    assert turn.status is TurnStatus.FAILED
    assert turn.error == f"{error.message}. Grant it."


def test_words_before_a_failure_are_not_kept_and_the_question_is_asked_again(
    tmp_path: Path,
) -> None:
    broken = Scripted((Text(text="Errors rose and"),), error=AwsUnavailable("the stream broke"))
    turn = asked(talking(tmp_path, broken, "Errors rose to 48 (E5)."))
    assert answer(turn) == "Errors rose to 48 (E5)."
    assert len(turn.messages) == 1


def test_a_refusal_of_the_model_is_a_failure_on_record(tmp_path: Path) -> None:
    stage = talking(tmp_path, Scripted((Text(text="I cannot."),), reason="refused"))
    turn = asked(stage)
    assert turn.status is TurnStatus.FAILED
    assert "refused" in turn.error
    assert stage.said()[-1] == "chat.refused"


def test_an_answer_cut_at_its_length_says_so(tmp_path: Path) -> None:
    turn = asked(talking(tmp_path, Scripted((Text(text="It began"),), reason="max_tokens")))
    assert turn.status is TurnStatus.DONE
    assert "cut at its length limit" in turn.error


def test_an_empty_answer_is_told(tmp_path: Path) -> None:
    turn = asked(talking(tmp_path, Scripted(())))
    assert (turn.status, turn.error) == (TurnStatus.DONE, "The model gave no words.")


def test_a_model_that_only_calls_tools_runs_out_of_budget_and_says_so(tmp_path: Path) -> None:
    model = ScriptedModel([use("verdict", number) for number in range(20)])
    turn = asked(with_model(talking(tmp_path), model))
    assert turn.status is TurnStatus.DONE
    assert "budget of 8 answers" in turn.error
    assert turn.usage.calls == len(model.requests) == 8
    assert "No further tool can run" in model.requests[-1].system
    assert "No further tool can run" not in model.requests[0].system


def test_tools_beyond_their_budget_are_not_run_and_the_model_hears_why(tmp_path: Path) -> None:
    many = Scripted(tuple(use("verdict", number) for number in range(30)))
    turn = asked(talking(tmp_path, many, "Enough."))
    ran = [one for one in turn.calls if one.outcome == "success"]
    assert len(ran) == 12
    assert all("budget of 12 tool calls" in one.summary for one in turn.calls[12:])
    assert answer(turn) == "Enough."


def test_a_long_turn_returns_within_its_step_and_goes_on(tmp_path: Path) -> None:
    script = [use("metric_findings", number, signal="lambda.errors") for number in range(3)]
    stage = talking(tmp_path, *script, "Done.")
    stage.account.before("fetch", lambda: stage.pass_time(seconds=40))
    turn = stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA)
    stage.step(chat_job_id(C1))
    assert stored(stage, turn).status is TurnStatus.RUNNING
    stage.work(lambda: stored(stage, turn).ended)
    after = stored(stage, turn)
    assert answer(after) == "Done."
    assert after.worked_seconds == 40


def test_time_spent_ends_a_turn(tmp_path: Path) -> None:
    script = [use("metric_findings", n, signal=signal) for n, signal in enumerate(
        ("lambda.errors", "lambda.invocations", "lambda.duration_p99", "lambda.duration_p50",
         "lambda.duration_max", "lambda.throttles"))]  # fmt: skip
    stage = talking(tmp_path, *script)
    for _ in range(6):
        stage.account.before("fetch", lambda: stage.pass_time(seconds=59))
    turn = asked(stage)
    assert "budget of 240 s" in turn.error
    assert len(turn.calls) == 5


def test_the_role_of_the_model_is_passed_on(tmp_path: Path) -> None:
    model = ScriptedModel(["Deep."])
    stage = with_model(talking(tmp_path), model)
    stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA, role=ModelRole.DEEP)
    stage.step(chat_job_id(C1))
    assert model.requests[0].role is ModelRole.DEEP


# --- plans ----------------------------------------------------------------------------------------


def test_a_plan_is_filed_in_the_name_of_the_person_who_asks(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("propose_plan"), "A plan is filed: INC-0001-P1.")
    turn = asked(stage, "Propose a fix")
    (plan,) = stage.store.plans(INCIDENT)
    assert (plan.requested_by.id, plan.status) == (ROSA.id, "proposed")
    assert turn.plan_id == plan.id
    assert turn.status is TurnStatus.DONE
    assert stage.account.effects == []
    assert entries(stage, "plan.requested")[0]["via"] == f"{C1}/1"
    assert stage.said().count("plan.proposed") == 1
    assert [one.outcome for one in turn.calls] == ["success"]


def test_a_second_wish_for_a_plan_shows_the_one_in_force(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("propose_plan", 1), use("propose_plan", 2), "Filed.",
                    use("propose_plan", 3), "There is one.")  # fmt: skip
    asked(stage, "Propose a fix")
    again = asked(stage, "Propose another", conversation=C1)
    assert len(stage.store.plans(INCIDENT)) == 1
    assert "already" in again.calls[0].summary
    assert again.plan_id is None


def test_a_person_who_may_no_longer_propose_gets_no_plan(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("propose_plan"), "It was refused.")
    turn = stage.bench.chats.ask(INCIDENT, "Fix it", actor=ROSA)
    (row,) = stage.store.turns(C1)
    stage.store.commit(Changeset(puts=(row.model_copy(update={"asked_by": VERA}),)))
    stage.work(lambda: stored(stage, turn).ended)
    after = stored(stage, turn)
    assert stage.store.plans(INCIDENT) == []
    assert after.calls[0].outcome == "failed"
    assert "needs the role" in after.calls[0].summary
    assert "command.refused" in stage.said()


def test_without_a_verdict_there_is_no_plan_and_the_model_hears_why(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("propose_plan"), use("verdict", 2), "Investigate first.")
    other = stage.bench.intake.open_incident("mail", actor=ROSA)
    turn = stage.bench.chats.ask(other.id, "Fix it", actor=ROSA)
    stage.work(lambda: stored(stage, turn).ended)
    after = stored(stage, turn)
    assert [one.outcome for one in after.calls] == ["failed", "no_data"]
    assert "after the investigation" in after.calls[0].summary


# --- killed ---------------------------------------------------------------------------------------


def test_a_turn_killed_anywhere_is_answered_once_and_files_everything_once(tmp_path: Path) -> None:
    script: list[Script] = [
        Scripted((use("metric_findings", 1, signal="lambda.errors"), use("propose_plan", 2))),
        use("show_plan", 3),
        f"Filed as INC-0001-P1 ({NEXT}).",
    ]
    kills = 0
    for at in range(1, 200, 2):
        if _survives(tmp_path / str(at), at, script):
            break
        kills += 1
    assert kills > 10


def _survives(folder: Path, at: int, script: Sequence[Script]) -> bool:
    """Kill at the n-th commit's edge, go on with another worker; True when none was killed."""
    stage = talking(folder)
    turn = stage.bench.chats.ask(INCIDENT, "Fix it", actor=ROSA)
    model = Resumable(script)
    fuse = Fuse(at)
    first = with_model(stage, model, FusedStore(stage.store, fuse))  # type: ignore[arg-type]
    killed = False
    try:
        first.work(lambda: stored(stage, turn).ended, owner="first")
    except Killed:
        killed = True
        second = with_model(stage, model)
        second.work(lambda: stored(stage, turn).ended, owner="second")
    after = stored(stage, turn)
    assert after.status is TurnStatus.DONE, (at, after)
    assert [one.id for one in after.calls] == ["use-1", "use-2", "use-3"]
    assert after.plan_id == "INC-0001-P1"
    assert answer(after) == f"Filed as INC-0001-P1 ({NEXT})."
    assert len(stage.store.plans(INCIDENT)) == 1
    ledger = stage.store.evidence(INCIDENT)
    assert len({item.task for item in ledger}) == len(ledger) == GATHERED + 1
    said = stage.said()
    assert said.count("plan.requested") == said.count("plan.proposed") == 1
    assert said.count("tool.called") == 3
    assert said.count("chat.answered") == 1
    stage.assert_sound()
    return not killed


class Resumable(ScriptedModel):
    """Gives the answer that belongs to how far the transcript is: a model remembers nothing."""

    def __init__(self, script: Sequence[Script]) -> None:
        super().__init__()
        self._script = script

    def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
        """The answer after as many as the transcript holds."""
        said = sum(one.speaker == "assistant" for one in request.messages)
        return ScriptedModel([self._script[said]]).answer(request)


def test_the_lease_of_a_turn_is_its_conversations_job(tmp_path: Path) -> None:
    stage = talking(tmp_path, "Yes.")
    stage.bench.chats.ask(INCIDENT, "Why?", actor=ROSA)
    job = stage.store.job(chat_job_id(C1))
    assert job is not None
    assert (job.kind, job.conversation_id, job.incident_id) == (JobKind.CHAT, C1, INCIDENT)
    assert stage.claim(job.id, owner="other")
    assert not stage.step(chat_job_id(C1))
    stage.pass_time(seconds=timedelta(seconds=16).total_seconds())
    assert stage.step(chat_job_id(C1))
    assert stage.store.turns(C1)[0].status is TurnStatus.DONE


def test_a_plan_that_is_never_made_does_not_hold_the_turn_for_ever(tmp_path: Path) -> None:
    stage = talking(tmp_path, use("propose_plan"), "Not yet.")
    stage.account.fail("read", AwsUnavailable("nothing listens"), times=40)
    turn = asked(stage, "Fix it")
    assert turn.status is TurnStatus.DONE
    assert "still being made" in turn.calls[0].summary
    assert stage.store.plans(INCIDENT) == []


def test_two_who_ask_at_the_same_moment_both_get_their_turn(tmp_path: Path) -> None:
    stage = talking(tmp_path, "One.", "Two.", "Three.")
    asked(stage)
    racing = Overtaken(stage.store, lambda: stage.bench.chats.ask(
        INCIDENT, "Me too?", actor=ADA, conversation_id=C1))  # fmt: skip
    other = with_model(stage, ScriptedModel(), racing)  # type: ignore[arg-type]
    mine = other.bench.chats.ask(INCIDENT, "And me?", actor=ROSA, conversation_id=C1)
    assert mine.number == 3
    stage.work()
    assert [answer(one) for one in stage.store.turns(C1)] == ["One.", "Two.", "Three."]


class Overtaken:
    """A store before whose first commit somebody else's command comes through."""

    def __init__(self, store: Store, between: Callable[[], object]) -> None:
        self._store = store
        self._between: list[Callable[[], object]] = [between]

    def commit(self, changes: Changeset) -> object:
        """Let the other one in, then commit."""
        if self._between:
            self._between.pop()()
        return self._store.commit(changes)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)
