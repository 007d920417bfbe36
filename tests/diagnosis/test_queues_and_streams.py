"""Queues, streams and asynchronous events: held up, poisoned, shown again, lost."""

from datetime import timedelta

from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    CONSUMES,
    FRONT,
    GATEWAY,
    GRAVES,
    JOBS,
    MIDDLE,
    MINUTE,
    ONSET,
    READINGS,
    READS_STREAM,
    SIDE,
    Scene,
    hypothesis,
    pattern,
    settled,
    unsettled,
)


def queued(**queue: object) -> Scene:
    """Side works off the jobs; nothing else is wrong."""
    scene = Scene(resource=JOBS).topology(CHAIN, CONSUMES)
    scene.healthy(GATEWAY, FRONT, MIDDLE, BACK)
    return scene.queue(**queue).configuration(SIDE, timeout=30, alias="live")  # type: ignore[arg-type]


def flow(scene: Scene, sent: float, received: float, deleted: float, usual: float = 100.0) -> Scene:
    for signal, value in (("sent", sent), ("received", received), ("deleted", deleted)):
        scene.metric(JOBS, f"sqs.{signal}", usual, None if value == usual else value)
    return scene


def well(scene: Scene) -> Scene:
    """Side neither fails nor slows."""
    scene.metric(SIDE, "lambda.errors", 0.0).metric(SIDE, "lambda.invocations", 100.0)
    return scene.metric(SIDE, "lambda.duration_max", 900.0).log(SIDE)


def waiting(scene: Scene) -> Scene:
    return scene.metric(JOBS, "sqs.oldest_age", 2.0, 900.0).metric(
        JOBS, "sqs.visible", 3.0, 4_000.0
    )


def test_a_mapping_that_was_switched_off_lets_messages_wait() -> None:
    scene = waiting(well(flow(queued(enabled=False), 100.0, 0.0, 0.0)))
    scene.change(SIDE, "configuration", {"enabled": "true"}, {"enabled": "false"}).feed()
    assert settled(scene) == ("sqs.backlog", JOBS)
    assert scene.verdict().status is VerdictStatus.CONFIRMED


def test_more_messages_than_the_consumer_takes_are_a_backlog() -> None:
    scene = waiting(well(flow(queued(), 400.0, 100.0, 100.0))).feed()
    assert settled(scene) == ("sqs.backlog", JOBS)


def test_more_messages_that_do_not_wait_are_no_incident() -> None:
    scene = well(flow(queued(), 400.0, 400.0, 400.0))
    scene.metric(JOBS, "sqs.visible", 3.0, 15.0).metric(JOBS, "sqs.oldest_age", 2.0).feed()
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT


def poisoned(received: float = 190.0, failed: float = 20.0, logged: int = 390) -> Scene:
    scene = waiting(flow(queued(), 100.0, received, 92.0))
    scene.metric(SIDE, "lambda.errors", 0.0, failed).metric(SIDE, "lambda.invocations", 100.0)
    return scene.metric(SIDE, "lambda.duration_max", 900.0).log(
        SIDE, errors={"JSONDecodeError": logged}
    )


def test_messages_that_come_back_and_end_in_the_dead_letters_are_poison() -> None:
    scene = poisoned().metric(GRAVES, "sqs.visible", 0.0, 80.0).feed()
    assert settled(scene) == ("sqs.poison_messages", JOBS)


def test_poison_without_a_dead_letter_queue_is_told_by_what_comes_back() -> None:
    assert settled(poisoned().feed())[0] == "sqs.poison_messages"


def test_messages_that_come_back_because_a_host_answers_503_are_no_poison() -> None:
    line = "[ERROR] HTTPError: 503 Server Error: Service Unavailable for url: https://a.example/"
    scene = poisoned().metric(GRAVES, "sqs.visible", 0.0, 80.0)
    scene.log(SIDE, errors={"HTTPError": 570}, patterns=(pattern(line, 570),)).feed()
    assert settled(scene) == ("downstream_failure", SIDE)


def test_a_consumer_that_was_broken_by_its_release_is_no_poison() -> None:
    scene = poisoned(failed=100.0, logged=1_900).release(SIDE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", SIDE)
    assert hypothesis(scene.verdict(), "sqs.poison_messages").status == "ruled_out"


def test_messages_that_come_back_because_the_consumer_times_out_are_no_poison() -> None:
    scene = waiting(flow(queued(), 100.0, 190.0, 92.0)).metric(GRAVES, "sqs.visible", 0.0, 80.0)
    scene.metric(SIDE, "lambda.errors", 0.0, 54.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p50", 800.0, 2_900.0)
    scene.log(SIDE, timeouts=1_000, timeout_seconds=3.0, first_timeout=ONSET)
    scene.change(SIDE, "configuration", {"memory_mb": "1024"}, {"memory_mb": "256"}).feed()
    verdict = scene.verdict()
    assert [one.cause_class for one in verdict.causes] == ["lambda.memory_too_small"]


def test_most_messages_failing_right_after_a_release_are_no_poison() -> None:
    scene = poisoned(failed=77.0, logged=1_500).metric(GRAVES, "sqs.visible", 0.0, 80.0)
    scene = scene.release(SIDE).feed()
    assert settled(scene) == ("lambda.code_error_after_release", SIDE)


def test_a_consumer_that_takes_longer_fills_its_reservation_and_lets_messages_wait() -> None:
    scene = waiting(flow(queued(), 100.0, 20.0, 20.0)).configuration(SIDE, timeout=30, reserved=2)
    scene.metric(SIDE, "lambda.errors", 0.0).metric(SIDE, "lambda.invocations", 100.0, 20.0)
    scene.metric(SIDE, "lambda.duration_p50", 400.0, 9_000.0).log(SIDE)
    scene.metric(SIDE, "lambda.throttles", 0.0, 4.0).metric(SIDE, "lambda.concurrency", 1.0, 2.0)
    scene.feed()
    assert settled(scene) == ("sqs.backlog", JOBS)


def shown_again(visibility: int, slowest: float, received: float) -> Scene:
    scene = flow(queued(visibility=visibility), 100.0, received, 98.0)
    scene.metric(SIDE, "lambda.errors", 0.0).metric(SIDE, "lambda.invocations", 100.0, received)
    scene.metric(SIDE, "lambda.duration_max", slowest).log(SIDE)
    return scene.metric(JOBS, "sqs.oldest_age", 2.0, 300.0)


def test_messages_shown_again_while_they_are_worked_on_are_told_by_the_setting() -> None:
    scene = shown_again(5, 14_000.0, 240.0)
    before, after = ({"visibility_timeout_seconds": value} for value in ("180", "5"))
    scene.change(JOBS, "configuration", before, after).feed()
    assert settled(scene) == ("sqs.visibility_timeout_too_small", JOBS)
    assert scene.verdict().status is VerdictStatus.CONFIRMED


def test_a_setting_that_was_always_too_short_shows_when_the_work_grows() -> None:
    assert settled(shown_again(10, 24_000.0, 240.0).feed())[0] == "sqs.visibility_timeout_too_small"


def test_a_short_setting_with_quick_work_shows_nothing_again() -> None:
    scene = shown_again(5, 900.0, 100.0).feed()
    assert unsettled(scene, "sqs.visibility_timeout_too_small")


def behind(**stream: object) -> Scene:
    scene = Scene(resource=SIDE).topology(CHAIN, READS_STREAM).healthy(FRONT, MIDDLE, BACK)
    scene.stream(**stream).configuration(SIDE, timeout=30, alias="live")  # type: ignore[arg-type]
    scene.metric(SIDE, "lambda.errors", 0.0, 12.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0)
    scene.metric(SIDE, "lambda.iterator_age", 400.0, 900_000.0)
    return scene.log(SIDE, errors={"JSONDecodeError": 235})


def test_a_record_that_blocks_its_shard_is_poison() -> None:
    scene = behind().metric(READINGS, "stream.incoming", 500.0).feed()
    assert settled(scene) == ("lambda.stream_poison_batch", SIDE)


def test_a_stream_s_own_age_tells_it_as_well() -> None:
    scene = behind()
    scene.evidence = [
        item for item in scene.evidence if "iterator_age" not in getattr(item.detail, "signal", "")
    ]
    scene.metric(READINGS, "stream.iterator_age", 400.0, 900_000.0).feed()
    assert settled(scene)[0] == "lambda.stream_poison_batch"


def test_a_consumer_of_a_stream_that_was_released_broken_is_no_poison() -> None:
    assert settled(behind().release(SIDE).feed())[0] == "lambda.code_error_after_release"


def lost(dropped: float = 30.0) -> Scene:
    scene = Scene(resource=SIDE).topology(CHAIN).healthy(FRONT, MIDDLE, BACK)
    scene.metric(SIDE, "lambda.errors", 0.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0).log(SIDE).configuration(SIDE, timeout=30)
    scene.metric(SIDE, "lambda.async_age", 200.0, 3_600_000.0)
    return scene.metric(SIDE, "lambda.async_dropped", 0.0, dropped)


def test_events_that_are_dropped_after_waiting_are_told() -> None:
    scene = lost()
    before, after = ({"async_max_age_seconds": value} for value in ("21600", "60"))
    scene.change(SIDE, "configuration", before, after).feed()
    assert settled(scene) == ("lambda.async_backlog", SIDE)


def test_events_that_are_dropped_because_each_fails_are_an_effect() -> None:
    scene = lost().metric(SIDE, "lambda.errors", 0.0, 40.0).log(SIDE, errors={"KeyError": 790})
    verdict = scene.configuration(SIDE, timeout=30, alias="live").release(SIDE).feed().verdict()
    assert verdict.cause is not None
    assert verdict.cause.cause_class == "lambda.code_error_after_release"
    backlog = next(one for one in verdict.hypotheses if one.cause_class == "lambda.async_backlog")
    assert backlog.confidence <= 0.45


def test_a_change_of_something_else_is_not_what_holds_events_up() -> None:
    scene = lost().metric(SIDE, "lambda.errors", 0.0, 20.0)
    scene.change(SIDE, "configuration", {"memory_mb": "256"}, {"memory_mb": "512"}).feed()
    verdict = scene.verdict()
    backlog = next(one for one in verdict.hypotheses if one.cause_class == "lambda.async_backlog")
    assert not any("512" in one.text for one in backlog.arguments_for)


def test_events_that_wait_for_a_throttled_function_are_told() -> None:
    scene = lost().metric(SIDE, "lambda.throttles", 0.0).feed()
    assert settled(scene)[0] == "lambda.async_backlog"


def test_events_of_a_function_that_is_broken_wait_for_its_code() -> None:
    scene = lost()
    scene.evidence = [
        item
        for item in scene.evidence
        if not (item.resource == SIDE and item.detail.kind in ("logs", "configuration"))
        and not (item.resource == SIDE and getattr(item.detail, "signal", "") == "lambda.errors")
    ]
    scene.metric(SIDE, "lambda.errors", 0.0, 90.0).log(SIDE, errors={"KeyError": 1_700})
    scene.configuration(SIDE, timeout=30, alias="live").release(SIDE, ago=2 * MINUTE).feed()
    assert settled(scene)[0] == "lambda.code_error_after_release"
    assert hypothesis(scene.verdict(), "lambda.async_backlog").status == "ruled_out"


def test_old_events_of_a_moment_are_nothing() -> None:
    scene = lost().feed()
    scene.evidence = [
        item for item in scene.evidence if "async" not in getattr(item.detail, "signal", "")
    ]
    scene.metric(
        SIDE, "lambda.async_age", 200.0, 900.0, onset=scene.whole_until - timedelta(minutes=9)
    )
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT
