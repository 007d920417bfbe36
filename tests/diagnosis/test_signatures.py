"""The other signatures: each on what it is for, and on a near miss."""

import sys
from datetime import timedelta

import pytest

from opspilot.diagnosis import CATALOGUE
from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    MIDDLE,
    ONSET,
    SIDE,
    Scene,
    failing_front,
    hypothesis,
    slow_back,
)

TIMED_OUT = {"timeouts": 800, "timeout_seconds": 3.0, "first_timeout": ONSET}
KILLED = {"out_of_memory": 800, "memory_size_mb": 256, "memory_used_max_mb": 256}
BEFORE = ONSET - timedelta(minutes=20)


def test_the_catalogue_names_each_signature_by_its_class() -> None:
    for cause_class, assess in CATALOGUE.items():
        module = sys.modules[assess.__module__]
        assert cause_class == module.CAUSE_CLASS
    assert len({assess.__module__ for assess in CATALOGUE.values()}) == len(CATALOGUE) == 31


def test_a_lowered_timeout_is_confirmed() -> None:
    scene = failing_front(**TIMED_OUT)
    scene.change(FRONT, "configuration", {"timeout_seconds": "10"}, {"timeout_seconds": "3"})
    verdict = scene.feed().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource) == (
        "lambda.timeout_too_small",
        FRONT,
    )
    assert verdict.first_failure is not None
    assert verdict.first_failure.resource == FRONT


def test_a_lowered_timeout_stands_beside_a_slow_callee_and_is_not_ruled_out() -> None:
    scene = slow_back()
    scene.change(FRONT, "configuration", {"timeout_seconds": "10"}, {"timeout_seconds": "3"})
    scene.feed()
    rival = hypothesis(scene.verdict(), "lambda.timeout_too_small")
    assert rival.status != "ruled_out"
    assert rival.confidence > 0.5


def test_timeouts_without_any_change_are_a_lead_and_no_cause() -> None:
    verdict = failing_front(**TIMED_OUT).feed().verdict()
    found = hypothesis(verdict, "lambda.timeout_too_small")
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.cause is None
    assert found.confidence < 0.5


def test_a_limit_that_was_tight_all_along_may_be_the_cause_without_a_change() -> None:
    scene = failing_front(**TIMED_OUT)
    scene.metric(FRONT, "lambda.duration_p99", 2_700.0, 3_000.0)
    found = hypothesis(scene.feed().verdict(), "lambda.timeout_too_small")
    assert any("usually takes 2.7 s of its 3 s" in one.text for one in found.arguments_for)
    assert found.cap != "neither its limit nor its code changed: a lead, not a cause"


def test_a_neighbour_whose_own_callees_are_unknown_is_not_blamed_for_its_timeouts() -> None:
    scene = Scene(resource=SIDE, whole=False).topology([(FRONT, SIDE, "")]).healthy(SIDE).log(SIDE)
    scene.metric(FRONT, "lambda.errors", 0.0, 40.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.log(FRONT, **TIMED_OUT).configuration(FRONT).feed()
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.hypotheses
    texts = [one.text for board in verdict.hypotheses for one in board.missing]
    assert "what front calls was not read: one of it may have slowed" in texts
    assert verdict.next_query == (
        "Read what front calls: it tells lambda.slow_dependency from lambda.timeout_too_small"
    )


def test_a_raised_timeout_is_not_the_cause_of_timeouts() -> None:
    scene = failing_front(**TIMED_OUT)
    scene.change(FRONT, "configuration", {"timeout_seconds": "2"}, {"timeout_seconds": "3"})
    found = hypothesis(scene.feed().verdict(), "lambda.timeout_too_small")
    texts = [one.text for one in found.arguments_against]
    assert "no lower timeout of front was found within an hour before the onset" in texts


def test_errors_of_a_new_kind_after_a_release_are_confirmed() -> None:
    scene = failing_front(errors={"KeyError": 790, "ValueError": 20}).release(FRONT).feed()
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert verdict.cause.cause_class == "lambda.code_error_after_release"
    assert verdict.cause.summary == "Release 18 of front fails with KeyError, ValueError"


def test_an_error_type_that_was_always_there_is_no_news() -> None:
    scene = failing_front(errors={"KeyError": 790}, errors_baseline={"KeyError": 800})
    found = hypothesis(scene.release(FRONT).feed().verdict(), "lambda.code_error_after_release")
    assert found.confidence < 0.85
    assert any("no error type" in one.text for one in found.arguments_against)


def test_a_handful_of_everyday_errors_among_timeouts_is_not_a_code_error() -> None:
    scene = slow_back()
    scene.evidence = [item for item in scene.evidence if item.request.source != "logs"]
    scene.log(FRONT, **TIMED_OUT, errors={"ValueError": 9})
    verdict = scene.verdict()
    found = hypothesis(verdict, "lambda.code_error_after_release")
    assert found.status == "ruled_out"
    assert verdict.status is VerdictStatus.CONFIRMED


def test_the_function_that_fails_deepest_is_blamed_for_errors_that_pass_upwards() -> None:
    scene = failing_front(errors={"DependencyError": 800})
    scene.evidence = [item for item in scene.evidence if item.resource != MIDDLE]
    scene.metric(MIDDLE, "lambda.errors", 0.0, 40.0)
    scene.metric(MIDDLE, "lambda.duration_p99", 300.0)
    scene.log(MIDDLE, errors={"KeyError": 800}).configuration(MIDDLE, alias="live")
    verdict = scene.release(MIDDLE).feed().verdict()
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource) == (
        "lambda.code_error_after_release",
        MIDDLE,
    )


def test_errors_without_a_log_are_never_confirmed() -> None:
    scene = failing_front()
    scene.evidence = [item for item in scene.evidence if item.request.source != "logs"]
    found = hypothesis(scene.release(FRONT).feed().verdict(), "lambda.code_error_after_release")
    assert found.confidence <= 0.7


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("release", {"version": "17"}, {"alias": "live", "version": "18"}),
        ("configuration", {"memory_mb": "512"}, {"memory_mb": "256"}),
    ],
)
def test_deaths_for_memory_after_a_change_are_confirmed(
    kind: str, before: dict[str, str], after: dict[str, str]
) -> None:
    scene = failing_front(**KILLED)
    verdict = scene.change(FRONT, kind, before, after).feed().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert verdict.cause.cause_class == "lambda.out_of_memory"
    assert verdict.cause.summary == "front needs more than its 256 MB of memory"


def test_deaths_that_were_as_frequent_before_are_not_told() -> None:
    verdict = failing_front(**KILLED, out_of_memory_baseline=810).feed().verdict()
    assert all(one.cause_class != "lambda.out_of_memory" for one in verdict.hypotheses)


def throttled(reserved: int | None) -> Scene:
    scene = Scene().topology().healthy(GATEWAY, MIDDLE, BACK, SIDE)
    scene.metric(FRONT, "lambda.errors", 0.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p99", 300.0)
    scene.metric(FRONT, "lambda.throttles", 0.0, 60.0)
    scene.metric(FRONT, "lambda.concurrency", 9.0, 10.0)
    return scene.log(FRONT).configuration(FRONT, reserved=reserved)


def test_a_lowered_reservation_explains_throttles() -> None:
    scene = throttled(10)
    scene.change(FRONT, "capacity", {"reserved_concurrency": "100"}, {"reserved_concurrency": "10"})
    verdict = scene.feed().verdict()
    assert verdict.cause is not None
    assert verdict.cause.cause_class == "lambda.throttled_by_reserved_concurrency"
    assert verdict.status is VerdictStatus.LIKELY


def test_throttles_without_a_reservation_have_another_cause() -> None:
    found = hypothesis(throttled(None).feed().verdict(), "lambda.throttled_by_reserved_concurrency")
    assert found.ruled_out_because == "front has no reserved concurrency"


def surge(factor: float) -> Scene:
    scene = Scene().topology().healthy(MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0, 100.0 * factor).metric(GATEWAY, "api.5xx", 0.0)
    scene.metric(FRONT, "lambda.invocations", 100.0, 100.0 * factor)
    scene.metric(FRONT, "lambda.duration_p99", 300.0).log(FRONT)
    return scene.configuration(FRONT).feed()


def test_a_surge_that_harms_nobody_is_no_incident_and_stays_visible() -> None:
    verdict = surge(3.0).metric(FRONT, "lambda.errors", 0.0).verdict()
    assert verdict.status is VerdictStatus.NO_INCIDENT
    assert verdict.cause is None
    assert hypothesis(verdict, "traffic_surge").resource == GATEWAY


def test_a_surge_before_failures_is_likely_at_most() -> None:
    late = ONSET + timedelta(minutes=4)
    verdict = surge(4.0).metric(FRONT, "lambda.errors", 0.0, 40.0, onset=late).verdict()
    found = hypothesis(verdict, "traffic_surge")
    assert verdict.status is not VerdictStatus.CONFIRMED
    assert found.confidence <= 0.85
    assert any("failures began after it" in one.text for one in found.arguments_for)


def test_a_little_more_traffic_does_not_explain_failures() -> None:
    verdict = surge(1.2).metric(FRONT, "lambda.errors", 0.0, 40.0).verdict()
    assert hypothesis(verdict, "traffic_surge").confidence < 0.5


def killed(**log: object) -> Scene:
    """Front is killed for memory since version 18 of it serves."""
    scene = failing_front(**{**KILLED, "versions": {"17": BEFORE, "18": ONSET}, **log})
    return scene.release(FRONT).feed()


def test_a_release_that_takes_more_memory_is_confirmed_and_told_by_its_versions() -> None:
    verdict = killed().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    found = hypothesis(verdict, "lambda.out_of_memory")
    assert found.setting == "memory_mb"
    told = [one.text for one in found.arguments_for]
    assert "version 18 has 256 MB as version 17 had: it takes more" in told
    assert any(one.startswith("version 18 served from") for one in told)
    assert hypothesis(verdict, "lambda.code_error_after_release").status == "ruled_out"


def test_a_process_killed_with_memory_to_spare_is_not_confirmed_to_have_run_out_of_it() -> None:
    verdict = killed(memory_used_max_mb=90).verdict()
    assert verdict.status is VerdictStatus.LIKELY
    (leading, *_) = verdict.hypotheses
    assert [one.text for one in leading.arguments_against] == ["it used up to 90 MB of its 256 MB"]
    assert leading.cap == "it was killed with memory to spare: at most likely"


def test_deaths_without_reports_leave_the_memory_used_open() -> None:
    found = hypothesis(killed(memory_used_max_mb=None).verdict(), "lambda.out_of_memory")
    assert "no REPORT line" in found.missing[0].text


def test_a_caller_that_fails_with_its_callee_is_not_the_one_that_ran_out_of_memory() -> None:
    scene = Scene().topology().healthy(SIDE, BACK)
    scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 200.0)
    for function in (FRONT, MIDDLE):
        scene.metric(function, "lambda.errors", 0.0, 40.0)
        scene.metric(function, "lambda.invocations", 100.0)
        scene.metric(function, "lambda.duration_p99", 600.0)
    scene.log(FRONT, errors={"DependencyError": 800}).log(MIDDLE, **KILLED)
    scene.configuration(MIDDLE, alias="live").release(MIDDLE).feed()
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource) == ("lambda.out_of_memory", MIDDLE)


def test_a_slow_callee_of_a_caller_that_fails_otherwise_is_ruled_out() -> None:
    scene = slow_back()
    scene.log(FRONT, errors={"DependencyError": 800})
    found = hypothesis(scene.verdict(), "lambda.slow_dependency")
    assert found.status == "ruled_out"
    assert "fails with DependencyError" in found.ruled_out_because


def test_a_caller_whose_own_client_gave_up_waiting_still_waited() -> None:
    scene = slow_back()
    scene.log(FRONT, errors={"ReadTimeoutError": 800})
    assert hypothesis(scene.verdict(), "lambda.slow_dependency").status != "ruled_out"


def test_errors_at_the_edge_of_what_was_read_ask_for_what_lies_behind_it() -> None:
    scene = Scene(resource=GATEWAY, whole=False).topology(CHAIN[:2]).healthy(SIDE)
    scene.metric(GATEWAY, "api.5xx", 0.0, 40.0).metric(GATEWAY, "api.count", 200.0)
    for function in (FRONT, MIDDLE):
        scene.metric(function, "lambda.errors", 0.0, 40.0)
        scene.metric(function, "lambda.invocations", 100.0)
    scene.log(FRONT, errors={"DependencyError": 800}).log(MIDDLE, errors={"DependencyError": 800})
    verdict = scene.feed().verdict()
    assert verdict.cause is None
    assert verdict.next_query == (
        "Find out: what middle calls was not read: the failure may come from there"
    )
