"""Common suspicions that left no trace are told with why not, where that was read."""

from datetime import datetime, timedelta

import pytest

from opspilot.diagnosis import CATALOGUE
from opspilot.diagnosis.exclusions import MOST, SUSPICIONS
from opspilot.domain.evidence import LogRequest
from opspilot.domain.hypothesis import Hypothesis, Verdict, VerdictStatus
from opspilot.domain.telemetry import LogQuery
from tests.diagnosis.scene import (
    CHAIN,
    CONSUMES,
    FRONT,
    GATEWAY,
    JOBS,
    LEDGER,
    NOW,
    ONSET,
    SIDE,
    WINDOW,
    WRITES,
    Scene,
    failing_front,
    failing_side,
    hypothesis,
    pattern,
    slow_back,
)

ROOMY = {"memory_used_max_mb": 145, "memory_size_mb": 512, "duration_max_ms": 1_200.0}


def broken_release(**log: object) -> Scene:
    """Front fails since its release, by its own code; its log holds what is given besides."""
    told = {"errors": {"KeyError": 790}, **ROOMY, **log}
    return failing_front(**told).release(FRONT).feed()


def told(verdict: Verdict) -> dict[str, Hypothesis]:
    """What was excluded without anything that spoke for it, by class."""
    return {one.cause_class: one for one in verdict.hypotheses if not one.arguments_for}


def reason(scene: Scene, cause_class: str) -> str:
    """Why a class is excluded; empty where nothing is said of it."""
    found = told(scene.verdict()).get(cause_class)
    return found.ruled_out_because if found else ""


def test_a_log_that_was_read_whole_excludes_memory_with_the_most_that_was_used() -> None:
    assert reason(broken_release(), "lambda.out_of_memory") == (
        "no invocation of front was killed for memory; the most was 145 of 512 MB"
    )


@pytest.mark.parametrize(
    "log",
    [
        {"memory_used_max_mb": 511},
        {"memory_used_max_mb": None},
        {"out_of_memory": 2},
        {"invocations": 0},
        {"lines_incident": 0},
    ],
)
def test_memory_is_not_excluded_by_a_log_that_leaves_it_open(log: dict[str, object]) -> None:
    assert not reason(broken_release(**log), "lambda.out_of_memory")


def test_a_log_that_was_read_in_part_excludes_nothing() -> None:
    scene = broken_release()
    scene.evidence = [
        one.model_copy(update={"status": "partial"}) if one.request.source == "logs" else one
        for one in scene.evidence
    ]
    excluded = set(told(scene.verdict()))
    assert "lambda.throttled_by_reserved_concurrency" not in excluded  # It was not read here.
    assert not excluded & {"lambda.out_of_memory", "lambda.permission_denied", "provider_trouble"}


def test_a_log_that_was_denied_excludes_nothing() -> None:
    asked = LogQuery(log_group="/aws/lambda/front", window=WINDOW)
    scene = broken_release()
    scene.evidence = [one for one in scene.evidence if one.request.source != "logs"]
    scene.gap(FRONT, LogRequest(incident=asked, baseline=asked))
    excluded = told(scene.verdict())
    assert all(
        one.resource != FRONT or "log" not in one.ruled_out_because for one in excluded.values()
    )
    assert "lambda.out_of_memory" not in excluded


def test_the_longest_call_beside_its_limit_excludes_the_timeout() -> None:
    scene = Scene().topology().healthy(GATEWAY, FRONT).configuration(FRONT, timeout=3)
    scene.log(FRONT, **ROOMY)
    assert reason(scene, "lambda.timeout_too_small") == (
        "no invocation of front timed out; the longest took 1.2 s of 3 s"
    )
    near = Scene().topology().healthy(GATEWAY, FRONT).configuration(FRONT, timeout=1)
    assert not reason(near.log(FRONT, **ROOMY), "lambda.timeout_too_small")


def test_throttles_that_stayed_at_zero_exclude_the_reservation() -> None:
    scene = broken_release().metric(FRONT, "lambda.throttles", 0.0)
    assert reason(scene, "lambda.throttled_by_reserved_concurrency") == (
        "throttles of front stayed at 0"
    )
    everyday = broken_release().metric(FRONT, "lambda.throttles", 2.0)
    assert not reason(everyday, "lambda.throttled_by_reserved_concurrency")


def test_without_its_log_a_release_is_excluded_only_by_a_feed_that_is_whole() -> None:
    def unread(whole_until: datetime) -> str:
        scene = Scene(whole_until=whole_until).topology().healthy(FRONT)
        scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 100.0)
        return reason(scene.feed(), "lambda.code_error_after_release")

    assert unread(NOW) == (
        "front was not released within an hour before 14:10 UTC: the feed is whole until 14:30 UTC"
    )
    assert not unread(ONSET - timedelta(minutes=5))


def test_variables_as_they_were_exclude_a_wrong_one_and_a_complaint_does_not() -> None:
    same = {"ORDERS_TABLE": "orders"}
    kept = failing_front(errors={"KeyError": 790}, **ROOMY).configuration(
        FRONT,
        alias="live",
        environment=same,
        environments={"18": same, "17": same, "16": same},
    )
    assert "variables of front are those of version" in reason(
        kept.release(FRONT).feed(), "lambda.bad_environment"
    )
    missing = pattern("[ERROR] KeyError: 'ORDERS_TABLE'")
    assert not reason(broken_release(patterns=(missing,)), "lambda.bad_environment")


def test_a_table_that_refused_nothing_is_excluded_only_where_its_metrics_arrive() -> None:
    def writing(points: int) -> Scene:
        scene = failing_side(errors={"KeyError": 790}).release(SIDE).table().feed()
        scene.metric(LEDGER, "dynamodb.writes", 100.0, points=points)
        for signal in ("dynamodb.read_throttles", "dynamodb.write_throttles"):
            scene.metric(LEDGER, signal, 0.0, points=0)
        return scene

    assert reason(writing(30), "dynamodb.table_throttled") == ("no request to ledger was throttled")
    assert not reason(writing(0), "dynamodb.table_throttled")
    held_up = writing(30).metric(LEDGER, "dynamodb.index_write_throttles:by-day", 0.0, 40.0)
    assert not reason(held_up, "dynamodb.table_throttled")


def test_a_function_that_answers_sooner_is_no_slow_one_but_calls_cut_off_do_not_say_so() -> None:
    def lasting(**log: object) -> str:
        scene = failing_side(errors={"KeyError": 790}, **log).release(SIDE).feed()
        scene.metric(SIDE, "lambda.duration_p99", 300.0, 90.0)
        return reason(scene, "lambda.slow_dependency")

    assert lasting() == "side takes no longer than before (p99 90 ms)"
    assert not lasting(timeouts=700, timeout_seconds=0.09, first_timeout=ONSET)


def test_a_queue_that_hides_messages_long_enough_is_told_from_one_that_does_not() -> None:
    def working(visibility: int) -> str:
        scene = Scene(resource=JOBS).topology(CHAIN, WRITES, CONSUMES).healthy(SIDE)
        scene.queue(visibility=visibility).configuration(SIDE, timeout=30)
        return reason(scene, "sqs.visibility_timeout_too_small")

    assert working(180) == "jobs hides a message for 180 s, and its consumer may take 30 s"
    assert not working(20)


def test_what_is_on_the_board_is_not_told_a_second_time() -> None:
    board = slow_back().metric(FRONT, "lambda.throttles", 0.0).verdict().hypotheses
    excluded = [one.cause_class for one in board if not one.arguments_for]
    weighed = {one.cause_class for one in board if one.arguments_for}
    assert excluded
    assert not weighed & set(excluded)
    assert len(excluded) == len(set(excluded))


def test_exclusions_come_last_cite_the_ledger_and_are_bounded() -> None:
    scene = broken_release()
    scene.metric(FRONT, "lambda.throttles", 0.0).limits(1_000)
    board = scene.verdict().hypotheses
    excluded = [one for one in board if not one.arguments_for]
    assert 5 < len(excluded) <= MOST
    assert list(board[-len(excluded) :]) == excluded
    assert {(one.status, one.confidence) for one in excluded} == {("ruled_out", 0.0)}
    known = {one.id for one in scene.evidence}
    for one in excluded:
        assert one.arguments_against[0].evidence
        assert set(one.arguments_against[0].evidence) <= known


def test_exclusions_do_not_depend_on_the_order_of_the_ledger() -> None:
    scene = broken_release().metric(FRONT, "lambda.throttles", 0.0)
    first = scene.verdict()
    scene.evidence.reverse()
    assert scene.verdict() == first


def test_a_healthy_system_shows_what_was_looked_at_and_names_no_cause() -> None:
    scene = Scene().topology().healthy(GATEWAY, FRONT).configuration(FRONT, timeout=3)
    verdict = scene.log(FRONT, **ROOMY).verdict()
    assert (verdict.status, verdict.cause) == (VerdictStatus.NO_INCIDENT, None)
    assert hypothesis(verdict, "lambda.code_error_after_release").status == "ruled_out"


def test_every_suspicion_is_a_class_of_the_catalogue_and_none_comes_twice() -> None:
    classes = [one.cause_class for one in SUSPICIONS]
    assert set(classes) <= set(CATALOGUE)
    assert len(classes) == len(set(classes))


def test_a_partner_that_refuses_is_not_excluded_by_a_log_without_broken_connections() -> None:
    def answered(line: str) -> str:
        """Front fails with one error; its log holds a line beside."""
        scene = broken_release(patterns=(pattern(line),))
        return reason(scene, "downstream_failure")

    assert "could not reach" in answered("[ERROR] KeyError: 'total'")
    assert not answered("[ERROR] HTTPError: 403 Client Error: Forbidden for url")
