"""Asynchronous invocations: tried again, given up, and what metrics and the API tell of them."""

from __future__ import annotations

import pytest

from tests.embedded.mini import Params, total, values, world_of


def test_functions_that_get_events_are_listed_with_the_metrics_of_events() -> None:
    listed = {
        (metric.name, dict(metric.dimensions).get("FunctionName"))
        for metric in world_of().metrics.catalogue()
    }
    assert ("AsyncEventAge", "mail") in listed
    assert ("AsyncEventAge", "front") not in listed


BROKEN = ("lambda.update_code", {"function": "mail", "build": "mail-broken"})


def test_events_are_worked_off_at_once_when_all_is_well() -> None:
    well = world_of()
    received = total(well, "AsyncEventsReceived", "mail")
    assert received == pytest.approx(total(well, "Invocations", "front"), abs=5)
    assert max(values(well, "AsyncEventAge", "mail", stat="Maximum")) < 200
    assert values(well, "AsyncEventsDropped", "mail") == []


def test_a_failing_event_is_tried_twice_more_then_dropped_into_the_dead_letter_queue() -> None:
    broken = world_of(BROKEN)
    assert total(broken, "Invocations", "mail") == pytest.approx(
        3 * total(broken, "AsyncEventsReceived", "mail"), rel=0.05
    )
    assert 180_000 < max(values(broken, "AsyncEventAge", "mail", stat="Maximum")) < 190_000
    assert total(broken, "AsyncEventsDropped", "mail") > 500
    assert values(broken, "DeadLetterErrors", "mail") == []
    letters = {"namespace": "AWS/SQS", "dimensions": {"QueueName": "lost"}}
    assert total(broken, "NumberOfMessagesSent", None, **letters) == total(
        broken, "AsyncEventsDropped", "mail"
    )


def test_without_the_permission_to_write_them_dead_letters_are_errors() -> None:
    denied: Params = {"function": "mail", "deny": ["sqs:SendMessage"]}
    mute = world_of(BROKEN, ("iam.put_role_policy", denied))
    assert total(mute, "DeadLetterErrors", "mail") == total(mute, "AsyncEventsDropped", "mail") > 0


def test_settings_say_how_often_an_event_is_tried() -> None:
    settings: Params = {"function": "mail", "max_retries": 0}
    once = world_of(BROKEN, ("lambda.put_event_invoke_config", settings))
    assert total(once, "Invocations", "mail") == pytest.approx(
        total(once, "AsyncEventsReceived", "mail"), rel=0.02
    )


def test_throttled_events_wait_and_grow_old() -> None:
    throttled = world_of(("lambda.put_concurrency", {"function": "mail", "reserved": 0}))
    ages = values(throttled, "AsyncEventAge", "mail", stat="Maximum")
    assert ages == sorted(ages)
    assert ages[-1] > 1_000_000
    assert total(throttled, "Throttles", "mail") > 500
    assert total(throttled, "Errors", "mail") == 0


def test_too_old_an_event_is_given_up() -> None:
    impatient = world_of(
        ("lambda.put_event_invoke_config", {"function": "mail", "max_age_s": 60}),
        ("lambda.put_concurrency", {"function": "mail", "reserved": 0}),
    )
    assert max(values(impatient, "AsyncEventAge", "mail", stat="Maximum")) <= 60_100
    assert total(impatient, "AsyncEventsDropped", "mail") > 500
