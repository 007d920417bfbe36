"""A version with more memory behind an alias: published once, guarded, and taken back."""

from typing import Any

import pytest

from opspilot.domain.plan import PreState
from opspilot.errors import AwsConflict
from tests.adapters.aws.stubs import answer
from tests.adapters.aws.test_actuator import actuator, aliased, expected, instruction

PUBLISH = instruction("lambda.publish_memory", alias="live", memory_mb=1024)
UNDO = instruction("lambda.publish_memory", alias="live", memory_mb=512, version="18", weights={})
SAME = {"CodeSha256": "abc=", "Timeout": 3, "Environment": {"Variables": {"A": "b"}}}
BEFORE = {
    "alias": "live",
    "version": "18",
    "weights": {},
    "memory_mb": 512,
    "code_sha256": "abc=",
    "unpublished": [],
}


def shown(stub: Any, memory: int, version: str = "", **more: Any) -> None:
    """$LATEST or a version is read."""
    asked = {"FunctionName": "checkout", **({"Qualifier": version} if version else {})}
    fields = {**SAME, "MemorySize": memory, "RevisionId": "rev-1", "State": "Active", **more}
    stub.add_response("get_function_configuration", answer(**fields), asked)


def read_before(stub: Any, latest: int = 1024, **more: Any) -> None:
    aliased(stub)
    shown(stub, 512, "18")
    shown(stub, latest, **more)


def published(stub: Any, **more: Any) -> None:
    stub.add_response(
        "publish_version",
        answer("r-p", **{"Version": "19", "State": "Active", **more}),
        {
            "FunctionName": "checkout",
            "CodeSha256": "abc=",
            "RevisionId": "rev-1",
            "Description": "1024 MB of memory (OpsPilot)",
        },
    )


def moved(stub: Any, version: str) -> None:
    stub.add_response(
        "update_alias",
        answer("r-u", RevisionId="rev-b"),
        {
            "FunctionName": "checkout",
            "Name": "live",
            "FunctionVersion": version,
            "RevisionId": "rev-a",
        },
    )


def captured(**more: Any) -> PreState:
    return expected("rev-a", **{**BEFORE, **more})


def test_the_state_before_is_the_alias_and_the_memory_that_it_serves() -> None:
    with actuator() as (hand, stub):
        read_before(stub, latest=512)
        read = hand.read(PUBLISH)
    assert (read.values, read.revision_id) == (BEFORE, "rev-a")


def test_what_else_is_different_in_latest_is_named_without_its_value() -> None:
    with actuator() as (hand, stub):
        other = {"CodeSha256": "new=", "Environment": {"Variables": {"A": "secret-value"}}}
        read_before(stub, **other)
        read = hand.read(PUBLISH)
    assert read.values["unpublished"] == ["CodeSha256", "Environment"]
    assert "secret-value" not in read.model_dump_json()


def test_variables_that_are_not_shown_may_be_others() -> None:
    hidden = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}}
    with actuator() as (hand, stub):
        aliased(stub)
        shown(stub, 512, "18", **hidden)
        shown(stub, 1024, **hidden)
        read = hand.read(PUBLISH)
    assert read.values["unpublished"] == ["Environment"]


def test_it_publishes_under_the_revision_that_was_read_and_moves_the_alias() -> None:
    with actuator() as (hand, stub):
        read_before(stub)
        shown(stub, 1024)
        published(stub)
        aliased(stub)
        moved(stub, "19")
        receipt = hand.apply(PUBLISH, captured())
    assert receipt.revision_id == "rev-b"


def test_the_undo_points_the_alias_back_and_publishes_nothing() -> None:
    with actuator() as (hand, stub):
        aliased(stub, "19")
        shown(stub, 1024, "19")
        shown(stub, 1024)
        aliased(stub, "19")
        moved(stub, "18")
        hand.apply(UNDO, captured(version="19", memory_mb=1024))


@pytest.mark.parametrize(
    ("latest", "says"),
    [
        ({"memory": 512}, "has 512 MB"),
        ({"memory": 1024, "LastUpdateStatus": "InProgress"}, "InProgress"),
    ],
)
def test_nothing_is_published_before_the_memory_is_in_force(latest, says) -> None:
    memory = latest.pop("memory")
    with actuator() as (hand, stub):
        read_before(stub, memory, **latest)
        shown(stub, memory, **latest)
        with pytest.raises(AwsConflict, match=says):
            hand.apply(PUBLISH, captured())


def test_a_version_that_is_still_being_prepared_gets_no_callers() -> None:
    with actuator() as (hand, stub):
        read_before(stub)
        shown(stub, 1024)
        published(stub, State="Pending")
        with pytest.raises(AwsConflict, match="being prepared"):
            hand.apply(PUBLISH, captured())


def test_an_alias_that_somebody_moved_is_left_alone() -> None:
    with actuator() as (hand, stub):
        aliased(stub, "17")
        shown(stub, 512, "17")
        shown(stub, 1024)
        with pytest.raises(AwsConflict, match="version was 18 and is 17"):
            hand.apply(PUBLISH, captured())


@pytest.mark.parametrize(
    ("what", "version", "memory", "state", "settled", "failed"),
    [
        (PUBLISH, "19", 1024, "Active", True, False),
        (PUBLISH, "19", 1024, "Pending", False, False),
        (PUBLISH, "20", 512, "Active", False, True),
        (UNDO, "18", 512, "Active", True, False),
        (UNDO, "17", 512, "Active", False, True),
    ],
)
def test_it_is_in_force_when_the_alias_serves_the_memory(
    what, version, memory, state, settled, failed
) -> None:
    with actuator() as (hand, stub):
        aliased(stub, version)
        shown(stub, memory, version, State=state)
        now = hand.settling(what)
    assert (now.settled, now.failed) == (settled, failed)
