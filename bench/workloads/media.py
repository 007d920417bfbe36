"""Media jobs: an API hands work to functions that run asynchronously, with a dead-letter queue.

media-api -> uploads -> transcode:live (event) -> thumbs (event)
          -> gallery -> assets (table)         -> publisher (event) -> assets (table)
"""

from dataclasses import replace

from bench.workloads.parts import (
    DAY,
    HOUR,
    api_alarm,
    errors_alarm,
    failure,
    function,
    info,
    queue_alarm,
    released,
    releases,
    slow_alarm,
    warning,
)
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    CallService,
    Fleet,
    FunctionSpec,
    Invoke,
    PlannedChange,
    QueueSpec,
    Route,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)

_BUILDS = (
    Build(
        name="uploads-1",
        steps=(Work(0.7), Invoke("TRANSCODE_FUNCTION", mode="event"), Work(0.3)),
        work_ms=52,
        memory_mb=88,
        failure_rate=0.0006,
        failure=failure("FormatError", "unsupported container", 34),
        required_variables=("TRANSCODE_FUNCTION",),
        lines=(info("frame set {order} uploaded by customer {customer}", 0),),
    ),
    Build(
        name="transcode-1",
        steps=(
            Work(0.9),
            Invoke("THUMBS_FUNCTION", mode="event"),
            Invoke("PUBLISHER_FUNCTION", mode="event"),
            Work(0.1),
        ),
        work_ms=2300,
        work_sigma=0.3,
        cpu_share=0.85,
        reference_memory_mb=1024,
        memory_mb=620,
        memory_sigma=0.05,
        init_ms=1400,
        required_variables=("THUMBS_FUNCTION", "PUBLISHER_FUNCTION"),
        lines=(
            info("frame set {order} decoded, {items} tracks", 0, 0.4),
            info("frame set {order} done in {elapsed} ms", 3),
            warning("colour profile missing in {order}", 0, chance=0.05),
        ),
    ),
    Build(
        name="thumbs-1",
        steps=(Work(1.0),),
        work_ms=340,
        cpu_share=0.9,
        memory_mb=210,
        lines=(info("{items} frames drawn", 0),),
    ),
    Build(
        name="publisher-1",
        steps=(
            Work(0.3),
            TableCall("ASSETS_TABLE", "PutItem"),
            CallService("CDN_HOST", latency_ms=90, timeout_s=8.0),
            Work(0.7),
        ),
        work_ms=60,
        memory_mb=90,
        required_variables=("ASSETS_TABLE", "CDN_HOST"),
        lines=(info("frame set {order} published", 2),),
    ),
    Build(
        name="gallery-1",
        steps=(Work(0.5), TableCall("ASSETS_TABLE", "Query", units=2.0), Work(0.5)),
        work_ms=48,
        memory_mb=96,
        failure_rate=0.0004,
        failure=failure("KeyError", "'album'", 58),
        required_variables=("ASSETS_TABLE",),
        lines=(info("page of {items} frames served", 2, chance=0.4),),
    ),
)


def _asynchronous(name: str, memory_mb: int, timeout_s: int, **environment: str) -> FunctionSpec:
    spec = function(name, memory_mb, timeout_s, environment, alias=name == "transcode")
    return replace(spec, async_dead_letter="failed-jobs")


MEDIA = Fleet(
    name="media",
    functions=(
        function("uploads", 256, 8, {"TRANSCODE_FUNCTION": "transcode:live"}),
        _asynchronous(
            "transcode", 1024, 20, THUMBS_FUNCTION="thumbs", PUBLISHER_FUNCTION="publisher"
        ),
        _asynchronous("thumbs", 512, 10),
        _asynchronous("publisher", 256, 12, ASSETS_TABLE="assets", CDN_HOST="cdn.example.org"),
        function("gallery", 256, 6, {"ASSETS_TABLE": "assets"}, json=True),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "media-api",
        "m4media001",
        "prod",
        (Route("POST", "/uploads", 0.35, "uploads"), Route("GET", "/albums", 0.65, "gallery")),
    ),
    traffic=Traffic(per_minute=60.0),
    queues=(QueueSpec("failed-jobs"),),
    tables=(TableSpec("assets", "asset"),),
    alarms=(
        errors_alarm("transcode", 3),
        errors_alarm("thumbs", 3),
        errors_alarm("publisher", 3),
        errors_alarm("uploads"),
        slow_alarm("transcode", 9000),
        queue_alarm("failed-jobs", 1),
        api_alarm("media-api"),
    ),
    history=(
        *released("transcode", 2, 9.4 * DAY, alias=True),
        *released("publisher", 2, 33 * HOUR),
        PlannedChange(
            "lambda.update_configuration", {"function": "thumbs", "timeout_s": 12}, "ivo", 7 * HOUR
        ),
    ),
    users=("ivo", "jana", "deploy-pipeline"),
)
