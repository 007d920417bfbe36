"""The closed loop over boto3: a variable names no table, and only the right name cures it."""

import json
from collections.abc import Callable, Iterator

import pytest

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.embedded.aws import Aws

SETTLE_S = 600


@pytest.fixture
def lost() -> Iterator[Aws]:
    """An account whose checkout has been writing to no table for ten minutes."""
    with EmbeddedAccount(clock=ManualClock(), fault="wrong-table", fault_age_s=600) as account:
        yield Aws(account)


def set_variable(aws: Aws, name: str, value: str) -> None:
    now = aws.functions.get_function_configuration(FunctionName="checkout")
    variables = {**now["Environment"]["Variables"], name: value}
    aws.functions.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": variables}
    )


def errors_and_calls(aws: Aws) -> tuple[float, float]:
    during = {"minutes": 5.0, "until": 1.5}
    return sum(aws.values("Errors", **during)), sum(aws.values("Invocations", **during))


def test_every_order_fails_and_what_checkout_calls_is_well(lost: Aws) -> None:
    errors, calls = errors_and_calls(lost)
    assert errors == calls > 100
    assert lost.alarm("checkout-errors") == "ALARM"
    assert lost.alarm("payments-errors") == "OK"


def test_only_that_variable_was_changed_and_the_trail_tells_no_value(lost: Aws) -> None:
    now = lost.functions.get_function_configuration(FunctionName="checkout")
    version = lost.functions.get_function_configuration(FunctionName="checkout", Qualifier="30")
    before, after = (one["Environment"]["Variables"] for one in (version, now))
    assert {name for name in after if after[name] != before[name]} == {"ORDERS_TABLE"}
    assert set(after) == set(before)
    events = lost.trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "checkout"}]
    )["Events"]
    asked = json.loads(events[0]["CloudTrailEvent"])["requestParameters"]
    assert (events[0]["Username"], asked["environment"]) == ("bob", {})


def test_the_log_names_the_error_as_boto3_raises_it(lost: Aws) -> None:
    (line, *_) = lost.logs.filter_log_events(
        logGroupName="/aws/lambda/checkout",
        startTime=lost.milliseconds_ago(2),
        filterPattern='"[ERROR]"',
    )["events"]
    assert line["message"].startswith(
        "[ERROR] ResourceNotFoundException: An error occurred (ResourceNotFoundException) when"
        " calling the PutItem operation: Requested resource not found\n"
    )


def test_the_right_name_ends_the_errors(lost: Aws) -> None:
    set_variable(lost, "ORDERS_TABLE", "orders")
    lost.account.advance(SETTLE_S)
    assert errors_and_calls(lost)[0] <= 3
    assert lost.alarm("checkout-errors") == "OK"


WRONG: dict[str, Callable[[Aws], object]] = {
    "another table that does not exist": lambda aws: set_variable(aws, "ORDERS_TABLE", "order"),
    "another variable": lambda aws: set_variable(aws, "LOG_LEVEL", "DEBUG"),
    "more time": lambda aws: aws.functions.update_function_configuration(
        FunctionName="checkout", Timeout=30
    ),
    "more memory": lambda aws: aws.functions.update_function_configuration(
        FunctionName="checkout", MemorySize=2048
    ),
    "an alias below it": lambda aws: aws.functions.update_alias(
        FunctionName="inventory", Name="live", FunctionVersion="11"
    ),
    "publishing": lambda aws: aws.functions.publish_version(FunctionName="checkout"),
    "no environment at all": lambda aws: aws.functions.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {}}
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_change_does_not_cure(lost: Aws, name: str) -> None:
    WRONG[name](lost)
    lost.account.advance(SETTLE_S)
    errors, calls = errors_and_calls(lost)
    assert errors == calls > 100
    assert lost.alarm("checkout-errors") == "ALARM"
