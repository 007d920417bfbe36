"""Parcel scans: two queues in a row, each with a consumer and a dead-letter queue.

parcels-api -> ingest -> scans (queue) -> sorter -> labels (queue) -> labeller -> carrier service
            -> tracking -> parcels (table)
"""

from bench.workloads.parts import (
    DAY,
    HOUR,
    api_alarm,
    errors_alarm,
    failure,
    function,
    info,
    queue_alarm,
    queue_url,
    released,
    releases,
    warning,
)
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    CallService,
    Fleet,
    PlannedChange,
    QueueSpec,
    Route,
    Send,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)

_BUILDS = (
    Build(
        name="ingest-1",
        steps=(Work(0.7), Send("SCANS_QUEUE_URL"), Work(0.3)),
        work_ms=32,
        memory_mb=78,
        failure_rate=0.0005,
        failure=failure("ValueError", "unreadable barcode", 22),
        required_variables=("SCANS_QUEUE_URL",),
        lines=(info("scan of parcel {order} taken", 1, chance=0.5),),
    ),
    Build(
        name="sorter-1",
        steps=(
            Work(0.5),
            TableCall("PARCELS_TABLE", "UpdateItem"),
            Send("LABELS_QUEUE_URL"),
            Work(0.5),
        ),
        work_ms=260,
        work_sigma=0.3,
        memory_mb=140,
        init_ms=520,
        required_variables=("PARCELS_TABLE", "LABELS_QUEUE_URL"),
        lines=(
            info("parcel {order} sorted to chute {items}", 1),
            warning("chute {items} is nearly full", 1, chance=0.05),
        ),
    ),
    Build(
        name="labeller-1",
        steps=(Work(0.4), CallService("CARRIER_HOST", latency_ms=120, timeout_s=15.0), Work(0.6)),
        work_ms=180,
        memory_mb=120,
        init_ms=430,
        required_variables=("CARRIER_HOST",),
        lines=(info("label of parcel {order} printed in {elapsed} ms", 2),),
    ),
    Build(
        name="tracking-1",
        steps=(Work(0.6), TableCall("PARCELS_TABLE", "GetItem", units=0.5), Work(0.4)),
        work_ms=30,
        memory_mb=82,
        failure_rate=0.0004,
        failure=failure("LookupError", "unknown parcel", 47),
        required_variables=("PARCELS_TABLE",),
        lines=(info("status of {order} told", 2, chance=0.3),),
    ),
)

PARCELS = Fleet(
    name="parcels",
    functions=(
        function("ingest", 256, 6, {"SCANS_QUEUE_URL": queue_url("scans")}),
        function(
            "sorter",
            512,
            12,
            {"PARCELS_TABLE": "parcels", "LABELS_QUEUE_URL": queue_url("labels")},
            json=True,
        ),
        function("labeller", 512, 20, {"CARRIER_HOST": "labels.carrier.example"}, alias=True),
        function("tracking", 256, 5, {"PARCELS_TABLE": "parcels"}),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "parcels-api",
        "p2parcel01",
        "prod",
        (Route("POST", "/scans", 0.6, "ingest"), Route("GET", "/parcels", 0.4, "tracking")),
    ),
    traffic=Traffic(per_minute=66.0),
    queues=(
        QueueSpec("scans", "sorter", dead_letter="scans-dlq", visibility_timeout_s=72.0),
        QueueSpec("scans-dlq"),
        QueueSpec("labels", "labeller:live", dead_letter="labels-dlq", visibility_timeout_s=120.0),
        QueueSpec("labels-dlq"),
    ),
    tables=(TableSpec("parcels", "parcel"),),
    alarms=(
        errors_alarm("sorter"),
        errors_alarm("labeller"),
        errors_alarm("tracking"),
        queue_alarm("scans", 60),
        queue_alarm("labels", 60),
        queue_alarm("scans-dlq", 1),
        queue_alarm("labels-dlq", 1),
        api_alarm("parcels-api"),
    ),
    history=(
        *released("labeller", 2, 6.6 * DAY, alias=True),
        *released("sorter", 2, 2.3 * DAY),
        PlannedChange(
            "lambda.update_configuration",
            {"function": "tracking", "memory_mb": 384},
            "cleo",
            9 * HOUR,
        ),
    ),
    users=("cleo", "dan", "deploy-pipeline"),
)
