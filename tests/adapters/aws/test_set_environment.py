"""One variable of a function is changed, the others pass through, and no secret comes out."""

from typing import Any

import pytest

from opspilot.domain.plan import PreState
from opspilot.errors import AwsConflict, AwsDenied, InputError
from tests.adapters.aws.stubs import NOW, answer
from tests.adapters.aws.test_actuator import actuator, configured, expected, instruction

VARIABLES = {"TABLE": "orders-v2", "DB_PASSWORD": "correct-horse-7", "LEVEL": "INFO"}
SET = instruction("lambda.set_environment", variable="TABLE", value="orders")
UNSET = instruction("lambda.set_environment", variable="TABLE", value=None)
BEFORE = {"variable": "TABLE", "value": "orders-v2", "secret": False}


def with_variables(stub: Any, variables: dict[str, str] | None = None, **more: Any) -> None:
    shown = VARIABLES if variables is None else variables
    configured(stub, Environment={"Variables": shown}, **more)


def test_the_state_before_holds_this_variable_and_nothing_of_the_others() -> None:
    with actuator() as (hand, stub):
        with_variables(stub)
        read = hand.read(SET)
    assert read == PreState(
        values={**BEFORE, "state": "Active", "update_status": "Successful"},
        revision_id="rev-1",
        read_at=NOW,
        request_ids=("r-1",),
    )


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        (SET, {**VARIABLES, "TABLE": "orders"}),
        (UNSET, {"DB_PASSWORD": "correct-horse-7", "LEVEL": "INFO"}),
        (
            instruction("lambda.set_environment", variable="NEW", value=""),
            {**VARIABLES, "NEW": ""},
        ),
    ],
)
def test_the_whole_map_is_sent_back_with_one_variable_changed(what, sent) -> None:
    name = what.parameters["variable"]
    with actuator() as (hand, stub):
        with_variables(stub)
        stub.add_response(
            "update_function_configuration",
            answer("r-2", RevisionId="rev-2"),
            {
                "FunctionName": "checkout",
                "Environment": {"Variables": sent},
                "RevisionId": "rev-1",
            },
        )
        receipt = hand.apply(what, expected(variable=name, value=VARIABLES.get(name)))
    assert (receipt.revision_id, receipt.request_ids) == ("rev-2", ("r-1", "r-2"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"variables": {**VARIABLES, "TABLE": "third"}}, "value was orders-v2 and is third"),
        ({"RevisionId": "rev-9"}, "its revision is another"),
        ({"LastUpdateStatus": "InProgress"}, "cannot be changed now"),
        ({"RevisionId": ""}, "no revision"),
    ],
)
def test_nothing_is_sent_when_the_function_is_not_as_expected(change, says) -> None:
    with actuator() as (hand, stub):
        with_variables(stub, **change)
        with pytest.raises(AwsConflict, match=says):
            hand.apply(SET, expected(variable="TABLE", value="orders-v2"))


def test_a_secret_is_named_as_one_and_not_handed_out() -> None:
    change = instruction("lambda.set_environment", variable="DB_PASSWORD", value=None)
    with actuator() as (hand, stub):
        with_variables(stub)
        read = hand.read(change)
    assert read.values["secret"] is True
    assert "correct-horse-7" not in read.model_dump_json()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DB_PASSWORD", "hunter22"),
        ("ENDPOINT", "postgresql://shop:s3cr3t-pw@db.internal/warehouse"),
        ("ANYTHING", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    ],
)
def test_a_plan_that_would_hold_a_secret_is_refused_before_anything_is_read(
    variable: str, value: str
) -> None:
    with actuator() as (hand, _), pytest.raises(InputError, match="secret") as caught:
        hand.read(instruction("lambda.set_environment", variable=variable, value=value))
    assert value not in str(caught.value)


def test_variables_that_are_not_shown_are_not_overwritten() -> None:
    with actuator() as (hand, stub):
        configured(stub, Environment={"Error": {"ErrorCode": "AccessDeniedException"}})
        with pytest.raises(AwsDenied) as caught:
            hand.apply(SET, expected(variable="TABLE", value="orders-v2"))
    assert caught.value.iam_action == "kms:Decrypt"


@pytest.mark.parametrize(
    ("status", "value", "settled", "failed"),
    [
        ("InProgress", "orders", False, False),
        ("Successful", "orders", True, False),
        ("Successful", "third", False, True),
    ],
)
def test_it_is_in_force_when_the_update_is_through(status, value, settled, failed) -> None:
    with actuator() as (hand, stub):
        with_variables(stub, {"TABLE": value}, LastUpdateStatus=status)
        now = hand.settling(SET)
    assert (now.settled, now.failed) == (settled, failed)
