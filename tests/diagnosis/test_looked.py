"""What part of a ledger may say: nobody is blamed by elimination of what was not looked at."""

from collections.abc import Callable

import pytest

from opspilot.domain.evidence import MetricRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.resource import Resource
from opspilot.domain.signals import query_of, signal_named
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    CONSUMES,
    FRONT,
    GATEWAY,
    JOBS,
    LEDGER,
    MIDDLE,
    SIDE,
    WRITES,
    Scene,
    failing_front,
    failing_side,
    hypothesis,
    settled,
    unsettled,
)

TIMED_OUT = {"timeouts": 800, "timeout_seconds": 3.0}


def without(scene: Scene, resource: Resource, *signals: str) -> Scene:
    """The same investigation, cut short before these signals of a resource were read."""
    asked = [MetricRequest(metric=query_of(signal_named(name), resource)) for name in signals]
    scene.evidence = [
        one for one in scene.read() if one.resource != resource or one.request not in asked
    ]
    scene.whole = False
    return scene


DURATIONS = ("lambda.duration_p99", "lambda.duration_p50", "lambda.duration_max")


def by_elimination() -> Scene:
    scene = failing_front(**TIMED_OUT).feed()
    scene.evidence = [one for one in scene.evidence if one.resource != FRONT or _kept(one.request)]
    return scene.metric(FRONT, "lambda.duration_p99", 600.0, 3_000.0)


def _kept(request: object) -> bool:
    duration = query_of(signal_named("lambda.duration_p99"), FRONT)
    return not isinstance(request, MetricRequest) or request.metric != duration


def broken_edge() -> Scene:
    scene = Scene(resource=GATEWAY).topology().healthy(FRONT, MIDDLE, BACK, SIDE).feed()
    scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 100.0)
    return scene.metric(GATEWAY, "api.latency_p99", 400.0)


def slow_side() -> Scene:
    """Side becomes slow after a release, for no reason that anything shows; front gives up."""
    scene = Scene().topology(CHAIN, WRITES).healthy(GATEWAY, MIDDLE, BACK)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.log(FRONT, **TIMED_OUT).configuration(FRONT, timeout=3).table()
    scene.metric(SIDE, "lambda.duration_p99", 200.0, 4_000.0)
    return scene.release(SIDE).feed()


def held_up() -> Scene:
    scene = Scene(resource=JOBS).topology(CHAIN, CONSUMES).queue(enabled=False).healthy(SIDE)
    scene.metric(JOBS, "sqs.sent", 100.0).metric(JOBS, "sqs.deleted", 100.0, 0.0)
    scene.metric(JOBS, "sqs.oldest_age", 2.0, 900.0)
    scene.change(SIDE, "configuration", {"enabled": "true"}, {"enabled": "false"})
    return scene.feed()


@pytest.mark.parametrize(
    ("build", "cause", "unread", "signals"),
    [
        (by_elimination, "downstream_failure", MIDDLE, DURATIONS),
        (broken_edge, "api.integration_errors", FRONT, DURATIONS),
        (slow_side, "lambda.slow_dependency", LEDGER, ("dynamodb.write_throttles",)),
        (held_up, "sqs.backlog", JOBS, ("sqs.deleted",)),
    ],
)
def test_a_cause_by_elimination_is_a_lead_until_the_eliminated_was_looked_at(
    build: Callable[[], Scene], cause: str, unread: Resource, signals: tuple[str, ...]
) -> None:
    assert settled(build())[0] == cause
    cut = without(build(), unread, *signals)
    verdict = cut.verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    lead = hypothesis(verdict, cause)
    assert lead.confidence <= 0.45
    assert "not looked at" in lead.cap


def test_a_denied_look_is_none() -> None:
    scene = without(by_elimination(), MIDDLE, *DURATIONS)
    signal = query_of(signal_named("lambda.duration_p99"), MIDDLE)
    assert unsettled(scene.gap(MIDDLE, MetricRequest(metric=signal)), "downstream_failure")


def test_a_release_is_not_blamed_before_the_log_of_what_fails_was_asked_for() -> None:
    scene = failing_side(errors={"KeyError": 790}).release(SIDE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", SIDE)
    scene.evidence = [one for one in scene.evidence if one.request.source != "logs"]
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
