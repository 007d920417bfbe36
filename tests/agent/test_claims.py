"""Claims: what the record bears out stays, near misses go, and nothing is invented."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.agent.claims import NOTHING_LEFT, OnRecord, check, checked, on_record
from opspilot.agent.figures import Figures, numbers
from opspilot.domain.conversation import Message, Text, ToolResult, ToolUse, Turn
from opspilot.domain.identity import Actor
from tests import builders


def record(*values: object) -> OnRecord:
    """A record that holds these values."""
    figures = Figures()
    for value in values:
        figures.add(value)
    return OnRecord(frozenset({"E1", "E2"}), frozenset({"INC-0001-P1"}), figures)


KNOWN = record(
    {"latency_ms": 3_600.0, "share": 0.2, "errors": 34, "memory_mb": 1_536, "none": 0},
    "Errors of checkout rose from 0 to 34 at 11:46 UTC (12.3 robust sigma, 1,910 in all).",
    {"at": "2026-03-04T11:46:20+00:00", "version": "18"},
)

BORNE_OUT = [
    "Errors rose to 34 (E1).",
    "20 % of the calls failed.",
    "20% failed, that is 0.2 of all.",
    "It took 3.6 s, or 3,600 ms (E1, E2).",
    "About 1,900 calls were made; exactly 1,910.",
    "It began at 11:46 UTC, more precisely at 11:46:20 on 2026-03-04.",
    "Release 18 of payments came first.",
    "12.3 sigma, roughly 12 sigma.",
    "Memory is 1.5 GB, or 1536 MB.",
    "There were 0 throttles (E1-E2).",
    "The p99 of v17 in us-east-1 and the 5xx answers are names, as is lambda-2.",
    "One of the two functions is slow.",
    "See INC-0001-P1 of INC-0001.",
    "No figure and no citation at all.",
    "",
]
INVENTED = [
    ("Errors rose to 35 (E1).", "35"),
    ("Errors rose to 340.", "340"),
    ("21 % failed.", "21 %"),
    ("It took 3.7 s.", "3.7 s"),
    ("It took 36 s.", "36 s"),
    ("About 2,000 calls were made.", "2,000"),
    ("It began at 11:47.", "11:47"),
    ("It began at 11:46:21.", "11:46:21"),
    ("It began on 2026-03-05.", "2026-03-05"),
    ("Between 34-99 calls failed.", "99"),
    ("Between 34\u201399 calls failed.", "99"),
    ("34/98 failed.", "98"),
    ("A ratio of 34:7.", "7"),
    ("34,35 s passed.", "35 s"),
    ("Two hundred calls failed.", "two hundred"),
    ("\u0663\u0664\u0665 calls failed.", "\u0663\u0664\u0665"),
    ("\uff17\uff17 calls failed.", "77"),
    ("The ledger says so (E3).", "E3"),
    ("The ledger says so (E1-E9).", "E9"),
    ("The ledger says so [E1, E77].", "E77"),
    ("INC-0001-P2 is filed.", "INC-0001-P2"),
    ("| checkout | 77 |", "77"),
    ("It took 77m.", "77m"),
    ("77M calls failed.", "77M"),
    ("Errors rose to 7.7e7.", "7.7e7"),
    ("77req/s were refused.", "77req"),
]


@pytest.mark.parametrize("text", BORNE_OUT)
def test_what_the_record_bears_out_stays_as_it_was(text: str) -> None:
    assert check(text, KNOWN) == (text, [])


@pytest.mark.parametrize(("text", "named"), INVENTED)
def test_what_it_does_not_goes_with_its_reason(text: str, named: str) -> None:
    kept, (dropped, *_) = check(text, KNOWN)
    assert kept == ""
    assert dropped.text == text
    assert named in dropped.reason


def test_only_the_sentence_goes_and_list_positions_are_no_figures() -> None:
    first = "7. Errors rose to 34. They fell to 77. All is well."
    text = f"Summary:\n\n{first}\n8. E9 says more.\n9) Fine."
    kept, dropped = check(text, KNOWN)
    assert kept == "Summary:\n\n7. Errors rose to 34. All is well.\n9) Fine."
    assert [one.text for one in dropped] == ["They fell to 77.", "E9 says more."]


def test_an_answer_of_nothing_but_inventions_says_that_nothing_is_left() -> None:
    message = Message(speaker="assistant", blocks=(Text(text="77 calls failed."),))
    after, dropped = checked(message, KNOWN)
    assert after.blocks == (Text(text=NOTHING_LEFT),)
    assert len(dropped) == 1


def test_tool_uses_stay_whatever_the_words_around_them() -> None:
    use = ToolUse(id="u", name="verdict", input={"n": 77})
    after, _ = checked(Message(speaker="assistant", blocks=(Text(text="77 failed."), use)), KNOWN)
    assert after.blocks == (use,)


def test_the_ledger_and_the_tools_results_are_the_record_and_the_question_is_not() -> None:
    result = ToolResult(id="u", content={"finding": "123 calls in a window"})
    failed = ToolResult(id="v", content={"error": "456 is too much"}, failed=True)
    turn = Turn(
        conversation_id="C",
        incident_id="I",
        number=1,
        asked_by=Actor(id="ada", name="Ada"),
        question="Say that 789 calls failed",
        messages=(Message(speaker="user", blocks=(result, failed)),),
        asked_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    known = on_record(builders.incident(), builders.ledger(), (builders.plan(),), (turn,))
    assert check("123 calls.", known)[1] == []
    assert check("456 calls.", known)[1]
    assert check("789 calls.", known)[1]
    for item in builders.ledger():
        assert check(f"{item.finding} ({item.id})", known)[1] == [], item.finding


@given(st.floats(min_value=0.001, max_value=1e6), st.integers(min_value=0, max_value=4))
def test_any_rounding_of_a_number_on_record_stays(value: float, digits: int) -> None:
    text = f"{value:.{digits}f}"
    if float(text):
        assert check(f"It was {text} then.", record(value))[1] == []


@given(st.integers(min_value=13, max_value=10**9), st.integers(min_value=1, max_value=10**9))
def test_a_whole_number_that_is_far_from_all_on_record_goes(known: int, other: int) -> None:
    apart = abs(known - other) > max(known, other) * 0.05 + 1
    if apart and other > 1:
        assert check(f"{other:,} calls failed.", record({"n": float(known)}))[1]


@given(st.text(max_size=300))
def test_no_text_breaks_the_check_and_what_stays_was_there(text: str) -> None:
    kept, dropped = check(text, KNOWN)
    assert len(kept) <= len(text) + 1
    for figure in numbers(kept):
        assert KNOWN.figures.hold(figure)
    assert all(one.reason for one in dropped)


@given(st.text(alphabet="0123456789.,:-/ %EkKmsMGBxhd\n", max_size=60))
def test_whatever_stays_holds_no_figure_that_is_not_on_record(text: str) -> None:
    kept, _ = check(text, KNOWN)
    again, dropped = check(kept, KNOWN)
    assert (again, dropped) == (kept, [])
