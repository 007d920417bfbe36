"""Domain values for tests: one incident in every state, with evidence, verdict, plan and audit.

The story: payments-api release 18 is slow, checkout's timeout of 3 s is now too small.
"""

from datetime import UTC, datetime, timedelta
from math import pi, sin

from opspilot.domain.alarm import Alarm
from opspilot.domain.approval import Approval
from opspilot.domain.audit import AuditDraft, AuditEntry, AuditHead, link, sha256_hex
from opspilot.domain.change import Change
from opspilot.domain.commands import Command
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
    LogDetail,
    LogRequest,
    MetricDetail,
    MetricRequest,
    PatternChangeDetail,
    TopologyDetail,
    TopologyRequest,
)
from opspilot.domain.hypothesis import (
    Argument,
    Cause,
    FirstFailure,
    Hypothesis,
    Impact,
    Verdict,
    VerdictStatus,
)
from opspilot.domain.identity import SYSTEM, Actor, Role
from opspilot.domain.incident import Incident, IncidentStatus, Severity, Symptom
from opspilot.domain.investigation import Investigation, Task
from opspilot.domain.model import Json
from opspilot.domain.plan import (
    Action,
    ActionRun,
    Alternative,
    Criterion,
    Instruction,
    Measurement,
    Plan,
    PlanStatus,
    PreState,
    Risk,
    Verification,
    VerificationOutcome,
)
from opspilot.domain.resource import Resource, lambda_function
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import CallUsage, LogQuery, MetricQuery, MetricSeries
from opspilot.domain.views import IncidentRow, IncidentView, WorkerState
from opspilot.domain.window import Window
from opspilot.domain.workload import (
    Edge,
    FunctionAlias,
    FunctionConfiguration,
    FunctionVersion,
    Topology,
)

NOW = datetime(2026, 11, 22, 14, 15, 20, tzinfo=UTC)
ONSET = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
RELEASE = datetime(2026, 11, 22, 14, 1, 10, tzinfo=UTC)
WINDOW = Window(start=NOW.replace(minute=33, second=0, hour=13), end=NOW)
BASELINE = WINDOW.before(timedelta(hours=3))

CHECKOUT = lambda_function("000000000000", "us-east-1", "checkout")
PAYMENTS = lambda_function("000000000000", "us-east-1", "payments-api")

HOSTILE = "<img src=x onerror=alert(1)> [pay](https://evil.example) =2+3 `$x$` :material/home:"
"""What a log line, an alarm name or a tag may hold."""

ROSA = Actor(id="rosa", name="Rosa", roles=(Role.RESPONDER,), source="embedded")
ADA = Actor(id="ada", name="Ada", roles=(Role.APPROVER, Role.RESPONDER), source="embedded")
GRACE = Actor(id="grace", name="Grace", roles=(Role.APPROVER,), source="embedded")


def ago(**length: float) -> datetime:
    """A moment before `NOW`."""
    return NOW - timedelta(**length)


def query(signal: str, resource: Resource = CHECKOUT) -> MetricQuery:
    """The query of a signal."""
    return query_of(signal_named(signal), resource)


def incident(status: IncidentStatus = IncidentStatus.DIAGNOSED, **changes: object) -> Incident:
    """An incident on checkout, opened by its alarm."""
    fields: dict[str, object] = {
        "id": "INC-0042",
        "version": 3,
        "title": "checkout: errors above 5 %",
        "resource": CHECKOUT,
        "status": status,
        "severity": Severity.CRITICAL,
        "symptom": Symptom(
            query=query("lambda.errors"),
            summary="checkout-errors: Errors Sum was 12, threshold 5",
            alarm_arn="arn:aws:cloudwatch:us-east-1:000000000000:alarm:checkout-errors",
        ),
        "window": WINDOW,
        "baseline": BASELINE,
        "opened_at": ago(minutes=12),
        "opened_wall": ago(minutes=12),
        "opened_by": SYSTEM,
        "alarms": ("checkout-errors",),
    }
    return Incident.model_validate(fields | changes)


def minutes(window: Window) -> list[datetime]:
    """The start of every minute of a window."""
    count = int(window.length.total_seconds() // 60)
    return [window.start + timedelta(minutes=index) for index in range(count)]


def metric(
    evidence_id: str,
    signal: str,
    resource: Resource = CHECKOUT,
    *,
    usual: float = 310.0,
    then: float = 2900.0,
    anomalous: bool = True,
    missing: int = 0,
) -> Evidence:
    """A metric that rises at the onset; `missing` minutes before it hold no datapoint."""
    known, detail = query(signal, resource), signal_named(signal)
    times = [
        at
        for at in minutes(BASELINE.joined(WINDOW))
        if not (timedelta() < ONSET - at <= timedelta(minutes=missing))
    ]
    calm = [usual * (1 + 0.15 * sin(2 * pi * at.minute / 30)) for at in times]
    values = [
        then if at >= ONSET and anomalous else round(value, 2)
        for at, value in zip(times, calm, strict=True)
    ]
    snapshot: Json = {
        "times": [at.isoformat() for at in times],
        "values": values,
        "lower": [value * 0.7 for value in calm],
        "expected": calm,
        "upper": [value * 1.3 for value in calm],
        "scores": [0.0 if value < then else 1.0 for value in values],
    }
    finding = f"{detail.title} of {resource.name} rose from {usual:g} to {then:g} at 14:02"
    return entry(
        evidence_id,
        resource,
        MetricRequest(metric=known),
        MetricDetail(
            signal=signal,
            statistic=known.statistic,
            unit=detail.unit,
            metric_kind=detail.kind,
            anomalous=anomalous,
            direction="up" if anomalous else "none",
            baseline_value=usual,
            incident_value=then if anomalous else usual,
            onset=ONSET if anomalous else None,
            onset_uncertainty_seconds=30.0 if anomalous else None,
            effect_size=9.2 if anomalous else 0.4,
            points=42,
        ),
        finding if anomalous else f"{detail.title} of {resource.name} is as usual",
        snapshot,
    )


def entry(
    evidence_id: str,
    resource: Resource,
    request: EvidenceRequest,
    detail: EvidenceDetail,
    finding: str,
    snapshot: Json = None,
) -> Evidence:
    """One ledger entry."""
    data = snapshot if snapshot is not None else detail.model_dump(mode="json")
    return Evidence(
        version=1,
        incident_id="INC-0042",
        id=evidence_id,
        task=f"1/{request.source}:{evidence_id}",
        resource=resource,
        finding=finding,
        request=request,
        window=BASELINE.joined(WINDOW),
        detail=detail,
        data_hash=sha256_hex(data),
        snapshot=data,
        status="gap" if isinstance(detail, GapDetail) else "complete",
        request_ids=("5f3c1e9a-0000-4000-8000-000000000001",),
        usage=CallUsage(api_calls=1),
        collected_at=ago(minutes=10),
        collected_wall=ago(minutes=10),
    )


def changes(*more: Change) -> Evidence:
    """The change feed: a configuration change in the morning, the release at 14:01."""
    feed = (
        Change(
            at=ago(hours=2),
            resource=CHECKOUT,
            kind="configuration",
            summary="environment LOG_LEVEL changed",
            actor="bob",
            source="cloudtrail",
        ),
        Change(
            at=RELEASE,
            resource=PAYMENTS,
            kind="release",
            summary="alias live moved from version 17 to version 18",
            actor="bob",
            before={"version": "17"},
            after={"version": "18"},
            source="cloudtrail",
            event_id="ev-1",
        ),
        *more,
    )
    return entry(
        "E6",
        CHECKOUT,
        ChangesRequest(resources=(CHECKOUT, PAYMENTS)),
        ChangesDetail(changes=feed, complete_until=ago(minutes=15)),
        f"{len(feed)} changes, the last: payments-api: alias live moved from 17 to 18",
    )


def logs() -> Evidence:
    """The log of checkout, incident against baseline; one pattern is hostile."""
    group = "/aws/lambda/checkout"
    detail = LogDetail(
        lines_baseline=4_020,
        lines_incident=3_310,
        invocations=1_020,
        timeouts=184,
        timeout_seconds=3.0,
        first_timeout=ONSET + timedelta(seconds=80),
        errors={"TimeoutError": 184},
        duration_p50_ms=2_870.0,
        patterns=(
            PatternChangeDetail(
                pattern="<*> Task timed out after <*> seconds",
                change="new",
                baseline_count=0,
                incident_count=184,
                p_value=1e-12,
                examples=("2026-11-22T14:03:21Z 7c1 Task timed out after 3.00 seconds",),
                first_seen=ONSET + timedelta(seconds=80),
            ),
            PatternChangeDetail(
                pattern="=cmd " + HOSTILE,
                change="up",
                baseline_count=1,
                incident_count=31,
                p_value=0.002,
                examples=(HOSTILE,),
            ),
            PatternChangeDetail(
                pattern="order <*> paid",
                change="down",
                baseline_count=980,
                incident_count=410,
                p_value=1e-6,
            ),
        ),
    )
    lines: Json = [[ONSET.isoformat(), "stream-1", HOSTILE], [ONSET.isoformat(), "stream-1", "ok"]]
    return entry(
        "E7",
        CHECKOUT,
        LogRequest(
            incident=LogQuery(log_group=group, window=WINDOW),
            baseline=LogQuery(log_group=group, window=WINDOW.before(WINDOW.length)),
        ),
        detail,
        "184 of 1,020 invocations of checkout timed out after 3 s; before: none",
        {"incident": lines, "baseline": lines[1:]},
    )


def configuration(resource: Resource = CHECKOUT, evidence_id: str = "E5") -> Evidence:
    """A function as configured."""
    function = FunctionConfiguration(
        resource=resource,
        runtime="python3.12",
        memory_mb=256,
        timeout_seconds=3,
        environment={"LOG_LEVEL": "info", "TOKEN": "[redacted]"},
        revision_id="rev-1",
        last_modified=ago(hours=2),
        versions=(
            FunctionVersion(
                version="18",
                published_at=RELEASE,
                code_sha256="abc",
                memory_mb=256,
                timeout_seconds=3,
            ),
        ),
        aliases=(FunctionAlias(name="live", version="18"),),
    )
    return entry(
        evidence_id,
        resource,
        ConfigurationRequest(resource=resource),
        ConfigurationDetail(function=function),
        f"{resource.name}: timeout 3 s, memory 256 MB, Active, alias live -> 18",
    )


def alarms() -> Evidence:
    """The alarm on checkout."""
    alarm = Alarm(
        arn="arn:aws:cloudwatch:us-east-1:000000000000:alarm:checkout-errors",
        name="checkout-errors",
        description="checkout: errors above 5 %",
        query=query("lambda.errors"),
        threshold=5.0,
        state="ALARM",
        since=ago(minutes=12),
    )
    return entry(
        "E4",
        CHECKOUT,
        AlarmsRequest(resource=CHECKOUT),
        AlarmsDetail(alarms=(alarm,)),
        "checkout has 1 alarms: checkout-errors ALARM",
    )


def topology() -> Evidence:
    """Who calls whom: checkout calls payments-api."""
    edges = (
        Edge(
            caller=CHECKOUT,
            callee=PAYMENTS,
            relation="invokes",
            qualifier="live",
            via="environment PAYMENTS_FUNCTION",
        ),
    )
    return entry(
        "E1",
        CHECKOUT,
        TopologyRequest(resource=CHECKOUT),
        TopologyDetail(topology=Topology(edges=edges)),
        "checkout depends on payments-api; called by nothing known",
    )


def gap() -> Evidence:
    """What could not be read."""
    return entry(
        "E8",
        PAYMENTS,
        AlarmsRequest(resource=PAYMENTS),
        GapDetail(
            reason=GapReason.DENIED,
            message="cloudwatch:DescribeAlarms is denied",
            iam_action="cloudwatch:DescribeAlarms",
        ),
        "Alarms on payments-api: denied (cloudwatch:DescribeAlarms is denied)",
    )


def ledger() -> tuple[Evidence, ...]:
    """A whole investigation's evidence."""
    return (
        topology(),
        metric("E2", "lambda.errors", usual=0.4, then=18.0),
        metric("E3", "lambda.duration_p99", PAYMENTS, missing=4),
        alarms(),
        configuration(),
        changes(),
        logs(),
        gap(),
        metric("E9", "lambda.duration_p99", usual=420.0, then=3_000.0),
        metric("E10", "lambda.invocations", usual=60.0, anomalous=False),
    )


def verdict(status: VerdictStatus = VerdictStatus.CONFIRMED) -> Verdict:
    """The release is the cause; for an inconclusive verdict the strongest lead."""
    summary = (
        "payments-api release 18 raised its p99 from 310 ms to 2.9 s, above checkout's 3 s limit"
    )
    leading = Hypothesis(
        cause_class="lambda.slow_dependency",
        resource=PAYMENTS,
        summary=summary,
        arguments_for=(
            Argument(text="payments-api was released 50 s before", evidence=("E6",), weight=2.1),
            Argument(text="its p99 rose at 14:02", evidence=("E3",), weight=1.8),
        ),
        arguments_against=(Argument(text=HOSTILE, evidence=("E7",), weight=-0.2),),
        missing=(Argument(text="the alarms of payments-api could not be read"),),
        confidence=0.91,
        cap="",
        onset=RELEASE,
        onset_uncertainty_seconds=30.0,
        status="leading",
    )
    ruled_out = Hypothesis(
        cause_class="lambda.out_of_memory",
        resource=CHECKOUT,
        summary="checkout ran out of memory",
        confidence=0.01,
        status="ruled_out",
        ruled_out_because="no invocation was killed for memory; most used 96 of 256 MB",
    )
    possible = Hypothesis(
        cause_class="lambda.timeout_too_small",
        resource=CHECKOUT,
        summary="checkout's timeout of 3 s is below what its dependency needs",
        arguments_for=(Argument(text="184 time-outs at 3 s", evidence=("E7",), weight=1.0),),
        confidence=0.4,
        cap="a symptom of another cause is capped at 0.4",
    )
    known = status in (VerdictStatus.CONFIRMED, VerdictStatus.LIKELY)
    return Verdict(
        status=status,
        cause=Cause(
            cause_class="lambda.slow_dependency",
            resource=PAYMENTS,
            summary=summary,
            onset=RELEASE,
            onset_uncertainty_seconds=30.0,
            evidence=("E3", "E6"),
        )
        if known
        else None,
        first_failure=FirstFailure(
            resource=CHECKOUT,
            summary="checkout timed out after 3 s",
            at=ONSET + timedelta(seconds=80),
            uncertainty_seconds=30.0,
            evidence=("E7",),
        ),
        impact=Impact(
            resource=CHECKOUT,
            summary="184 of 1,020 calls failed (18 %)",
            failed=184,
            total=1020,
            evidence=("E2",),
        ),
        confidence=0.91,
        hypotheses=(leading, possible, ruled_out),
        next_query="" if known else "the traces of checkout between 14:00 and 14:05",
    )


def investigation(phase: str = "done", **more: object) -> Investigation:
    """The investigation, while it gathers or when it is done."""
    keys = [(item.task.removeprefix("1/"), item) for item in ledger()]
    gathering = phase == "gathering"
    tasks = tuple(
        Task(
            key=key,
            title=f"{item.request.source} of {item.resource.name}",
            status="running"
            if gathering and index > 3
            else "gap"
            if item.status == "gap"
            else "done",
            evidence_id="" if gathering and index > 3 else item.id,
            wall_seconds=0.0 if gathering and index > 3 else 0.4 + index / 5,
        )
        for index, (key, item) in enumerate(keys)
    )
    fields: dict[str, object] = {
        "incident_id": "INC-0042",
        "version": 4,
        "requested_by": SYSTEM,
        "phase": phase,
        "tasks": tasks,
        "usage": CallUsage(api_calls=21, bytes_scanned=1.4e6, usd=0.0009, wall_seconds=3.2),
        "verdict": verdict() if phase == "done" else None,
        "started_at": ago(minutes=11),
        "started_wall": ago(seconds=4) if gathering else ago(minutes=11),
        "ended_wall": None if gathering else ago(minutes=10, seconds=57),
    }
    return Investigation.model_validate(fields | more)


def criterion() -> Criterion:
    """Fewer than 1 % of checkout's calls fail."""
    return Criterion(
        id="C1",
        test="rate_upper_bound",
        numerator=query("lambda.errors"),
        denominator=query("lambda.invocations"),
        limit=0.01,
        hold_periods=3,
        min_events=100,
        deadline_periods=15,
        before=0.18,
        text="95 % upper bound of the error rate below 1 % for 3 periods, at least 100 calls",
    )


def action() -> Action:
    """The timeout of checkout from 3 s to 8 s."""
    change = Instruction(
        type="lambda.set_timeout", resource=CHECKOUT, parameters={"timeout_seconds": 8}
    )
    return Action(
        id="A1",
        change=change,
        undo=change.model_copy(update={"parameters": {"timeout_seconds": 3}}),
        pre_state=PreState(
            values={"timeout_seconds": 3}, revision_id="rev-1", read_at=ago(minutes=6)
        ),
        before={"timeout": "3 s"},
        after={"timeout": "8 s"},
        risk=Risk.HIGH,
        risk_reason="checkout is called by an API; a longer timeout holds more executions",
        summary="Raise the timeout of checkout from 3 s to 8 s",
        blast_radius="1 function, called by shop-api",
        rationale="payments-api now answers in 2.9 s at p99",
        evidence=("E3", "E7"),
    )


def plan(status: PlanStatus = PlanStatus.PROPOSED, **changes: object) -> Plan:
    """The plan, asked for by Ada."""
    fields: dict[str, object] = {
        "id": "INC-0042-P1",
        "version": 1,
        "incident_id": "INC-0042",
        "number": 1,
        "status": status,
        "actions": (action(),),
        "criteria": (criterion(),),
        "alternatives": (
            Alternative(
                change=Instruction(
                    type="lambda.move_alias", resource=PAYMENTS, parameters={"version": "17"}
                ),
                summary="Move alias live of payments-api back to version 17",
                why_not="version 18 holds a fix that others wait for",
            ),
        ),
        "risk": Risk.HIGH,
        "policy_version": "1",
        "digest": "7f3a9c2b" * 8,
        "requested_by": ADA,
        "requested_at": ago(minutes=2),
        "requested_at_account": ago(minutes=5),
        "expires_at": NOW + timedelta(minutes=27, seconds=14),
    }
    return Plan.model_validate(fields | changes)


def approved() -> Plan:
    """The plan, approved by Grace."""
    approval = Approval(
        by=GRACE,
        decision="approved",
        digest="7f3a9c2b" * 8,
        decided_at=ago(minutes=1),
        expires_at=NOW + timedelta(minutes=29),
    )
    return plan(PlanStatus.APPROVED, approvals=(approval,), version=2)


def executed(outcome: VerificationOutcome | None = VerificationOutcome.RECOVERED) -> Plan:
    """The plan, executed and observed; None: still observing."""
    measurement = Measurement(
        criterion_id="C1",
        at=ago(minutes=1),
        outcome=outcome or VerificationOutcome.IMPROVING,
        value=0.008,
        observed=0.0042,
        failed=8,
        events=1_910,
        periods_held=3 if outcome else 1,
        periods_seen=4 if outcome else 2,
        sentence="8 of 1,910 calls failed after the change: 95 % upper bound 0.8 %, limit 1 %",
    )
    run = ActionRun(
        action_id="A1",
        status="settled",
        attempts=1,
        intended_wall=ago(minutes=7),
        applied_at=ago(minutes=7),
        settled_at=ago(minutes=6, seconds=50),
        request_ids=("5f3c1e9a-0000-4000-8000-000000000002",),
    )
    return approved().model_copy(
        update={
            "status": PlanStatus.EXECUTED,
            "executed_by": ROSA,
            "runs": (run,),
            "verification": Verification(
                started_at=ago(minutes=6),
                deadline_at=ago(minutes=6) + timedelta(minutes=15),
                outcome=outcome,
                measurements=(measurement,),
                ended_at=ago(minutes=1) if outcome else None,
            ),
        }
    )


def series(signal: str, window: Window, *, failing: bool) -> MetricSeries:
    """A live series over a window: errors end six minutes before `NOW` when `failing`."""
    times = minutes(window)
    bad = [failing and ONSET <= at < ago(minutes=6) for at in times]
    usual = 0.0 if failing else 62.0
    return MetricSeries(
        query=query(signal),
        window=window,
        period_seconds=60,
        times=tuple(times),
        values=tuple(11.0 if one else usual for one in bad),
    )


def audit() -> tuple[AuditEntry, ...]:
    """A short, well linked chain."""
    told = (
        (SYSTEM, "incident.opened", "INC-0042", {"alarm": "checkout-errors"}, "", ago(minutes=12)),
        (SYSTEM, "investigation.started", "INC-0042", {"number": 1}, "", ago(minutes=11)),
        (SYSTEM, "evidence.collected", "E7", {"note": HOSTILE}, "", ago(minutes=10)),
        (ROSA, "command.refused", "INC-0042-P1", {"command": "approve"}, "no role", ago(minutes=3)),
        (GRACE, "plan.approved", "INC-0042-P1", {"digest": "7f3a9c2b"}, "", ago(minutes=1)),
    )  # fmt: skip
    head: AuditHead | None = None
    entries: list[AuditEntry] = []
    for actor, action_type, subject, given, error, at in told:
        draft = AuditDraft(
            chain="INC-0042",
            actor=actor,
            action_type=action_type,
            subject=subject,
            input=given,
            error=error,
            at=at,
            wall=at,
        )
        linked = link(draft, head)
        entries.append(linked)
        head = AuditHead(chain=linked.chain, seq=linked.seq, hash=linked.hash)
    return tuple(entries)


def view(
    of: Incident | None = None,
    *,
    found: Investigation | None = None,
    evidence: tuple[Evidence, ...] | None = None,
    plans: tuple[Plan, ...] = (),
    refusals: dict[Command, str] | None = None,
    alive: bool = True,
    job_error: str = "",
) -> IncidentView:
    """What the incident's page shows."""
    shown = of or incident()
    return IncidentView(
        incident=shown,
        investigation=found,
        evidence=ledger() if evidence is None else evidence,
        plans=plans,
        plan=plans[-1] if plans else None,
        refusals=dict.fromkeys(Command, "") | (refusals or {}),
        worker=WorkerState(alive=alive, last_seen=NOW),
        job_error=job_error,
        audit=audit(),
    )


def row(shown: Incident, words: str = "") -> IncidentRow:
    """A line of the incident list."""
    return IncidentRow(
        incident=shown, verdict=words, symptom=tuple(float(index % 5) for index in range(30))
    )
