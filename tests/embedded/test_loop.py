"""The closed loop over boto3: the fault fires the alarm, and only the right change cures it."""

from collections.abc import Callable

import pytest

from tests.embedded.aws import Aws

SETTLE_S = 600


def _move_alias_back(aws: Aws) -> None:
    aws.functions.update_alias(FunctionName="payments", Name="live", FunctionVersion="17")


def _raise_timeout(aws: Aws, seconds: int = 8) -> None:
    aws.functions.update_function_configuration(FunctionName="checkout", Timeout=seconds)


def test_a_healthy_account_has_calm_alarms_and_few_errors(healthy: Aws) -> None:
    alarms = healthy.cloudwatch.describe_alarms()["MetricAlarms"]
    assert {alarm["StateValue"] for alarm in alarms} == {"OK"}
    assert len(alarms) >= 5
    assert sum(healthy.values("Errors", minutes=180)) < 30
    assert min(healthy.values("Invocations", minutes=180, until=3)) > 25


def test_the_fault_times_checkout_out_while_payments_has_no_errors(failing: Aws) -> None:
    assert failing.alarm("checkout-errors") == "ALARM"
    assert failing.alarm("shop-api-5xx") == "ALARM"
    assert failing.alarm("payments-errors") == "OK"
    during = {"minutes": 8, "until": 1.5}
    errors, calls = failing.values("Errors", **during), failing.values("Invocations", **during)
    assert sum(errors) > 0.95 * sum(calls)
    assert sum(failing.values("Errors", "payments", **during)) <= 2
    before = failing.values("Duration", "payments", stat="p50", minutes=5, until=11)
    since = failing.values("Duration", "payments", stat="p50", **during)
    assert max(before) < 400
    assert 3300 < min(since) <= max(since) < 4200


@pytest.mark.parametrize("cure", [_move_alias_back, _raise_timeout])
def test_the_right_change_ends_the_errors(failing: Aws, cure: Callable[[Aws], None]) -> None:
    cure(failing)
    failing.account.advance(SETTLE_S)
    assert sum(failing.values("Errors", minutes=6, until=1)) <= 3
    assert failing.alarm("checkout-errors") == "OK"
    assert failing.alarm("shop-api-5xx") == "OK"


def test_moving_the_alias_back_makes_payments_fast_and_raising_the_timeout_does_not(
    failing: Aws,
) -> None:
    _raise_timeout(failing)
    failing.account.advance(SETTLE_S)
    assert min(failing.values("Duration", "payments", stat="p50", minutes=5, until=2)) > 3000
    _move_alias_back(failing)
    failing.account.advance(SETTLE_S)
    assert max(failing.values("Duration", "payments", stat="p50", minutes=5, until=2)) < 400


def _wrong_changes() -> dict[str, Callable[[Aws], object]]:
    return {
        "checkout gets memory": lambda aws: aws.functions.update_function_configuration(
            FunctionName="checkout", MemorySize=3008
        ),
        "the timeout grows too little": lambda aws: _raise_timeout(aws, 4),
        "payments' own timeout grows": lambda aws: aws.functions.update_function_configuration(
            FunctionName="payments", Timeout=60
        ),
        "payments' $LATEST changes, not the alias": lambda aws: (
            aws.functions.update_function_configuration(FunctionName="payments", MemorySize=2048)
        ),
        "inventory's alias moves back": lambda aws: aws.functions.update_alias(
            FunctionName="inventory", Name="live", FunctionVersion="11"
        ),
        "payments gets reserved concurrency": lambda aws: aws.functions.put_function_concurrency(
            FunctionName="payments", ReservedConcurrentExecutions=200
        ),
        "the log level changes": lambda aws: aws.functions.update_function_configuration(
            FunctionName="storefront",
            Environment={"Variables": {"INVENTORY_FUNCTION": "inventory:live"}},
        ),
    }


@pytest.mark.parametrize("name", list(_wrong_changes()))
def test_a_wrong_change_does_not_cure(failing: Aws, name: str) -> None:
    _wrong_changes()[name](failing)
    failing.account.advance(SETTLE_S)
    errors = sum(failing.values("Errors", minutes=6, until=1.5))
    calls = sum(failing.values("Invocations", minutes=6, until=1.5))
    assert errors > 0.25 * calls
    assert failing.alarm("checkout-errors") == "ALARM"


def test_a_smaller_timeout_makes_it_no_better_and_a_healthy_function_worse(healthy: Aws) -> None:
    healthy.functions.update_function_configuration(FunctionName="fulfilment", Timeout=1)
    healthy.account.advance(SETTLE_S)
    calls = sum(healthy.values("Invocations", "fulfilment", minutes=6, until=1))
    assert sum(healthy.values("Errors", "fulfilment", minutes=6, until=1)) > 0.02 * calls
    healthy.functions.update_function_configuration(FunctionName="checkout", Timeout=1)
    healthy.account.advance(SETTLE_S)
    assert sum(healthy.values("Errors", minutes=6, until=1)) > 3


def test_no_concurrency_throttles_every_call(healthy: Aws) -> None:
    healthy.functions.put_function_concurrency(
        FunctionName="payments", ReservedConcurrentExecutions=0
    )
    healthy.account.advance(SETTLE_S)
    assert healthy.values("Invocations", "payments", minutes=6, until=1) == []
    assert min(healthy.values("Throttles", "payments", minutes=6, until=1)) > 20
    errors = sum(healthy.values("Errors", minutes=6, until=1))
    assert errors == sum(healthy.values("Invocations", minutes=6, until=1))
    healthy.functions.delete_function_concurrency(FunctionName="payments")
    healthy.account.advance(SETTLE_S)
    assert sum(healthy.values("Throttles", "payments", minutes=6, until=1)) == 0


def test_publishing_and_moving_the_alias_brings_a_change_of_latest_to_callers(
    failing: Aws,
) -> None:
    failing.functions.update_function_configuration(FunctionName="payments", Timeout=2)
    failing.account.advance(60)
    version = failing.functions.publish_version(FunctionName="payments")["Version"]
    failing.account.advance(SETTLE_S)
    assert sum(failing.values("Errors", "payments", minutes=5, until=1)) <= 2
    failing.functions.update_alias(FunctionName="payments", Name="live", FunctionVersion=version)
    failing.account.advance(SETTLE_S)
    calls = sum(failing.values("Invocations", "payments", minutes=5, until=1))
    assert sum(failing.values("Errors", "payments", minutes=5, until=1)) > 0.9 * calls
