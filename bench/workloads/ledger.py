"""A ledger: functions that do little but read and write DynamoDB, one table with an index.

ledger-api -> posting  -> entries (conditional write), balances (update)
           -> balance  -> balances (read)
           -> statement:live -> entries (index by-account)
"""

from bench.workloads.parts import (
    DAY,
    HOUR,
    errors_alarm,
    failure,
    function,
    http_api_alarm,
    info,
    released,
    releases,
    slow_alarm,
    warning,
)
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    Fleet,
    IndexSpec,
    PlannedChange,
    Route,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)

_BUILDS = (
    Build(
        name="posting-1",
        steps=(
            Work(0.4),
            TableCall("ENTRIES_TABLE", "PutItem", units=6.0, conditional_share=0.004),
            TableCall("BALANCES_TABLE", "UpdateItem", units=2.0),
            Work(0.6),
        ),
        work_ms=40,
        memory_mb=96,
        failure_rate=0.0005,
        failure=failure("CurrencyError", "unknown currency", 29),
        required_variables=("ENTRIES_TABLE", "BALANCES_TABLE"),
        lines=(
            info("posting {order} amount={amount}", 0, 0.2),
            info("posting {order} booked", 2),
            warning("posting {order} was seen before", 1, chance=0.02),
        ),
    ),
    Build(
        name="balance-1",
        steps=(Work(0.5), TableCall("BALANCES_TABLE", "GetItem", units=8.0), Work(0.5)),
        work_ms=22,
        memory_mb=80,
        failure_rate=0.0003,
        failure=failure("KeyError", "'currency'", 41),
        required_variables=("BALANCES_TABLE",),
        lines=(info("shown to customer {customer}", 2, chance=0.25),),
    ),
    Build(
        name="statement-1",
        steps=(
            Work(0.3),
            TableCall("ENTRIES_TABLE", "Query", units=12.0, index="by-account"),
            Work(0.7),
        ),
        work_ms=95,
        cpu_share=0.75,
        memory_mb=150,
        init_ms=480,
        required_variables=("ENTRIES_TABLE",),
        lines=(info("{items} lines listed for customer {customer} in {elapsed} ms", 2),),
    ),
)

_API_ID = "l9ledger01"

LEDGER = Fleet(
    name="ledger",
    functions=(
        function(
            "posting", 256, 6, {"ENTRIES_TABLE": "entries", "BALANCES_TABLE": "balances"}, json=True
        ),
        function("balance", 256, 5, {"BALANCES_TABLE": "balances"}),
        function("statement", 512, 10, {"ENTRIES_TABLE": "entries"}, alias=True),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "ledger-api",
        _API_ID,
        "prod",
        (
            Route("POST", "/postings", 0.45, "posting"),
            Route("GET", "/balances", 0.35, "balance"),
            Route("GET", "/statements", 0.2, "statement:live"),
        ),
        integration_timeout_s=30.0,
        protocol="HTTP",
    ),
    traffic=Traffic(per_minute=84.0),
    tables=(
        TableSpec(
            "entries",
            "entry",
            billing="provisioned",
            read_capacity=30,
            write_capacity=40,
            indexes=(IndexSpec("by-account", "account", 30, 40),),
        ),
        TableSpec(
            "balances",
            "holder",
            billing="provisioned",
            read_capacity=20,
            write_capacity=20,
            autoscaling={("table", "read"): (10, 200, 70), ("table", "write"): (10, 200, 70)},
        ),
    ),
    alarms=(
        errors_alarm("posting"),
        errors_alarm("balance"),
        errors_alarm("statement", 3),
        slow_alarm("statement", 1500),
        http_api_alarm("ledger-api", _API_ID),
    ),
    history=(
        *released("statement", 2, 7.1 * DAY, alias=True),
        *released("posting", 2, 5.0 * DAY),
        PlannedChange(
            "lambda.update_configuration",
            {"function": "balance", "memory_mb": 384},
            "gus",
            18 * HOUR,
        ),
    ),
    users=("gus", "hana", "deploy-pipeline"),
)
