"""A small fleet with one of everything, and worlds of it in which something happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opspilot.embedded.account import Account
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    CallService,
    Failure,
    Fleet,
    FunctionSpec,
    Invoke,
    PlannedChange,
    QueueSpec,
    Route,
    Send,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)
from opspilot.embedded.origin import Origin
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import parse_statistic
from opspilot.embedded.world import World

HOST = "api.vendor.example"
QUEUES = "https://sqs.{region}.amazonaws.com/{account}/"
JOBS_URL = QUEUES.format(region="eu-west-1", account="123456789012") + "jobs"

_IMPORT = Failure("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'x'")
_BUILDS = (
    Build(
        "front-1",
        (
            Work(0.5),
            Invoke("BACK"),
            TableCall("TABLE", "PutItem"),
            Send("JOBS"),
            Invoke("MAIL", mode="event"),
            Work(0.5),
        ),
        work_ms=80,
    ),
    Build(
        "front-retries",
        (Work(0.5), Invoke("BACK", retries=2), Work(0.5)),
        work_ms=80,
    ),
    Build("back-1", (Work(0.5), CallService("HOST", 60.0, timeout_s=2.0), Work(0.5)), work_ms=60),
    Build("work-1", (Work(1.0), Send("DONE")), work_ms=50),
    Build("mail-1", (Work(1.0),), work_ms=90),
    Build("mail-broken", (Work(1.0),), work_ms=90, init_failure=_IMPORT),
    Build("mail-exits", (Work(1.0),), work_ms=90, exit_rate=0.2),
    Build("mail-heavy", (Work(1.0),), work_ms=90, init_ms=4000.0, cold_chance=0.2),
    Build("ping-1", (Work(1.0),), work_ms=15),
)

MINI = Fleet(
    name="mini",
    functions=(
        FunctionSpec(
            "front",
            "front-1",
            512,
            10,
            {"BACK": "back:live", "TABLE": "things", "JOBS": QUEUES + "jobs", "MAIL": "mail"},
        ),
        FunctionSpec("back", "back-1", 512, 5, {"HOST": HOST}, aliases={"live": "1"}),
        FunctionSpec("work", "work-1", 512, 5, {"DONE": QUEUES + "done"}),
        FunctionSpec("mail", "mail-1", 256, 5, {}, async_dead_letter="lost"),
        FunctionSpec("ping", "ping-1", 256, 5, {}),
    ),
    builds={build.name: build for build in _BUILDS},
    api=ApiSpec(
        "mini-api",
        "abc123",
        "prod",
        (Route("POST", "/things", 0.7, "front"), Route("GET", "/ping", 0.3, "ping")),
    ),
    traffic=Traffic(per_minute=150.0, daily_amplitude=0.0, weekend_factor=1.0),
    queues=(
        QueueSpec("jobs", "work", dead_letter="jobs-dlq"),
        QueueSpec("jobs-dlq"),
        QueueSpec("done"),
        QueueSpec("lost"),
    ),
    tables=(TableSpec("things", "id"),),
)

Params = dict[str, object]
Step = tuple[str, Params]


def fault_of(*steps: Step, delays: tuple[float, ...] = ()) -> Fault:
    """A fault of these steps, each after its delay in seconds."""
    waits = delays or (0.0,) * len(steps)
    planned = [
        PlannedChange(kind, params, "bob", after_s=wait)
        for (kind, params), wait in zip(steps, waits, strict=True)
    ]
    return Fault("trouble", "", "", MINI.name, tuple(planned))


def world_of(
    *steps: Step,
    age_s: float = 1500.0,
    delays: tuple[float, ...] = (),
    fleet: Fleet = MINI,
    clock: ManualClock | None = None,
) -> Account:
    """An account in which the steps were taken that long ago."""
    clock = clock or ManualClock()
    fault = fault_of(*steps, delays=delays)
    world = World(Origin(7, clock.now(), fleet.name), fleet=fleet, faults={"trouble": fault})
    if steps:
        world.inject("trouble", clock.now() - age_s)
    return Account(world, clock)


def values(
    account: Account,
    name: str,
    function: str | None = None,
    *,
    stat: str = "Sum",
    namespace: str = "AWS/Lambda",
    minutes: tuple[float, float] = (15.0, 2.0),
    dimensions: Mapping[str, str] | None = None,
) -> list[float]:
    """Values by minute of a metric, between so many and so many minutes ago."""
    chosen = dict(dimensions or {})
    if function is not None:
        chosen["FunctionName"] = function
    statistic = parse_statistic(stat)
    assert statistic is not None
    now = account.now()
    metric = MetricId.of(namespace, name, chosen)
    span = (now - minutes[0] * 60, now - minutes[1] * 60)
    return list(account.metrics.query(metric, statistic, 60, span, now)[1].tolist())


def total(account: Account, name: str, function: str | None = None, **how: Any) -> float:
    """The sum of those values."""
    return sum(values(account, name, function, **how))


def api(account: Account, name: str, stat: str = "Sum", path: str | None = None) -> list[float]:
    """Values by minute of a metric of the API, or of one of its methods."""
    dimensions = {"ApiName": "mini-api"}
    if path is not None:
        method = "POST" if path == "/things" else "GET"
        dimensions |= {"Stage": "prod", "Method": method, "Resource": path}
    return values(account, name, stat=stat, namespace="AWS/ApiGateway", dimensions=dimensions)


def lines(account: Account, function: str, word: str = "", minutes: float = 10.0) -> list[str]:
    """Log lines of a function that contain a word, of the last minutes."""
    now = account.now()
    span = (int((now - minutes * 60) * 1000), int(now * 1000))
    events = account.logs.events(f"/aws/lambda/{function}", *span, now)
    return [event.message for event in events if word in event.message]
