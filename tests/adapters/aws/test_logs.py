"""FilterLogEvents and Logs Insights."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.logs import AwsLogs
from opspilot.adapters.aws.throttle import Patience
from opspilot.domain.telemetry import InsightsQuery, LogQuery
from opspilot.domain.window import Window
from opspilot.errors import AwsDenied, AwsNotFound, AwsRejected, AwsThrottled, AwsUnavailable
from tests.adapters.aws.stubs import answer, calls, stubbed

START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=10))
QUERY = LogQuery(log_group="/aws/lambda/checkout", window=WINDOW, pattern="ERROR", limit=100)
START_MS = 1795356000000


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(seconds: float, text: str = "ERROR", stream: str = "s1") -> dict:
    return {
        "logStreamName": stream,
        "timestamp": START_MS + round(seconds * 1000),
        "message": text,
        "ingestionTime": START_MS,
        "eventId": f"{stream}{seconds}",
    }


def page(
    stub: Stubber,
    *events: dict,
    token: str = "",
    next_token: str = "",
    most: int = 101,
    request_id: str = "r-1",
) -> None:
    request = {
        "logGroupName": "/aws/lambda/checkout",
        "startTime": START_MS,
        "endTime": START_MS + 600_000 - 1,
        "filterPattern": "ERROR",
        "limit": most,
    }
    content: dict = {"events": list(events)}
    stub.add_response(
        "filter_log_events",
        answer(request_id, **content, **({"nextToken": next_token} if next_token else {})),
        {**request, **({"nextToken": token} if token else {})},
    )


def test_lines_come_oldest_first_as_they_were_written():
    with stubbed("logs") as (client, stub):
        page(stub, event(2, "ERROR b\n"), event(1, "ERROR a", "s2"))
        found = AwsLogs(client, calls()).search(QUERY)
    assert [(line.at, line.stream, line.message) for line in found.lines] == [
        (at(1), "s2", "ERROR a"),
        (at(2), "s1", "ERROR b\n"),
    ]
    assert (found.query, found.status, found.truncated) == (QUERY, "complete", False)
    assert (found.searched_until, found.messages, found.request_ids) == (None, (), ("r-1",))


def test_only_a_missing_token_ends_the_search_empty_pages_do_not():
    with stubbed("logs") as (client, stub):
        page(stub, next_token="t1")
        page(stub, token="t1", next_token="t2", request_id="r-2")
        page(stub, event(9), token="t2", request_id="r-3")
        found = AwsLogs(client, calls()).search(QUERY)
    assert [line.at for line in found.lines] == [at(9)]
    assert found.request_ids == ("r-1", "r-2", "r-3")


def test_no_matching_line_is_an_empty_whole_answer():
    with stubbed("logs") as (client, stub):
        page(stub)
        found = AwsLogs(client, calls()).search(QUERY)
    assert (found.lines, found.status, found.truncated) == ((), "complete", False)


def test_an_empty_pattern_is_not_sent():
    with stubbed("logs") as (client, stub):
        stub.add_response(
            "filter_log_events",
            answer(events=[]),
            {
                "logGroupName": "/aws/lambda/checkout",
                "startTime": START_MS,
                "endTime": START_MS + 600_000 - 1,
                "limit": 10_000,
            },
        )
        AwsLogs(client, calls()).search(LogQuery(log_group="/aws/lambda/checkout", window=WINDOW))


def test_as_many_lines_as_the_limit_are_not_called_truncated():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), event(2), most=3)
        found = AwsLogs(client, calls()).search(QUERY.model_copy(update={"limit": 2}))
    assert (len(found.lines), found.truncated) == (2, False)


def test_more_lines_than_the_limit_are_cut_and_labelled_with_how_far_they_are_whole():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), event(2), most=3, next_token="t1")
        page(stub, event(3), most=1, token="t1", next_token="t2")
        found = AwsLogs(client, calls()).search(QUERY.model_copy(update={"limit": 2}))
    assert [line.at for line in found.lines] == [at(1), at(2)]
    assert (found.truncated, found.searched_until) == (True, at(2))
    assert found.messages == ("more than 2 lines match",)


def test_where_lines_come_stream_after_stream_a_cut_answer_claims_no_whole_part():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), event(8), most=3, next_token="t1")
        page(stub, event(2, stream="s2"), most=1, token="t1")
        found = AwsLogs(client, calls()).search(QUERY.model_copy(update={"limit": 2}))
    assert [line.at for line in found.lines] == [at(1), at(2)]
    assert (found.truncated, found.searched_until) == (True, START)


def test_a_search_longer_than_the_time_allowed_is_cut_and_labelled():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), next_token="t1")
        found = AwsLogs(client, calls(patience=Patience(seconds=0.0))).search(QUERY)
    assert (found.truncated, found.searched_until) == (True, at(1))
    assert found.messages == ("there was more to search than the time allowed",)


def test_a_cut_search_without_a_line_has_searched_nothing_for_certain():
    with stubbed("logs") as (client, stub):
        page(stub, next_token="t1")
        found = AwsLogs(client, calls(patience=Patience(seconds=0.0))).search(QUERY)
    assert (found.truncated, found.searched_until) == (True, START)


def test_a_later_page_that_fails_leaves_what_came_labelled_partial():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), next_token="t1")
        for _ in range(5):
            stub.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded")
        found = AwsLogs(client, calls()).search(QUERY)
    assert (found.status, found.truncated, found.searched_until) == ("partial", True, at(1))
    assert "later page could not be read" in found.messages[0]


def test_a_token_that_repeats_ends_the_search_labelled():
    with stubbed("logs") as (client, stub):
        page(stub, event(1), next_token="t1")
        page(stub, event(2), token="t1", next_token="t1", most=100)
        found = AwsLogs(client, calls()).search(QUERY)
    assert (len(found.lines), found.truncated) == (2, True)


def test_lines_outside_the_window_are_left_out():
    with stubbed("logs") as (client, stub):
        page(stub, event(-1), event(0), event(600))
        found = AwsLogs(client, calls()).search(QUERY)
    assert [line.at for line in found.lines] == [at(0)]


@pytest.mark.parametrize(
    ("code", "times", "kind"),
    [
        ("ResourceNotFoundException", 1, AwsNotFound),
        ("AccessDeniedException", 1, AwsDenied),
        ("InvalidParameterException", 1, AwsRejected),
        ("ThrottlingException", 5, AwsThrottled),
        ("ServiceUnavailableException", 5, AwsUnavailable),
    ],
)
def test_a_search_that_never_began_is_an_error(code, times, kind):
    with stubbed("logs") as (client, stub):
        for _ in range(times):
            stub.add_client_error("filter_log_events", code, "no")
        with pytest.raises(kind) as caught:
            AwsLogs(client, calls()).search(QUERY)
    assert caught.value.resource == "/aws/lambda/checkout"


INSIGHTS = InsightsQuery(
    log_groups=("/aws/lambda/checkout", "/aws/lambda/payments"),
    window=WINDOW,
    text="stats count(*) by bin(5m)",
    limit=50,
)


def test_an_insights_query_starts_in_seconds_with_its_limit():
    with stubbed("logs") as (client, stub):
        stub.add_response(
            "start_query",
            answer(queryId="q-1"),
            {
                "logGroupNames": ["/aws/lambda/checkout", "/aws/lambda/payments"],
                "startTime": START_MS // 1000,
                "endTime": START_MS // 1000 + 600,
                "queryString": "stats count(*) by bin(5m)",
                "limit": 50,
            },
        )
        assert AwsLogs(client, calls()).start(INSIGHTS) == "q-1"


def test_a_query_that_does_not_parse_is_rejected():
    with stubbed("logs") as (client, stub):
        stub.add_client_error("start_query", "MalformedQueryException", "unexpected token")
        with pytest.raises(AwsRejected, match="unexpected token"):
            AwsLogs(client, calls()).start(INSIGHTS)


@pytest.mark.parametrize("code", ["LimitExceededException", "ServiceUnavailableException"])
def test_a_query_that_could_not_start_is_not_started_again_by_itself(code):
    with stubbed("logs") as (client, stub):
        stub.add_client_error("start_query", code, "no", http_status_code=503)
        with pytest.raises((AwsThrottled, AwsUnavailable)):
            AwsLogs(client, calls()).start(INSIGHTS)


def row(**cells: str) -> list[dict[str, str]]:
    return [{"field": name, "value": value} for name, value in cells.items()]


@pytest.mark.parametrize(
    ("status", "done", "failure"),
    [
        ("Scheduled", False, ""),
        ("Running", False, ""),
        ("Unknown", False, ""),
        ("Complete", True, ""),
        ("Failed", True, "the query failed"),
        ("Cancelled", True, "the query was stopped"),
        ("Timeout", True, "the query ran longer than 60 minutes"),
    ],
)
def test_the_status_of_a_query_says_whether_it_is_done_and_why_it_failed(status, done, failure):
    with stubbed("logs") as (client, stub):
        stub.add_response("get_query_results", answer(status=status, results=[]), {"queryId": "q"})
        polled = AwsLogs(client, calls()).poll("q")
    assert (polled.done, polled.failure, polled.rows) == (done, failure, ())


def test_rows_are_mappings_without_the_pointer_and_the_scan_is_counted():
    with stubbed("logs") as (client, stub):
        stub.add_response(
            "get_query_results",
            answer(
                status="Complete",
                results=[row(n="3", kind="ERROR") + row(**{"@ptr": "x"}), row(n="1")],
                statistics={"bytesScanned": 2048.0, "recordsScanned": 10.0, "recordsMatched": 2.0},
            ),
        )
        polled = AwsLogs(client, calls()).poll("q")
    assert polled.rows == ({"n": "3", "kind": "ERROR"}, {"n": "1"})
    assert (polled.bytes_scanned, polled.records_scanned) == (2048.0, 10.0)
    assert polled.request_ids == ("r-1",)


def test_all_pages_of_rows_are_read():
    with stubbed("logs") as (client, stub):
        stub.add_response(
            "get_query_results",
            answer(status="Complete", results=[row(n="1")], nextToken="t1"),
            {"queryId": "q"},
        )
        stub.add_response(
            "get_query_results",
            answer(status="Complete", results=[row(n="2")]),
            {"queryId": "q", "nextToken": "t1"},
        )
        polled = AwsLogs(client, calls()).poll("q")
    assert (polled.rows, polled.failure) == (({"n": "1"}, {"n": "2"}), "")


def test_stopping_a_query_that_has_ended_is_no_error():
    with stubbed("logs") as (client, stub):
        stub.add_client_error("stop_query", "InvalidParameterException", "not running")
        AwsLogs(client, calls()).stop("q")


def test_a_query_that_may_not_be_stopped_is_an_error():
    with stubbed("logs") as (client, stub):
        stub.add_client_error("stop_query", "AccessDeniedException", "no", http_status_code=403)
        with pytest.raises(AwsDenied):
            AwsLogs(client, calls()).stop("q")
