"""Sensor readings: an API feeds a stream, whose consumer writes a table of provisioned capacity.

sensors-api -> collector -> readings (stream) -> aggregator -> rollups (table)
            -> charts:live -> rollups (index by-site)
"""

from bench.workloads.parts import (
    DAY,
    HOUR,
    api_alarm,
    errors_alarm,
    failure,
    function,
    info,
    released,
    releases,
    warning,
)
from opspilot.embedded.fleet import (
    AlarmSpec,
    ApiSpec,
    Build,
    Fleet,
    IndexSpec,
    PlannedChange,
    Put,
    QueueSpec,
    Route,
    StreamSpec,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)

_BUILDS = (
    Build(
        name="collector-1",
        steps=(Work(0.6), Put("READINGS_STREAM"), Work(0.4)),
        work_ms=24,
        memory_mb=74,
        failure_rate=0.0005,
        failure=failure("ValueError", "reading out of range", 19),
        required_variables=("READINGS_STREAM",),
        lines=(info("reading {number} stored", 1, chance=0.2),),
    ),
    Build(
        name="aggregator-1",
        steps=(Work(0.6), TableCall("ROLLUPS_TABLE", "UpdateItem", units=4.0), Work(0.4)),
        work_ms=210,
        cpu_share=0.8,
        memory_mb=150,
        init_ms=560,
        required_variables=("ROLLUPS_TABLE",),
        lines=(
            info("batch of {items} readings added up", 1),
            warning("reading {number} arrived late", 0, chance=0.06),
        ),
    ),
    Build(
        name="charts-1",
        steps=(
            Work(0.3),
            TableCall("ROLLUPS_TABLE", "Query", units=2.0, index="by-site"),
            Work(0.7),
        ),
        work_ms=85,
        cpu_share=0.8,
        memory_mb=160,
        failure_rate=0.0006,
        failure=failure("RangeError", "empty time range", 63),
        required_variables=("ROLLUPS_TABLE",),
        lines=(info("chart with {items} points drawn in {elapsed} ms", 2),),
    ),
)

SENSORS = Fleet(
    name="sensors",
    functions=(
        function("collector", 256, 5, {"READINGS_STREAM": "readings"}),
        function("aggregator", 512, 30, {"ROLLUPS_TABLE": "rollups"}, alias=True, json=True),
        function("charts", 512, 6, {"ROLLUPS_TABLE": "rollups"}, alias=True),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "sensors-api",
        "s5sensor01",
        "prod",
        (Route("POST", "/readings", 0.7, "collector"), Route("GET", "/charts", 0.3, "charts:live")),
    ),
    traffic=Traffic(per_minute=90.0, daily_amplitude=0.25),
    streams=(StreamSpec("readings", "aggregator:live", batch_size=20, on_failure="lost-batches"),),
    queues=(QueueSpec("lost-batches"),),
    tables=(
        TableSpec(
            "rollups",
            "bucket",
            billing="provisioned",
            read_capacity=24,
            write_capacity=24,
            indexes=(IndexSpec("by-site", "site", 24, 24),),
        ),
    ),
    alarms=(
        errors_alarm("aggregator", 3),
        errors_alarm("charts"),
        errors_alarm("collector"),
        AlarmSpec(
            "readings-behind",
            "AWS/Lambda",
            "IteratorAge",
            {"FunctionName": "aggregator"},
            "Maximum",
            120_000,
        ),
        api_alarm("sensors-api"),
    ),
    history=(
        *released("charts", 2, 10.5 * DAY, alias=True),
        *released("aggregator", 2, 3.2 * DAY, alias=True),
        PlannedChange(
            "lambda.update_configuration",
            {"function": "collector", "timeout_s": 6},
            "edith",
            26 * HOUR,
        ),
    ),
    users=("edith", "finn", "deploy-pipeline"),
)
