"""A wrong or missing environment value: what tells it, and what it is not mistaken for."""

from datetime import timedelta

import pytest

from opspilot.diagnosis.complaints import complaints
from opspilot.domain.evidence import LogDetail, PatternChangeDetail
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.resource import Resource, dynamodb_table
from opspilot.domain.workload import Edge
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    MIDDLE,
    ONSET,
    SIDE,
    Scene,
    hypothesis,
)

LEDGER = dynamodb_table("123456789012", "eu-west-1", "ledger")
NOT_FOUND = (
    "[ERROR] ResourceNotFoundException: An error occurred (ResourceNotFoundException) when calling"
    " the PutItem operation: Requested resource not found\nTraceback (most recent call last):\n"
)
KEY_ERROR = "[ERROR] KeyError: 'LEDGER_TABLE'\nTraceback (most recent call last):\n"
CLASS = "lambda.bad_environment"


def pattern(text: str, count: int = 800, before: int = 0) -> PatternChangeDetail:
    return PatternChangeDetail(
        pattern=text[:40],
        change="new" if not before else "up",
        baseline_count=before,
        incident_count=count,
        p_value=1e-9,
        examples=(text,),
        first_seen=ONSET + timedelta(seconds=4),
    )


def table_of(function: Resource, variable: str = "LEDGER_TABLE") -> Edge:
    return Edge(
        caller=function, callee=LEDGER, relation="reads_writes", via=f"environment {variable}"
    )


def complaining(text: str = NOT_FOUND, error: str = "ResourceNotFoundException") -> Scene:
    """Front fails with this line; its configuration and the change feed are not read yet."""
    scene = Scene().healthy(MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 200.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p99", 600.0)
    return scene.log(FRONT, errors={error: 800}, patterns=[pattern(text).model_dump()])


def set_by_bob(scene: Scene) -> Scene:
    scene.change(FRONT, "configuration", {}, {"environment": "set"}, ago=timedelta(seconds=20))
    return scene.feed()


GOOD = {"LEDGER_TABLE": "ledger", "LOG_LEVEL": "INFO"}
BAD = {**GOOD, "LEDGER_TABLE": "ledger-v2"}


def test_a_changed_table_name_is_confirmed_and_the_code_is_ruled_out() -> None:
    scene = complaining().topology(CHAIN, table_of(SIDE))
    scene.configuration(FRONT, environment=BAD, environments={"18": GOOD})
    verdict = set_by_bob(scene).verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    cause = verdict.cause
    assert cause is not None
    assert (cause.cause_class, cause.resource, cause.setting) == (CLASS, FRONT, "LEDGER_TABLE")
    assert cause.summary == (
        "A variable of front is wrong: LEDGER_TABLE is ledger-v2, in version 18 it was ledger"
    )
    assert cause.onset == ONSET + timedelta(seconds=4)
    code = hypothesis(verdict, "lambda.code_error_after_release")
    assert code.status == "ruled_out"
    assert "LEDGER_TABLE" in code.ruled_out_because
    told = [one.text for one in hypothesis(verdict, CLASS).arguments_for]
    assert "ledger exists, and LEDGER_TABLE names it in side" in told


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (KEY_ERROR, "KeyError"),
        ('{"errorType": "KeyError", "errorMessage": "\'LEDGER_TABLE\'"}', "KeyError"),
        ("[ERROR] RuntimeError: Environment variable LEDGER_TABLE is not set", "RuntimeError"),
        (
            "ERROR\tInvoke Error\tError: Missing required environment variable: LEDGER_TABLE",
            "Error",
        ),
    ],
)
def test_a_variable_that_was_taken_away_is_confirmed_by_its_name(line: str, error: str) -> None:
    scene = complaining(line, error).topology()
    scene.configuration(FRONT, environment={"LOG_LEVEL": "DEBUG"}, environments={"18": GOOD})
    verdict = set_by_bob(scene).verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.setting) == (CLASS, "LEDGER_TABLE")


def test_a_release_that_wants_a_variable_nobody_set_is_a_missing_variable() -> None:
    scene = complaining(KEY_ERROR, "KeyError").topology([(GATEWAY, FRONT, "live"), *CHAIN[1:]])
    others = {"18": {"A_B": "c"}, "17": {"A_B": "c"}}
    scene.configuration(FRONT, alias="live", environments=others).release(FRONT).feed()
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.setting) == (CLASS, "LEDGER_TABLE")
    assert "not set in version 18, nor was it in version 17" in verdict.cause.summary


def test_a_release_behind_an_alias_is_compared_with_the_version_before_it() -> None:
    scene = complaining().topology([(GATEWAY, FRONT, "live"), *CHAIN[1:]], table_of(SIDE))
    scene.configuration(FRONT, alias="live", environments={"18": BAD, "17": GOOD})
    verdict = scene.release(FRONT).feed().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert verdict.cause.summary.endswith(
        "LEDGER_TABLE is ledger-v2 in version 18, in version 17 it was ledger"
    )


def test_before_the_feed_tells_the_change_its_own_time_does() -> None:
    scene = complaining().topology(CHAIN, table_of(SIDE))
    modified = ONSET - timedelta(seconds=30)
    scene.configuration(FRONT, environment=BAD, environments={"18": GOOD}, modified=modified)
    scene.whole_until = ONSET - timedelta(minutes=10)
    verdict = scene.feed().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert "$LATEST was last modified at" in " ".join(
        one.text for one in verdict.hypotheses[0].arguments_for
    )


def test_of_several_changed_variables_the_one_whose_former_value_exists_is_named() -> None:
    now = {"LEDGER_TABLE": "ledger-v2", "LOG_LEVEL": "DEBUG", "RETRIES": "3"}
    scene = complaining().topology(CHAIN, table_of(SIDE))
    scene.configuration(FRONT, environment=now, environments={"18": GOOD})
    verdict = set_by_bob(scene).verdict()
    assert verdict.cause is not None
    assert verdict.cause.setting == "LEDGER_TABLE"


def test_where_none_of_several_stands_out_the_verdict_says_so_and_names_none() -> None:
    now = {"LEDGER_TABLE": "ledger-v2", "LOG_LEVEL": "DEBUG", "RETRIES": "3"}
    scene = complaining().topology()
    scene.configuration(FRONT, environment=now, environments={"18": GOOD})
    found = hypothesis(set_by_bob(scene).verdict(), CLASS)
    assert found.setting == ""
    assert "does not stand out" in found.missing[0].text


def test_a_table_that_is_gone_while_no_variable_changed_is_a_lead_only() -> None:
    scene = complaining().topology()
    scene.configuration(FRONT, environment=GOOD, environments={"18": GOOD}).feed()
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    found = hypothesis(verdict, CLASS)
    assert found.confidence <= 0.45
    assert "may be gone" in found.cap or found.confidence < 0.2


def test_a_value_that_names_something_that_exists_speaks_against_it() -> None:
    scene = complaining().topology(CHAIN, table_of(FRONT))
    scene.configuration(FRONT, environment=BAD, environments={"18": GOOD})
    found = hypothesis(set_by_bob(scene).verdict(), CLASS)
    assert [one.text for one in found.arguments_against] == [
        "LEDGER_TABLE names ledger, which exists"
    ]


def test_a_key_error_about_a_variable_that_is_set_is_none_of_it() -> None:
    scene = complaining(KEY_ERROR, "KeyError").topology()
    scene.configuration(FRONT, environment=GOOD, environments={"18": {}})
    found = hypothesis(set_by_bob(scene).verdict(), CLASS)
    assert (found.status, found.ruled_out_because) == (
        "ruled_out",
        "LEDGER_TABLE, which its log misses, is set",
    )


def test_without_any_version_what_was_before_is_missing_and_caps_it() -> None:
    scene = complaining().topology().configuration(FRONT, environment=BAD)
    found = hypothesis(set_by_bob(scene).verdict(), CLASS)
    assert found.confidence <= 0.8
    assert "told by no version" in found.missing[0].text


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] KeyError: 'billing_country'\n",
        "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the PutItem"
        " operation: User: arn:aws:sts::1:assumed-role/r is not authorized",
        "[ERROR] ValueError: order without a delivery address",
        "[ERROR] ReadTimeoutError: Read timed out. (read timeout=60)",
        "[INFO] LEDGER_TABLE is ledger",
    ],
)
def test_other_errors_are_no_complaint_about_a_value(line: str) -> None:
    assert (
        complaints(LogDetail(lines_baseline=1, lines_incident=1, patterns=(pattern(line),))) == ()
    )


@pytest.mark.parametrize(
    ("line", "sort"),
    [
        (NOT_FOUND, "not_found"),
        ('{"errorType":"QueueDoesNotExist","errorMessage":"The specified queue..."}', "not_found"),
        ("botocore.errorfactory.NoSuchBucket: The specified bucket does not exist", "not_found"),
        ("Error: getaddrinfo ENOTFOUND db.internal.example", "no_address"),
        ("socket.gaierror: [Errno -2] Name or service not known", "no_address"),
        ("Invalid type for parameter TableName, value: None, type: <class 'NoneType'>", "missing"),
        (KEY_ERROR, "missing"),
    ],
)
def test_a_complaint_is_known_in_the_words_of_sdks_and_runtimes(line: str, sort: str) -> None:
    told = LogDetail(lines_baseline=1, lines_incident=1, patterns=(pattern(line),))
    assert [one.sort for one in complaints(told)] == [sort]


def test_a_pattern_that_became_rarer_is_no_complaint() -> None:
    gone = pattern(NOT_FOUND).model_copy(update={"change": "down"})
    assert complaints(LogDetail(lines_baseline=1, lines_incident=1, patterns=(gone,))) == ()
