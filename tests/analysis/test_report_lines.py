"""Lambda's own lines: starts, reports, timeouts, deaths and error types, as text and as JSON."""

import json

import pytest

from opspilot.analysis.report_lines import is_platform_line, read_report_lines
from opspilot.domain.telemetry import LogLine
from tests.analysis.telemetry import at

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
UUIDS = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(10)]


def lines(*messages: str) -> list[LogLine]:
    return [LogLine(at=at(n), stream="s", message=text) for n, text in enumerate(messages)]


def report(
    request: str, duration: float, *, used: int = 80, size: int = 256, tail: str = ""
) -> str:
    return (
        f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: 100 ms\t"
        f"Memory Size: {size} MB\tMax Memory Used: {used} MB\t{tail}\n"
    )


def record(kind: str, **fields: object) -> str:
    return json.dumps({"time": "2026-11-22T11:00:00Z", "type": kind, "record": fields})


def test_reports_give_durations_memory_and_cold_starts() -> None:
    seen = read_report_lines(
        lines(
            "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:x",
            f"START RequestId: {UUIDS[0]} Version: 17\n",
            "order 7 paid",
            f"END RequestId: {UUIDS[0]}\n",
            report(UUIDS[0], 120.5, used=90, tail="Init Duration: 310.2 ms\t"),
            f"START RequestId: {UUIDS[1]} Version: 18\n",
            report(UUIDS[1], 80.0, used=70, tail="XRAY TraceId: 1-5e34a614\tSegmentId: 07f02\t"),
        )
    )
    assert seen.durations_ms == [120.5, 80.0]
    assert (seen.memory_size_mb, seen.memory_used_max_mb) == (256, 90)
    assert seen.cold_starts == 1
    assert seen.versions == {"17": at(1), "18": at(5)}
    assert seen.duration_quantile(1.0) == 120.5
    assert not seen.timed_out
    assert not seen.killed


def test_a_timeout_said_by_line_and_by_report_counts_once() -> None:
    seen = read_report_lines(
        lines(
            f"2026-11-22T11:00:03.123Z {UUIDS[0]} Task timed out after 3.00 seconds\n\n",
            report(UUIDS[0], 3000.0, tail="Status: timeout"),
            report(UUIDS[1], 3000.0, tail="Status: timeout"),
        )
    )
    assert list(seen.timed_out) == [UUIDS[0], UUIDS[1]]
    assert seen.timeout_seconds == 3.0
    assert seen.first_timeout == at(0)


def test_a_timeout_line_without_an_id_still_counts() -> None:
    seen = read_report_lines(
        lines("Task timed out after 29.50 seconds", "Task timed out after 29.50 seconds")
    )
    assert len(seen.timed_out) == 2
    assert seen.timeout_seconds == 29.5


def test_a_killed_runtime_is_a_death_for_memory() -> None:
    seen = read_report_lines(
        lines(
            f"RequestId: {UUIDS[0]} Error: Runtime exited with error: signal: killed\n"
            "Runtime.ExitError\n",
            report(
                UUIDS[0],
                900.0,
                used=256,
                tail="Status: error\tError Type: Runtime.OutOfMemory",
            ),
            report(UUIDS[1], 900.0, used=256, tail="Status: error\tError Type: Runtime.ExitError"),
        )
    )
    assert seen.killed == {UUIDS[0], UUIDS[1]}


def test_a_runtime_that_exits_with_memory_to_spare_is_not_out_of_memory() -> None:
    seen = read_report_lines(
        lines(
            report(UUIDS[0], 9.0, used=60, tail="Status: error\tError Type: Runtime.ExitError"),
            f"RequestId: {UUIDS[0]} Error: Runtime exited with error: exit status 1\n",
        )
    )
    assert not seen.killed


def test_error_types_are_read_from_tracebacks_and_from_node() -> None:
    node = json.dumps({"errorType": "TypeError", "errorMessage": "x is undefined", "stack": []})
    seen = read_report_lines(
        lines(
            "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n  File ...",
            "[ERROR]\t2026-11-22T11:00:00.000Z\t" + UUIDS[0] + "\tValueError: bad total",
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'",
            f"2026-11-22T11:00:00.000Z\t{UUIDS[0]}\tERROR\tInvoke Error \t{node}",
            "[ERROR] could not charge the card",
            "all errors handled",
        )
    )
    assert seen.errors == {
        "KeyError": 1,
        "ValueError": 1,
        "Runtime.ImportModuleError": 1,
        "TypeError": 1,
    }


def test_the_json_log_format_says_the_same() -> None:
    metrics = {
        "durationMs": 3000.0,
        "billedDurationMs": 3000,
        "memorySizeMB": 256,
        "maxMemoryUsedMB": 101,
        "initDurationMs": 200.1,
    }
    killed = metrics | {"maxMemoryUsedMB": 256}
    seen = read_report_lines(
        lines(
            record("platform.initStart", initializationType="on-demand", phase="init"),
            record("platform.start", requestId=UUIDS[0], version="18"),
            record("platform.report", requestId=UUIDS[0], status="timeout", metrics=metrics),
            record(
                "platform.report",
                requestId=UUIDS[1],
                status="error",
                errorType="Runtime.OutOfMemory",
                metrics=killed,
            ),
            json.dumps(
                {
                    "timestamp": "2026-11-22T11:00:03Z",
                    "level": "ERROR",
                    "message": f"2026-11-22T11:00:03Z {UUIDS[0]} Task timed out after 3.00 seconds",
                    "requestId": UUIDS[0],
                }
            ),
            json.dumps({"level": "ERROR", "errorType": "KeyError", "errorMessage": "'TABLE'"}),
            json.dumps({"level": "INFO", "message": "paid", "requestId": UUIDS[2]}),
        )
    )
    assert seen.versions == {"18": at(1)}
    assert seen.durations_ms == [3000.0, 3000.0]
    assert list(seen.timed_out) == [UUIDS[0]]
    assert seen.timeout_seconds == 3.0
    assert seen.killed == {UUIDS[1]}
    assert seen.errors == {"KeyError": 1}
    assert seen.cold_starts == 2


def test_lines_that_only_look_like_records_are_passed_over() -> None:
    seen = read_report_lines(
        lines("{", "{not json}", '{"type": 7}', '{"record": []}', "[1, 2]", "", "REPORT of sales")
    )
    assert not seen.durations_ms
    assert not seen.errors


def test_routine_lines_of_the_platform_are_told_from_the_functions_own() -> None:
    assert is_platform_line(f"START RequestId: {ID} Version: 1")
    assert is_platform_line(record("platform.runtimeDone", requestId=ID))
    assert not is_platform_line("order START")
    assert not is_platform_line(json.dumps({"level": "INFO", "message": "x"}))
    assert not is_platform_line("2026-11-22T11:00:03Z x Task timed out after 3.00 seconds")


def test_billed_time_and_cold_starts_are_summed_from_text_and_json() -> None:
    metrics = {"durationMs": 3.0, "billedDurationMs": 4, "memorySizeMB": 128, "initDurationMs": 9.5}
    seen = read_report_lines(
        lines(
            report(UUIDS[0], 120.5, tail="Init Duration: 310.2 ms\t"),
            report(UUIDS[1], 80.0),
            record("platform.report", requestId=UUIDS[2], status="success", metrics=metrics),
        )
    )
    assert seen.billed_ms == 204.0
    assert seen.init_ms == [310.2, 9.5]


def test_a_stack_keeps_its_fingerprint_over_line_numbers_and_folders() -> None:
    def trace(folder: str, line: int, name: str = "charge") -> str:
        return (
            "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n"
            f'  File "{folder}/app.py", line {line}, in handler\n'
            f'  File "{folder}/pay.py", line {line + 9}, in {name}\n'
        )

    seen = read_report_lines(
        lines(trace("/var/task", 7), trace("/opt/python", 12), trace("/var/task", 7, "refund"))
    )
    assert sorted(seen.stacks.values()) == [1, 2]
    assert all(name.startswith("KeyError ") for name in seen.stacks)


def test_a_record_of_an_error_brings_its_stack_as_a_list() -> None:
    frames = [
        "TypeError: x",
        "    at charge (/var/task/pay.js:3:9)",
        "    at /var/task/index.js:8:1",
    ]
    moved = [frame.replace(":3:", ":31:") for frame in frames]
    seen = read_report_lines(
        lines(
            *(json.dumps({"errorType": "TypeError", "stack": stack}) for stack in (frames, moved))
        )
    )
    assert list(seen.stacks.values()) == [2]
    assert not read_report_lines(lines(json.dumps({"errorType": "X"}))).stacks


@pytest.mark.parametrize(
    "hostile",
    [
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        report(ID, 1.0).replace("1.00", "1.2.3"),
        report(ID, 1.0).replace("256", "9" * 5_000),
        f"{ID} Task timed out after 3.0... seconds",
        f"REPORT RequestId: {ID} " + "Duration: 1 ms Billed Duration: 1 ms " * 30_000,
        "a.BError" + "\n" * 1_000_000,
        "\tERROR\tInvoke Error " * 50_000,
        "[ERROR] 7: x" + "\n" * 1_000_000,
        record("platform.report", requestId=ID, metrics={"durationMs": float("nan")}),
    ],
    ids=range(9),
)
def test_a_line_made_to_break_the_reading_says_nothing_and_takes_no_time(hostile: str) -> None:
    seen = read_report_lines(lines(hostile, report(UUIDS[0], 5.0)))
    assert seen.durations_ms == [5.0]
    assert not seen.timed_out
    assert not seen.errors


def test_a_start_from_a_snapshot_is_a_cold_start() -> None:
    tail = "Restore Duration: 300.10 ms\tBilled Restore Duration: 200 ms\t"
    metrics = {"durationMs": 1.0, "restoreDurationMs": 80.5}
    seen = read_report_lines(
        lines(report(ID, 12.5, tail=tail), record("platform.report", metrics=metrics))
    )
    assert seen.cold_starts == 2
    assert seen.init_ms == [300.1, 80.5]
    assert seen.durations_ms == [12.5, 1.0]


def test_stacks_are_read_as_each_runtime_writes_them() -> None:
    error = {"errorType": "TypeError", "stack": ["TypeError: x", "    at h (/var/task/i.js:3:4)"]}
    python = "[ERROR] KeyError: 'x'\rTraceback:\r  File \"/var/task/a.py\", line 3, in h\r"
    go = {"errorType": "panic", "stackTrace": [{"path": "main.go", "line": 3, "label": "h"}]}
    moved = {"errorType": "panic", "stackTrace": [{"path": "main.go", "line": 9, "label": "h"}]}
    seen = read_report_lines(
        lines(
            f"2026-11-22T11:00:03Z\t{ID}\tERROR\tInvoke Error \t{json.dumps(error)}",
            python,
            json.dumps(go),
            json.dumps(moved),
        )
    )
    assert sorted((name.split()[0], count) for name, count in seen.stacks.items()) == [
        ("KeyError", 1),
        ("TypeError", 1),
        ("panic", 2),
    ]


@pytest.mark.parametrize(
    "quoted",
    [
        f"{UUIDS[1]} Task timed out after 1.00 seconds",
        f"RequestId: {UUIDS[1]} Error: Task timed out after 1.00 seconds",
        f"RequestId: {UUIDS[1]} Error: Runtime exited with error: signal: killed",
    ],
)
def test_what_a_caller_quotes_of_a_function_that_died_is_no_death_of_its_own(quoted: str) -> None:
    text = f"[ERROR] RuntimeError: lookup failed: {{'errorMessage': '{quoted}'}}"
    told = {"level": "ERROR", "requestId": ID, "message": f"lookup failed: {quoted}"}
    seen = read_report_lines(lines(text, json.dumps(told)))
    assert not seen.timed_out
    assert not seen.killed
    assert seen.errors == {"RuntimeError": 1}
