"""The lifecycle: every pair of status and trigger either has its row or is refused by name."""

import itertools

import pytest

from opspilot.domain.incident import IncidentStatus as Status
from opspilot.errors import IllegalTransition
from opspilot.lifecycle import TRANSITIONS, Trigger, advance, allowed_triggers

TABLE = {(row.status, row.trigger): row.target for row in TRANSITIONS}
PAIRS = list(itertools.product(Status, Trigger))
ENDS = {Status.CLOSED}


@pytest.mark.parametrize(("status", "trigger"), PAIRS)
def test_a_pair_moves_as_its_row_says_or_is_refused_naming_all_three(
    status: Status, trigger: Trigger
) -> None:
    if (status, trigger) in TABLE:
        assert advance(status, trigger) is TABLE[status, trigger]
        assert trigger in allowed_triggers(status)
        return
    assert trigger not in allowed_triggers(status)
    with pytest.raises(IllegalTransition) as refused:
        advance(status, trigger)
    allowed = allowed_triggers(status)
    for word in (status.value, trigger.value, *(one.value for one in allowed)):
        assert word in refused.value.message


def test_no_pair_has_two_rows() -> None:
    assert len(TABLE) == len(TRANSITIONS)


def test_every_trigger_is_used_and_every_row_says_what_it_means() -> None:
    assert {row.trigger for row in TRANSITIONS} == set(Trigger)
    assert all(row.meaning for row in TRANSITIONS)


def test_every_status_can_be_reached_from_open() -> None:
    reached, grown = {Status.OPEN}, True
    while grown:
        more = {row.target for row in TRANSITIONS if row.status in reached} - reached
        reached |= more
        grown = bool(more)
    assert reached == set(Status)


def test_an_incident_can_always_be_brought_to_its_end() -> None:
    ending, grown = set(ENDS), True
    while grown:
        more = {row.status for row in TRANSITIONS if row.target in ending} - ending
        ending |= more
        grown = bool(more)
    assert ending == set(Status)


def test_closed_is_the_only_end() -> None:
    assert {status for status in Status if not allowed_triggers(status)} == ENDS


@pytest.mark.parametrize(
    ("path", "end"),
    [
        (
            "investigation_started verdict_reached plan_proposed execution_started"
            " actions_settled recovered closed",
            Status.CLOSED,
        ),
        (
            "investigation_started verdict_reached plan_proposed execution_started"
            " actions_settled not_recovered undo_started undo_settled",
            Status.DIAGNOSED,
        ),
        (
            "investigation_started verdict_reached plan_proposed execution_started plan_voided",
            Status.DIAGNOSED,
        ),
    ],
)
def test_the_journeys_of_an_incident_lead_where_they_should(path: str, end: Status) -> None:
    status = Status.OPEN
    for word in path.split():
        status = advance(status, Trigger(word))
    assert status is end


def test_nothing_executes_without_an_approval_stage_before() -> None:
    sources = {row.status for row in TRANSITIONS if row.trigger is Trigger.EXECUTION_STARTED}
    assert sources == {Status.AWAITING_APPROVAL}
