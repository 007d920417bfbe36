"""Concurrency, cold starts, memory as CPU, retries, and what an API shows by itself."""

from datetime import timedelta

from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import (
    ACCOUNT,
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    MIDDLE,
    MINUTE,
    ONSET,
    SIDE,
    Scene,
    failing_front,
    hypothesis,
    settled,
    unsettled,
)


def turned_away(used: float, most: int, **reserved: int) -> Scene:
    """Side and back turn callers away; the account uses so many of its executions."""
    scene = Scene().topology().healthy(GATEWAY, FRONT, MIDDLE)
    for one in (BACK, SIDE):
        scene.metric(one, "lambda.errors", 0.0).metric(one, "lambda.invocations", 100.0)
        scene.metric(one, "lambda.duration_p99", 300.0)
        scene.metric(one, "lambda.throttles", 0.0, 20.0)
        scene.configuration(one, reserved=reserved.get(one.name))
    scene.metric(ACCOUNT, "account.concurrency", 20.0, used)
    return scene.metric(ACCOUNT, "account.throttles", 0.0, 40.0).limits(most)


def test_functions_that_throttle_while_the_account_is_full_share_its_limit() -> None:
    scene = turned_away(100.0, 100).metric(SIDE, "lambda.concurrency", 5.0, 80.0).feed()
    assert settled(scene) == ("lambda.account_concurrency_exhausted", ACCOUNT)
    cause = scene.verdict().cause
    assert cause is not None
    assert "side takes the most" in cause.summary


def test_a_lowered_limit_of_the_account_is_told_without_a_surge() -> None:
    assert settled(turned_away(20.0, 20).feed())[0] == "lambda.account_concurrency_exhausted"


def test_an_account_far_from_its_limit_throttles_nobody() -> None:
    found = hypothesis(
        turned_away(21.0, 1_000).feed().verdict(), "lambda.account_concurrency_exhausted"
    )
    assert "never ran near its limit" in found.ruled_out_because


def test_a_reservation_that_stands_full_is_not_the_account_s_limit() -> None:
    scene = turned_away(30.0, 1_000, back=5, side=5)
    for one in (BACK, SIDE):
        scene.metric(one, "lambda.concurrency", 4.0, 5.0)
    scene.change(SIDE, "capacity", {"reserved_concurrency": "50"}, {"reserved_concurrency": "5"})
    scene.change(BACK, "capacity", {"reserved_concurrency": "50"}, {"reserved_concurrency": "5"})
    assert settled(scene.feed())[0] == "lambda.throttled_by_reserved_concurrency"


def cold(share: float, init_ms: float = 4_000.0, *, warm: bool = True) -> Scene:
    """Calls of the gateway wait for front, of whose invocations a share starts cold."""
    scene = Scene(resource=GATEWAY).topology().healthy(MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.5xx", 0.0).metric(GATEWAY, "api.count", 100.0)
    scene.metric(GATEWAY, "api.latency_p99", 400.0, 4_300.0)
    scene.metric(FRONT, "lambda.errors", 0.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p50", 100.0, None if warm else 900.0)
    scene.metric(FRONT, "lambda.duration_p99", 300.0).configuration(FRONT, alias="live")
    starts = round(300 * share)
    return scene.log(FRONT, cold_starts=starts, cold_starts_baseline=2, init_max_ms=init_ms)


def test_a_release_that_is_slow_to_start_shows_in_the_log_alone() -> None:
    scene = cold(0.2).release(FRONT).feed()
    assert settled(scene) == ("lambda.cold_start_surge", FRONT)


def test_more_traffic_at_once_starts_many_cold() -> None:
    scene = cold(0.3)
    scene.metric(FRONT, "lambda.concurrency", 3.0, 60.0).feed()
    assert settled(scene)[0] == "lambda.cold_start_surge"


def test_cold_starts_at_the_end_of_a_chain_show_where_the_chain_begins() -> None:
    scene = cold(0.3)
    scene.metric(MIDDLE, "lambda.duration_p50", 100.0).metric(BACK, "lambda.duration_p50", 60.0)
    scene.log(FRONT).log(BACK, cold_starts=90, cold_starts_baseline=2, init_max_ms=4_000.0).feed()
    assert settled(scene) == ("lambda.cold_start_surge", BACK)


def test_a_few_cold_starts_are_every_day() -> None:
    verdict = cold(0.01).release(FRONT).feed().verdict()
    found = hypothesis(verdict, "lambda.cold_start_surge")
    assert (found.status, found.arguments_for) == ("ruled_out", ())


def test_a_function_that_is_slow_when_warm_is_slow_by_itself() -> None:
    found = hypothesis(
        cold(0.2, warm=False).release(FRONT).feed().verdict(), "lambda.cold_start_surge"
    )
    assert any("slow when warm as well" in one.text for one in found.arguments_against)


def squeezed(times: float, before: int = 1_024, after: int = 256) -> Scene:
    """Side got less memory, and its own work takes so many times as long."""
    scene = Scene(resource=SIDE).topology().healthy(GATEWAY, FRONT, MIDDLE, BACK)
    scene.metric(SIDE, "lambda.errors", 0.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0, 300.0 * times)
    scene.log(SIDE, memory_size_mb=after, memory_used_max_mb=110)
    scene.configuration(SIDE, memory=after, timeout=30)
    old, new = ({"memory_mb": str(value)} for value in (before, after))
    return scene.change(SIDE, "configuration", old, new).feed()


def test_less_memory_that_slows_a_function_is_less_cpu() -> None:
    scene = squeezed(3.6)
    assert settled(scene) == ("lambda.memory_too_small", SIDE)
    assert scene.verdict().status is VerdictStatus.CONFIRMED


def test_more_memory_slows_nothing() -> None:
    assert unsettled(squeezed(3.6, 256, 1_024), "lambda.memory_too_small")


def test_a_function_that_is_killed_has_too_little_memory_to_run_at_all() -> None:
    scene = squeezed(3.6)
    scene.metric(SIDE, "lambda.errors", 0.0, 40.0)
    scene.log(SIDE, memory_size_mb=256, memory_used_max_mb=256, out_of_memory=790)
    assert settled(scene)[0] == "lambda.out_of_memory"
    found = hypothesis(scene.verdict(), "lambda.memory_too_small")
    assert found.status == "ruled_out"


def storm(calls: float, entry: float | None = None) -> Scene:
    scene = Scene(resource=BACK).topology().healthy(SIDE)
    scene.metric(GATEWAY, "api.5xx", 0.0, 20.0).metric(GATEWAY, "api.count", 100.0, entry)
    for one in (FRONT, MIDDLE):
        scene.metric(one, "lambda.errors", 0.0).metric(one, "lambda.duration_p99", 300.0)
        scene.metric(one, "lambda.invocations", 100.0, entry).configuration(one, alias="live")
    scene.metric(BACK, "lambda.invocations", 100.0, calls).configuration(BACK)
    scene.metric(BACK, "lambda.errors", 0.0).metric(BACK, "lambda.throttles", 0.0, 90.0)
    return scene.metric(BACK, "lambda.duration_p99", 300.0).log(BACK)


def test_a_caller_released_with_too_many_retries_storms_its_callee() -> None:
    scene = storm(420.0).release(MIDDLE).feed()
    assert settled(scene) == ("lambda.retry_storm", MIDDLE)


def test_a_loop_that_lambda_drops_is_told_by_its_own_metric() -> None:
    scene = storm(420.0).metric(BACK, "lambda.recursive", 0.0, 60.0).release(BACK).feed()
    assert settled(scene) == ("lambda.retry_storm", BACK)


def test_more_calls_that_come_in_from_outside_are_no_storm() -> None:
    scene = storm(420.0, 420.0).release(MIDDLE).feed()
    assert unsettled(scene, "lambda.retry_storm")


def api(**levels: float) -> Scene:
    """The gateway's own incident; nothing behind it fails."""
    scene = Scene(resource=GATEWAY).topology().healthy(FRONT, MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0)
    for name in ("5xx", "4xx"):
        scene.metric(GATEWAY, f"api.{name}", 0.0, levels.get(f"rate_{name}"))
    usual, now = 400.0, levels.get("latency")
    scene.metric(GATEWAY, "api.latency_p99", usual, now)
    return scene.metric(GATEWAY, "api.integration_latency_p99", usual, now)


def test_clients_that_send_what_is_turned_down_are_not_our_fault() -> None:
    assert settled(api(rate_4xx=60.0).feed()) == ("api.client_errors", GATEWAY)


def test_client_errors_right_after_a_release_may_be_ours() -> None:
    found = hypothesis(api(rate_4xx=60.0).release(FRONT).feed().verdict(), "api.client_errors")
    assert found.confidence < 0.85
    assert any("changed shortly before" in one.text for one in found.arguments_against)


def test_a_few_more_client_errors_among_more_requests_are_no_incident() -> None:
    scene = Scene(resource=GATEWAY).topology().healthy(FRONT, MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0, 300.0).metric(GATEWAY, "api.4xx", 2.0, 6.2)
    scene.metric(GATEWAY, "api.5xx", 0.0).metric(GATEWAY, "api.latency_p99", 400.0).feed()
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT


def test_client_errors_of_an_api_that_only_began_are_no_rise() -> None:
    scene = Scene(resource=GATEWAY).topology().healthy(FRONT, MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 0.0, 300.0).metric(GATEWAY, "api.4xx", 0.0, 6.2)
    scene.metric(GATEWAY, "api.5xx", 0.0).metric(GATEWAY, "api.latency_p99", 400.0).feed()
    assert scene.verdict().cause is None


def test_errors_of_a_function_that_only_began_are_failures_all_the_same() -> None:
    scene = failing_front(errors={"KeyError": 790}).release(FRONT)
    scene.metric(FRONT, "lambda.invocations", 0.0, 100.0, onset=ONSET - 5 * MINUTE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", FRONT)


def test_an_api_that_gives_up_before_its_function_is_told_by_its_timeout() -> None:
    scene = api(rate_5xx=30.0, latency=2_000.0)
    before, after = ({"integration_timeout_ms": value} for value in ("29000", "2000"))
    scene.change(GATEWAY, "configuration", before, after).feed()
    assert settled(scene) == ("api.integration_timeout", GATEWAY)
    assert hypothesis(scene.verdict(), "api.integration_errors").status == "ruled_out"


def test_a_limit_that_was_lowered_lets_the_latency_fall_to_it() -> None:
    scene = api(rate_5xx=30.0, latency=2_000.0)
    for signal in ("api.latency_p99", "api.integration_latency_p99"):
        scene.metric(GATEWAY, signal, 3_400.0, 600.0, peak=540.0)
    scene.change(GATEWAY, "configuration", {}, {"integration_timeout_ms": "600"}).feed()
    assert settled(scene) == ("api.integration_timeout", GATEWAY)


def test_a_function_that_outlasts_the_default_timeout_is_told_by_the_latency() -> None:
    scene = api(rate_5xx=30.0, latency=29_000.0)
    scene.evidence = [
        item
        for item in scene.evidence
        if getattr(item.detail, "signal", "") != "lambda.duration_p99" or item.resource != FRONT
    ]
    scene.metric(FRONT, "lambda.duration_p99", 300.0, 34_000.0).feed()
    cause, resource = settled(scene)
    assert (cause, resource) == ("api.integration_timeout", GATEWAY)


def test_a_function_that_times_out_itself_is_no_integration_timeout() -> None:
    scene = api(rate_5xx=30.0, latency=29_000.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 30.0)
    scene.log(FRONT, timeouts=590, timeout_seconds=29.0, first_timeout=ONSET).feed()
    found = hypothesis(scene.verdict(), "api.integration_timeout")
    assert found.status == "ruled_out"


def test_answers_that_no_function_failed_for_are_the_integration_s() -> None:
    scene = api(rate_5xx=60.0)
    scene.change(FRONT, "permission", {}, {"policy": "invoke"}).feed()
    assert settled(scene) == ("api.integration_errors", GATEWAY)


def test_a_broken_integration_without_its_change_is_likely() -> None:
    scene = api(rate_5xx=60.0).feed()
    assert settled(scene)[0] == "api.integration_errors"
    assert scene.verdict().status is VerdictStatus.LIKELY


def test_answers_behind_which_a_function_fails_are_that_function_s() -> None:
    scene = api(rate_5xx=60.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 60.0).log(FRONT, errors={"KeyError": 1_190})
    scene.configuration(FRONT, alias="live").release(FRONT).feed()
    assert settled(scene) == ("lambda.code_error_after_release", FRONT)


def drop(factor: float) -> Scene:
    scene = Scene(resource=GATEWAY).topology().healthy(MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0, 100.0 * factor).metric(GATEWAY, "api.5xx", 0.0)
    scene.metric(GATEWAY, "api.latency_p99", 400.0).metric(FRONT, "lambda.errors", 0.0)
    scene.metric(FRONT, "lambda.invocations", 100.0, 100.0 * factor)
    return scene.metric(FRONT, "lambda.duration_p99", 300.0).feed()


def test_traffic_that_stays_away_is_trouble_upstream() -> None:
    assert settled(drop(0.1)) == ("traffic_drop", GATEWAY)


def test_the_few_calls_that_are_left_may_start_cold() -> None:
    scene = drop(0.05)
    scene.metric(FRONT, "lambda.duration_p50", 100.0, 1_900.0, onset=ONSET + MINUTE)
    assert settled(scene) == ("traffic_drop", GATEWAY)


def test_a_drop_after_something_became_slow_may_be_its_effect() -> None:
    scene = drop(0.3)
    scene.metric(FRONT, "lambda.duration_p50", 100.0, 1_900.0, onset=ONSET - 10 * MINUTE)
    assert hypothesis(scene.verdict(), "traffic_drop").confidence < 0.5


def test_a_smaller_drop_comes_and_goes() -> None:
    assert hypothesis(drop(0.8).verdict(), "traffic_drop").confidence <= 0.45
    assert drop(0.8).verdict().cause is None


def test_fewer_calls_below_a_function_that_fails_are_an_effect() -> None:
    scene = Scene(resource=MIDDLE).topology().healthy(BACK, SIDE)
    scene.metric(GATEWAY, "api.5xx", 0.0, 90.0).metric(GATEWAY, "api.count", 100.0)
    scene.metric(FRONT, "lambda.errors", 0.0, 90.0).metric(FRONT, "lambda.invocations", 100.0)
    scene.metric(FRONT, "lambda.duration_p99", 300.0).log(FRONT, errors={"KeyError": 1_790})
    scene.metric(MIDDLE, "lambda.errors", 0.0).metric(MIDDLE, "lambda.invocations", 100.0, 10.0)
    scene.metric(MIDDLE, "lambda.duration_p99", 300.0).configuration(FRONT, alias="live")
    scene.release(FRONT, ago=timedelta(seconds=30)).feed()
    verdict = scene.verdict()
    assert [one.cause_class for one in verdict.causes] == ["lambda.code_error_after_release"]


def test_a_surge_meets_what_is_too_small_and_is_told_as_that() -> None:
    scene = Scene().topology(CHAIN).healthy(MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0, 500.0).metric(GATEWAY, "api.5xx", 0.0, 90.0)
    scene.metric(FRONT, "lambda.invocations", 100.0, 500.0).metric(FRONT, "lambda.errors", 0.0)
    scene.metric(FRONT, "lambda.throttles", 0.0, 90.0, onset=ONSET + MINUTE)
    scene.metric(FRONT, "lambda.concurrency", 3.0, 10.0).metric(FRONT, "lambda.duration_p99", 300.0)
    scene.configuration(FRONT, reserved=10).log(FRONT).feed()
    assert settled(scene) == ("lambda.throttled_by_reserved_concurrency", FRONT)
    assert scene.verdict().status is VerdictStatus.LIKELY
    assert hypothesis(scene.verdict(), "traffic_surge").status == "ruled_out"
