"""A travel site: many functions side by side behind an API, with little in common.

travel-api -> flights:live  -> fares:live -> fares service outside
           -> hotels:live   -> rooms (table)
           -> trips         -> bookings (table), fares:live
           -> members:live  -> identity service outside
           -> reviews       -> opinions (table)
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
        name="flights-1",
        steps=(Work(0.5), Invoke("FARES_FUNCTION"), Work(0.5)),
        work_ms=72,
        memory_mb=130,
        failure_rate=0.0006,
        failure=failure("RouteError", "no connection", 28),
        required_variables=("FARES_FUNCTION",),
        lines=(info("{items} connections found", 2, chance=0.5),),
    ),
    Build(
        name="fares-1",
        steps=(Work(0.5), CallService("FARES_HOST", latency_ms=70, timeout_s=6.0), Work(0.5)),
        work_ms=55,
        memory_mb=110,
        init_ms=420,
        required_variables=("FARES_HOST",),
        lines=(
            info("price of {number} is amount={amount}", 2, chance=0.4),
            warning("price of {number} is from the cache", 1, chance=0.06),
        ),
    ),
    Build(
        name="hotels-1",
        steps=(Work(0.4), TableCall("ROOMS_TABLE", "Query", units=2.0), Work(0.6)),
        work_ms=64,
        memory_mb=120,
        failure_rate=0.0005,
        failure=failure("DateError", "departure before arrival", 37),
        required_variables=("ROOMS_TABLE",),
        lines=(info("{items} rooms listed", 2, chance=0.5),),
    ),
    Build(
        name="trips-1",
        steps=(
            Work(0.4),
            Invoke("FARES_FUNCTION"),
            TableCall("BOOKINGS_TABLE", "PutItem"),
            Work(0.6),
        ),
        work_ms=90,
        memory_mb=125,
        required_variables=("FARES_FUNCTION", "BOOKINGS_TABLE"),
        lines=(info("booking {order} of customer {customer} stored", 2),),
    ),
    Build(
        name="members-1",
        steps=(Work(0.4), CallService("IDENTITY_HOST", latency_ms=40, timeout_s=5.0), Work(0.6)),
        work_ms=34,
        memory_mb=90,
        required_variables=("IDENTITY_HOST",),
        lines=(info("customer {customer} signed in", 2, chance=0.4),),
    ),
    Build(
        name="reviews-1",
        steps=(Work(0.5), TableCall("OPINIONS_TABLE", "Query", units=1.0), Work(0.5)),
        work_ms=30,
        memory_mb=84,
        failure_rate=0.001,
        failure=failure("UnicodeDecodeError", "'utf-8' codec can't decode byte 0xe9", 44),
        required_variables=("OPINIONS_TABLE",),
        lines=(info("{items} opinions shown", 2, chance=0.3),),
    ),
)

TRAVEL = Fleet(
    name="travel",
    functions=(
        function("flights", 512, 9, {"FARES_FUNCTION": "fares:live"}, alias=True),
        function("fares", 512, 8, {"FARES_HOST": "fares.example.com"}, alias=True, json=True),
        function("hotels", 512, 6, {"ROOMS_TABLE": "rooms"}, alias=True),
        function("trips", 512, 10, {"FARES_FUNCTION": "fares:live", "BOOKINGS_TABLE": "bookings"}),
        function("members", 256, 6, {"IDENTITY_HOST": "login.example.org"}, alias=True, json=True),
        function("reviews", 256, 5, {"OPINIONS_TABLE": "opinions"}),
    ),
    builds=releases(_BUILDS),
    api=ApiSpec(
        "travel-api",
        "t8travel01",
        "prod",
        (
            Route("GET", "/flights", 0.25, "flights:live"),
            Route("GET", "/hotels", 0.2, "hotels:live"),
            Route("POST", "/trips", 0.15, "trips"),
            Route("POST", "/members", 0.2, "members:live"),
            Route("GET", "/reviews", 0.2, "reviews"),
        ),
    ),
    traffic=Traffic(per_minute=88.0),
    tables=(
        TableSpec("rooms", "hotel"),
        TableSpec("bookings", "booking"),
        TableSpec("opinions", "place"),
    ),
    alarms=(
        errors_alarm("flights", 4),
        errors_alarm("fares", 4),
        errors_alarm("hotels", 4),
        errors_alarm("trips", 4),
        errors_alarm("members", 4),
        slow_alarm("flights", 1800),
        api_alarm("travel-api"),
    ),
    history=(
        *released("hotels", 2, 11.0 * DAY, alias=True),
        *released("fares", 2, 6.3 * DAY, alias=True),
        *released("members", 2, 2.1 * DAY, alias=True),
        PlannedChange(
            "lambda.update_configuration",
            {"function": "reviews", "memory_mb": 384},
            "kim",
            11 * HOUR,
        ),
    ),
    users=("kim", "lou", "deploy-pipeline"),
)
