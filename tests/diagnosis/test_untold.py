"""Without CloudTrail: what a function's own configuration, and calls made again, still tell."""

from datetime import timedelta
from typing import cast

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import (
    BASELINE,
    CONSUMES,
    FRONT,
    GATEWAY,
    GRAVES,
    JOBS,
    MIDDLE,
    MINUTE,
    NOW,
    ONSET,
    READINGS,
    READS_STREAM,
    SIDE,
    Scene,
    hypothesis,
    pattern,
    settled,
)

CHAIN = ((GATEWAY, FRONT, ""), (FRONT, SIDE, ""))
DAYS_AGO = NOW - timedelta(days=9)
TIMED_OUT = {"timeouts": 800, "timeout_seconds": 3.0, "first_timeout": ONSET}


def blind(**log: object) -> Scene:
    """Front fails, called without an alias; no feed tells of any change."""
    scene = Scene(whole_until=BASELINE.start).topology(CHAIN).healthy(GATEWAY, SIDE)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0)
    return scene.log(FRONT, **log)


def test_code_that_fails_right_after_its_function_was_modified_is_the_likely_cause() -> None:
    scene = blind(errors={"KeyError": 790}).metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=ONSET - MINUTE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", FRONT)
    assert scene.verdict().status is VerdictStatus.LIKELY


def test_a_function_that_was_modified_without_new_code_was_not_released() -> None:
    scene = blind(errors={"KeyError": 790}).metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=ONSET - MINUTE, environments={"18": {}}, code="18").feed()
    assert scene.verdict().cause is None


def test_code_that_fails_days_after_its_last_modification_is_a_lead_only() -> None:
    scene = blind(errors={"KeyError": 790}).metric(FRONT, "lambda.invocations", 100.0)
    assert scene.configuration(FRONT, modified=DAYS_AGO).feed().verdict().cause is None


def test_calls_that_are_tried_again_do_not_hide_that_something_outside_is_waited_for() -> None:
    scene = blind(**TIMED_OUT).metric(FRONT, "lambda.duration_p99", 300.0, 3_000.0)
    scene.metric(FRONT, "lambda.invocations", 30.0, 60.0, onset=ONSET + 2 * MINUTE)
    scene.configuration(FRONT, modified=DAYS_AGO).feed()
    assert settled(scene) == ("downstream_failure", FRONT)


def test_a_failure_that_the_log_tells_to_the_second_began_in_its_minute() -> None:
    within = TIMED_OUT | {"first_timeout": ONSET + timedelta(seconds=40)}
    scene = blind(**within).metric(FRONT, "lambda.duration_p99", 300.0, 3_000.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0, onset=ONSET + timedelta(seconds=40))
    scene.metric(FRONT, "lambda.invocations", 30.0, 60.0, onset=ONSET + MINUTE)
    scene.configuration(FRONT, modified=DAYS_AGO).feed()
    assert settled(scene) == ("downstream_failure", FRONT)


def test_more_traffic_before_the_timeouts_is_not_passed_over() -> None:
    scene = blind(**TIMED_OUT).metric(FRONT, "lambda.duration_p99", 300.0, 3_000.0)
    scene.metric(FRONT, "lambda.invocations", 30.0, 60.0, onset=ONSET - 2 * MINUTE)
    verdict = scene.configuration(FRONT, modified=DAYS_AGO).feed().verdict()
    assert all(one.cause_class != "downstream_failure" for one in verdict.hypotheses)


def test_timeouts_are_told_without_any_metric_of_durations() -> None:
    scene = blind(**TIMED_OUT).metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=NOW - timedelta(hours=1)).feed()
    assert settled(scene) == ("downstream_failure", FRONT)


def test_a_limit_below_what_calls_took_before_was_lowered() -> None:
    scene = blind(**TIMED_OUT).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_max", 3_400.0, 3_000.0)
    scene.configuration(FRONT, modified=ONSET - MINUTE).feed()
    assert settled(scene) == ("lambda.timeout_too_small", FRONT)


def test_starts_that_replace_killed_environments_are_no_surge_of_cold_starts() -> None:
    cold = {"cold_starts": 81, "cold_starts_baseline": 0, "invocations": 900}
    scene = blind(timeouts=80, timeout_seconds=3.0, first_timeout=ONSET, **cold)
    scene.metric(FRONT, "lambda.invocations", 100.0).feed()
    found = {one.cause_class for one in scene.verdict().hypotheses}
    assert "lambda.cold_start_surge" not in found


def test_traffic_of_an_account_that_just_began_is_no_surge() -> None:
    scene = blind(errors={"KeyError": 790})
    scene.metric(FRONT, "lambda.invocations", 0.0, 100.0, onset=ONSET - 25 * MINUTE)
    surge = hypothesis(scene.feed().verdict(), "traffic_surge")
    assert surge.status == "ruled_out" or surge.confidence < 0.5


def test_a_surge_that_did_no_harm_for_long_does_not_explain_failures() -> None:
    scene = blind(errors={"KeyError": 790})
    scene.metric(FRONT, "lambda.invocations", 20.0, 60.0, onset=ONSET - 40 * MINUTE)
    surge = hypothesis(scene.feed().verdict(), "traffic_surge")
    assert any("no harm for long" in one.text for one in surge.arguments_against)


def consuming(**log: object) -> Scene:
    """Side works off jobs, and fails on all of them."""
    scene = Scene(resource=SIDE, whole_until=BASELINE.start).healthy(FRONT).queue()
    scene.metric(SIDE, "lambda.errors", 0.0, 90.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(JOBS, "sqs.received", 100.0, 190.0).metric(JOBS, "sqs.deleted", 100.0, 10.0)
    scene.metric(GRAVES, "sqs.visible", 0.0, 80.0).configuration(SIDE, modified=DAYS_AGO)
    return scene.log(SIDE, **log)


def test_a_consumer_that_hands_on_failures_of_what_it_calls_met_no_poison() -> None:
    scene = consuming(errors={"RuntimeError": 1_700}).topology(((SIDE, MIDDLE, ""),), CONSUMES)
    scene.metric(MIDDLE, "lambda.errors", 0.0, 90.0).metric(MIDDLE, "lambda.invocations", 100.0)
    scene.log(MIDDLE, errors={"ZeroDivisionError": 1_700})
    scene.configuration(MIDDLE, modified=ONSET - MINUTE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", MIDDLE)


def test_a_full_disk_is_no_poisoned_record() -> None:
    full = pattern("[ERROR] OSError: [Errno 28] No space left on device")
    scene = Scene(resource=SIDE).healthy(FRONT).stream().topology((), READS_STREAM)
    scene.metric(SIDE, "lambda.errors", 0.0, 40.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(READINGS, "stream.iterator_age", 1_000.0, 90_000.0)
    scene.log(SIDE, errors={"OSError": 790}, patterns=(full,))
    scene.configuration(SIDE, modified=DAYS_AGO).feed()
    assert scene.verdict().cause is None


def test_a_database_without_free_connections_fails_from_outside() -> None:
    line = (
        '[ERROR] OperationalError: connection to server at "db" (10.0.3.17), port 5432 failed:'
        " FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute"
    )
    scene = blind(errors={"OperationalError": 790}, patterns=(pattern(line),))
    scene.metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=DAYS_AGO).feed()
    assert settled(scene) == ("downstream_failure", FRONT)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("HTTPError", "[ERROR] HTTPError: HTTP Error 429: Too Many Requests"),
        ("URLError", "[ERROR] URLError: <urlopen error [Errno -2] Name or service not known>"),
        ("TimeoutError", "[ERROR] TimeoutError: The read operation timed out"),
    ],
)
def test_a_host_that_limits_or_vanishes_fails_from_outside_if_nothing_here_changed(
    error: str, line: str
) -> None:
    scene = blind(errors={error: 790}, patterns=(pattern(line),))
    scene.metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=DAYS_AGO).feed()
    assert settled(scene) == ("downstream_failure", FRONT)


def test_a_variable_that_is_missing_at_the_start_is_no_missing_package() -> None:
    line = pattern("[ERROR] KeyError: 'TABLE_NAME'")
    scene = blind(errors={"KeyError": 790}, patterns=(line,), init_failures=790)
    scene.metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=ONSET - MINUTE).feed()
    assert settled(scene) == ("lambda.bad_environment", FRONT)


def test_few_errors_count_from_the_first_line_that_tells_of_them() -> None:
    scene = Scene(whole_until=BASELINE.start).topology(CHAIN).healthy(GATEWAY, SIDE)
    first, late = ONSET - 5 * MINUTE, ONSET + 8 * MINUTE
    scene.metric(FRONT, "lambda.errors", 0.0, 3.0, onset=late)
    columns = cast("dict[str, list[object]]", scene.evidence[-1].snapshot)
    for ago in (12, 9, 5, 2):
        columns["values"][columns["times"].index((late - ago * MINUTE).isoformat())] = 1.0
    scene.metric(FRONT, "lambda.invocations", 4.0)
    told = pattern("[ERROR] TypeError: unsupported operand") | {"first_seen": first}
    scene.log(FRONT, errors={"TypeError": 34}, patterns=(told,))
    scene.configuration(FRONT, modified=first - MINUTE).feed()
    cause = scene.verdict().cause
    assert cause is not None
    assert (cause.cause_class, cause.onset) == ("lambda.code_error_after_release", first)


def test_a_queue_in_which_nothing_waits_is_well_without_a_count_of_what_is_received() -> None:
    scene = Scene(resource=JOBS).queue().metric(JOBS, "sqs.visible", 1.0)
    assert scene.feed().verdict().status is VerdictStatus.NO_INCIDENT


def test_a_function_that_fails_as_it_did_throughout_the_baseline_is_not_called_well() -> None:
    scene = Scene().topology(CHAIN).healthy(GATEWAY, SIDE).metric(FRONT, "lambda.errors", 50.0)
    scene.metric(FRONT, "lambda.invocations", 100.0).metric(FRONT, "lambda.duration_p99", 300.0)
    scene.log(FRONT, errors={"KeyError": 1_500}, errors_baseline={"KeyError": 1_500})
    verdict = scene.feed().verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.next_query.startswith("50 % of the calls of front fail, as before")


def test_deaths_for_memory_are_not_well_though_they_came_before_as_well() -> None:
    scene = Scene().topology(CHAIN).healthy(GATEWAY, FRONT, SIDE)
    scene.log(FRONT, out_of_memory=4, out_of_memory_baseline=3)
    assert scene.feed().verdict().status is VerdictStatus.INCONCLUSIVE


def test_a_small_share_of_errors_as_always_stays_well() -> None:
    scene = Scene().topology(CHAIN).healthy(GATEWAY, SIDE).metric(FRONT, "lambda.errors", 5.0)
    scene.metric(FRONT, "lambda.invocations", 100.0).metric(FRONT, "lambda.duration_p99", 300.0)
    assert scene.log(FRONT).feed().verdict().status is VerdictStatus.NO_INCIDENT


def test_a_host_that_forbids_what_it_allowed_refuses_a_credential() -> None:
    line = pattern("[ERROR] HTTPError: HTTP Error 403: Forbidden")
    scene = blind(errors={"HTTPError": 790}, patterns=(line,))
    scene.metric(FRONT, "lambda.invocations", 100.0)
    scene.configuration(FRONT, modified=DAYS_AGO).feed()
    assert settled(scene) == ("expired_credential", FRONT)


def test_batches_that_kill_their_consumer_for_memory_are_no_poison_beside_it() -> None:
    scene = Scene(resource=SIDE).healthy(FRONT).stream().topology((), READS_STREAM)
    scene.metric(SIDE, "lambda.errors", 0.0, 40.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(READINGS, "stream.iterator_age", 1_000.0, 90_000.0)
    scene.log(SIDE, out_of_memory=790, memory_size_mb=128, memory_used_max_mb=128)
    scene.configuration(SIDE, modified=DAYS_AGO).feed()
    causes = [one.cause_class for one in scene.verdict().causes]
    assert causes == ["lambda.out_of_memory"]
