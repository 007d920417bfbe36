"""What the benchmark's workloads are made of: shorthands for the values of a fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opspilot.embedded.fleet import (
    AlarmSpec,
    Build,
    Failure,
    FunctionSpec,
    LogLine,
    PlannedChange,
)

HOUR, DAY = 3600.0, 86400.0
PIPELINE = "deploy-pipeline"


def queue_url(name: str) -> str:
    """The URL of a queue, as a variable holds it."""
    return f"https://sqs.{{region}}.amazonaws.com/{{account}}/{name}"


def function(
    name: str,
    memory_mb: int,
    timeout_s: int,
    environment: Mapping[str, str] | None = None,
    *,
    alias: bool = False,
    json: bool = False,
) -> FunctionSpec:
    """A function on build `NAME-1`, version 1, behind the alias `live` when asked for."""
    return FunctionSpec(
        name=name,
        build=f"{name}-1",
        memory_mb=memory_mb,
        timeout_s=timeout_s,
        environment={**(environment or {}), "LOG_LEVEL": "INFO"},
        aliases={"live": "1"} if alias else {},
        log_format="json" if json else "text",
    )


def failure(type_name: str, message: str, line: int) -> Failure:
    """A rare failure of the code's own, there since ever."""
    return Failure(
        type_name,
        message,
        (
            f'File "/var/task/app.py", line {line}, in handler',
            f'File "/var/task/rules.py", line {line * 3}, in check',
        ),
    )


def info(text: str, step: int = 0, position: float = 1.0, chance: float = 1.0) -> LogLine:
    """A line of level INFO."""
    return LogLine("INFO", text, step, position, chance)


def warning(text: str, step: int = 0, position: float = 0.5, chance: float = 0.03) -> LogLine:
    """A line of level WARNING, seldom as a rule."""
    return LogLine("WARNING", text, step, position, chance)


def releases(builds: Sequence[Build], count: int = 3) -> dict[str, Build]:
    """Builds `NAME-1` and the releases after them, which behave alike."""
    return {
        f"{stem}-{number}": replace(build, name=f"{stem}-{number}")
        for build in builds
        for stem in (build.name.removesuffix("-1"),)
        for number in range(1, count + 1)
    }


def released(name: str, number: int, age_s: float, *, alias: bool = False) -> list[PlannedChange]:
    """Build `NAME-number`, deployed by the pipeline as version `number`."""
    steps = [
        PlannedChange(
            "lambda.update_code", {"function": name, "build": f"{name}-{number}"}, PIPELINE, age_s
        ),
        PlannedChange(
            "lambda.publish_version",
            {"function": name, "description": f"release {number}"},
            PIPELINE,
            age_s - 40,
        ),
    ]
    if alias:
        moved = {"function": name, "alias": "live", "version": str(number)}
        steps.append(PlannedChange("lambda.update_alias", moved, PIPELINE, age_s - 65))
    return steps


def errors_alarm(name: str, threshold: float = 5) -> AlarmSpec:
    """An alarm on the errors of a function."""
    return AlarmSpec(
        f"{name}-errors", "AWS/Lambda", "Errors", {"FunctionName": name}, "Sum", threshold
    )


def slow_alarm(name: str, threshold_ms: float) -> AlarmSpec:
    """An alarm on the 90th percentile of a function's duration."""
    return AlarmSpec(
        f"{name}-slow",
        "AWS/Lambda",
        "Duration",
        {"FunctionName": name},
        "p90",
        threshold_ms,
        comparison="GreaterThanThreshold",
        datapoints=3,
    )


def api_alarm(name: str, threshold: float = 6) -> AlarmSpec:
    """An alarm on the server errors of an API."""
    return AlarmSpec(
        f"{name}-5xx",
        "AWS/ApiGateway",
        "5XXError",
        {"ApiName": name, "Stage": "prod"},
        "Sum",
        threshold,
    )


def http_api_alarm(name: str, api_id: str, threshold: float = 6) -> AlarmSpec:
    """The same of an HTTP API, whose metrics know its id alone."""
    dimensions = {"ApiId": api_id, "Stage": "prod"}
    return AlarmSpec(f"{name}-5xx", "AWS/ApiGateway", "5xx", dimensions, "Sum", threshold)


def queue_alarm(name: str, threshold: float) -> AlarmSpec:
    """An alarm on the messages that wait in a queue."""
    return AlarmSpec(
        f"{name}-waiting",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": name},
        "Maximum",
        threshold,
    )
