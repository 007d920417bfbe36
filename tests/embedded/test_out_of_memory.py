"""The closed loop over boto3: a release is killed for memory, and only a right change cures it."""

from collections.abc import Callable, Iterator

import pytest

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.embedded.aws import Aws

SETTLE_S = 600
FUNCTION = "fraud-score"


@pytest.fixture
def killed() -> Iterator[Aws]:
    """An account whose fraud-score has been running out of memory for ten minutes."""
    with EmbeddedAccount(clock=ManualClock(), fault="out-of-memory", fault_age_s=600) as account:
        yield Aws(account)


def share_of_errors(aws: Aws, function: str) -> float:
    during = {"minutes": 5.0, "until": 1.5}
    return sum(aws.values("Errors", function, **during)) / sum(
        aws.values("Invocations", function, **during)
    )


def set_memory(aws: Aws, megabytes: int) -> None:
    aws.functions.update_function_configuration(FunctionName=FUNCTION, MemorySize=megabytes)


def publish(aws: Aws, megabytes: int) -> None:
    set_memory(aws, megabytes)
    aws.account.advance(60)
    version = aws.functions.publish_version(FunctionName=FUNCTION)["Version"]
    aws.functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)


def move_back(aws: Aws) -> None:
    aws.functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="6")


def test_most_invocations_are_killed_and_everyone_above_fails(killed: Aws) -> None:
    for function in (FUNCTION, "payments", "checkout"):
        assert 0.7 < share_of_errors(killed, function) < 0.99
    assert killed.alarm("payments-errors") == "ALARM"
    assert killed.alarm("checkout-errors") == "ALARM"


def test_the_log_says_that_the_runtime_was_killed_with_its_memory_full(killed: Aws) -> None:
    lines = [
        event["message"]
        for event in killed.logs.filter_log_events(
            logGroupName=f"/aws/lambda/{FUNCTION}", startTime=killed.milliseconds_ago(2)
        )["events"]
    ]
    deaths = [one for one in lines if "Runtime exited with error: signal: killed" in one]
    reports = [one for one in lines if one.startswith("REPORT") and "Runtime.ExitError" in one]
    assert len(deaths) == len(reports) > 20
    assert all("Memory Size: 1024 MB\tMax Memory Used: 1024 MB" in one for one in reports)


CURES: dict[str, Callable[[Aws], None]] = {
    "the alias moves back": move_back,
    "a version with more memory is published": lambda aws: publish(aws, 2048),
}


@pytest.mark.parametrize("name", list(CURES))
def test_the_right_change_ends_the_errors(killed: Aws, name: str) -> None:
    CURES[name](killed)
    killed.account.advance(SETTLE_S)
    assert sum(killed.values("Errors", FUNCTION, minutes=5, until=1.5)) <= 3
    assert killed.alarm("payments-errors") == "OK"
    assert killed.alarm("checkout-errors") == "OK"


WRONG: dict[str, Callable[[Aws], object]] = {
    "more memory for $LATEST alone": lambda aws: set_memory(aws, 4096),
    "too little more": lambda aws: publish(aws, 1056),
    "more time": lambda aws: aws.functions.update_function_configuration(
        FunctionName=FUNCTION, Timeout=60
    ),
    "more memory for its caller": lambda aws: aws.functions.update_function_configuration(
        FunctionName="payments", MemorySize=2048
    ),
    "another function's alias": lambda aws: aws.functions.update_alias(
        FunctionName="payments", Name="live", FunctionVersion="16"
    ),
    "reserved concurrency": lambda aws: aws.functions.put_function_concurrency(
        FunctionName=FUNCTION, ReservedConcurrentExecutions=100
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_change_does_not_cure(killed: Aws, name: str) -> None:
    WRONG[name](killed)
    killed.account.advance(SETTLE_S)
    assert share_of_errors(killed, FUNCTION) > 0.4
    assert killed.alarm("checkout-errors") == "ALARM"


def test_less_memory_kills_every_invocation(killed: Aws) -> None:
    publish(killed, 896)
    killed.account.advance(SETTLE_S)
    assert share_of_errors(killed, FUNCTION) > 0.99
