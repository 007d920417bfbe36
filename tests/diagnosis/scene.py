"""Builds ledgers: a small account in which any signal can be made to rise, fall, or be missing.

gateway (API) -> front -> middle -> back
                 front -> side
side writes ledger (table), works off jobs (queue, dead letters in graves) and readings (stream)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from opspilot.diagnosis import diagnose
from opspilot.domain.alarm import Alarm
from opspilot.domain.audit import sha256_hex
from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    AlarmsDetail,
    AlarmsRequest,
    ChangesDetail,
    ChangesRequest,
    ConfigurationDetail,
    ConfigurationRequest,
    Evidence,
    EvidenceDetail,
    EvidenceRequest,
    GapDetail,
    GapReason,
    LimitsDetail,
    LimitsRequest,
    LogDetail,
    LogRequest,
    MetricDetail,
    MetricRequest,
    QueueDetail,
    StreamDetail,
    TableDetail,
    TopologyDetail,
    TopologyRequest,
)
from opspilot.domain.hypothesis import Hypothesis, Verdict
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident, Symptom
from opspilot.domain.model import Json
from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    dynamodb_table,
    kinesis_stream,
    lambda_account,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.domain.signals import query_of, signal_named, signals_of
from opspilot.domain.telemetry import LogQuery
from opspilot.domain.window import Window
from opspilot.domain.workload import (
    AccountLimits,
    Edge,
    EventSource,
    FunctionAlias,
    FunctionConfiguration,
    FunctionVersion,
    IndexConfiguration,
    QueueConfiguration,
    Scaling,
    StreamConfiguration,
    TableConfiguration,
    Topology,
)

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
ONSET = datetime(2026, 11, 22, 14, 10, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
BASELINE = WINDOW.before(timedelta(hours=3))
MINUTE = timedelta(minutes=1)

GATEWAY = rest_api("eu-west-1", "gateway")
FRONT, MIDDLE, BACK, SIDE = (
    lambda_function("123456789012", "eu-west-1", name)
    for name in ("front", "middle", "back", "side")
)
LEDGER = dynamodb_table("123456789012", "eu-west-1", "ledger")
JOBS, GRAVES = (sqs_queue("123456789012", "eu-west-1", name) for name in ("jobs", "graves"))
READINGS = kinesis_stream("123456789012", "eu-west-1", "readings")
ACCOUNT = lambda_account("123456789012", "eu-west-1")
WRITES = Edge(caller=SIDE, callee=LEDGER, relation="reads_writes")
CONSUMES = Edge(caller=SIDE, callee=JOBS, relation="consumes")
READS_STREAM = Edge(caller=SIDE, callee=READINGS, relation="consumes")
CHAIN = ((GATEWAY, FRONT, ""), (FRONT, MIDDLE, "live"), (MIDDLE, BACK, "live"), (FRONT, SIDE, ""))


ALL = (FRONT, MIDDLE, BACK, SIDE, GATEWAY, LEDGER, JOBS, READINGS, ACCOUNT)


@dataclass
class Scene:
    """A ledger in the making.

    Attributes:
        whole_until: Until when the change feed is whole.
        whole: What it says nothing of was asked for as well, and there is no data. Otherwise the
            investigation was cut short: what is not told was never read.
    """

    resource: Resource = FRONT
    whole_until: datetime = NOW
    whole: bool = True
    evidence: list[Evidence] = field(default_factory=list[Evidence])
    changes: list[Change] = field(default_factory=list[Change])

    def add(
        self,
        resource: Resource,
        request: EvidenceRequest,
        detail: EvidenceDetail,
        snapshot: Json = None,
    ) -> "Scene":
        """One entry."""
        data = snapshot if snapshot is not None else detail.model_dump(mode="json")
        number = len(self.evidence) + 1
        self.evidence.append(
            Evidence(
                incident_id="INC-0001",
                id=f"E{number}",
                task=f"1/{request.source}:{number}",
                resource=resource,
                finding="found",
                request=request,
                window=BASELINE.joined(WINDOW),
                detail=detail,
                data_hash=sha256_hex(data),
                snapshot=data,
                status="gap" if isinstance(detail, GapDetail) else "complete",
                collected_at=NOW,
                collected_wall=NOW,
            )
        )
        return self

    def metric(
        self,
        resource: Resource,
        name: str,
        usual: float,
        then: float | None = None,
        *,
        onset: datetime = ONSET,
        ended: datetime | None = None,
        points: int = 30,
        peak: float | None = None,
    ) -> "Scene":
        """A signal at its usual level, or from the onset on (until it ended) at another."""
        signal = signal_named(name)
        changed = then is not None
        level = usual if then is None else then
        direction: Literal["up", "down", "none"] = "none"
        if changed:
            direction = "up" if level > usual else "down"
        count = int((NOW - BASELINE.start) / MINUTE)
        times = [BASELINE.start + n * MINUTE for n in range(count)]
        over = ended or NOW
        values = [level if onset <= at < over else usual for at in times]
        during = [value for at, value in zip(times, values, strict=True) if at >= WINDOW.start]
        is_count = signal.kind == "count"
        detail = MetricDetail(
            signal=name,
            statistic=signal.statistic,
            unit=signal.unit,
            metric_kind=signal.kind,
            anomalous=changed,
            direction=direction,
            baseline_value=usual,
            incident_value=level,
            peak_value=level if peak is None else peak,
            onset=onset if changed else None,
            onset_uncertainty_seconds=60.0 if changed else None,
            effect_size=20.0 if direction == "up" else -20.0 if changed else 0.0,
            total_baseline=usual * 180 if is_count else None,
            total_incident=sum(during) if is_count else None,
            points=points,
        )
        empty = points == 0
        snapshot = {
            "times": [] if empty else [at.isoformat() for at in times],
            "values": [] if empty else values,
        }
        request = MetricRequest(metric=query_of(signal, resource))
        return self.add(resource, request, detail, snapshot)

    def healthy(self, *resources: Resource) -> "Scene":
        """Functions (or the API) at which nothing stands out."""
        for resource in resources:
            if resource == GATEWAY:
                self.metric(GATEWAY, "api.5xx", 0.0).metric(GATEWAY, "api.count", 100.0)
                self.metric(GATEWAY, "api.latency_p99", 400.0)
                continue
            self.metric(resource, "lambda.errors", 0.0)
            self.metric(resource, "lambda.invocations", 100.0)
            self.metric(resource, "lambda.duration_p50", 100.0)
            self.metric(resource, "lambda.duration_p99", 300.0)
            self.metric(resource, "lambda.throttles", 0.0)
        return self

    def topology(
        self,
        edges: Sequence[tuple[Resource, Resource, str]] = CHAIN,
        *more: Edge,
    ) -> "Scene":
        """Who calls whom, through which alias; `more` are edges of other kinds."""
        invoked = (
            Edge(caller=caller, callee=callee, relation="invokes", qualifier=alias)
            for caller, callee, alias in edges
        )
        topology = Topology(edges=(*invoked, *more))
        return self.add(
            self.resource,
            TopologyRequest(resource=self.resource),
            TopologyDetail(topology=topology),
        )

    def configuration(
        self,
        resource: Resource,
        *,
        timeout: int = 3,
        memory: int = 256,
        alias: str = "",
        version: str = "18",
        versions: Sequence[str] = ("18", "17", "16"),
        reserved: int | None = None,
        environment: dict[str, str] | None = None,
        environments: Mapping[str, dict[str, str]] | None = None,
        modified: datetime | None = None,
        code: str = "18",
    ) -> "Scene":
        """A function as configured; with an alias or environments, its published versions too.

        `environments` are those of versions, which are then published even without an alias.
        """
        kept = environments or {}
        published = tuple(
            FunctionVersion(
                version=number,
                published_at=ONSET - timedelta(days=30 - int(number)),
                code_sha256=number,
                memory_mb=memory,
                timeout_seconds=timeout,
                environment=kept.get(number),
            )
            for number in (versions if alias else tuple(kept))
        )
        function = FunctionConfiguration(
            resource=resource,
            memory_mb=memory,
            timeout_seconds=timeout,
            environment=environment or {},
            code_sha256=code,
            last_modified=modified,
            reserved_concurrency=reserved,
            versions=published,
            aliases=(FunctionAlias(name=alias, version=version),) if alias else (),
        )
        return self.add(
            resource,
            ConfigurationRequest(resource=resource),
            ConfigurationDetail(function=function),
        )

    def table(
        self,
        *,
        billing: Literal["provisioned", "on_demand"] = "provisioned",
        writes: int | None = 100,
        index_writes: int | None = None,
        autoscaled: tuple[int, int] | None = None,
        raised: datetime | None = None,
    ) -> "Scene":
        """The ledger as configured; an index by-day and autoscaling of writes where asked for."""
        least, most = autoscaled or (0, 0)
        scaling = Scaling(dimension="write", minimum=least, maximum=most)
        table = TableConfiguration(
            resource=LEDGER,
            billing=billing,
            write_capacity=writes if billing == "provisioned" else None,
            indexes=(IndexConfiguration(name="by-day", write_capacity=index_writes),)
            if index_writes
            else (),
            autoscaling=(scaling,) if autoscaled else (),
            last_increase_at=raised,
        )
        return self.add(LEDGER, ConfigurationRequest(resource=LEDGER), TableDetail(table=table))

    def queue(self, *, visibility: int = 180, enabled: bool = True) -> "Scene":
        """The jobs as configured, with side as their consumer."""
        feeds = EventSource(source=JOBS, function=SIDE, enabled=enabled)
        queue = QueueConfiguration(
            resource=JOBS,
            visibility_timeout_seconds=visibility,
            retention_seconds=345_600,
            dead_letter=GRAVES,
            maximum_receives=3,
            consumers=(feeds,),
        )
        return self.add(JOBS, ConfigurationRequest(resource=JOBS), QueueDetail(queue=queue))

    def stream(self, *, retries: int = -1, bisect: bool = False) -> "Scene":
        """The readings as configured, with side as their consumer."""
        feeds = EventSource(
            source=READINGS, function=SIDE, maximum_retries=retries, bisect_on_error=bisect
        )
        stream = StreamConfiguration(resource=READINGS, shards=2, consumers=(feeds,))
        return self.add(
            READINGS, ConfigurationRequest(resource=READINGS), StreamDetail(stream=stream)
        )

    def limits(self, most: int, reserved: dict[str, int] | None = None) -> "Scene":
        """What the account's functions share."""
        kept = reserved or {}
        limits = AccountLimits(
            resource=ACCOUNT,
            concurrent_executions=most,
            unreserved=most - sum(kept.values()),
        )
        return self.add(ACCOUNT, LimitsRequest(resource=ACCOUNT), LimitsDetail(limits=limits))

    def log(self, resource: Resource, **fields: object) -> "Scene":
        """A function's log; quiet unless fields say otherwise."""
        quiet = {"lines_baseline": 900, "lines_incident": 900, "invocations": 300}
        asked = LogQuery(log_group=f"/aws/lambda/{resource.name}", window=WINDOW)
        request = LogRequest(incident=asked, baseline=asked)
        return self.add(resource, request, LogDetail.model_validate(quiet | fields))

    def change(
        self,
        resource: Resource,
        kind: Literal["release", "configuration", "capacity", "permission", "other"],
        before: dict[str, str],
        after: dict[str, str],
        *,
        ago: timedelta = MINUTE,
    ) -> "Scene":
        """Something that somebody changed so long before the onset."""
        self.changes.append(
            Change(
                at=ONSET - ago,
                resource=resource,
                kind=kind,
                summary=f"{resource.name}: {before} to {after}",
                actor="bob",
                before=before,
                after=after,
                source="cloudtrail",
                event_id=f"ev-{len(self.changes)}",
            )
        )
        return self

    def release(
        self, resource: Resource, *, ago: timedelta = MINUTE, alias: str = "live"
    ) -> "Scene":
        """Its alias moved from version 17 to 18."""
        return self.change(
            resource, "release", {"version": "17"}, {"alias": alias, "version": "18"}, ago=ago
        )

    def alarm(self, state: Literal["OK", "ALARM"]) -> "Scene":
        """The alarm on the incident's resource."""
        alarm = Alarm(arn="arn:aws:cloudwatch:x:y:alarm:a", name="a", state=state, since=ONSET)
        return self.add(
            self.resource, AlarmsRequest(resource=self.resource), AlarmsDetail(alarms=(alarm,))
        )

    def gap(self, resource: Resource, request: EvidenceRequest) -> "Scene":
        """Something that could not be read."""
        detail = GapDetail(reason=GapReason.DENIED, message="denied", iam_action="x:Y")
        return self.add(resource, request, detail)

    def feed(self) -> "Scene":
        """Put the change feed into the ledger."""
        detail = ChangesDetail(changes=tuple(self.changes), complete_until=self.whole_until)
        asked = ChangesRequest(resources=ALL)
        return self.add(self.resource, asked, detail)

    def incident(self, symptom: str = "lambda.errors") -> Incident:
        """The incident that the ledger is about."""
        query = query_of(signal_named(symptom), self.resource) if symptom else None
        return Incident(
            id="INC-0001",
            title="front fails",
            resource=self.resource,
            symptom=Symptom(query=query),
            window=WINDOW,
            baseline=BASELINE,
            opened_at=NOW,
            opened_wall=NOW,
            opened_by=SYSTEM,
        )

    def verdict(self) -> Verdict:
        """What the rules say of it."""
        symptom = "lambda.errors" if self.resource.kind is ResourceKind.FUNCTION else ""
        return diagnose(self.incident(symptom), self.read(), NOW)

    def read(self) -> list[Evidence]:
        """The ledger, with what there was nothing to tell of where it is whole."""
        if not self.whole:
            return self.evidence
        rest = Scene(self.resource, evidence=list(self.evidence))
        for signal in signals_of(self.resource):
            rest.silent(self.resource, signal.name)
        for resource in [*_related(self.evidence), ACCOUNT]:
            if not any(_is_of(item, "topology", resource) for item in self.evidence):
                rest.add(
                    resource,
                    TopologyRequest(resource=resource),
                    TopologyDetail(topology=Topology(edges=())),
                )
            for name in _ASKED_OF.get(resource.kind, ()):
                rest.silent(resource, name)
        return rest.evidence

    def silent(self, resource: Resource, name: str) -> "Scene":
        """A signal that was asked for, and of which there is no data; nothing if it was told."""
        signal = signal_named(name)
        request = MetricRequest(metric=query_of(signal, resource))
        if any(item.resource == resource and item.request == request for item in self.evidence):
            return self
        detail = MetricDetail(
            signal=name,
            statistic=signal.statistic,
            unit=signal.unit,
            metric_kind=signal.kind,
            anomalous=False,
            direction="none",
            points=0,
        )
        return self.add(resource, request, detail)


_ASKED_OF = {
    ResourceKind.FUNCTION: ("lambda.errors", "lambda.duration_p99", "lambda.throttles"),
    ResourceKind.TABLE: (
        "dynamodb.read_throttles",
        "dynamodb.write_throttles",
        "dynamodb.reads",
        "dynamodb.writes",
    ),
    ResourceKind.QUEUE: ("sqs.sent", "sqs.deleted"),
    ResourceKind.ACCOUNT: ("account.throttles", "account.concurrency"),
}


def _related(evidence: Sequence[Evidence]) -> list[Resource]:
    """All that a call graph names, and whoever works off a queue or stream."""
    edges = [
        edge
        for item in evidence
        if isinstance(item.detail, TopologyDetail)
        for edge in item.detail.topology.edges
    ]
    ends = [end for edge in edges for end in (edge.caller, edge.callee)]
    feeds = [
        *(
            one
            for item in evidence
            if isinstance(item.detail, QueueDetail)
            for one in item.detail.queue.consumers
        ),
        *(
            one
            for item in evidence
            if isinstance(item.detail, StreamDetail)
            for one in item.detail.stream.consumers
        ),
    ]
    return list(dict.fromkeys((*ends, *(one.function for one in feeds))))


def _is_of(item: Evidence, source: str, resource: Resource) -> bool:
    return item.resource == resource and item.request.source == source


def hypothesis(verdict: Verdict, cause_class: str) -> Hypothesis:
    """The hypothesis of a class; it must be on the board."""
    return next(one for one in verdict.hypotheses if one.cause_class == cause_class)


def slow_back(**feed: datetime) -> Scene:
    """Back was released and became slow, middle with it; front times out after 3 s."""
    scene = Scene(**feed).topology().healthy(SIDE).release(BACK).feed()
    scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 200.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p99", 600.0, 3_000.0)
    scene.metric(MIDDLE, "lambda.errors", 0.0).metric(MIDDLE, "lambda.invocations", 100.0)
    scene.metric(MIDDLE, "lambda.duration_p99", 400.0, 4_200.0)
    scene.metric(BACK, "lambda.errors", 0.0).metric(BACK, "lambda.invocations", 100.0)
    scene.metric(BACK, "lambda.duration_p99", 200.0, 4_000.0)
    scene.log(FRONT, timeouts=800, timeout_seconds=3.0, first_timeout=ONSET + timedelta(seconds=20))
    scene.configuration(FRONT, timeout=3).configuration(MIDDLE, timeout=15, alias="live")
    return scene.configuration(BACK, timeout=15, alias="live")


def failing_front(**log: object) -> Scene:
    """Front fails and nothing that it calls is to blame; no change feed yet."""
    scene = Scene().topology().healthy(GATEWAY, MIDDLE, BACK, SIDE)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p99", 600.0)
    scene.configuration(FRONT, timeout=3, alias="live")
    return scene.log(FRONT, **log)


def failing_side(**log: object) -> Scene:
    """Side, which nothing else depends on here, fails; no change feed yet."""
    scene = Scene(resource=SIDE).topology(CHAIN, WRITES, CONSUMES).healthy(FRONT, MIDDLE, BACK)
    scene.metric(SIDE, "lambda.errors", 0.0, 40.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0).configuration(SIDE, timeout=30, alias="live")
    return scene.log(SIDE, **log)


def pattern(text: str, count: int = 790, *, before: int = 0) -> dict[str, object]:
    """A pattern of a log that came up, or came up more often."""
    return {
        "pattern": text,
        "change": "up" if before else "new",
        "baseline_count": before,
        "incident_count": count,
        "p_value": 1e-9,
        "examples": (text,),
        "first_seen": ONSET,
    }


def settled(scene: Scene) -> tuple[str, Resource]:
    """The class and component of the verdict's cause; there must be one."""
    verdict = scene.verdict()
    assert verdict.cause is not None, [
        (one.cause_class, one.confidence, one.cap) for one in verdict.hypotheses[:4]
    ]
    return verdict.cause.cause_class, verdict.cause.resource


def unsettled(scene: Scene, cause_class: str) -> bool:
    """Whether a class is not the verdict's cause."""
    cause = scene.verdict().cause
    return cause is None or cause.cause_class != cause_class
