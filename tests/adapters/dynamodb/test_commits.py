"""Commits when answers are lost, others write at the same moment, or AWS refuses."""

from datetime import timedelta

import pytest

from opspilot.adapters.dynamodb import DynamoStore
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.job import Lease
from opspilot.domain.resource import lambda_function
from opspilot.errors import Conflict, InputError, LeaseLost, StoreUnavailable, WrongAccount
from opspilot.ports.store import Changeset
from tests.adapters.dynamodb.wire import (
    Happening,
    Wire,
    after,
    answers,
    cancelled,
    leaving_keys_unread,
    lost_answer,
    lost_answer_and_token,
    lost_request,
)
from tests.contract.rows import T0, draft, evidence, incident, job, note
from tests.contract.rows import after as later

WRITE = "TransactWriteItems"


@pytest.mark.parametrize("trouble", [lost_answer, lost_answer_and_token, lost_request])
def test_a_commit_whose_answer_is_lost_is_done_once(
    troubled: DynamoStore, wire: Wire, trouble: Happening
) -> None:
    wire.plan(WRITE, trouble)
    (entry,) = troubled.commit(Changeset(puts=[incident(), evidence()], audit=[draft()]))
    assert troubled.counts() == {IncidentStatus.OPEN: 1}
    assert troubled.entries("INC-0001") == [entry]
    assert [head.seq for head in troubled.chains()] == [1]
    assert troubled.incident("INC-0001").version == 1
    assert wire.seen[WRITE] == 2


def test_of_two_equal_commits_one_is_not_taken_for_the_other_whose_answer_was_lost(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    same = Changeset(audit=[draft()])
    # The first sending never arrives, and the same entry is written by somebody else meanwhile.
    wire.plan(WRITE, lost_request, after(lambda: store.commit(same)))
    troubled.commit(same)
    assert [entry.seq for entry in store.entries("INC-0001")] == [1, 2]


def test_a_commit_that_nobody_ever_answers_says_that_the_store_is_unavailable(
    troubled: DynamoStore, wire: Wire
) -> None:
    wire.plan(WRITE, *[lost_request] * 3)
    with pytest.raises(StoreUnavailable, match="tried 3 times") as caught:
        troubled.commit(Changeset(puts=[incident()]))
    assert "AWS_ENDPOINT_URL" in caught.value.hint


@pytest.mark.parametrize(
    "trouble",
    [
        cancelled("TransactionConflict"),
        cancelled("ThrottlingError"),
        answers("ProvisionedThroughputExceededException"),
        answers("TransactionInProgressException"),
        answers("InternalServerError", 500),
    ],
)
def test_what_passes_is_tried_again(troubled: DynamoStore, wire: Wire, trouble: Happening) -> None:
    wire.plan(WRITE, *[trouble] * 4)
    troubled.commit(Changeset(puts=[incident()], audit=[draft()]))
    assert troubled.counts() == {IncidentStatus.OPEN: 1}
    assert [head.seq for head in troubled.chains()] == [1]


def test_what_does_not_pass_is_not_tried_again(troubled: DynamoStore, wire: Wire) -> None:
    wire.plan(WRITE, cancelled("ItemCollectionSizeLimitExceeded"))
    with pytest.raises(StoreUnavailable, match="ItemCollectionSizeLimitExceeded") as caught:
        troubled.commit(Changeset(puts=[incident()]))
    assert "10 GB" in caught.value.hint
    assert wire.seen[WRITE] == 1


def test_a_denial_names_the_missing_action(troubled: DynamoStore, wire: Wire) -> None:
    said = (
        "User: arn:aws:iam::1:user/u is not authorized to perform: dynamodb:PutItem"
        " on resource: arn:aws:dynamodb:us-east-1:1:table/T because no identity-based policy allows"
    )
    wire.plan(WRITE, answers("AccessDeniedException", message=said))
    with pytest.raises(StoreUnavailable, match=r"denied dynamodb:PutItem on arn:.*:table/T"):
        troubled.commit(Changeset(puts=[incident()]))


def test_throttling_without_end_is_told_as_such(troubled: DynamoStore, wire: Wire) -> None:
    wire.plan("GetItem", *[answers("ThrottlingException")] * 60)
    with pytest.raises(StoreUnavailable, match="GetItem") as caught:
        troubled.incident("INC-0001")
    assert "throttles" in caught.value.hint


def test_keys_that_were_left_unread_are_asked_for_again(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    store.commit(Changeset(puts=[incident(number) for number in (1, 2, 3)]))
    wire.plan("BatchGetItem", leaving_keys_unread, leaving_keys_unread)
    newest = ["INC-0003", "INC-0002", "INC-0001"]
    assert [one.id for one in troubled.incidents().items] == newest
    assert wire.seen["BatchGetItem"] == 3


def test_an_entry_is_linked_anew_when_another_came_first(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    wire.plan(WRITE, after(lambda: store.commit(Changeset(audit=[draft(), draft()]))))
    (entry,) = troubled.commit(Changeset(audit=[draft(action_type="test.second")]))
    assert entry.seq == 3
    assert store.entries("INC-0001")[-1] == entry


def test_a_row_that_moves_between_reading_and_writing_conflicts(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    wire.plan(WRITE, after(lambda: store.commit(Changeset(puts=[incident()]))))
    with pytest.raises(Conflict):
        troubled.commit(Changeset(puts=[incident()], audit=[draft()]))
    assert store.chains() == []


def test_evidence_that_arrives_at_the_same_moment_keeps_an_order(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    wire.plan(WRITE, after(lambda: store.commit(Changeset(puts=[evidence(1), note(1)]))))
    troubled.commit(Changeset(puts=[evidence(2)]))
    store.commit(Changeset(puts=[evidence(3)]))
    assert [item.id for item in store.evidence("INC-0001")] == ["E1", "E2", "E3"]


def test_a_lease_that_is_taken_between_reading_and_writing_is_lost(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    store.commit(Changeset(puts=[job()]))
    store.claim("w", now=T0, until=later(60))
    wire.plan(WRITE, after(lambda: store.claim("v", now=later(60), until=later(120))))
    with pytest.raises(LeaseLost, match="held by v"):
        troubled.commit(Changeset(puts=[incident()], lease=Lease(job_id="a", owner="w")))
    assert store.counts() == {}


def test_an_extension_between_reading_and_writing_is_kept(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    store.commit(Changeset(puts=[job()]))
    taken = store.claim("w", now=T0, until=later(60))
    assert taken is not None
    wire.plan(WRITE, after(lambda: store.extend(Lease(job_id="a", owner="w"), later(120))))
    troubled.commit(Changeset(puts=[taken.model_copy(update={"attempts": 1})]))
    kept = store.job("a")
    assert kept is not None
    assert (kept.attempts, kept.lease_until) == (1, later(120))


def test_a_claim_whose_answer_is_lost_is_still_ours(troubled: DynamoStore, wire: Wire) -> None:
    troubled.commit(Changeset(puts=[job()]))
    wire.plan("UpdateItem", lost_answer)
    taken = troubled.claim("w", now=T0, until=later(60))
    assert taken == troubled.job("a")
    assert taken is not None
    assert taken.lease_owner == "w"


def test_a_claim_that_comes_too_late_takes_the_next_job(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    store.commit(Changeset(puts=[job("a"), job("b", due=0)]))
    wire.plan("UpdateItem", after(lambda: store.claim("v", now=T0, until=later(60))))
    taken = troubled.claim("w", now=T0, until=later(60))
    assert taken is not None
    assert taken.id == "b"


def test_a_number_whose_answer_is_lost_is_skipped(troubled: DynamoStore, wire: Wire) -> None:
    wire.plan("UpdateItem", lost_answer)
    assert [troubled.next_number("incident") for _ in range(2)] == [2, 3]


def test_an_incident_that_moves_while_its_list_is_read_is_not_missed(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    statuses = [IncidentStatus.OPEN, IncidentStatus.INVESTIGATING]
    store.commit(Changeset(puts=[incident()]))

    def move() -> None:
        """To the status that is not the one it has."""
        row = store.incident("INC-0001")
        other = next(status for status in statuses if status != row.status)
        store.commit(Changeset(puts=[row.model_copy(update={"status": other})]))

    # Between the two queries of one list, whichever status is asked for first.
    wire.plan("Query", after(), after(move), after(move))
    assert [one.id for one in troubled.incidents(statuses).items] == ["INC-0001"]


def test_a_page_goes_on_behind_rows_that_left_the_status_while_it_was_read(
    store: DynamoStore, troubled: DynamoStore, wire: Wire
) -> None:
    store.commit(Changeset(puts=[incident(number) for number in (1, 2, 3)]))

    def close_the_newest() -> None:
        row = store.incident("INC-0003")
        closed = row.model_copy(update={"status": IncidentStatus.CLOSED})
        store.commit(Changeset(puts=[closed]))

    wire.plan("BatchGetItem", after(close_the_newest))
    first = troubled.incidents([IncidentStatus.OPEN], limit=2)
    second = troubled.incidents([IncidentStatus.OPEN], limit=2, cursor=first.cursor)
    assert [one.id for one in first.items + second.items] == ["INC-0002", "INC-0001"]


@pytest.mark.parametrize(
    "cursor", ['["-5#x"]', '["1#x"]', '["00000000000000000001"]', "[7]", '["a", "b"]', '["~"]']
)
def test_a_cursor_that_names_no_place_is_refused_before_anything_is_asked(
    troubled: DynamoStore, wire: Wire, cursor: str
) -> None:
    before = wire.seen.total()
    for read in (troubled.incidents, troubled.newest_plans):
        with pytest.raises(InputError, match="cursor"):
            read(cursor=cursor)
    assert wire.seen.total() == before


def test_an_incident_of_another_region_is_refused(store: DynamoStore) -> None:
    theirs = incident().model_copy(
        update={"resource": lambda_function("000000000000", "eu-west-1", "checkout")}
    )
    with pytest.raises(WrongAccount, match="000000000000/eu-west-1"):
        store.commit(Changeset(puts=[theirs], audit=[draft()]))
    assert store.chains() == []


def test_a_lease_alone_is_checked_without_writing(troubled: DynamoStore, wire: Wire) -> None:
    troubled.commit(Changeset(puts=[job()]))
    troubled.claim("w", now=T0, until=T0 + timedelta(minutes=1))
    before = wire.seen[WRITE]
    assert troubled.commit(Changeset(lease=Lease(job_id="a", owner="w"))) == ()
    with pytest.raises(LeaseLost):
        troubled.commit(Changeset(lease=Lease(job_id="a", owner="v")))
    assert wire.seen[WRITE] == before
