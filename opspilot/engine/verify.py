"""Verify: the criteria of the approved plan, measured on the original signal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.analysis import measure
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident
from opspilot.domain.plan import (
    Criterion,
    Measurement,
    Plan,
    Verification,
    VerificationOutcome,
)
from opspilot.domain.telemetry import MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.engine.journal import Journal
from opspilot.engine.redaction import redact_text
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import AwsError, IllegalTransition
from opspilot.lifecycle import Trigger
from opspilot.ports.clock import Clock
from opspilot.ports.telemetry import Metrics

_WORST_FIRST = (
    VerificationOutcome.WORSE,
    VerificationOutcome.NO_EFFECT,
    VerificationOutcome.TOO_LITTLE_DATA,
    VerificationOutcome.IMPROVING,
    VerificationOutcome.RECOVERED,
)
_LOOK_EVERY = timedelta(seconds=15)
"""Account time between looks: a quarter of CloudWatch's usual period."""

_LATE = timedelta(minutes=3)
"""How long after the deadline a late datapoint is still waited for."""


def combined(measurements: tuple[Measurement, ...]) -> VerificationOutcome:
    """The worst of the criteria; recovered only if every one is."""
    outcomes = {one.outcome for one in measurements}
    return next(
        (outcome for outcome in _WORST_FIRST if outcome in outcomes),
        VerificationOutcome.TOO_LITTLE_DATA,
    )


@dataclass(frozen=True)
class Observation:
    """The step of a verifying incident."""

    metrics: Metrics
    clock: Clock
    journal: Journal

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Measure once; end on recovery, on a clear worsening, or at the deadline."""
        plan = scope.store.plan(incident.plan_id or "")
        before = plan.verification
        if before is None:
            raise IllegalTransition(f"{plan.id} is being verified without a start")
        now = self.clock.account_now()
        late = now >= before.deadline_at + _LATE
        measured = self._measure(plan, before, now, last=late)
        outcome = combined(measured)
        if outcome is VerificationOutcome.RECOVERED:
            return self._end(incident, plan, before, measured, outcome, now)
        if late or _clearly_worse(measured, plan):
            return self._end(incident, plan, before, measured, outcome, now)
        return self._go_on(incident, plan, before, measured, now)

    def _measure(
        self, plan: Plan, verification: Verification, now: datetime, *, last: bool
    ) -> tuple[Measurement, ...]:
        """Measure all criteria in one request; the last time, a source that is silent is no data.

        One request, because criteria held against each other should see the same moment.
        """
        queries = list(dict.fromkeys(q for one in plan.criteria for q in _queries(one)))
        end = max(now, verification.started_at + timedelta(seconds=1))
        window = Window(start=verification.started_at, end=end)
        try:
            series = self.metrics.fetch(queries, window)
        except AwsError as error:
            if not last:
                raise
            series = [_unread(query, window, error) for query in queries]
        read = dict(zip(queries, series, strict=True))
        return tuple(
            measure(one, *_pair(one, read), verification.started_at, now) for one in plan.criteria
        )

    def _go_on(
        self,
        incident: Incident,
        plan: Plan,
        before: Verification,
        measured: tuple[Measurement, ...],
        now: datetime,
    ) -> StepResult:
        observed = before.model_copy(update={"measurements": measured})
        changed = [one.outcome for one in measured] != [one.outcome for one in before.measurements]
        audit = ()
        if changed:
            audit = (
                self.journal.entry(
                    incident.id,
                    SYSTEM,
                    "verification.measured",
                    plan.id,
                    result=[one.model_dump(mode="json") for one in measured],
                ),
            )
        return StepResult(
            incident,
            puts=(plan.model_copy(update={"verification": observed}),),
            audit=audit,
            wake_at=self.clock.wall_at(now + _LOOK_EVERY),
            blocked_on="datapoints after the change",
        )

    def _end(
        self,
        incident: Incident,
        plan: Plan,
        before: Verification,
        measured: tuple[Measurement, ...],
        outcome: VerificationOutcome,
        now: datetime,
    ) -> StepResult:
        recovered = outcome is VerificationOutcome.RECOVERED
        ended = before.model_copy(
            update={"measurements": measured, "outcome": outcome, "ended_at": now}
        )
        moved = incident.model_copy(
            update={
                "outcome": outcome,
                "resolved_at": now if recovered else None,
                "waits_for": "" if recovered else "a person: undo, or investigate again",
            }
        )
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            "verification.ended",
            plan.id,
            input={"criteria": [criterion.text for criterion in plan.criteria]},
            result={
                "outcome": outcome,
                "measurements": [one.model_dump(mode="json") for one in measured],
            },
        )
        return StepResult(
            moved,
            puts=(plan.model_copy(update={"verification": ended}),),
            audit=(entry,),
            trigger=Trigger.RECOVERED if recovered else Trigger.NOT_RECOVERED,
        )


def _queries(criterion: Criterion) -> tuple[MetricQuery, ...]:
    both = (criterion.numerator, criterion.denominator)
    return tuple(query for query in both if query is not None)


def _pair(
    criterion: Criterion, read: dict[MetricQuery, MetricSeries]
) -> tuple[MetricSeries, MetricSeries | None]:
    denominator = criterion.denominator
    return read[criterion.numerator], read[denominator] if denominator else None


def _unread(query: MetricQuery, window: Window, error: AwsError) -> MetricSeries:
    return MetricSeries(
        query=query,
        window=window,
        period_seconds=query.period_seconds,
        status="failed",
        messages=(redact_text(error.message),),
    )


def _clearly_worse(measured: tuple[Measurement, ...], plan: Plan) -> bool:
    holds = {criterion.id: criterion.hold_periods for criterion in plan.criteria}
    return any(
        one.outcome is VerificationOutcome.WORSE and one.periods_seen >= holds[one.criterion_id]
        for one in measured
    )
