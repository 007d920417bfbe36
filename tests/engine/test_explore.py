"""Looking at any metric and log: what is said, what is missing, and what it never does."""

from datetime import timedelta

import pytest

from opspilot.domain.evidence import GapDetail, GapReason, MetricDetail
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.engine.explore import MOST_SERIES, Asked, asked_of
from opspilot.engine.explore_spans import checked_against, checked_view, period_of
from opspilot.errors import AwsDenied, AwsNotFound, InputError, InvalidWindow
from tests.engine.account import CHECKOUT, MAIL, MAIL_QUEUE, PAYMENTS, SHOP_API
from tests.engine.scene import T0, Scene

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DENIED = AwsDenied("not allowed", iam_action="cloudwatch:GetMetricData")
CHECKOUT_LOG = "/aws/lambda/checkout"


def windows(stage: Scene, minutes: int = 30) -> tuple[Window, Window]:
    """The last minutes, and three hours before them."""
    now = stage.clock.account_now()
    return checked_view(Window(start=now - MINUTE * minutes, end=now), 3 * HOUR, now)


def test_a_series_says_what_stands_out_in_the_words_of_the_ledger(stage: Scene) -> None:
    window, baseline = windows(stage)
    asked = asked_of(CHECKOUT, ["lambda.errors"], baseline.joined(window))
    (seen,) = stage.bench.explorer.series(asked, window, baseline)
    assert seen.anomalous
    assert seen.sentence.startswith("Errors of checkout rose from 0 to ")
    assert isinstance(seen.detail, MetricDetail)
    assert stage.account.release_at is not None
    assert seen.detail.onset is not None
    assert abs(seen.detail.onset - stage.account.release_at) <= MINUTE
    assert any(start <= seen.detail.onset <= end for start, end in seen.episodes)
    assert len(seen.columns["times"]) == len(seen.columns["upper"])


def test_the_raw_series_is_what_cloudwatch_answered(stage: Scene) -> None:
    window, baseline = windows(stage)
    asked = asked_of(PAYMENTS, ["lambda.duration_p99"], baseline.joined(window))
    (seen,) = stage.bench.explorer.series(asked, window, baseline)
    (answer,) = stage.account.fetch([asked[0].query], baseline.joined(window))
    assert (seen.raw.times, seen.raw.values) == (answer.times, answer.values)


def test_a_metric_that_nobody_knows_is_read_without_assumptions(stage: Scene) -> None:
    window, baseline = windows(stage)
    query = MetricQuery(namespace="Shop", metric="Carts", statistic="Average")
    (seen,) = stage.bench.explorer.series([Asked(subject="Shop", query=query)], window, baseline)
    assert isinstance(seen.detail, MetricDetail)
    assert seen.sentence.startswith("Carts Average of Shop: nothing stands out")
    assert seen.detail.metric_kind == "gauge"


def test_a_metric_of_ours_under_another_statistic_keeps_its_unit(stage: Scene) -> None:
    window, baseline = windows(stage)
    query = MetricQuery(
        namespace="AWS/Lambda",
        metric="Duration",
        dimensions=(("FunctionName", "payments"),),
        statistic="Average",
    )
    asked = Asked(subject="payments", query=query)
    (seen,) = stage.bench.explorer.series([asked], window, baseline)
    assert isinstance(seen.detail, MetricDetail)
    assert (seen.detail.metric_kind, seen.detail.unit) == ("duration", "ms")


def test_a_denied_call_names_the_missing_action_at_every_series(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.fail("fetch", DENIED)
    asked = asked_of(CHECKOUT, ["lambda.errors", "lambda.throttles"], window)
    for seen in stage.bench.explorer.series(asked, window, baseline):
        assert isinstance(seen.detail, GapDetail)
        assert seen.detail.iam_action == "cloudwatch:GetMetricData"
        assert not seen.anomalous


def test_a_series_that_alone_is_denied_leaves_a_gap_with_the_action(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.unread = "denied"
    (seen,) = stage.bench.explorer.series(
        asked_of(CHECKOUT, ["lambda.errors"], window), window, baseline
    )
    assert isinstance(seen.detail, GapDetail)
    assert seen.detail.reason is GapReason.DENIED
    assert seen.detail.iam_action == "cloudwatch:GetMetricData"


def test_more_series_than_a_view_holds_are_refused_before_anything_is_read(stage: Scene) -> None:
    window, baseline = windows(stage)
    many = [*asked_of(CHECKOUT, ["lambda.errors"], window)] * (MOST_SERIES + 1)
    with pytest.raises(InputError, match="31 series are more than the 30"):
        stage.bench.explorer.series(many, window, baseline)
    assert stage.account.calls == []


@pytest.mark.parametrize(
    ("start", "length", "baseline", "told"),
    [
        (MINUTE, HOUR, HOUR, "starts in the future"),
        (-4 * MINUTE, 4 * MINUTE, HOUR, "5 minutes to 7 days"),
        (-8 * 24 * HOUR, 8 * 24 * HOUR, HOUR, "5 minutes to 7 days"),
        (-HOUR, HOUR, MINUTE, "15 minutes to 7 days"),
        (-455 * 24 * HOUR, HOUR, 3 * HOUR, "retention of 455 days"),
    ],
)
def test_a_window_that_cannot_be_looked_at_is_refused(
    start: timedelta, length: timedelta, baseline: timedelta, told: str
) -> None:
    window = Window(start=T0 + start, end=T0 + start + length)
    with pytest.raises(InvalidWindow, match=told):
        checked_view(window, baseline, T0)


def test_a_window_that_reaches_into_the_future_ends_now() -> None:
    window, baseline = checked_view(Window(start=T0 - HOUR, end=T0 + HOUR), 3 * HOUR, T0)
    assert window.end == T0
    assert baseline == Window(start=T0 - 4 * HOUR, end=T0 - HOUR)


@pytest.mark.parametrize(("hours", "period"), [(4, 60), (27, 60), (30, 300), (24 * 14, 900)])
def test_long_spans_are_read_in_longer_periods(hours: int, period: int) -> None:
    assert period_of(Window(start=T0, end=T0 + hours * HOUR)) == period


def test_suspects_are_found_among_the_neighbours_too(stage: Scene) -> None:
    window, baseline = windows(stage)
    found = stage.bench.explorer.suspects([CHECKOUT], window, baseline)
    assert {CHECKOUT, PAYMENTS, SHOP_API} <= set(found.searched)
    assert PAYMENTS in {one.resource for one in found.found}
    slow = next(one for one in found.found if one.resource == PAYMENTS)
    assert slow.direction == "up"
    assert slow.effect_size > 3
    assert stage.account.release_at is not None
    assert abs(slow.onset - stage.account.release_at) <= 2 * MINUTE
    assert [one.rank for one in found.found] == list(range(1, len(found.found) + 1))


def test_where_nothing_happens_nobody_is_suspected(stage: Scene) -> None:
    window, baseline = windows(stage)
    found = stage.bench.explorer.suspects([MAIL], window, baseline)
    assert found.found == ()
    assert MAIL_QUEUE in found.searched
    assert found.series > 0


def test_a_caller_that_only_waits_stands_behind_whom_it_waits_for(stage: Scene) -> None:
    window, baseline = windows(stage)
    for symptom in (None, (CHECKOUT.arn, "Errors", "Sum")):
        found = stage.bench.explorer.suspects([CHECKOUT], window, baseline, symptom)
        first = min(found.found, key=lambda one: one.rank)
        assert first.resource == PAYMENTS


def test_suspects_without_a_readable_topology_stay_with_what_was_chosen(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.fail("topology", AwsDenied("no", iam_action="lambda:ListEventSourceMappings"))
    found = stage.bench.explorer.suspects([CHECKOUT], window, baseline)
    assert found.searched == (CHECKOUT,)
    ((name, gap),) = found.gaps
    assert name == "neighbours of checkout"
    assert isinstance(gap, GapDetail)
    assert gap.iam_action == "lambda:ListEventSourceMappings"


def test_surroundings_hold_changes_and_alarms_or_say_what_is_denied(stage: Scene) -> None:
    window, baseline = windows(stage)
    span = baseline.joined(window)
    stage.account.ring()
    around = stage.bench.explorer.surroundings([CHECKOUT, PAYMENTS], span)
    assert [one.resource for one in around.changes] == [PAYMENTS]
    assert [one.name for one in around.alarms] == ["checkout-errors"]
    assert [one.after for one in around.transitions] == ["ALARM"]
    assert SHOP_API in around.neighbours
    stage.account.fail("changes", AwsDenied("no", iam_action="cloudtrail:LookupEvents"))
    denied = stage.bench.explorer.surroundings([CHECKOUT], span)
    assert [(name, gap.iam_action) for name, gap in denied.gaps] == [
        ("changes", "cloudtrail:LookupEvents")
    ]
    assert denied.complete_until is None
    assert denied.alarms


def test_a_neighbours_change_and_its_alarm_that_moved_are_told_beside_the_own(
    stage: Scene,
) -> None:
    window, baseline = windows(stage)
    span = baseline.joined(window)
    slow = query_of(signal_named("lambda.duration_p99"), PAYMENTS)
    stage.account.ring("payments-slow", slow, at=window.end - MINUTE)
    around = stage.bench.explorer.surroundings([CHECKOUT], span)
    assert PAYMENTS in around.neighbours
    assert [one.resource for one in around.changes] == [PAYMENTS]
    assert around.alarms == ()
    assert [one.name for one in around.near] == ["payments-slow"]
    assert [one.alarm.name for one in around.transitions] == ["payments-slow"]


def test_a_strangers_alarm_is_not_told(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.ring(
        "mail-errors", query_of(signal_named("lambda.errors"), MAIL), at=window.end - MINUTE
    )
    around = stage.bench.explorer.surroundings([CHECKOUT], baseline.joined(window))
    assert (around.near, around.transitions) == ((), ())


def test_where_the_topology_is_denied_the_own_changes_are_still_told(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.fail("topology", AwsDenied("no", iam_action="lambda:ListEventSourceMappings"))
    around = stage.bench.explorer.surroundings([PAYMENTS], baseline.joined(window))
    assert [one.resource for one in around.changes] == [PAYMENTS]
    assert [name for name, _ in around.gaps] == ["neighbours of payments"]


def test_a_fixed_baseline_may_lie_further_back_but_not_reach_into_the_window() -> None:
    window = Window(start=T0 - HOUR, end=T0)
    earlier = Window(start=T0 - 9 * HOUR, end=T0 - 6 * HOUR)
    assert checked_against(window, earlier, T0) == (window, earlier)
    for wrong in (
        Window(start=T0 - 3 * HOUR, end=T0 - HOUR / 2),
        Window(start=T0 - 16 * 24 * HOUR, end=T0 - 15 * 24 * HOUR),
    ):
        with pytest.raises(InvalidWindow, match="must end before the window begins"):
            checked_against(window, wrong, T0)


def test_a_log_shows_what_is_new_with_counts_trend_and_volume(stage: Scene) -> None:
    window, baseline = windows(stage)
    view = stage.bench.explorer.log(CHECKOUT_LOG, window, baseline)
    new = next(one for one in view.patterns if "Task timed out" in one.pattern)
    assert new.change == "new"
    assert new.counts[0] == 0
    assert sum(new.trend) == new.counts[1]
    assert new.first_seen is not None
    assert view.span.length == 2 * window.length


def test_a_log_that_is_not_there_is_a_gap(stage: Scene) -> None:
    window, baseline = windows(stage)
    stage.account.fail("search", AwsNotFound("no such log group"), times=2)
    assert stage.bench.explorer.log("/aws/nope", window, baseline).gap is not None
    gap = stage.bench.explorer.find("/aws/nope", window, "", 10).gap
    assert gap is not None
    assert gap.reason is GapReason.NOT_FOUND


def test_secrets_are_taken_out_of_lines_and_examples(stage: Scene) -> None:
    stage.account.secret = "password=hunter2-of-the-shop"
    window, baseline = windows(stage)
    lines = stage.bench.explorer.find(CHECKOUT_LOG, window, "", 500).lines
    assert lines
    assert not any("hunter2" in one.text for one in lines)
    stage.account.secret = ""
    quiet = stage.bench.explorer.log(CHECKOUT_LOG, window, baseline)
    assert not any("hunter2" in text for one in quiet.patterns for text in one.examples)


def test_looking_changes_nothing(stage: Scene) -> None:
    before = stage.bench.store.counts()
    window, baseline = windows(stage)
    explorer = stage.bench.explorer
    explorer.suspects([CHECKOUT], window, baseline)
    explorer.surroundings([CHECKOUT], window)
    explorer.log(CHECKOUT_LOG, window, baseline)
    explorer.stop_counting(explorer.count(CHECKOUT_LOG, window, baseline))
    explorer.tail(CHECKOUT_LOG, stage.clock.account_now() - MINUTE)
    assert stage.bench.store.counts() == before
    assert {"apply", "invoke", "read"}.isdisjoint(stage.account.calls)
