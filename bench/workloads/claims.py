"""Insurance claims: a chain of four functions behind an API, each waiting for the next.

claims-api -> intake -> triage:live -> valuation:live -> registry:live -> policies (table)
           -> lookup -> registry:live
                        valuation calls a rates service outside the account
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
    slow_alarm,
    warning,
)
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    CallService,
    Fleet,
    Invoke,
    PlannedChange,
    Route,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)

_BUILDS = (
    Build(
        name="intake-1",
        steps=(Work(0.5), Invoke("TRIAGE_FUNCTION"), Work(0.5)),
        work_ms=46,
        memory_mb=92,
        failure_rate=0.0006,
        failure=failure("ValidationError", "field 'policy' is missing", 31),
        required_variables=("TRIAGE_FUNCTION",),
        lines=(info("claim {order} received", 0, 0.2), info("claim {order} accepted", 2)),
    ),
    Build(
        name="triage-1",
        steps=(Work(0.6), Invoke("VALUATION_FUNCTION"), Work(0.4)),
        work_ms=70,
        memory_mb=128,
        failure_rate=0.0004,
        failure=failure("RuleError", "no rule matches", 52),
        required_variables=("VALUATION_FUNCTION",),
        lines=(
            info("claim {order} goes to desk {items}", 0),
            warning("rule set {items} is older than a week", 0, chance=0.04),
        ),
    ),
    Build(
        name="valuation-1",
        steps=(
            Work(0.4),
            CallService("RATES_HOST", latency_ms=60, timeout_s=10.0),
            Invoke("REGISTRY_FUNCTION"),
            Work(0.6),
        ),
        work_ms=110,
        cpu_share=0.7,
        memory_mb=190,
        init_ms=700,
        failure_rate=0.0003,
        failure=failure("ZeroDivisionError", "division by zero", 88),
        required_variables=("REGISTRY_FUNCTION", "RATES_HOST"),
        lines=(
            info("rates for claim {order} read in {elapsed} ms", 1),
            info("claim {order} valued amount={amount}", 3),
            warning("rates are {items} minutes old", 1, chance=0.05),
        ),
    ),
    Build(
        name="registry-1",
        steps=(
            Work(0.5),
            TableCall("POLICIES_TABLE", "GetItem", units=0.5),
            TableCall("POLICIES_TABLE", "UpdateItem"),
            Work(0.5),
        ),
        work_ms=28,
        memory_mb=84,
        required_variables=("POLICIES_TABLE",),
        lines=(info("policy of customer {customer} read", 1, chance=0.3),),
    ),
    Build(
        name="lookup-1",
        steps=(Work(0.5), Invoke("REGISTRY_FUNCTION"), Work(0.5)),
        work_ms=38,
        memory_mb=80,
        required_variables=("REGISTRY_FUNCTION",),
        lines=(info("shown to customer {customer}", 2, chance=0.4),),
    ),
)

CLAIMS = Fleet(
    name="claims",
    functions=(
        function("intake", 512, 10, {"TRIAGE_FUNCTION": "triage:live"}),
        function("triage", 512, 8, {"VALUATION_FUNCTION": "valuation:live"}, alias=True, json=True),
        function(
            "valuation",
            512,
            6,
            {"REGISTRY_FUNCTION": "registry:live", "RATES_HOST": "rates.example.net"},
            alias=True,
        ),
        function("registry", 256, 4, {"POLICIES_TABLE": "policies"}, alias=True),
        function("lookup", 256, 6, {"REGISTRY_FUNCTION": "registry:live"}),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "claims-api",
        "c7claims01",
        "prod",
        (Route("POST", "/claims", 0.6, "intake"), Route("GET", "/policies", 0.4, "lookup")),
    ),
    traffic=Traffic(per_minute=62.0),
    tables=(TableSpec("policies", "policy"),),
    alarms=(
        errors_alarm("intake"),
        errors_alarm("valuation"),
        errors_alarm("registry"),
        slow_alarm("intake", 2200),
        api_alarm("claims-api"),
    ),
    history=(
        *released("valuation", 2, 8.2 * DAY, alias=True),
        *released("registry", 2, 4.4 * DAY, alias=True),
        PlannedChange(
            "lambda.update_configuration",
            {"function": "lookup", "memory_mb": 512},
            "ana",
            30 * HOUR,
        ),
        *released("triage", 2, 21.0 * HOUR, alias=True),
    ),
    users=("ana", "ben", "deploy-pipeline"),
)
