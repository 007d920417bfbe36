"""A typed remediation plan: actions with captured undo, criteria, approval and outcome."""

from enum import StrEnum
from typing import Literal

from opspilot.domain.approval import Approval
from opspilot.domain.identity import Actor
from opspilot.domain.model import Instant, Json, Model, Record
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import MetricQuery


class Risk(StrEnum):
    """How much harm an action can do, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    DESTRUCTIVE = "destructive"


class PreState(Model):
    """The state that an action changes, as read before the change.

    Attributes:
        values: What the action's undo needs, {"version": "18"}.
        revision_id: Guards the change; empty where the API has none.
        read_at: Account time.
    """

    values: dict[str, Json]
    revision_id: str = ""
    read_at: Instant
    request_ids: tuple[str, ...] = ()


class Instruction(Model):
    """A typed instruction to the actuator: what to do to which resource.

    Attributes:
        type: From the closed vocabulary, "lambda.set_timeout"; one per file in remediation/actions.
        parameters: As the action's own parameter model validated them.
    """

    type: str
    resource: Resource
    parameters: dict[str, Json]


class Action(Model):
    """One step of a plan.

    Attributes:
        id: "A1", in order.
        change: What will run, exactly.
        undo: What will run to take it back, generated from `pre_state`.
        before: For people: {"timeout": "3 s"}; `after` likewise.
        blast_radius: Who else is touched, in words.
        rationale: Why it should cure, in words; `evidence` cites the ledger.
    """

    id: str
    change: Instruction
    undo: Instruction
    pre_state: PreState
    before: dict[str, str]
    after: dict[str, str]
    risk: Risk
    risk_reason: str
    summary: str
    blast_radius: str = ""
    rationale: str = ""
    evidence: tuple[str, ...] = ()


class Criterion(Model):
    """When the original signal counts as recovered; fixed before approval.

    Two tests exist. "rate_upper_bound": the one-sided 95 % upper confidence bound of
    sum(numerator)/sum(denominator) stays below `limit` for `hold_periods` consecutive periods with
    at least `min_events` denominators in total. "level": the value of `numerator` compares with
    `limit` by `comparator` in each of `hold_periods` consecutive periods that have data.

    Attributes:
        numerator: The original signal.
        denominator: Its traffic; None for "level".
        limit: A share (0 to 1) for the rate test, the metric's unit for "level".
        before: The same figure measured during the incident.
        deadline_periods: Observation ends here, recovered or not.
    """

    id: str
    test: Literal["rate_upper_bound", "level"]
    numerator: MetricQuery
    denominator: MetricQuery | None = None
    comparator: Literal["<", "<=", ">", ">="] = "<"
    limit: float
    hold_periods: int = 3
    min_events: int = 100
    deadline_periods: int = 15
    before: float | None = None
    text: str


class ActionRun(Model):
    """What became of one action (or of its undo).

    Attributes:
        status: "intended" is durable before AWS is called; "applied" has AWS's answer (or was found
            in place after a crash: `reconciled`); "settled" means the change is in force.
        attempts: Times an intent was written.
    """

    action_id: str
    undo: bool = False
    status: Literal["pending", "intended", "applied", "settled", "failed", "skipped"] = "pending"
    attempts: int = 0
    reconciled: bool = False
    intended_wall: Instant | None = None
    applied_at: Instant | None = None
    settled_at: Instant | None = None
    request_ids: tuple[str, ...] = ()
    error: str = ""


class VerificationOutcome(StrEnum):
    """What the original signal says after the change."""

    RECOVERED = "recovered"
    IMPROVING = "improving"
    NO_EFFECT = "no_effect"
    WORSE = "worse"
    TOO_LITTLE_DATA = "too_little_data"


class Measurement(Model):
    """A criterion measured once.

    Attributes:
        at: Account time of the measurement.
        value: The figure that is compared (an upper bound for the rate test); None without data.
        observed: The plain figure (rate or level).
        events: Denominator total over the held periods.
        periods_held: Consecutive periods, up to now, that satisfy the criterion.
        sentence: The numbers in words.
    """

    criterion_id: str
    at: Instant
    outcome: VerificationOutcome
    value: float | None = None
    observed: float | None = None
    failed: float | None = None
    events: float | None = None
    periods_held: int = 0
    periods_seen: int = 0
    sentence: str


class Verification(Model):
    """The observation after execution.

    Attributes:
        started_at: Account time from which datapoints count (after the change settled).
        outcome: None while observing.
        measurements: The latest measurement per criterion.
    """

    started_at: Instant
    deadline_at: Instant
    outcome: VerificationOutcome | None = None
    measurements: tuple[Measurement, ...] = ()
    ended_at: Instant | None = None


class PlanStatus(StrEnum):
    """Where a plan stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class Alternative(Model):
    """Another way that was weighed, and why it is not the proposal.

    Attributes:
        then: What would have to follow `change`, in this order.
    """

    change: Instruction
    summary: str
    why_not: str
    then: tuple[Instruction, ...] = ()


class Plan(Record):
    """Proposal, approvals, execution and verification of one plan.

    The proposal (actions, criteria, policy version, incident) never changes; `digest` binds it.

    Attributes:
        id: "INC-0001-P1".
        digest: SHA-256 (hex) over actions, parameters, pre-states, undo, criteria, policy version.
        requested_at: Wall time; `expires_at`: wall time after which no approval is accepted or
            used.
        requested_at_account: The same moment on the account's clock.
        runs: One per action started, undo runs included.
    """

    id: str
    incident_id: str
    number: int
    status: PlanStatus = PlanStatus.PROPOSED
    actions: tuple[Action, ...]
    criteria: tuple[Criterion, ...]
    alternatives: tuple[Alternative, ...] = ()
    risk: Risk
    policy_version: str
    digest: str
    requested_by: Actor
    requested_at: Instant
    requested_at_account: Instant
    expires_at: Instant
    approvals: tuple[Approval, ...] = ()
    executed_by: Actor | None = None
    runs: tuple[ActionRun, ...] = ()
    verification: Verification | None = None
    reason: str = ""

    def run_of(self, action_id: str, *, undo: bool = False) -> ActionRun | None:
        """The run of an action (or of its undo), if it was started."""
        return next(
            (run for run in self.runs if run.action_id == action_id and run.undo == undo), None
        )
