"""lambda.slow_dependency: the cause sits where it became slow by itself."""

from datetime import timedelta

import pytest

from opspilot.domain.evidence import ChangesDetail, ChangesRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.resource import lambda_function
from tests.diagnosis.scene import (
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
    slow_back,
)

CLASS = "lambda.slow_dependency"


def test_a_slow_callee_is_confirmed_with_its_release_its_victim_and_its_impact() -> None:
    verdict = slow_back().verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource) == (CLASS, BACK)
    assert verdict.cause.onset == ONSET
    assert verdict.cause.onset_uncertainty_seconds == 60.0
    assert verdict.cause.summary == (
        "back release 18 slowed it from 200 ms to 4 s (p99); front gives up after 3 s"
    )
    assert verdict.first_failure is not None
    assert verdict.first_failure.resource == FRONT
    assert verdict.first_failure.at == ONSET + timedelta(seconds=20)
    assert verdict.first_failure.summary == ("front timed out after 3 s first at 14:10:20 UTC")
    assert verdict.impact is not None
    assert (verdict.impact.resource, verdict.impact.failed, verdict.impact.total) == (
        GATEWAY,
        800.0,
        4_000.0,
    )
    assert verdict.impact.summary.startswith("20 % of calls to gateway failed since 14:10 UTC")


def test_every_argument_for_or_against_cites_entries_of_the_ledger() -> None:
    scene = slow_back()
    known = {item.id for item in scene.evidence}
    for one in scene.verdict().hypotheses:
        for argument in (*one.arguments_for, *one.arguments_against):
            assert argument.evidence
            assert set(argument.evidence) <= known
            assert argument.weight != 0
        assert all(argument.weight > 0 for argument in one.arguments_for)
        assert all(argument.weight < 0 for argument in one.arguments_against)


def test_the_callers_timeout_is_ruled_out_with_the_reason() -> None:
    rival = hypothesis(slow_back().verdict(), "lambda.timeout_too_small")
    assert rival.status == "ruled_out"
    assert rival.ruled_out_because == (
        "its limit of 3 s did not change, and middle, which it waits for, slowed at 14:10 UTC"
    )


def test_no_change_found_is_at_most_likely() -> None:
    scene = slow_back()
    quiet = Scene().topology().feed()
    quiet.evidence += [item for item in scene.evidence if item.request.source != "changes"]
    verdict = quiet.verdict()
    assert verdict.status is VerdictStatus.LIKELY
    found = hypothesis(verdict, CLASS)
    assert (found.confidence, found.cap) == (0.82, "no change was found: at most likely")


def test_a_feed_that_is_not_whole_for_the_onset_caps_what_was_not_found() -> None:
    late = ONSET - timedelta(minutes=5)
    scene = Scene(whole_until=late).topology().feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    found = hypothesis(scene.verdict(), CLASS)
    assert found.cap == "no change was found, and the change feed is not whole for the onset"
    assert "whole only until 14:05 UTC" in found.missing[0].text
    assert found.confidence == 0.8


def test_a_change_that_was_found_may_be_confirmed_while_the_feed_lags() -> None:
    verdict = slow_back(whole_until=ONSET - timedelta(minutes=5)).verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.confidence == 0.96
    assert hypothesis(verdict, CLASS).cap.startswith("the change feed is not whole")


@pytest.mark.parametrize(
    ("ago", "status"),
    [
        (timedelta(minutes=3), VerdictStatus.CONFIRMED),
        (timedelta(minutes=40), VerdictStatus.LIKELY),
        (timedelta(hours=5), VerdictStatus.LIKELY),
    ],
)
def test_only_a_change_close_before_the_onset_confirms(
    ago: timedelta, status: VerdictStatus
) -> None:
    scene = Scene().topology().release(BACK, ago=ago).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    assert scene.verdict().status is status


def test_a_release_after_the_onset_is_not_the_change_behind_it() -> None:
    scene = Scene().topology().release(BACK, ago=-timedelta(minutes=8)).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    assert hypothesis(scene.verdict(), CLASS).cap == "no change was found: at most likely"


def test_a_feed_that_does_not_cover_the_suspect_is_not_evidence_of_no_change() -> None:
    scene = slow_back()
    for number, item in enumerate(scene.evidence):
        if isinstance(item.request, ChangesRequest) and isinstance(item.detail, ChangesDetail):
            scene.evidence[number] = item.model_copy(
                update={
                    "request": ChangesRequest(resources=(FRONT,)),
                    "detail": item.detail.model_copy(update={"changes": ()}),
                }
            )
    found = hypothesis(scene.verdict(), CLASS)
    assert found.cap.startswith("not looked at: the changes of back")
    assert all("no release" not in one.text for one in found.arguments_against)


def test_an_unrelated_release_elsewhere_explains_nothing() -> None:
    scene = Scene().topology().release(SIDE).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert verdict.cause.resource == BACK
    assert verdict.status is VerdictStatus.LIKELY


def test_code_that_no_alias_serves_yet_is_not_the_change_behind_it() -> None:
    scene = Scene().topology().change(BACK, "release", {}, {"code_sha256": "abc"}).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    assert hypothesis(scene.verdict(), CLASS).cap == "no change was found: at most likely"


def test_a_version_just_published_that_the_alias_serves_stands_for_its_move() -> None:
    scene = Scene(whole_until=ONSET - timedelta(minutes=9)).topology()
    scene.change(BACK, "other", {}, {"version": "18"}).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    texts = [one.text for one in hypothesis(verdict, CLASS).arguments_for]
    assert any(
        "version 18, which alias live serves now, published at 14:09 UTC" in text for text in texts
    )


def test_a_version_just_published_that_nothing_serves_is_no_release() -> None:
    scene = Scene().topology().change(BACK, "other", {}, {"version": "19"}).feed()
    scene.evidence += [item for item in slow_back().evidence if item.request.source != "changes"]
    assert hypothesis(scene.verdict(), CLASS).cap == "no change was found: at most likely"


def test_a_rise_of_a_few_milliseconds_further_down_does_not_take_the_blame() -> None:
    scene = Scene().topology().release(MIDDLE).feed().healthy(SIDE)
    scene.evidence += [
        item
        for item in slow_back().evidence
        if item.request.source != "changes" and item.resource not in (BACK, SIDE)
    ]
    scene.metric(BACK, "lambda.duration_p99", 40.0, 60.0)
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert verdict.cause.resource == MIDDLE


def test_percentiles_need_not_exist() -> None:
    scene = slow_back()
    kept = [
        item
        for item in scene.evidence
        if getattr(item.detail, "signal", "") != "lambda.duration_p99"
    ]
    scene.evidence = kept
    for resource, usual, then in ((FRONT, 700.0, 3_000.0), (MIDDLE, 500.0, 4_400.0)):
        scene.metric(resource, "lambda.duration_p99", 0.0, points=0)
        scene.metric(resource, "lambda.duration_max", usual, then)
    scene.metric(BACK, "lambda.duration_max", 300.0, 4_100.0)
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.CONFIRMED
    assert verdict.cause is not None
    assert verdict.cause.summary.startswith("back release 18 slowed it from 300 ms to 4.1 s (Max")


def test_without_the_callers_log_it_is_not_confirmed() -> None:
    scene = slow_back()
    scene.evidence = [item for item in scene.evidence if item.request.source != "logs"]
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.LIKELY
    assert "the log of front was not read" in hypothesis(verdict, CLASS).missing[0].text


def test_a_log_without_timeouts_speaks_against_it() -> None:
    scene = slow_back()
    scene.evidence = [item for item in scene.evidence if item.request.source != "logs"]
    scene.log(FRONT)
    texts = [one.text for one in hypothesis(scene.verdict(), CLASS).arguments_against]
    assert "the log of front shows no more timeouts than before" in texts


def test_a_callee_that_slowed_long_after_the_failures_is_not_their_cause() -> None:
    scene = slow_back()
    scene.evidence = [
        item
        for item in scene.evidence
        if item.resource not in (MIDDLE, BACK) or item.request.source != "metrics"
    ]
    late = ONSET + timedelta(minutes=10)
    scene.metric(MIDDLE, "lambda.duration_p99", 400.0, 4_200.0, onset=late)
    scene.metric(BACK, "lambda.duration_p99", 200.0, 4_000.0, onset=late)
    found = hypothesis(scene.verdict(), CLASS)
    assert found.status == "ruled_out"
    assert found.ruled_out_because == (
        "front failed first, at 14:10:20 UTC, long before back slowed at 14:20 UTC"
    )


def test_timeouts_with_quick_callees_rule_it_out() -> None:
    scene = failing_front(timeouts=800, timeout_seconds=3.0, first_timeout=ONSET).feed()
    found = hypothesis(scene.verdict(), CLASS)
    assert found.status == "ruled_out"
    assert found.ruled_out_because == (
        "none of the functions that front calls slowed (middle, side)"
    )


def test_the_incident_may_have_been_opened_on_the_slow_function_itself() -> None:
    scene = slow_back()
    scene.resource = MIDDLE
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert verdict.cause.resource == BACK
    assert verdict.first_failure is not None
    assert verdict.first_failure.resource == FRONT


def test_a_slow_function_through_which_nobody_fails_yet_is_found_from_its_callers() -> None:
    scene = slow_back()
    scene.resource = BACK
    scene.evidence = [
        item
        for item in scene.evidence
        if item.request.source != "logs"
        and getattr(item.detail, "signal", "") not in ("lambda.errors", "api.5xx")
    ]
    verdict = scene.verdict()
    assert verdict.cause is not None
    assert verdict.cause.resource == BACK
    assert verdict.cause.summary.endswith("middle waits for it")
    assert verdict.first_failure is None


def test_a_ring_of_calls_ends() -> None:
    scene = slow_back()
    scene.topology([*CHAIN, (BACK, FRONT, "live")])
    verdict = scene.verdict()
    assert hypothesis(verdict, CLASS).resource in (BACK, MIDDLE, FRONT)


def test_names_do_not_matter() -> None:
    renamed = slow_back()
    text = [item.model_dump_json() for item in renamed.read()]
    for number, name in enumerate(("front", "middle", "back", "side", "gateway")):
        text = [
            one.replace(f"function:{name}", f"function:zz{number}").replace(
                f"restapis/{name}", f"restapis/zz{number}"
            )
            for one in text
        ]
    evidence = [type(renamed.evidence[0]).model_validate_json(one) for one in text]
    moved = Scene(resource=lambda_function("123456789012", "eu-west-1", "zz0"), whole=False)
    moved.evidence = evidence
    verdict, original = moved.verdict(), renamed.verdict()
    assert verdict.status is original.status
    assert verdict.confidence == original.confidence
    assert verdict.cause is not None
    assert verdict.cause.resource.name == "zz2"


def test_the_order_of_arrival_does_not_matter() -> None:
    scene, reverse = slow_back(), slow_back()
    reverse.evidence.reverse()
    assert scene.verdict() == reverse.verdict()


def waiting_front(back: float = 2_800.0, **log: object) -> Scene:
    """Back was released and became slow; middle and front take longer, and give nothing up."""
    scene = Scene().topology().healthy(SIDE).release(BACK).feed()
    for resource, usual, now in (
        (BACK, 200.0, back),
        (MIDDLE, 400.0, back + 200.0),
        (FRONT, 600.0, back + 400.0),
    ):
        scene.metric(resource, "lambda.errors", 0.0).metric(resource, "lambda.invocations", 100.0)
        scene.metric(resource, "lambda.duration_p99", usual, now)
    scene.configuration(FRONT, timeout=20).configuration(MIDDLE, timeout=15, alias="live")
    return scene.configuration(BACK, timeout=4, alias="live").log(FRONT, **log)


def test_callers_that_take_longer_and_give_nothing_up_are_waiting() -> None:
    assert settled(waiting_front()) == (CLASS, BACK)
    assert hypothesis(waiting_front().verdict(), CLASS).confidence > 0.85


def test_a_few_calls_that_reach_the_limit_leave_the_slow_release_the_cause() -> None:
    scene = waiting_front(errors={"InvokeError": 9})
    scene.metric(BACK, "lambda.errors", 0.0, 0.5)
    scene.log(BACK, timeouts=9, timeout_seconds=4.0, first_timeout=ONSET + 3 * MINUTE)
    assert settled(scene) == (CLASS, BACK)


def test_a_callee_that_slowed_by_a_little_is_ruled_out() -> None:
    scene = waiting_front(back=240.0)
    assert hypothesis(scene.verdict(), CLASS).status == "ruled_out"
