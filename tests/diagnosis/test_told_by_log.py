"""What a failing function's log names itself: permissions, credentials, packages, hosts, AWS."""

from datetime import timedelta

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.resource import lambda_account
from tests.diagnosis.scene import (
    BACK,
    FRONT,
    GATEWAY,
    MIDDLE,
    MINUTE,
    ONSET,
    SIDE,
    Scene,
    failing_front,
    failing_side,
    hypothesis,
    pattern,
    settled,
    unsettled,
)

DENIED = (
    "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the PutItem"
    " operation: User: arn:aws:sts::123456789012:assumed-role/side/side is not authorized to"
    " perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/ledger"
    " because no identity-based policy allows the dynamodb:PutItem action"
)
REFUSED = {
    "principal": "arn:aws:sts::123456789012:assumed-role/side/side",
    "action": "dynamodb:PutItem",
    "resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/ledger",
    "count": 790,
    "first_seen": ONSET,
}


def refused() -> Scene:
    return failing_side(errors={"ClientError": 790}, denied=(REFUSED,), patterns=(pattern(DENIED),))


def test_a_policy_that_was_taken_away_is_confirmed_with_the_action_that_is_missing() -> None:
    scene = refused().change(SIDE, "permission", {}, {"policy": "writes-ledger"}).feed()
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert settled(scene) == ("lambda.permission_denied", SIDE)
    assert verdict.cause is not None
    assert verdict.cause.setting == "dynamodb:PutItem"
    assert verdict.cause.onset == ONSET


def test_a_denial_without_any_change_found_is_likely_and_no_fault_of_the_code() -> None:
    scene = refused().feed()
    assert settled(scene) == ("lambda.permission_denied", SIDE)
    assert scene.verdict().status is VerdictStatus.LIKELY


def test_a_denial_after_a_decoy_release_is_still_a_denial() -> None:
    scene = refused().change(SIDE, "permission", {}, {"policy": "x"}).release(SIDE).feed()
    assert settled(scene)[0] == "lambda.permission_denied"


def test_a_few_denials_that_were_there_before_are_not_what_fails_it() -> None:
    few = REFUSED | {"count": 6, "before": 5}
    scene = failing_side(errors={"KeyError": 790}, denied=(few,)).release(SIDE).feed()
    assert settled(scene)[0] == "lambda.code_error_after_release"


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'x': No module named 'pandas'",
        'ERROR Uncaught Exception {"errorType":"Runtime.ImportModuleError","errorMessage":"Error:'
        " Cannot find module 'pandas'\"}",
        "Class not found: pandas: java.lang.ClassNotFoundException",
    ],
)
def test_a_package_that_lacks_a_module_is_told_from_a_fault_of_the_code(line: str) -> None:
    scene = failing_side(
        init_failures=790, errors={"Runtime.ImportModuleError": 790}, patterns=(pattern(line),)
    )
    scene.release(SIDE).feed()
    assert settled(scene) == ("lambda.missing_dependency", SIDE)
    assert scene.verdict().status is VerdictStatus.CONFIRMED
    assert hypothesis(scene.verdict(), "lambda.missing_dependency").setting == "pandas"


def test_a_key_that_is_missing_in_an_event_is_no_missing_dependency() -> None:
    scene = failing_side(errors={"KeyError": 790}).release(SIDE).feed()
    assert settled(scene)[0] == "lambda.code_error_after_release"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("SSLError", "[ERROR] SSLError: certificate verify failed: certificate has expired"),
        ("Error", "ERROR Invoke Error CERT_HAS_EXPIRED: certificate has expired"),
        ("ExpiredTokenException", "[ERROR] ExpiredTokenException: The security token is expired"),
        ("TokenExpiredError", "ERROR TokenExpiredError: jwt expired"),
    ],
)
def test_what_expired_needs_no_change_to_be_confirmed(kind: str, line: str) -> None:
    scene = failing_side(errors={kind: 790}, patterns=(pattern(line),)).feed()
    assert settled(scene) == ("expired_credential", SIDE)
    assert scene.verdict().status is VerdictStatus.CONFIRMED


def test_a_refused_password_is_likely_only() -> None:
    line = '[ERROR] OperationalError: FATAL: password authentication failed for user "app"'
    scene = failing_side(errors={"OperationalError": 790}, patterns=(pattern(line),)).feed()
    assert settled(scene)[0] == "expired_credential"
    assert scene.verdict().status is VerdictStatus.LIKELY


@pytest.mark.parametrize(
    "line",
    [
        "[INFO] note of customer 17: the cause is an expired certificate, roll all back",
        "WARNING certificate expired soon, renew it",
    ],
)
def test_a_line_that_only_mentions_it_names_nothing(line: str) -> None:
    scene = failing_side(errors={"KeyError": 790}, patterns=(pattern(line),)).release(SIDE).feed()
    assert settled(scene)[0] == "lambda.code_error_after_release"
    found = hypothesis(scene.verdict(), "expired_credential")
    assert (found.status, found.arguments_for) == ("ruled_out", ())


def test_a_host_outside_that_refuses_is_a_failure_downstream() -> None:
    line = (
        "[ERROR] ConnectionError: HTTPSConnectionPool(host='api.bank.example', port=443): Read"
        " timed out."
    )
    scene = failing_side(errors={"ConnectionError": 790}, patterns=(pattern(line),)).feed()
    assert settled(scene) == ("downstream_failure", SIDE)
    assert scene.verdict().status is VerdictStatus.LIKELY
    assert "api.bank.example" in hypothesis(scene.verdict(), "downstream_failure").summary


def test_a_host_that_cannot_be_reached_since_a_release_is_not_called_their_fault() -> None:
    line = "[ERROR] ConnectionError: Connection refused"
    scene = failing_side(errors={"ConnectionError": 790}, patterns=(pattern(line),))
    found = hypothesis(scene.release(SIDE).feed().verdict(), "downstream_failure")
    assert any("itself changed shortly before" in one.text for one in found.arguments_against)


def test_a_caller_that_waits_for_a_slow_function_has_nobody_outside_to_blame() -> None:
    line = "[ERROR] ReadTimeoutError: Read timed out."
    scene = failing_front(errors={"ReadTimeoutError": 790}, patterns=(pattern(line),))
    scene.evidence = [item for item in scene.evidence if item.resource != SIDE]
    scene.metric(SIDE, "lambda.duration_p99", 300.0, 9_000.0).metric(SIDE, "lambda.errors", 0.0)
    scene.metric(FRONT, "lambda.duration_p99", 600.0, 9_400.0).feed()
    assert unsettled(scene, "downstream_failure")


AWS_FAILS = (
    "[ERROR] ClientError: An error occurred (InternalServerError) when calling the GetItem"
    " operation (reached max retries: 4): Internal server error"
)


def both_fail(late: timedelta = MINUTE) -> Scene:
    scene = Scene().topology().healthy(GATEWAY, FRONT, MIDDLE)
    for one, onset in ((BACK, ONSET), (SIDE, ONSET + late)):
        scene.metric(one, "lambda.errors", 0.0, 40.0, onset=onset)
        scene.metric(one, "lambda.invocations", 100.0).metric(one, "lambda.duration_p99", 300.0)
        seen = pattern(AWS_FAILS) | {"first_seen": onset}
        scene.log(one, errors={"ClientError": 790}, patterns=(seen,))
    return scene


def test_unrelated_functions_that_fail_on_aws_at_once_are_trouble_of_the_provider() -> None:
    scene = both_fail().feed()
    assert settled(scene) == ("provider_trouble", lambda_account("123456789012", "eu-west-1"))


def test_one_function_that_fails_on_aws_is_a_lead() -> None:
    line = pattern(AWS_FAILS)
    scene = failing_side(errors={"ClientError": 790}, patterns=(line,)).feed()
    assert unsettled(scene, "provider_trouble")


def test_functions_that_begin_to_fail_at_different_times_share_no_outage() -> None:
    found = hypothesis(both_fail(10 * MINUTE).feed().verdict(), "provider_trouble")
    assert any("at different times" in one.text for one in found.arguments_against)


def deployed(*released: object) -> Scene:
    scene = Scene().topology().healthy(GATEWAY, FRONT, MIDDLE)
    for one, error in ((BACK, "KeyError"), (SIDE, "TypeError")):
        scene.metric(one, "lambda.errors", 0.0, 40.0).metric(one, "lambda.invocations", 100.0)
        scene.metric(one, "lambda.duration_p99", 300.0).log(one, errors={error: 790})
        scene.configuration(one, alias="live")
    for number, one in enumerate(released):
        scene.release(one, ago=MINUTE * (len(released) - number))  # type: ignore[arg-type]
    return scene.feed()


def test_two_functions_released_together_that_both_fail_are_one_deployment() -> None:
    scene = deployed(BACK, SIDE)
    assert settled(scene) == ("bad_deployment", BACK)
    cause = scene.verdict().cause
    assert cause is not None
    assert cause.also == (SIDE,)
    assert len(scene.verdict().causes) == 1


def test_one_release_of_two_that_fail_is_no_deployment_of_both() -> None:
    assert unsettled(deployed(SIDE), "bad_deployment")


def test_a_caller_that_fails_only_through_its_callee_was_not_badly_deployed() -> None:
    scene = Scene().topology().healthy(GATEWAY, SIDE, BACK)
    for one, error in ((FRONT, "DependencyError"), (MIDDLE, "KeyError")):
        scene.metric(one, "lambda.errors", 0.0, 40.0).metric(one, "lambda.invocations", 100.0)
        scene.metric(one, "lambda.duration_p99", 300.0).log(one, errors={error: 790})
        scene.configuration(one, alias="live")
    scene.release(FRONT).release(MIDDLE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", MIDDLE)
