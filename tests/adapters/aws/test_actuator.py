"""Changing an account: only what was expected, only once, never waiting."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.actions.hand import Hand
from opspilot.adapters.aws.actuator import AwsActuator
from opspilot.adapters.aws.functions import Functions
from opspilot.domain.plan import Instruction, PreState
from opspilot.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    AwsUnavailable,
    InputError,
)
from tests.adapters.aws.stubs import NOW, PLACE, FixedClock, answer, calls, stubbed

CHECKOUT = PLACE.function("checkout")


def instruction(type_: str, **parameters: Any) -> Instruction:
    return Instruction(type=type_, resource=CHECKOUT, parameters=parameters)


TIMEOUT = instruction("lambda.set_timeout", timeout_seconds=9)
MEMORY = instruction("lambda.set_memory", memory_mb=1024)
ALIAS = instruction("lambda.move_alias", alias="live", version="17")


def expected(revision: str = "rev-1", **values: Any) -> PreState:
    return PreState(values=values, revision_id=revision, read_at=NOW)


@contextmanager
def actuator() -> Generator[tuple[AwsActuator, Stubber]]:
    sender = calls()
    with stubbed("lambda") as (client, stub):
        yield AwsActuator(Hand(client, Functions(client, sender), sender, FixedClock())), stub


def configured(stub: Stubber, request_id: str = "r-1", **more: Any) -> None:
    """The function is read: time-out 3 s, 512 MB, at rest, unless said otherwise."""
    configuration = {
        "FunctionName": "checkout",
        "Timeout": 3,
        "MemorySize": 512,
        "RevisionId": "rev-1",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    stub.add_response(
        "get_function_configuration",
        answer(request_id, **{**configuration, **more}),
        {"FunctionName": "checkout"},
    )


def aliased(stub: Stubber, version: str = "18", **more: Any) -> None:
    stub.add_response(
        "get_alias",
        answer(Name="live", FunctionVersion=version, **{"RevisionId": "rev-a", **more}),
        {"FunctionName": "checkout", "Name": "live"},
    )


@pytest.mark.parametrize(
    ("what", "values"),
    [(TIMEOUT, {"timeout_seconds": 3}), (MEMORY, {"memory_mb": 512})],
)
def test_the_state_before_a_setting_changes_holds_the_setting_and_the_states(what, values):
    with actuator() as (hand, stub):
        configured(stub)
        read = hand.read(what)
    assert read == PreState(
        values={**values, "state": "Active", "update_status": "Successful"},
        revision_id="rev-1",
        read_at=NOW,
        request_ids=("r-1",),
    )


@pytest.mark.parametrize(
    ("what", "before", "argument"),
    [
        (TIMEOUT, {"timeout_seconds": 3}, {"Timeout": 9}),
        (MEMORY, {"memory_mb": 512}, {"MemorySize": 1024}),
    ],
)
def test_a_setting_is_changed_under_the_expected_revision(what, before, argument):
    with actuator() as (hand, stub):
        configured(stub)
        stub.add_response(
            "update_function_configuration",
            answer("r-2", RevisionId="rev-2"),
            {"FunctionName": "checkout", "RevisionId": "rev-1", **argument},
        )
        receipt = hand.apply(what, expected(**before))
    assert (receipt.revision_id, receipt.request_ids) == ("rev-2", ("r-1", "r-2"))


def test_the_undo_is_the_same_action_with_the_old_value():
    undo = instruction("lambda.set_timeout", timeout_seconds=3)
    with actuator() as (hand, stub):
        configured(stub, Timeout=9, RevisionId="rev-2")
        stub.add_response(
            "update_function_configuration",
            answer(RevisionId="rev-3"),
            {"FunctionName": "checkout", "Timeout": 3, "RevisionId": "rev-2"},
        )
        hand.apply(undo, expected("rev-2", timeout_seconds=9))


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        ({"Timeout": 5, "RevisionId": "rev-2"}, "timeout_seconds was 3 and is 5"),
        ({"RevisionId": "rev-2"}, "its revision is another"),
    ],
)
def test_a_function_changed_since_it_was_read_is_left_alone(now, difference):
    with actuator() as (hand, stub):
        configured(stub, **now)
        with pytest.raises(AwsConflict, match=difference) as caught:
            hand.apply(TIMEOUT, expected(timeout_seconds=3))
    assert caught.value.hint == "plan again"


def test_where_the_endpoint_gives_no_revision_the_values_alone_are_compared():
    with actuator() as (hand, stub):
        configured(stub, RevisionId="")
        stub.add_response(
            "update_function_configuration", answer(), {"FunctionName": "checkout", "Timeout": 9}
        )
        receipt = hand.apply(TIMEOUT, expected("", timeout_seconds=3))
    assert receipt.revision_id == ""


@pytest.mark.parametrize(
    ("states", "hint"),
    [
        ({"LastUpdateStatus": "InProgress"}, "try again soon"),
        ({"State": "Pending"}, "try again soon"),
        ({"State": "Inactive"}, "invoke the function once"),
    ],
)
def test_a_function_that_cannot_take_an_update_is_left_alone(states, hint):
    with actuator() as (hand, stub):
        configured(stub, **states)
        with pytest.raises(AwsConflict) as caught:
            hand.apply(TIMEOUT, expected(timeout_seconds=3))
    assert hint in caught.value.hint


def test_a_function_whose_last_update_failed_can_be_changed():
    with actuator() as (hand, stub):
        configured(stub, LastUpdateStatus="Failed")
        stub.add_response("update_function_configuration", answer(RevisionId="rev-2"))
        hand.apply(TIMEOUT, expected(timeout_seconds=3))


@pytest.mark.parametrize(
    ("code", "status", "kind", "hint"),
    [
        ("PreconditionFailedException", 412, AwsConflict, "plan again"),
        ("ResourceConflictException", 409, AwsConflict, "try again soon"),
        ("InvalidParameterValueException", 400, AwsRejected, ""),
        ("AccessDeniedException", 403, AwsDenied, "lambda:UpdateFunctionConfiguration"),
        ("ServiceException", 500, AwsUnavailable, ""),
    ],
)
def test_an_update_that_aws_refuses_is_sent_once_and_explained(code, status, kind, hint):
    with actuator() as (hand, stub):
        configured(stub)
        stub.add_client_error("update_function_configuration", code, "no", status)
        with pytest.raises(kind) as caught:
            hand.apply(TIMEOUT, expected(timeout_seconds=3))
    assert hint in caught.value.hint
    assert caught.value.resource == CHECKOUT.arn


def test_an_update_that_was_throttled_is_sent_again():
    with actuator() as (hand, stub):
        configured(stub)
        stub.add_client_error("update_function_configuration", "TooManyRequestsException", "", 429)
        stub.add_response("update_function_configuration", answer("r-2", RevisionId="rev-2"))
        assert hand.apply(TIMEOUT, expected(timeout_seconds=3)).revision_id == "rev-2"


def test_a_change_settles_when_the_update_has_succeeded():
    with actuator() as (hand, stub):
        configured(stub, Timeout=9, LastUpdateStatus="InProgress")
        configured(stub, Timeout=9)
        first, second = hand.settling(TIMEOUT), hand.settling(TIMEOUT)
    assert [(each.settled, each.failed) for each in (first, second)] == [
        (False, False),
        (True, False),
    ]


def test_an_update_that_failed_says_why():
    reasons = {
        "LastUpdateStatusReasonCode": "SubnetOutOfIPAddresses",
        "LastUpdateStatusReason": "x",
    }
    with actuator() as (hand, stub):
        for _ in range(2):
            configured(stub, Timeout=9, LastUpdateStatus="Failed", **reasons)
        settling = hand.settling(TIMEOUT)
    assert (settling.settled, settling.failed) == (False, True)
    assert "SubnetOutOfIPAddresses: x" in settling.detail


def test_a_setting_that_somebody_changed_again_never_settles():
    with actuator() as (hand, stub):
        configured(stub, Timeout=4)
        settling = hand.settling(TIMEOUT)
    assert (settling.settled, settling.failed) == (False, True)
    assert "timeout_seconds is 4, not 9" in settling.detail


def test_the_state_before_an_alias_moves_is_its_version_and_weights():
    with actuator() as (hand, stub):
        aliased(stub)
        read = hand.read(ALIAS)
    assert read.values == {"alias": "live", "version": "18", "weights": {}}
    assert read.revision_id == "rev-a"


def test_an_alias_is_moved_under_the_expected_revision():
    with actuator() as (hand, stub):
        aliased(stub)
        stub.add_response(
            "update_alias",
            answer(RevisionId="rev-b"),
            {
                "FunctionName": "checkout",
                "Name": "live",
                "FunctionVersion": "17",
                "RevisionId": "rev-a",
            },
        )
        assert hand.apply(ALIAS, expected("rev-a", version="18")).revision_id == "rev-b"


SPLIT = {"RoutingConfig": {"AdditionalVersionWeights": {"19": 0.1}}}


def test_moving_an_alias_takes_its_split_traffic_off_and_the_undo_puts_it_back():
    with actuator() as (hand, stub):
        aliased(stub, **SPLIT)
        before = hand.read(ALIAS)
        aliased(stub, **SPLIT)
        stub.add_response(
            "update_alias",
            answer(RevisionId="rev-b"),
            {
                "FunctionName": "checkout",
                "Name": "live",
                "FunctionVersion": "17",
                "RevisionId": "rev-a",
                "RoutingConfig": {"AdditionalVersionWeights": {}},
            },
        )
        hand.apply(ALIAS, before)
        undo = instruction("lambda.move_alias", **before.values)
        aliased(stub, "17", RevisionId="rev-b")
        stub.add_response(
            "update_alias",
            answer(RevisionId="rev-c"),
            {
                "FunctionName": "checkout",
                "Name": "live",
                "FunctionVersion": "18",
                "RevisionId": "rev-b",
                "RoutingConfig": {"AdditionalVersionWeights": {"19": 0.1}},
            },
        )
        hand.apply(undo, expected("rev-b", version="17"))
    assert before.values == {"alias": "live", "version": "18", "weights": {"19": 0.1}}


@pytest.mark.parametrize(("version", "revision"), [("16", "rev-b"), ("18", "rev-b")])
def test_an_alias_that_somebody_moved_is_left_alone(version, revision):
    with actuator() as (hand, stub):
        aliased(stub, version, RevisionId=revision)
        with pytest.raises(AwsConflict) as caught:
            hand.apply(ALIAS, expected("rev-a", version="18"))
    assert caught.value.hint == "plan again"


@pytest.mark.parametrize(
    ("version", "more", "settled"), [("17", {}, True), ("18", {}, False), ("17", SPLIT, False)]
)
def test_an_alias_settles_when_all_its_traffic_goes_where_it_should(version, more, settled):
    with actuator() as (hand, stub):
        aliased(stub, version, **more)
        found = hand.settling(ALIAS)
    assert (found.settled, found.failed) == (settled, not settled)


@pytest.mark.parametrize("what", [TIMEOUT, ALIAS])
def test_a_resource_that_is_gone_is_said_to_be_missing(what):
    with actuator() as (hand, stub):
        operation = "get_alias" if what is ALIAS else "get_function_configuration"
        stub.add_client_error(operation, "ResourceNotFoundException", "gone", 404)
        with pytest.raises(AwsNotFound) as caught:
            hand.read(what)
    assert caught.value.resource.startswith(CHECKOUT.arn)


@pytest.mark.parametrize(
    ("type_", "parameters"),
    [
        ("lambda.set_timeout", {"timeout_seconds": 0}),
        ("lambda.set_timeout", {"timeout_seconds": 901}),
        ("lambda.set_timeout", {}),
        ("lambda.set_timeout", {"timeout_seconds": 9, "force": True}),
        ("lambda.set_memory", {"memory_mb": 127}),
        ("lambda.set_memory", {"memory_mb": 10_241}),
        ("lambda.move_alias", {"alias": "live", "version": "latest"}),
        ("lambda.move_alias", {"alias": "", "version": "17"}),
        ("lambda.delete_function", {}),
    ],
)
def test_an_instruction_out_of_bounds_never_reaches_aws(type_, parameters):
    before = expected(timeout_seconds=3, memory_mb=512)
    with actuator() as (hand, stub):
        with pytest.raises(InputError):
            hand.apply(instruction(type_, **parameters), before)
        stub.assert_no_pending_responses()


def test_errors_of_the_actuator_are_ours():
    with actuator() as (hand, stub):
        stub.add_client_error("get_function_configuration", "SomethingNew", "?", 418)
        with pytest.raises(AwsError):
            hand.read(TIMEOUT)
