"""From raw telemetry to a recovered incident through all pure parts, on seeded noise."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from opspilot.analysis import log_detail, measure, metric_detail
from opspilot.domain.evidence import LogRequest, MetricRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.plan import PreState, VerificationOutcome
from opspilot.domain.resource import Resource
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import LogLine, LogLines, LogQuery, MetricQuery, MetricSeries
from opspilot.domain.window import Window
from opspilot.remediation import Proposal, build_action, propose
from tests.diagnosis.scene import (
    BACK,
    BASELINE,
    FRONT,
    GATEWAY,
    MIDDLE,
    MINUTE,
    NOW,
    ONSET,
    SIDE,
    WINDOW,
    Scene,
)

MINUTES = int((NOW - BASELINE.start) / MINUTE)
FIRST_BAD = int((ONSET - BASELINE.start) / MINUTE)
USUAL_MS = {FRONT: 600.0, MIDDLE: 400.0, BACK: 200.0, SIDE: 90.0}
Values = np.ndarray


def series(query: MetricQuery, values: Sequence[float], start: object = None) -> MetricSeries:
    first = BASELINE.start if start is None else NOW
    times = tuple(first + n * MINUTE for n in range(len(values)))
    return MetricSeries(
        query=query,
        window=Window(start=first, end=times[-1] + MINUTE),
        period_seconds=60,
        times=times,
        values=tuple(float(value) for value in values),
    )


def add(scene: Scene, resource: Resource, name: str, values: Values) -> None:
    signal = signal_named(name)
    query = query_of(signal, resource)
    detail, snapshot = metric_detail(signal, series(query, values), WINDOW)
    scene.add(resource, MetricRequest(metric=query), detail, snapshot)


def telemetry(seed: int, *, slow: bool) -> Scene:
    """An hour of noise at four functions and their API; slow makes back and all above it slow."""
    rng = np.random.default_rng(seed)
    scene = Scene().topology().configuration(FRONT).configuration(BACK, alias="live", timeout=15)
    calls = rng.poisson(60.0, MINUTES).astype(float)
    bad = np.arange(MINUTES) >= FIRST_BAD
    failed = np.where(bad & slow, calls, rng.poisson(0.05, MINUTES))
    add(scene, GATEWAY, "api.count", calls + rng.poisson(60.0, MINUTES))
    add(scene, GATEWAY, "api.5xx", failed)
    for resource, usual in USUAL_MS.items():
        took = usual * np.exp(rng.normal(0.0, 0.2, MINUTES))
        if slow and resource in (BACK, MIDDLE, FRONT):
            took = np.where(
                bad, np.minimum(took + 3_600.0, 3_000.0 if resource == FRONT else 9e9), took
            )
        add(scene, resource, "lambda.duration_p99", took)
        add(scene, resource, "lambda.duration_p50", took / 3.0 if not slow else took / 1.2)
        add(scene, resource, "lambda.invocations", calls)
        mine = failed if resource == FRONT else rng.poisson(0.05, MINUTES).astype(float)
        add(scene, resource, "lambda.errors", mine)
        add(scene, resource, "lambda.throttles", np.zeros(MINUTES))
    add_log(scene, int(failed[bad].sum()) if slow else 0)
    if slow:
        scene.release(BACK, ago=timedelta(seconds=40))
    return scene.feed()


def add_log(scene: Scene, timed_out: int) -> None:
    before, during = WINDOW.before(WINDOW.length), WINDOW
    routine = "REPORT RequestId: {n} Duration: 200.00 ms Memory Size: 256 MB Max Memory Used: 90 MB"
    lines = {
        window: [
            LogLine(
                at=window.start + n * timedelta(seconds=9),
                stream="s",
                message=routine.format(n=n),
            )
            for n in range(200)
        ]
        for window in (before, during)
    }
    lines[during] += [
        LogLine(
            at=ONSET + n * timedelta(seconds=1),
            stream="s",
            message=f"{ONSET.isoformat()} {n} Task timed out after 3.00 seconds",
        )
        for n in range(timed_out)
    ]
    asked = [LogQuery(log_group="/aws/lambda/front", window=window) for window in (before, during)]
    detail, snapshot = log_detail(
        *(LogLines(query=query, lines=tuple(lines[query.window])) for query in asked)
    )
    scene.add(FRONT, LogRequest(incident=asked[1], baseline=asked[0]), detail, snapshot)


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_release_is_found_planned_against_and_measured_as_recovered(seed: int) -> None:
    scene = telemetry(seed, slow=True)
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert verdict.cause.onset is not None
    assert (verdict.cause.cause_class, verdict.cause.resource) == ("lambda.slow_dependency", BACK)
    assert abs(verdict.cause.onset - ONSET) <= MINUTE
    assert verdict.first_failure is not None
    assert verdict.first_failure.resource == FRONT
    proposal = propose(scene.incident(), verdict, scene.evidence)
    assert isinstance(proposal, Proposal)
    captured = PreState(values={"alias": "live", "version": "18", "weights": {}}, read_at=NOW)
    action = build_action("A1", proposal.actions[0], captured, None)
    assert action.after == {"alias live": "version 17"}
    (criterion,) = proposal.criteria
    assert criterion.denominator is not None
    rng = np.random.default_rng(seed)
    cured = criterion.deadline_periods
    calls = rng.poisson(60.0, cured)
    measured = measure(
        criterion,
        series(criterion.numerator, rng.poisson(0.05, cured), start=NOW),
        series(criterion.denominator, calls, start=NOW),
        NOW,
        NOW + (cured + 1) * MINUTE,
    )
    assert measured.outcome is VerificationOutcome.RECOVERED
    still_ill = measure(
        criterion,
        series(criterion.numerator, calls, start=NOW),
        series(criterion.denominator, calls, start=NOW),
        NOW,
        NOW + (cured + 1) * MINUTE,
    )
    assert still_ill.outcome in (VerificationOutcome.NO_EFFECT, VerificationOutcome.WORSE)


def test_on_a_healthy_system_no_cause_is_ever_named() -> None:
    verdicts = [telemetry(seed, slow=False).verdict() for seed in range(100, 125)]
    assert all(verdict.cause is None for verdict in verdicts)
    healthy = [verdict for verdict in verdicts if verdict.status is VerdictStatus.NO_INCIDENT]
    assert len(healthy) >= 24


def test_a_release_on_a_healthy_system_is_not_blamed() -> None:
    for seed in range(200, 206):
        scene = telemetry(seed, slow=False).release(BACK).release(FRONT).feed()
        assert scene.verdict().cause is None
