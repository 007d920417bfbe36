"""Refusals in log lines, in the wordings of AWS, its SDKs and Lambda's platform."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from opspilot.analysis.failure_lines import denials, read_failure_lines
from opspilot.analysis.log_findings import log_detail, log_sentence
from opspilot.analysis.report_lines import read_report_lines
from opspilot.domain.evidence import Denial
from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"
WHO = "arn:aws:sts::123456789012:assumed-role/billing-role/billing"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/ledger"
REFUSED = (
    f"User: {WHO} is not authorized to perform: dynamodb:PutItem on resource: {TABLE} because no "
    "identity-based policy allows the dynamodb:PutItem action"
)


def lines(*messages: str) -> list[LogLine]:
    return [
        LogLine(at=NOON + timedelta(seconds=index), stream="s", message=message)
        for index, message in enumerate(messages)
    ]


@pytest.mark.parametrize(
    "message",
    [
        "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the PutItem "
        f"operation: {REFUSED}\nTraceback (most recent call last):",
        f"2026-11-22T12:00:00Z\t{ID}\tERROR\tInvoke Error\t"
        + json.dumps({"errorType": "AccessDeniedException", "errorMessage": REFUSED}),
        f"software.amazon.awssdk.services.dynamodb.model.DynamoDbException: User: {WHO} is not "
        f"authorized to perform: dynamodb:PutItem on resource: {TABLE} (Service: DynamoDb, Status "
        "Code: 400, Request ID: ABC)\n\tat Handler.handle(Handler.java:9)",
        json.dumps({"level": "ERROR", "message": REFUSED, "requestId": ID}),
    ],
    ids=["python", "node", "java", "json"],
)
def test_a_refusal_tells_who_was_refused_what_on_which_resource(message: str) -> None:
    (found,) = denials(read_failure_lines([]), read_failure_lines(lines(message)))
    assert found == Denial(
        principal=WHO,
        action="dynamodb:PutItem",
        resource=TABLE,
        count=1,
        before=0,
        first_seen=NOON,
    )


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (
            "[ERROR] ClientError: An error occurred (AccessDenied) when calling the GetObject "
            "operation: Access Denied",
            "GetObject",
        ),
        ("AccessDeniedException: The ciphertext refers to a key that does not exist", ""),
    ],
)
def test_a_refusal_that_says_less_still_counts(message: str, action: str) -> None:
    (found,) = denials(read_failure_lines([]), read_failure_lines(lines(message)))
    assert (found.action, found.count) == (action, 1)


@pytest.mark.parametrize(
    "message",
    ["INFO user is not authorized for beta", "START RequestId: x Version: 1", "access denied list"],
)
def test_what_only_sounds_like_a_refusal_does_not_count(message: str) -> None:
    assert not read_failure_lines(lines(message)).denied


def test_refusals_of_both_windows_stand_side_by_side() -> None:
    before = read_failure_lines(lines(REFUSED))
    during = read_failure_lines(lines(REFUSED, REFUSED))
    (found,) = denials(before, during)
    assert (found.count, found.before) == (2, 1)


def test_throttles_are_counted_by_code_once_a_line() -> None:
    seen = read_failure_lines(
        lines(
            "An error occurred (ProvisionedThroughputExceededException) when calling the PutItem "
            "operation: ProvisionedThroughputExceededException",
            "TooManyRequestsException: Rate Exceeded.",
            "ThrottlingExceptionally slow today",
        )
    )
    assert seen.throttles == {
        "ProvisionedThroughputExceededException": 1,
        "TooManyRequestsException": 1,
    }


def test_refused_conditions_are_counted_alone_and_in_transactions() -> None:
    seen = read_failure_lines(
        lines(
            "(ConditionalCheckFailedException) when calling PutItem: The conditional request "
            "failed",
            "TransactionCanceledException: reasons [None, ConditionalCheckFailed]",
            "conditional headers",
        )
    )
    assert seen.conditions == 2


def test_a_failed_start_is_one_however_many_lines_tell_of_it() -> None:
    seen = read_failure_lines(
        lines(
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'",
            "INIT_REPORT Init Duration: 231.95 ms\tPhase: init\tStatus: error\tError Type: "
            "Runtime.ImportModuleError",
            f"REPORT RequestId: {ID}\tDuration: 9 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 30 MB\tStatus: error\tError Type: Runtime.ImportModuleError",
        )
    )
    assert (seen.init_failures, seen.exits) == (1, set())


@pytest.mark.parametrize(
    "message",
    [
        "INIT_REPORT Init Duration: 10000.12 ms\tPhase: init\tStatus: timeout",
        json.dumps(
            {
                "time": "2026-11-22T12:00:00Z",
                "type": "platform.initReport",
                "record": {"phase": "init", "status": "error", "errorType": "Runtime.Unknown"},
            }
        ),
        'undefined\tERROR\tUncaught Exception\t{"errorType":"Runtime.ImportModuleError"}',
        "[ERROR] Runtime.HandlerNotFound: Handler 'run' missing on module 'app'",
        "[ERROR] Runtime.UserCodeSyntaxError: Syntax error in module 'app'",
    ],
)
def test_each_wording_of_a_failed_start_counts(message: str) -> None:
    assert read_failure_lines(lines(message)).init_failures == 1


def test_a_start_that_succeeds_is_no_failure() -> None:
    record = {"type": "platform.initReport", "record": {"status": "success"}}
    seen = read_failure_lines(lines("INIT_START Runtime Version: x", json.dumps(record)))
    assert seen.init_failures == 0


def test_an_exit_of_the_runtime_counts_once_and_a_memory_kill_is_none() -> None:
    told = (
        f"RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
        f"REPORT RequestId: {ID}\tDuration: 9 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 30 MB\tStatus: error\tError Type: Runtime.ExitError",
    )
    assert len(read_failure_lines(lines(*told)).exits) == 1
    killed = f"RequestId: {ID} Error: Runtime exited with error: signal: killed"
    assert not read_failure_lines(lines(killed)).exits


def answered(*messages: str) -> LogLines:
    query = LogQuery(log_group="g", window=Window(start=NOON, end=NOON + timedelta(hours=1)))
    return LogLines(query=query, lines=tuple(lines(*messages)))


def test_the_finding_says_what_was_refused() -> None:
    detail, _ = log_detail(answered("INFO fine"), answered(REFUSED, "ThrottlingException: slow"))
    assert (detail.denied[0].action, detail.throttle_errors) == (
        "dynamodb:PutItem",
        {"ThrottlingException": 1},
    )
    assert f"1 denied dynamodb:PutItem on {TABLE} (0 before)" in log_sentence("billing", detail)


def test_a_memory_kill_with_its_report_is_no_exit_besides() -> None:
    killed = (
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        f"REPORT RequestId: {ID}\tDuration: 9 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 128 MB\tStatus: error\tError Type: Runtime.ExitError",
    )
    detail, _ = log_detail(answered(), answered(*killed))
    assert (detail.out_of_memory, detail.exits) == (1, 0)


def test_an_uncaught_java_exception_is_an_error_with_its_type() -> None:
    text = "java.lang.IllegalStateException: no key\n\tat shop.Handler.handle(Handler.java:12)\n"
    assert read_report_lines(lines(text)).errors == {"java.lang.IllegalStateException": 1}
    assert not read_report_lines(lines("java.lang.IllegalStateException was avoided")).errors


def test_an_exit_that_only_a_record_reports_is_counted() -> None:
    record = (
        '{"time":"2026-11-22T11:00:00Z","type":"platform.report","record":{"requestId":"r-1",'
        '"metrics":{"durationMs":12.0},"status":"error","errorType":"Runtime.ExitError"}}'
    )
    seen = read_failure_lines(lines(record))
    assert seen.exits == {"r-1"}
