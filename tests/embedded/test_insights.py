"""Logs Insights: the forms in use, over known lines and over the account's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opspilot.embedded.errors import AwsError
from opspilot.embedded.telemetry.insights import QueryRun, check_commands, run_query
from opspilot.embedded.telemetry.insights_syntax import parse_query
from opspilot.embedded.telemetry.loglines import LogEvent
from tests.embedded.aws import Aws

BASE = 1_772_625_600_000


def _event(second: float, text: str, stream: str = "s1", request: str = "r1") -> LogEvent:
    return LogEvent(BASE + int(second * 1000), stream, text + "\n", request)


LINES = [
    _event(0, "START RequestId: r1 Version: 17"),
    _event(1, "[INFO] order o-1 received amount=10.5"),
    _event(61, json.dumps({"level": "ERROR", "ms": 120, "who": {"id": "ann"}, "ok": True}), "s2"),
    _event(62, json.dumps({"level": "WARN", "ms": 80, "who": {"id": "bob"}}), "s2"),
    _event(130, "[INFO] order o-2 received amount=99"),
    _event(
        131,
        "REPORT RequestId: r1\tDuration: 250.50 ms\tBilled Duration: 251 ms\tMemory Size: 512 MB\t"
        "Max Memory Used: 100 MB\tInit Duration: 40.00 ms\t",
    ),
    _event(190, "2026-03-04T12:03:10Z r2 Task timed out after 3.00 seconds", "s1", "r2"),
]


def run(query: str) -> list[dict[str, str]]:
    """Result rows without the pointer."""
    commands = parse_query(query)
    check_commands(commands)
    result = run_query(commands, (("123:/g", event) for event in LINES))
    return [{k: v for k, v in row if k != "@ptr"} for row in result.rows]


@pytest.mark.parametrize(
    "query",
    [
        "stats count(*), count(ms), sum(ms), min(ms), max(ms) by bin(1m)",
        "parse @message /(?<level>ERROR|WARN)/ | stats count(*), count(level) by bin(1m)",
        "filter ms > 100 | stats count(*) as n by @logStream | sort n desc",
        "stats avg(ms), pct(ms, 50) by bin(2m)",
        "filter @message like /order/ | sort @timestamp asc | limit 1",
        "stats count(*) as n by bin(1m) | stats max(n)",
    ],
)
def test_a_query_over_portions_gives_what_it_gives_over_everything(query: str) -> None:
    commands = parse_query(query)
    portions = QueryRun(commands)
    for at in range(0, len(LINES), 2):
        portions.take(("123:/g", event) for event in LINES[at : at + 2])
        portions.result(final=False)
    whole = run_query(commands, (("123:/g", event) for event in LINES))
    assert portions.result(final=True) == whole


def test_counts_are_known_while_a_query_runs_and_an_average_only_at_its_end() -> None:
    counting, averaging = (
        QueryRun(parse_query(f"stats {what} by bin(1m)")) for what in ("count(*)", "avg(ms)")
    )
    for run in (counting, averaging):
        run.take(("123:/g", event) for event in LINES[:2])
    assert counting.result(final=False).rows == [
        [("bin(1m)", "2026-03-04 12:00:00.000"), ("count(*)", "2")]
    ]
    assert averaging.result(final=False).rows == []
    assert averaging.result(final=False).records_scanned == 2


def column(query: str, name: str) -> list[str]:
    """One column of the result."""
    return [row[name] for row in run(query) if name in row]


def test_without_fields_the_newest_time_and_message_come_first() -> None:
    rows = run("filter @message like /order/")
    assert [row["@timestamp"] for row in rows] == [
        "2026-03-04 12:02:10.000",
        "2026-03-04 12:00:01.000",
    ]
    assert rows[1]["@message"] == "[INFO] order o-1 received amount=10.5"


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("@message like 'order'", 2),
        ("@message like /ORDER/", 0),
        ("@message like /(?i)ORDER/", 2),
        ("@message not like /order/", 5),
        ("not (@message like /order/)", 5),
        ("@message =~ /timed out/", 1),
        ('level = "ERROR"', 1),
        ('level != "ERROR"', 6),
        ('level in ["ERROR", "WARN"]', 2),
        ('level not in ["ERROR"]', 6),
        ("ms > 80", 1),
        ("ms >= 80 and ms < 121", 2),
        ('ms = 80 or who.id = "ann"', 2),
        ("ms * 2 = 240", 1),
        ("ispresent(ms)", 2),
        ('@type = "REPORT"', 1),
        ("@duration > 250", 1),
        ("@memorySize / 1000000 = 512", 1),
        ('@logStream = "s2"', 2),
        ('@requestId = "r2"', 1),
        ("strlen(@message) > 60", 2),
        ('strcontains(@message, "amount")', 2),
        ("ok = 1", 1),
        ('`who.id` = "bob"', 1),
    ],
)
def test_filters(condition: str, count: int) -> None:
    assert len(run(f"filter {condition}")) == count


def test_parse_takes_a_text_with_stars_or_a_regular_expression() -> None:
    glob = 'parse @message "order * received amount=*" as order, amount | filter amount > 20'
    assert run(glob + " | display order, amount") == [{"order": "o-2", "amount": "99"}]
    regex = r"parse @message /amount=(?<amount>[\d.]+)/ | filter ispresent(amount)"
    assert column(regex + " | fields amount | sort amount asc", "amount") == ["10.5", "99"]


def test_fields_compute_and_name() -> None:
    query = "filter ispresent(ms) | fields ms / 1000 as seconds, upper(who.id) as who | sort ms"
    assert run(query) == [
        {"seconds": "0.08", "who": "BOB"},
        {"seconds": "0.12", "who": "ANN"},
    ]


def test_stats_aggregate_whole_and_by_time_and_by_field() -> None:
    assert run("stats count(*), count(ms), sum(ms), avg(ms), min(ms), max(ms)") == [
        {
            "count(*)": "7",
            "count(ms)": "2",
            "sum(ms)": "200",
            "avg(ms)": "100",
            "min(ms)": "80",
            "max(ms)": "120",
        }
    ]
    by_minute = run("stats count(*) as n by bin(1m) as minute | sort minute asc")
    assert [row["n"] for row in by_minute] == ["2", "2", "2", "1"]
    assert by_minute[1]["minute"] == "2026-03-04 12:01:00.000"
    by_stream = run("stats count_distinct(@requestId) as ids by @logStream | sort @logStream")
    assert by_stream == [{"@logStream": "s1", "ids": "2"}, {"@logStream": "s2", "ids": "1"}]


def test_stats_know_percentiles_times_and_arithmetic() -> None:
    query = (
        "stats pct(ms, 50) as p50, latest(level) as last, sum(ms) / count(ms) as mean, stddev(ms)"
    )
    assert run(query) == [{"p50": "100", "last": "WARN", "mean": "100", "stddev(ms)": "20"}]


def test_stats_of_nothing_count_zero() -> None:
    assert run("filter @message like /absent/ | stats count(*) as n") == [{"n": "0"}]
    assert run("filter @message like /absent/ | stats count(*) as n by bin(5m)") == []


def test_stats_can_be_filtered_sorted_and_limited_again() -> None:
    query = "stats count(*) as n by @logStream as s | filter n > 2 | sort n desc | limit 1"
    assert run(query) == [{"s": "s1", "n": "5"}]


def test_sort_puts_numbers_before_texts_and_dedup_keeps_the_first() -> None:
    assert column("fields ms | filter ispresent(ms) | sort ms desc", "ms") == ["120", "80"]
    rows = run("fields @logStream | dedup @logStream")
    assert [row["@logStream"] for row in rows] == ["s1", "s2"]


def test_bins_are_capped_by_their_unit() -> None:
    minutes = column("stats count(*) as n by bin(300s) as t", "n")
    assert len(minutes) == 4, "300 s is capped to 60 s, as on AWS"


def test_comments_and_line_breaks_are_read_over() -> None:
    assert len(run("# what failed\nfilter level = 'ERROR' # only these\n| limit 5")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense",
        "fields @message |",
        "fields @message | | limit 5",
        "fields @a @b",
        "filter @message like",
        "filter count(*) > 1",
        "filter frobnicate(@message)",
        "stats ms",
        "stats count(*) by",
        "parse @message 'a * b' as x, y",
        "parse @message /(/ as x",
        "limit 0",
        "limit many",
        "sort",
        "stats count(*) by bin(5)",
        "filter level in 'ERROR'",
        "pattern @message",
        "fields 'unclosed",
    ],
)
def test_what_cannot_be_read_is_malformed(query: str) -> None:
    with pytest.raises(AwsError) as caught:
        run(query)
    assert caught.value.code == "MalformedQueryException"


def ask(aws: Aws, query: str, group: str = "/aws/lambda/checkout", **more: Any) -> Any:
    """Start a query over the last 30 minutes and wait for its results."""
    now = int(aws.account.account_now().timestamp())
    times = {"startTime": now - 1800, "endTime": now} | more
    name = aws.logs.start_query(logGroupName=group, queryString=query, **times)["queryId"]
    first = aws.logs.get_query_results(queryId=name)
    assert (first["status"], first["results"]) == ("Running", [])
    return aws.logs.get_query_results(queryId=name)


def test_a_query_over_http_counts_the_timeouts_and_tells_what_it_scanned(failing: Aws) -> None:
    answer = ask(failing, "filter @message like /Task timed out/ | stats count(*) as n")
    assert answer["status"] == "Complete"
    (row,) = answer["results"]
    assert int(row[0]["value"]) > 300
    assert row == [{"field": "n", "value": row[0]["value"]}]
    statistics = answer["statistics"]
    assert statistics["recordsMatched"] == int(row[0]["value"]) < statistics["recordsScanned"]
    assert statistics["bytesScanned"] > 50 * statistics["recordsScanned"]


def test_reports_agree_with_the_duration_metric(healthy: Aws) -> None:
    query = 'filter @type = "REPORT" | stats pct(@duration, 50) as p50, count(*) as n'
    end = int(healthy.account.account_now().timestamp()) // 60 * 60 - 300
    answer = ask(healthy, query, startTime=end - 1200, endTime=end)
    found = {cell["field"]: float(cell["value"]) for cell in answer["results"][0]}
    p50 = healthy.values("Duration", stat="p50", minutes=20, until=5, period=1200)
    assert found["p50"] == pytest.approx(p50[-1], rel=0.1)


def test_several_groups_are_searched_and_told_apart(healthy: Aws) -> None:
    now = int(healthy.account.account_now().timestamp())
    name = healthy.logs.start_query(
        logGroupNames=["/aws/lambda/checkout", "/aws/lambda/payments"],
        startTime=now - 300,
        endTime=now,
        queryString="stats count(*) as n by @log | sort @log",
    )["queryId"]
    healthy.logs.get_query_results(queryId=name)
    rows = healthy.logs.get_query_results(queryId=name)["results"]
    assert [row[0]["value"] for row in rows] == [
        "123456789012:/aws/lambda/checkout",
        "123456789012:/aws/lambda/payments",
    ]


def test_results_come_in_pages(healthy: Aws) -> None:
    now = int(healthy.account.account_now().timestamp())
    name = healthy.logs.start_query(
        logGroupName="/aws/lambda/checkout",
        startTime=now - 300,
        endTime=now,
        queryString="fields @timestamp | limit 25",
    )["queryId"]
    healthy.logs.get_query_results(queryId=name)
    first = healthy.logs.get_query_results(queryId=name, maxItems=20)
    rest = healthy.logs.get_query_results(queryId=name, nextToken=first["nextToken"])
    assert len(first["results"]) == 20
    assert "nextToken" in first
    assert len(rest["results"]) == 5


def test_a_query_can_be_stopped_once(healthy: Aws) -> None:
    now = int(healthy.account.account_now().timestamp())
    name = healthy.logs.start_query(
        logGroupName="/aws/lambda/checkout",
        startTime=now - 300,
        endTime=now,
        queryString="stats count(*)",
    )["queryId"]
    assert healthy.logs.stop_query(queryId=name)["success"] is True
    assert healthy.logs.get_query_results(queryId=name)["status"] == "Cancelled"
    with pytest.raises(ClientError, match="not running"):
        healthy.logs.stop_query(queryId=name)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"queryString": "garbage"}, "MalformedQueryException"),
        ({"logGroupName": "/aws/lambda/nobody"}, "ResourceNotFoundException"),
        ({"startTime": 200, "endTime": 100}, "InvalidParameterException"),
        ({"startTime": 100, "endTime": 200}, "MalformedQueryException"),
    ],
)
def test_wrong_queries_are_refused(healthy: Aws, change: dict[str, Any], code: str) -> None:
    now = int(healthy.account.account_now().timestamp())
    base = {
        "logGroupName": "/aws/lambda/checkout",
        "startTime": now - 60,
        "endTime": now,
        "queryString": "stats count(*)",
    }
    with pytest.raises(ClientError) as caught:
        healthy.logs.start_query(**(base | change))
    assert caught.value.response["Error"]["Code"] == code
