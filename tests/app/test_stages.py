"""The rail, the next step, and when to look again."""

from collections.abc import Callable

import pytest

from app.stages import NextStep, content_key, is_moving, next_step, poll_seconds, rail
from opspilot.domain.commands import Command
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus as Status
from opspilot.domain.plan import VerificationOutcome
from opspilot.domain.views import IncidentView
from tests import builders
from tests.builders import ADA, GRACE, approved, executed, incident, investigation, plan, view

REFUSED = {Command.UNDO_PLAN: "nothing of the plan is in force"}

JOURNEY: list[tuple[str, Callable[[], IncidentView], str]] = [
    ("open", lambda: view(incident(Status.OPEN)), "C......"),
    (
        "gathering",
        lambda: view(incident(Status.INVESTIGATING), found=investigation("gathering")),
        "C......",
    ),
    (
        "diagnosing",
        lambda: view(incident(Status.INVESTIGATING), found=investigation("diagnosing")),
        "dC.....",
    ),
    ("diagnosed", lambda: view(incident(), found=investigation()), "ddC...."),
    ("proposed", lambda: view(incident(Status.AWAITING_APPROVAL), plans=(plan(),)), "dddC..."),
    ("approved", lambda: view(incident(Status.AWAITING_APPROVAL), plans=(approved(),)), "ddddC.."),
    ("executing", lambda: view(incident(Status.REMEDIATING), plans=(approved(),)), "ddddC.."),
    ("verifying", lambda: view(incident(Status.VERIFYING), plans=(executed(None),)), "dddddC."),
    ("resolved", lambda: view(incident(Status.RESOLVED), plans=(executed(),)), "ddddddd"),
    ("failed", lambda: view(incident(Status.FAILED)), "F......"),
    (
        "not recovered",
        lambda: view(incident(Status.FAILED), plans=(executed(VerificationOutcome.NO_EFFECT),)),
        "dddddF.",
    ),
    ("closed as false alarm", lambda: view(incident(Status.CLOSED)), "......."),
    (
        "closed after recovery",
        lambda: view(incident(Status.CLOSED), plans=(executed(),)),
        "ddddddd",
    ),
]
LETTERS = {"done": "d", "current": "C", "todo": ".", "failed": "F"}


@pytest.mark.parametrize(("name", "build", "drawn"), JOURNEY, ids=[name for name, _, _ in JOURNEY])
def test_the_rail_shows_how_far_the_incident_has_come(
    name: str, build: Callable[[], IncidentView], drawn: str
) -> None:
    assert name
    assert "".join(LETTERS[stage.progress] for stage in rail(build())) == drawn


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_rail_and_a_next_step(status: Status) -> None:
    shown = view(incident(status))
    assert len(rail(shown)) == 7
    step = next_step(shown, ADA)
    assert (step.command is None) == (status is Status.CLOSED)


def test_a_refusal_of_the_engine_is_the_reason_beside_the_button() -> None:
    shown = view(
        incident(Status.AWAITING_APPROVAL),
        plans=(plan(),),
        refusals={Command.APPROVE_PLAN: "another person must approve"},
    )
    expected = NextStep(Command.APPROVE_PLAN, "Approve as Ada", "another person must approve")
    assert next_step(shown, ADA) == expected


def test_the_approving_person_is_named_on_the_button() -> None:
    shown = view(incident(Status.AWAITING_APPROVAL), plans=(plan(),))
    assert next_step(shown, GRACE) == NextStep(Command.APPROVE_PLAN, "Approve as Grace")


def test_an_approved_plan_is_executed_next() -> None:
    shown = view(incident(Status.AWAITING_APPROVAL), plans=(approved(),))
    assert next_step(shown, ADA).command is Command.EXECUTE_PLAN


def test_without_a_cause_the_next_step_is_another_look() -> None:
    shown = view(found=investigation(verdict=builders.verdict(VerdictStatus.INCONCLUSIVE)))
    assert next_step(shown, ADA).command is Command.INVESTIGATE


def test_while_a_plan_is_being_made_nobody_can_ask_again() -> None:
    step = next_step(view(incident(plan_requested_by=ADA), found=investigation()), ADA)
    assert (step.command, step.running) == (Command.PROPOSE_PLAN, True)
    assert step.refusal


def test_a_failed_change_is_undone_first_if_there_is_something_to_undo() -> None:
    failed = incident(Status.FAILED)
    assert next_step(view(failed), ADA).command is Command.UNDO_PLAN
    assert next_step(view(failed, refusals=REFUSED), ADA).command is Command.INVESTIGATE


def test_a_moving_incident_is_looked_at_every_second_and_a_resting_one_not_at_all() -> None:
    assert poll_seconds(view(incident(Status.VERIFYING))) == 1
    for status in (Status.RESOLVED, Status.FAILED, Status.CLOSED):
        assert poll_seconds(view(incident(status))) is None


def test_an_asked_for_undo_or_a_failing_step_counts_as_moving() -> None:
    assert is_moving(view(incident(Status.RESOLVED, undo_requested_by=ADA)))
    assert is_moving(view(incident(Status.DIAGNOSED), job_error="throttled"))
    assert not is_moving(view(incident(Status.DIAGNOSED)))


def test_the_content_key_moves_with_what_is_shown_and_not_without() -> None:
    shown = view(found=investigation())
    assert content_key(shown) == content_key(view(found=investigation()))
    assert content_key(shown) != content_key(view(found=investigation(version=5)))
    assert content_key(shown) != content_key(view(found=investigation(), plans=(plan(),)))
    assert content_key(shown) != content_key(view(found=investigation(), evidence=()))
