"""The chat page, through the app's entry, on a real store."""

from datetime import timedelta

import pytest

from opspilot.domain.conversation import (
    Conversation,
    DroppedClaim,
    Message,
    Text,
    TokenUsage,
    ToolCall,
    ToolResult,
    ToolUse,
    Turn,
    TurnStatus,
)
from opspilot.domain.identity import Actor, Role
from opspilot.ports.store import Row
from tests import builders
from tests.app.conftest import ENTRY, Fill, opened, said

CHAT_PAGE = str(ENTRY.parent.parent / "pages" / "chat.py")
ADA = Actor(id="ada", name="Ada", roles=(Role.RESPONDER,), source="embedded")
C1 = "INC-0042-C1"
HOSTILE = (
    '<img src="https://evil.example/x.png"> ![x](https://evil.example/y.png) [go](javascript:1)'
)


def talk(**changes: object) -> tuple[Row, ...]:
    """The diagnosed incident and a conversation of one turn."""
    use = ToolUse(id="u1", name="metric_findings", input={"signal": "lambda.errors"})
    turn = Turn(
        conversation_id=C1,
        incident_id="INC-0042",
        number=1,
        asked_by=ADA,
        question="Why does checkout fail?",
        status=TurnStatus.DONE,
        messages=(
            Message(speaker="assistant", blocks=(Text(text="I look at the errors."), use)),
            Message(
                speaker="user", blocks=(ToolResult(id="u1", content={"finding": "Errors rose."}),)
            ),
            Message(speaker="assistant", blocks=(Text(text="- Errors rose (**E1**)."),)),
        ),
        calls=(
            ToolCall(
                id="u1",
                name="metric_findings",
                seconds=0.4,
                summary="Errors of checkout rose",
                evidence=("E1",),
            ),
        ),
        dropped=(DroppedClaim(text="77 calls failed.", reason="77 is not in the evidence"),),
        usage=TokenUsage(input_tokens=1_200, output_tokens=80, calls=2, model_id="some-model"),
        asked_at=builders.NOW,
        ended_at=builders.NOW + timedelta(seconds=9),
    )
    conversation = Conversation(
        id=C1,
        incident_id="INC-0042",
        number=1,
        title="Why does checkout fail?",
        turns=1,
        started_by=ADA,
        started_at=builders.NOW,
    )
    return (
        builders.incident(),
        builders.investigation(),
        *builders.ledger(),
        conversation,
        turn.model_copy(update=changes),
    )


def test_without_incidents_the_page_says_where_to_begin(fill: Fill) -> None:
    fill()
    app = opened(CHAT_PAGE)
    assert not app.exception
    assert app.title[0].value == "Chat"
    assert "There is no incident yet" in said(app)


def test_an_incident_without_conversations_suggests_first_questions(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(CHAT_PAGE, id="INC-0042")
    assert not app.exception
    assert "What is the cause, and what speaks against it?" in [one.label for one in app.button]
    assert "None yet." in said(app)


def test_an_unknown_incident_is_said_without_a_traceback(fill: Fill) -> None:
    fill()
    app = opened(CHAT_PAGE, id="INC-9999")
    assert not app.exception
    assert "INC-9999" in said(app)


def test_a_turn_shows_its_question_tools_answer_dropped_claims_and_cost(fill: Fill) -> None:
    fill(*talk())
    app = opened(CHAT_PAGE, id="INC-0042", c=C1)
    assert not app.exception
    text = said(app)
    for part in (
        "Why does checkout fail?",
        "Metric findings",
        "signal lambda.errors",
        "Errors of checkout rose.",
        "400 ms",
        "Errors rose",
        "<s>77 calls failed.</s>",
        "77 is not in the evidence",
        "model some-model",
        "1,200 tokens in, 80 out",
    ):
        assert part in text, part


def test_the_newest_conversation_opens_when_the_address_names_none(fill: Fill) -> None:
    fill(*talk())
    assert "Why does checkout fail?" in said(opened(CHAT_PAGE, id="INC-0042"))
    fresh = opened(CHAT_PAGE, id="INC-0042", c="new")
    assert "Metric findings" not in said(fresh)


@pytest.mark.parametrize("where", ["question", "answer", "summary", "partial", "dropped", "error"])
def test_hostile_text_stays_text_wherever_it_stands(fill: Fill, where: str) -> None:
    changes: dict[str, object] = {
        "question": {"question": HOSTILE},
        "answer": {"messages": (Message(speaker="assistant", blocks=(Text(text=HOSTILE),)),)},
        "summary": {
            "calls": (ToolCall(id="u1", name="metric_findings", seconds=1, summary=HOSTILE),)
        },
        "partial": {"partial": HOSTILE},
        "dropped": {"dropped": (DroppedClaim(text=HOSTILE, reason=HOSTILE),)},
        "error": {"error": HOSTILE},
    }[where]
    fill(*talk(**changes))
    app = opened(CHAT_PAGE, id="INC-0042", c=C1)
    assert not app.exception
    assert "evil.example" in said(app)
    assert "<img" not in said(app)
    assert "<a " not in said(app)
    assert "evil.example" not in "".join(str(one.value) for one in app.markdown)


def test_asking_puts_the_question_into_the_store_and_the_address(fill: Fill) -> None:
    store = fill(builders.incident(), builders.investigation(), *builders.ledger())
    app = opened(CHAT_PAGE, id="INC-0042")
    next(one for one in app.button if one.label.startswith("What is the cause")).click().run()
    assert not app.exception
    (conversation,) = store.conversations("INC-0042")
    (turn,) = store.turns(conversation.id)
    assert (turn.question, turn.asked_by.id) == (
        "What is the cause, and what speaks against it?",
        "ada",
    )
    assert app.query_params["c"] == conversation.id
    assert "Waits for a worker." in said(app)


def test_a_viewer_reads_and_is_told_why_they_may_not_ask(fill: Fill) -> None:
    fill(*talk(status=TurnStatus.RUNNING, ended_at=None))
    app = opened(CHAT_PAGE, id="INC-0042", c=C1, **{"as": "vera"})
    assert not app.exception
    assert "Why does checkout fail?" in said(app)
    assert app.chat_input(key="question").disabled
    assert app.button(key="stop-turn").disabled
    assert "Vera is no admin or approver or responder." in said(app)


def test_a_running_answer_can_be_stopped(fill: Fill) -> None:
    store = fill(*talk(status=TurnStatus.RUNNING, partial="Errors ro", ended_at=None))
    app = opened(CHAT_PAGE, id="INC-0042", c=C1)
    assert "Errors ro" in said(app)
    assert "checked when it is whole" in said(app)
    app.button(key="stop-turn").click().run()
    assert store.turns(C1)[0].stop_requested
    assert "Stops at the next step." in said(app)


def test_a_turn_that_waits_says_for_what(fill: Fill) -> None:
    waiting = {"status": TurnStatus.RUNNING, "waits_for": "the model: slow down", "ended_at": None}
    fill(*talk(**waiting))
    assert "Waits for the model: slow down. It is tried again." in said(
        opened(CHAT_PAGE, id="INC-0042", c=C1)
    )


def test_a_plan_that_a_turn_filed_is_linked(fill: Fill) -> None:
    fill(*talk(plan_id="INC-0042-P1"))
    app = opened(CHAT_PAGE, id="INC-0042", c=C1)
    labels = [one.proto.label for one in app.get("page_link")]
    assert "Open INC-0042-P1" in labels
    assert "E1" in labels


def test_the_page_of_an_incident_leads_to_its_chat(fill: Fill) -> None:
    fill(builders.incident(), builders.investigation(), *builders.ledger())
    app = opened(str(ENTRY.parent.parent / "pages" / "incident.py"), id="INC-0042")
    assert "Ask about this" in [one.proto.label for one in app.get("page_link")]
