"""A tiny account behind the engine's ports: checkout calls payments, whose release 18 is slow.

It is honest about causes: checkout times out only while payments is slow *and* checkout's time-out
is short, so a change cures it or does not. Failures are switched on call by call; a hook runs at a
call, before or after its effect, and may change the account, or end the process that called.
"""

import json
import threading
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sin
from typing import Generic, Literal, TypeVar

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.change import Change, ChangeFeed
from opspilot.domain.model import Json
from opspilot.domain.plan import Instruction, PreState
from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.domain.signals import query_of, signal_named, signal_of_query
from opspilot.domain.telemetry import (
    InsightsQuery,
    InsightsResult,
    LogLine,
    LogLines,
    LogQuery,
    MetricQuery,
    MetricSeries,
    SeriesStatus,
)
from opspilot.domain.traces import SeenCall, ServiceGraph
from opspilot.domain.trial import Trial, TrialMode
from opspilot.domain.window import Window
from opspilot.domain.workload import (
    AccountLimits,
    Configuration,
    Edge,
    FunctionAlias,
    FunctionConfiguration,
    FunctionVersion,
    QueueConfiguration,
    Topology,
)
from opspilot.errors import AwsConflict, AwsNotFound, UnknownResource
from opspilot.ports.actuator import Receipt, Settling
from opspilot.ports.clock import Clock

ACCOUNT_ID, REGION = "000000000000", "us-east-1"
CHECKOUT = lambda_function(ACCOUNT_ID, REGION, "checkout")
PAYMENTS = lambda_function(ACCOUNT_ID, REGION, "payments")
MAIL = lambda_function(ACCOUNT_ID, REGION, "mail")
SHOP_API = rest_api(REGION, "shop-api")
MAIL_QUEUE = sqs_queue(ACCOUNT_ID, REGION, "mail-queue")

Operation = Literal[
    "fetch", "search", "start", "poll", "stop", "resolve", "resources", "describe", "topology",
    "changes", "transitions", "alarms_of", "service_graph", "read", "apply", "settling", "invoke",
]  # fmt: skip
READS: tuple[Operation, ...] = (
    "fetch", "search", "describe", "topology", "changes", "alarms_of",
    "service_graph",
)  # fmt: skip
Hook = Callable[[], None]

MINUTE = timedelta(minutes=1)
SLOW_MS, QUICK_MS = 3_600.0, 320.0

T = TypeVar("T")


@dataclass
class Timeline(Generic[T]):
    """A setting over account time."""

    values: list[tuple[datetime, T]]

    def at(self, moment: datetime) -> T:
        """What it was then."""
        index = bisect_right([since for since, _ in self.values], moment)
        return self.values[max(index - 1, 0)][1]

    @property
    def now(self) -> T:
        """What it is since its last change."""
        return self.values[-1][1]


@dataclass
class SmallAccount:
    """Every port of the engine, and what a test may do to the account.

    Attributes:
        traffic: Calls a minute; 0 stops it.
        looks_to_settle: How often `settling` says "not yet" after a change.
        effects: Every change that took effect through `apply`, oldest first.
        secret: Put into a log line, an environment value and the alarm's words.
        unlisted: Gaps of the next answers about the topology, which then hold nothing else.
        visibility_seconds: Of the mail queue.
        unread: Status that every metric series has instead of data; None reads them.
    """

    clock: Clock
    release_at: datetime | None = None
    traffic: float = 20.0
    failing_share: float = 0.2
    looks_to_settle: int = 0
    secret: str = ""
    unread: SeriesStatus | None = None
    quiet_since: datetime | None = None
    visibility_seconds: int = 30
    unlisted: list[str] = field(default_factory=list[str])
    effects: list[Instruction] = field(default_factory=list[Instruction])
    moves: list[AlarmTransition] = field(default_factory=list[AlarmTransition])
    calls: list[Operation] = field(default_factory=list[Operation])

    def __post_init__(self) -> None:
        start = self.clock.account_now() - timedelta(days=30)
        released = [(self.release_at, "18")] if self.release_at else []
        self.settings: dict[tuple[Resource, str], Timeline[Json]] = {
            (CHECKOUT, "timeout_seconds"): Timeline([(start, 3)]),
            (PAYMENTS, "timeout_seconds"): Timeline([(start, 15)]),
            (MAIL, "timeout_seconds"): Timeline([(start, 10)]),
            (CHECKOUT, "memory_mb"): Timeline([(start, 256)]),
            (PAYMENTS, "memory_mb"): Timeline([(start, 512)]),
            (MAIL, "memory_mb"): Timeline([(start, 128)]),
            (PAYMENTS, "version"): Timeline([(start, "17"), *released]),
        }
        self._revisions: defaultdict[Resource, int] = defaultdict(lambda: 1)
        self._failures: defaultdict[Operation, deque[Exception]] = defaultdict(deque)
        self._hooks: defaultdict[tuple[Operation, bool], deque[Hook]] = defaultdict(deque)
        self._looks_left = 0
        self._asked: list[InsightsQuery] = []
        self._lock = threading.RLock()
        self._sent = threading.local()

    # --- what a test does to it -------------------------------------------------------------------

    def fail(self, operation: Operation, *errors: Exception, times: int = 1) -> None:
        """Let the next calls of an operation fail with these errors, each so many times."""
        self._failures[operation].extend(error for error in errors for _ in range(times))

    def before(self, operation: Operation, hook: Hook) -> None:
        """Run something just before the next call of an operation takes effect."""
        self._hooks[operation, False].append(hook)

    def after(self, operation: Operation, hook: Hook) -> None:
        """Run something just after the next call of an operation took effect, before it answers."""
        self._hooks[operation, True].append(hook)

    def change(self, resource: Resource, setting: str, value: Json) -> None:
        """Somebody else changes the account, now."""
        self.settings[resource, setting].values.append((self.clock.account_now(), value))
        self._revisions[resource] += 1

    def touch(self, resource: Resource) -> None:
        """Somebody else updates a resource without a difference that we read."""
        self._revisions[resource] += 1

    def delete(self, resource: Resource) -> None:
        """Somebody deletes a function."""
        for key in [key for key in self.settings if key[0] == resource]:
            del self.settings[key]

    def value(self, resource: Resource, setting: str) -> Json:
        """The setting as it is now."""
        return self.settings[resource, setting].now

    def ring(
        self,
        name: str = "checkout-errors",
        query: MetricQuery | None = None,
        *,
        at: datetime | None = None,
        state: Literal["OK", "ALARM"] = "ALARM",
    ) -> AlarmTransition:
        """An alarm goes off (and shows `state` by now); its history keeps that for good."""
        moment = at or self.clock.account_now()
        alarm = Alarm(
            arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{name}",
            name=name,
            description=f"{name}: too many errors {self.secret}".strip(),
            query=query or query_of(signal_named("lambda.errors"), CHECKOUT),
            threshold=5.0,
            state=state,
            reason=f"threshold crossed {self.secret}".strip(),
            since=moment,
        )
        move = AlarmTransition(alarm=alarm, before="OK", after="ALARM", at=moment)
        self.moves.append(move)
        return move

    # --- the truth --------------------------------------------------------------------------------

    def slow(self, moment: datetime) -> bool:
        """Whether payments is slow then."""
        return self.settings[PAYMENTS, "version"].at(moment) == "18"

    def failing(self, moment: datetime) -> bool:
        """Whether calls of checkout time out then."""
        patience = self.settings[CHECKOUT, "timeout_seconds"].at(moment)
        return self.slow(moment) and patience * 1_000.0 <= SLOW_MS

    # --- Metrics ----------------------------------------------------------------------------------

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """See `Metrics.fetch`."""
        self._enter("fetch")
        return [self._series(query, window) for query in queries]

    def _series(self, query: MetricQuery, window: Window) -> MetricSeries:
        if self.unread:
            return MetricSeries(
                query=query, window=window, period_seconds=60, status=self.unread,
                messages=("not allowed",),
            )  # fmt: skip
        first = window.start.replace(second=0, microsecond=0)
        count = int((min(window.end, self.clock.account_now()) - first) / MINUTE)
        times = [first + MINUTE * index for index in range(count)]
        kept = [at for at in times if self.quiet_since is None or at < self.quiet_since]
        return MetricSeries(
            query=query,
            window=window,
            period_seconds=60,
            times=tuple(kept),
            values=tuple(self._metric(query, at) for at in kept),
            request_ids=("metrics-1", "metrics-2", "metrics-3", "metrics-4"),
        )

    def _metric(self, query: MetricQuery, at: datetime) -> float:
        signal = signal_of_query(query)
        name = dict(query.dimensions).get("FunctionName", "")
        kind = signal.name if signal else ""
        wave = 1 + 0.04 * sin(at.timestamp() / 60 * 2.4 + len(name))
        if kind == "lambda.invocations":
            return round(self.traffic * wave)
        if kind in ("lambda.errors", "api.5xx"):
            failing = name == "checkout" and self.failing(at)
            return round(self.traffic * self.failing_share * wave) if failing else 0.0
        if kind.startswith("lambda.duration"):
            return round(self._duration_ms(name, at, wave), 1)
        return 0.0

    def _duration_ms(self, name: str, at: datetime, wave: float) -> float:
        if name == "payments":
            return (SLOW_MS if self.slow(at) else QUICK_MS) * wave
        if name == "checkout" and self.slow(at):
            patience = self.settings[CHECKOUT, "timeout_seconds"].at(at) * 1_000.0
            return min(SLOW_MS * 1.1 * wave, patience)
        return 450.0 * wave

    # --- Logs -------------------------------------------------------------------------------------

    def search(self, query: LogQuery) -> LogLines:
        """See `Logs.search`; every invocation has its lines."""
        self._enter("search")
        name = query.log_group.rsplit("/", 1)[-1]
        lines: list[LogLine] = []
        minute = query.window.start.replace(second=0, microsecond=0) + MINUTE
        while minute < query.window.end and minute < self.clock.account_now():
            for index in range(round(self.traffic)):
                lines += self._invocation(name, minute + timedelta(seconds=2 * index), index)
            minute += MINUTE
        return LogLines(query=query, lines=tuple(lines), request_ids=("logs-1",))

    def _invocation(self, name: str, at: datetime, index: int) -> list[LogLine]:
        request = f"00000000-0000-4000-8000-{int(at.timestamp()):010d}{index:02d}"
        took = self._duration_ms(name, at, 1.0)
        cut = name == "checkout" and index < self.traffic * self.failing_share and self.failing(at)
        version = self.settings[PAYMENTS, "version"].at(at) if name == "payments" else "$LATEST"
        said = [
            f"START RequestId: {request} Version: {version}",
            f"INFO order {int(at.timestamp())} accepted {self.secret}".strip(),
            f"END RequestId: {request}",
            f"REPORT RequestId: {request}\tDuration: {took:.2f} ms\tBilled Duration: "
            f"{took:.0f} ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB",
        ]
        if cut:
            said.insert(2, f"{at.isoformat()} {request} Task timed out after 3.00 seconds")
        return [LogLine(at=at, stream="2026/03/04/[$LATEST]1", message=line) for line in said]

    def start(self, query: InsightsQuery) -> str:
        """See `Logs.start`; every query counts the lines of its log by the minute."""
        self._enter("start")
        self._asked.append(query)
        return f"query-{len(self._asked)}"

    def poll(self, query_id: str) -> InsightsResult:
        """See `Logs.poll`; done at the first look."""
        self._enter("poll")
        asked = self._asked[int(query_id.removeprefix("query-")) - 1]
        lines = self.search(LogQuery(log_group=asked.log_groups[0], window=asked.window)).lines
        minutes = Counter(line.at.replace(second=0) for line in lines)
        return InsightsResult(
            query_id=query_id,
            done=True,
            rows=tuple(
                {"bin(1m)": f"{at:%Y-%m-%d %H:%M}:00.000", "lines": str(count)}
                for at, count in minutes.items()
            ),
        )

    def stop(self, query_id: str) -> None:  # noqa: ARG002 - the port's shape
        """See `Logs.stop`; every query has ended."""
        self._enter("stop")

    # --- Workloads, Changes, Alarms ---------------------------------------------------------------

    def resolve(self, name_or_arn: str) -> Resource:
        """See `Workloads.resolve`."""
        self._enter("resolve")
        for known in (CHECKOUT, PAYMENTS, MAIL, SHOP_API, MAIL_QUEUE):
            if name_or_arn in (known.name, known.arn):
                return known
        if name_or_arn.startswith("arn:aws:s3:"):
            return Resource(arn=name_or_arn)
        raise UnknownResource(f"there is no {name_or_arn}", hint="Close: checkout.")

    def resources(self) -> list[Resource]:
        """See `Workloads.resources`."""
        self._enter("resources")
        return [CHECKOUT, PAYMENTS, MAIL, SHOP_API, MAIL_QUEUE]

    def describe(self, resource: Resource) -> Configuration:
        """See `Workloads.describe`."""
        self._enter("describe")
        if resource.kind is ResourceKind.ACCOUNT:
            return AccountLimits(
                resource=resource,
                concurrent_executions=1000,
                unreserved=1000,
                request_ids=("limits-1",),
            )
        if resource == MAIL_QUEUE:
            return QueueConfiguration(
                resource=resource,
                visibility_timeout_seconds=self.visibility_seconds,
                retention_seconds=345_600,
                request_ids=("queue-1",),
            )
        self._must_exist(resource)
        aliased = resource == PAYMENTS
        born = self.clock.account_now() - timedelta(days=20)
        versions = [("18", self.release_at or born), ("17", born)] if aliased else []
        return FunctionConfiguration(
            resource=resource,
            runtime="python3.12",
            memory_mb=self.value(resource, "memory_mb"),
            timeout_seconds=self.value(resource, "timeout_seconds"),
            environment={"API_KEY": self.secret, "LEVEL": f"info {self.secret}"},
            revision_id=self._revision(resource),
            versions=tuple(
                FunctionVersion(
                    version=number,
                    published_at=at,
                    code_sha256=number,
                    memory_mb=512,
                    timeout_seconds=15,
                )
                for number, at in versions
            ),
            aliases=(FunctionAlias(name="live", version=self.value(PAYMENTS, "version")),)
            if aliased
            else (),
            request_ids=("describe-1",),
        )

    def service_graph(self, window: Window) -> ServiceGraph:
        """See `Traces.service_graph`."""
        self._enter("service_graph")
        calls = (
            SeenCall(caller=SHOP_API, callee=CHECKOUT, relation="invokes", calls=50, failed=20),
            SeenCall(caller=CHECKOUT, callee=PAYMENTS, relation="invokes", calls=40, failed=8),
        )
        return ServiceGraph(window=window, calls=calls, request_ids=("traces-1",))

    def topology(self, resource: Resource) -> Topology:
        """See `Workloads.topology`."""
        self._enter("topology")
        edges = (
            Edge(caller=SHOP_API, callee=CHECKOUT, relation="invokes", via="integration"),
            Edge(
                caller=CHECKOUT,
                callee=PAYMENTS,
                relation="invokes",
                qualifier="live",
                via="environment PAYMENTS_FUNCTION",
            ),
            Edge(caller=MAIL, callee=MAIL_QUEUE, relation="consumes", via="event source mapping"),
        )
        if self.unlisted:
            return Topology(gaps=(self.unlisted.pop(),))
        near = [edge for edge in edges if resource in (edge.caller, edge.callee)]
        callees = {edge.callee for edge in near}
        return Topology(
            edges=tuple(edge for edge in edges if edge in near or edge.caller in callees),
            request_ids=("topology-1",),
        )

    def changes(self, resources: Sequence[Resource], window: Window) -> ChangeFeed:
        """See `Changes.changes`."""
        self._enter("changes")
        releases = [
            Change(
                at=self.release_at,
                resource=PAYMENTS,
                kind="release",
                summary="payments: alias live moved from 17 to 18",
                actor="bob",
                before={"alias": "live", "version": "17"},
                after={"alias": "live", "version": "18"},
                source="cloudtrail",
                event_id="ev-1",
            )
        ] if self.release_at else []  # fmt: skip
        return ChangeFeed(
            window=window,
            changes=tuple(
                one for one in releases if one.resource in resources and window.contains(one.at)
            ),
            complete_until=self.clock.account_now(),
            request_ids=("changes-1",),
        )

    def transitions(self, since: datetime) -> list[AlarmTransition]:
        """See `Alarms.transitions`."""
        self._enter("transitions")
        return sorted((move for move in self.moves if move.at >= since), key=lambda move: move.at)

    def alarms_of(self, resource: Resource) -> list[Alarm]:
        """See `Alarms.alarms_of`."""
        self._enter("alarms_of")
        return [move.alarm for move in self.moves if self._watched(move.alarm) == resource.name]

    @staticmethod
    def _watched(alarm: Alarm) -> str:
        return dict(alarm.query.dimensions).get("FunctionName", "") if alarm.query else ""

    # --- Actuator ---------------------------------------------------------------------------------

    def read(self, instruction: Instruction) -> PreState:
        """See `Actuator.read`."""
        self._enter("read")
        self._must_exist(instruction.resource)
        return PreState(
            values=self._state(instruction),
            revision_id=self._revision(instruction.resource),
            read_at=self.clock.account_now(),
            request_ids=("read-1",),
        )

    def apply(self, instruction: Instruction, expected: PreState) -> Receipt:
        """See `Actuator.apply`; guarded by the revision, like Lambda."""
        with self._lock:
            self._enter("apply")
            if expected.revision_id != self._revision(instruction.resource):
                raise AwsConflict("the revision is another", operation="lambda:Update")
            self._put(instruction)
            self.effects.append(instruction)
            self._looks_left = self.looks_to_settle
        self._run("apply", after=True)
        return Receipt(
            request_ids=(f"apply-{len(self.effects)}",),
            revision_id=self._revision(instruction.resource),
        )

    def settling(self, instruction: Instruction) -> Settling:  # noqa: ARG002 - the port's shape
        """See `Actuator.settling`."""
        self._enter("settling")
        if self._looks_left > 0:
            self._looks_left -= 1
            return Settling(settled=False, detail="the update is in progress")
        return Settling(settled=True)

    # --- invocations ------------------------------------------------------------------------------

    def invoke(
        self, function: Resource, event: str, *, mode: TrialMode, qualifier: str = ""
    ) -> Trial:
        """The event comes back; one that says "boom" fails."""
        self._enter("invoke")
        self._must_exist(function)
        if mode is not TrialMode.SYNC:
            return Trial(
                mode=mode, outcome="permitted" if mode is TrialMode.DRY_RUN else "accepted"
            )
        failed = "boom" in event
        report = "REPORT RequestId: r-1\tDuration: 12.50 ms\tBilled Duration: 13 ms\t"
        return Trial(
            mode=mode,
            outcome="function_error" if failed else "succeeded",
            version=qualifier or "$LATEST",
            payload={"errorType": "ValueError"} if failed else json.loads(event),
            error_type="ValueError" if failed else "",
            error=f"boom {self.secret}" if failed else "",
            log=(f"token {self.secret}", f"{report}Memory Size: 512 MB\tMax Memory Used: 77 MB\t"),
        )

    def _state(self, instruction: Instruction) -> dict[str, Json]:
        if instruction.type == "lambda.move_alias":
            version = self.value(instruction.resource, "version")
            return {"alias": instruction.parameters["alias"], "version": version, "weights": {}}
        setting = instruction.type.removeprefix("lambda.set_")
        name = {"timeout": "timeout_seconds", "memory": "memory_mb"}[setting]
        return {name: self.value(instruction.resource, name)}

    def _put(self, instruction: Instruction) -> None:
        for name in ("version", "timeout_seconds", "memory_mb"):
            if name in instruction.parameters:
                self.change(instruction.resource, name, instruction.parameters[name])

    def _revision(self, resource: Resource) -> str:
        return f"{resource.name}-{self._revisions[resource]}"

    def _must_exist(self, resource: Resource) -> None:
        if (resource, "memory_mb") not in self.settings:
            raise AwsNotFound(f"function {resource.name} does not exist", resource=resource.arn)

    def sent(self) -> int:
        """See `Meter.sent`; metrics take four requests, as their answer says."""
        return getattr(self._sent, "count", 0)

    # --- switches ---------------------------------------------------------------------------------

    def _enter(self, operation: Operation) -> None:
        self._sent.count = self.sent() + (4 if operation == "fetch" else 1)
        with self._lock:
            self.calls.append(operation)
        self._run(operation, after=False)
        with self._lock:
            waiting = self._failures[operation]
            error = waiting.popleft() if waiting else None
        if error is not None:
            raise error

    def _run(self, operation: Operation, *, after: bool) -> None:
        with self._lock:
            waiting = self._hooks[operation, after]
            hook = waiting.popleft() if waiting else None
        if hook is not None:
            hook()
