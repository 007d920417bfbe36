"""Changes that no feed tells of, found by comparing with what an earlier ledger kept."""

from datetime import datetime, timedelta

from opspilot.diagnosis.inferred import in_feed_words
from opspilot.domain.change import Change, ChangeKind
from opspilot.domain.evidence import ChangesDetail, ChangesRequest, ComparisonRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from tests.diagnosis.scene import (
    ALL,
    FRONT,
    GRAVES,
    JOBS,
    NOW,
    ONSET,
    SIDE,
    Scene,
    failing_front,
    hypothesis,
    settled,
)
from tests.diagnosis.test_queues_and_streams import flow, poisoned, queued, waiting, well

DAY = timedelta(days=1)


def compared(
    scene: Scene,
    resource: Resource,
    kind: ChangeKind = "configuration",
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
    *,
    since: datetime = NOW - DAY,
    at: datetime = NOW,
) -> Scene:
    """A comparison with what was read at `since`; without settings, nothing differs."""
    change = Change(
        at=at,
        resource=resource,
        kind=kind,
        summary="something differs (found by comparing)",
        before=before or {},
        after=after or {},
        source="ledger",
        event_id=f"INC-0000:E3:{kind}",
        since=since,
    )
    changes = (change,) if after else ()
    request = ComparisonRequest(resource=resource, incident_id="INC-0000", evidence_id="E3")
    scene.add(resource, request, ChangesDetail(changes=changes, complete_until=NOW))
    last = scene.evidence[-1]
    scene.evidence[-1] = last.model_copy(update={"window": Window(start=since, end=NOW)})
    return scene


def no_trail(scene: Scene) -> Scene:
    """CloudTrail is denied."""
    return scene.gap(scene.resource, ChangesRequest(resources=ALL))


def broken(since: datetime = NOW - DAY) -> Scene:
    """The code of front fails since some release between two readings."""
    scene = no_trail(failing_front(errors={"KeyError": 790}))
    before, after = {"alias live": "17", "code": "a"}, {"alias live": "18", "code": "b"}
    return compared(scene, FRONT, "release", before, after, since=since)


def test_a_release_between_two_readings_is_likely_the_cause_where_the_trail_is_denied() -> None:
    verdict = broken().verdict()
    assert settled(broken()) == ("lambda.code_error_after_release", FRONT)
    assert verdict.status is VerdictStatus.LIKELY
    found = hypothesis(verdict, "lambda.code_error_after_release")
    assert found.cap == "when it was changed is not known: at most likely"
    moved = "alias live moved from version 17 to version 18"
    assert any(moved in one.text for one in found.arguments_for)


def test_without_an_earlier_reading_the_same_failures_stay_a_lead() -> None:
    assert no_trail(failing_front(errors={"KeyError": 790})).verdict().cause is None


def test_the_longer_ago_the_earlier_reading_the_less_a_difference_says() -> None:
    weights = [
        next(
            argument.weight
            for argument in hypothesis(
                broken(since).verdict(), "lambda.code_error_after_release"
            ).arguments_for
            if "some time between" in argument.text
        )
        for since in (ONSET - timedelta(minutes=50), NOW - DAY, NOW - 20 * DAY)
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 3


def test_a_difference_that_came_after_the_onset_is_no_cause() -> None:
    scene = broken(since=ONSET + timedelta(minutes=5))
    assert scene.verdict().cause is None


def test_a_change_that_is_dated_goes_before_one_that_is_not() -> None:
    scene = failing_front(errors={"KeyError": 790}).release(FRONT).feed()
    compared(scene, FRONT, "release", {"alias live": "17"}, {"alias live": "18"})
    assert scene.verdict().status is VerdictStatus.CONFIRMED


def test_a_mapping_that_differs_as_disabled_holds_messages_up() -> None:
    scene = no_trail(waiting(well(flow(queued(enabled=False), 100.0, 0.0, 0.0))))
    place = "jobs for side"
    compared(
        scene, JOBS, before={f"polling {place}": "enabled"}, after={f"polling {place}": "disabled"}
    )
    assert settled(scene) == ("sqs.backlog", JOBS)
    found = hypothesis(scene.verdict(), "sqs.backlog")
    assert any("some time between" in one.text for one in found.arguments_for)


def test_a_consumer_configured_as_before_was_not_released() -> None:
    scene = no_trail(poisoned().metric(GRAVES, "sqs.visible", 0.0, 80.0))
    unknown = hypothesis(scene.verdict(), "sqs.poison_messages").missing
    known = hypothesis(compared(scene, SIDE).verdict(), "sqs.poison_messages").missing
    text = "whether side was released shortly before is not known"
    assert text in [one.text for one in unknown]
    assert text not in [one.text for one in known]


def test_settings_that_changed_beside_an_alias_are_told_apart_from_its_move() -> None:
    after = {"alias live": "18 17:0.1", "billing": "provisioned", "memory_mb": "256"}
    told = list(
        in_feed_words(
            Change(
                at=NOW,
                since=NOW - DAY,
                resource=FRONT,
                kind="release",
                summary="x",
                after=after,
                source="ledger",
                event_id="e",
            )
        )
    )
    assert [one.after for one in told] == [
        {"alias": "live", "version": "18"},
        {"billing_mode": "provisioned", "memory_mb": "256"},
    ]
    assert len({one.event_id for one in told}) == 2
