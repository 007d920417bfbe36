"""Invoking over HTTP on the embedded account, and what Lambda does that it does not."""

from collections.abc import Iterator

import pytest

from opspilot.adapters.aws import AwsAccount, SessionOptions, connect
from opspilot.adapters.aws.invocations import to_trial
from opspilot.adapters.system import SystemClock
from opspilot.domain.resource import lambda_function
from opspilot.domain.trial import TrialMode
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import AwsNotFound, AwsThrottled

CHECKOUT = lambda_function("000000000000", "us-east-1", "checkout")


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[AwsAccount, EmbeddedAccount]]:
    """An account whose checkout times out."""
    with EmbeddedAccount(clock=ManualClock(), fault="slow-dependency", fault_age_s=600) as account:
        options = SessionOptions(
            region="us-east-1",
            endpoint_url=account.url,
            access_key_id="embedded",
            secret_access_key="embedded",
            sealed=True,
        )
        yield connect(options, clock=SystemClock(), account_id="000000000000"), account


def test_an_answer_comes_with_version_and_log(aws: tuple[AwsAccount, EmbeddedAccount]) -> None:
    function = lambda_function("000000000000", "us-east-1", "payments")
    trial = aws[0].invocations.invoke(function, "{}", mode=TrialMode.SYNC, qualifier="live")
    assert trial.outcome == "succeeded"
    assert trial.version.isdigit()
    assert any(line.startswith("REPORT RequestId:") for line in trial.log)
    assert trial.request_ids


def test_an_error_of_the_function_is_told_as_the_runtime_names_it(
    aws: tuple[AwsAccount, EmbeddedAccount],
) -> None:
    trial = aws[0].invocations.invoke(CHECKOUT, "{}", mode=TrialMode.SYNC)
    assert (trial.outcome, trial.error_type) == ("function_error", "Sandbox.Timedout")
    assert "Task timed out after 3.00 seconds" in trial.error


def test_a_dry_run_and_a_hand_over_tell_no_more_than_they_know(
    aws: tuple[AwsAccount, EmbeddedAccount],
) -> None:
    invoke = aws[0].invocations.invoke
    assert invoke(CHECKOUT, "{}", mode=TrialMode.DRY_RUN).outcome == "permitted"
    assert invoke(CHECKOUT, "{}", mode=TrialMode.ASYNC).outcome == "accepted"


def test_an_unknown_function_is_named(aws: tuple[AwsAccount, EmbeddedAccount]) -> None:
    nobody = lambda_function("000000000000", "us-east-1", "nobody")
    with pytest.raises(AwsNotFound, match="nobody"):
        aws[0].invocations.invoke(nobody, "{}", mode=TrialMode.SYNC)


def test_a_throttled_invocation_did_not_run_and_says_so(
    aws: tuple[AwsAccount, EmbeddedAccount],
) -> None:
    aws[0].clients.functions.put_function_concurrency(
        FunctionName="checkout", ReservedConcurrentExecutions=0
    )
    try:
        with pytest.raises(AwsThrottled):
            aws[0].invocations.invoke(CHECKOUT, "{}", mode=TrialMode.SYNC)
    finally:
        aws[0].clients.functions.delete_function_concurrency(FunctionName="checkout")


def test_an_answer_that_is_no_json_is_kept_as_text() -> None:
    trial = to_trial({"Payload": b"\xffplain"}, TrialMode.SYNC, 1.0, ())
    assert trial.payload == "\ufffdplain"


def test_an_error_without_a_body_keeps_its_kind() -> None:
    trial = to_trial({"Payload": b"", "FunctionError": "Unhandled"}, TrialMode.SYNC, 1.0, ())
    assert (trial.outcome, trial.error_type) == ("function_error", "Unhandled")
