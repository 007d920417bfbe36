"""What the investigate page looks at, as an address says it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.explored import (
    FIXED,
    RANGE,
    Choice,
    baseline_key,
    custom_query,
    custom_text,
    metric_typed,
    minutes_around,
    of_whole,
    read,
    whole_text,
    written,
)
from app.navigation import look_at
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from tests import builders

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)
CUSTOM = "AWS/Lambda|Errors|Sum|FunctionName=checkout|Resource=checkout:live"
PINNED = Choice(
    resources=("checkout", "arn:aws:sqs:eu-west-1:1:a.fifo"),
    metrics=("lambda.errors",),
    custom=(CUSTOM,),
    window=RANGE,
    start=NOON - HALF,
    end=NOON,
    baseline="12h",
    raw=True,
    whole="3h",
)


SHIFTED = Choice(baseline=FIXED, against="2026-03-04T05:00Z/2026-03-04T08:00Z")


@pytest.mark.parametrize("choice", [Choice(), PINNED, Choice(window="7d", baseline="7d"), SHIFTED])
def test_what_is_written_reads_back_as_the_same_choices(choice: Choice) -> None:
    assert read(written(choice)) == (choice, ())


def test_the_usual_choices_leave_the_address_empty() -> None:
    assert written(Choice()) == {}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"window": ["yesterday"]}, "'yesterday' in the address is not one of"),
        ({"baseline": ["2h"]}, "'2h' in the address is not one of"),
        ({"start": ["noon"], "end": ["later"]}, "'noon' in the address is no time"),
        ({"start": ["2026-03-04T12:00Z"]}, "both a start and an end"),
        ({"start": ["2026-03-04T12:00Z"], "end": ["2026-03-04T11:00Z"]}, "before the end"),
        ({"custom": ["AWS/Lambda|Errors|mode"]}, "the statistic must be"),
        ({"against": ["08:00/05:00"]}, "'08:00/05:00' in the address is no start/end"),
        ({"custom": ["nonsense"]}, "give the metric's name"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_usual_is_shown(
    address: dict[str, list[str]], told: str
) -> None:
    choice, problems = read(address)
    assert any(told in problem for problem in problems)
    assert choice == Choice()


def test_a_time_of_another_zone_is_read_as_the_moment_it_is() -> None:
    choice, problems = read({"start": ["2026-03-04T12:00+01:00"], "end": ["2026-03-04T12:00"]})
    assert problems == ()
    assert choice.span(NOON).start == datetime(2026, 3, 4, 11, 0, tzinfo=UTC)  # type: ignore[union-attr]


def test_a_window_ends_at_the_last_whole_minute_so_that_it_can_be_kept() -> None:
    span = Choice(window="15m").span(NOON + timedelta(seconds=59))
    assert span is not None
    assert (span.start, span.end) == (NOON - timedelta(minutes=15), NOON)


def test_a_mark_between_minutes_is_widened_to_whole_ones() -> None:
    start, end = NOON + timedelta(seconds=20), NOON + timedelta(seconds=80)
    assert minutes_around(start, end) == (NOON, NOON + timedelta(minutes=2))


@pytest.mark.parametrize("choice", [Choice(window="3h"), PINNED])
def test_the_way_back_to_the_whole_is_kept_as_text(choice: Choice) -> None:
    window, start, end = of_whole(whole_text(choice))
    assert (window, start, end) == (choice.window, choice.start, choice.end)


def test_an_unreadable_way_back_leads_to_the_usual_window() -> None:
    assert of_whole("nonsense/x") == (Choice().window, None, None)


def test_a_metric_typed_by_hand_survives_the_address() -> None:
    query = custom_query(CUSTOM)
    assert isinstance(query, MetricQuery)
    assert query.dimensions == (("FunctionName", "checkout"), ("Resource", "checkout:live"))
    assert custom_text(query) == CUSTOM


@pytest.mark.parametrize("statistic", ["Sum", "p99", "p99.9", "tm95", "SampleCount"])
def test_the_statistics_of_cloudwatch_are_taken(statistic: str) -> None:
    assert isinstance(metric_typed("My/App", "Orders made", statistic, []), MetricQuery)


@pytest.mark.parametrize(
    ("namespace", "metric", "statistic", "dimension"),
    [
        ("", "Errors", "Sum", "A=b"),
        ("AWS/Lambda", " ", "Sum", "A=b"),
        ("AWS/Lambda", "Errors", "p999", "A=b"),
        ("AWS/Lambda", "Errors", "Sum", "FunctionName"),
        ("AWS/Lambda", "a|b", "Sum", "A=b"),
        ("<img src=x>", "Errors", "Sum", "A=b"),
    ],
)
def test_what_is_no_metric_is_refused_in_words(
    namespace: str, metric: str, statistic: str, dimension: str
) -> None:
    assert isinstance(metric_typed(namespace, metric, statistic, [dimension]), str)


def test_a_baseline_is_chosen_that_is_at_least_as_long() -> None:
    assert baseline_key(timedelta(hours=3)) == "3h"
    assert baseline_key(timedelta(hours=4)) == "12h"
    assert baseline_key(timedelta(days=30)) == "7d"


def test_an_incident_whose_baseline_was_shifted_is_looked_at_against_that_very_time() -> None:
    shifted = Window(start=builders.BASELINE.start - HALF, end=builders.BASELINE.end - HALF)
    view = look_at(builders.incident(baseline=shifted))
    again, problems = read(written(view))
    assert problems == ()
    assert again.fixed() == shifted


def test_an_incident_with_the_usual_baseline_is_looked_at_against_the_time_before() -> None:
    view = look_at(builders.incident())
    assert (view.baseline, view.against, view.fixed()) == ("3h", "", None)
