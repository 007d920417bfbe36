"""Recovery is measured, never assumed: whole periods, real traffic, exact bounds."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from opspilot.analysis import measure
from opspilot.analysis.recovery_rate import upper_bound
from opspilot.domain.plan import Criterion, Measurement
from opspilot.domain.plan import VerificationOutcome as Outcome
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import SeriesStatus
from tests.analysis.telemetry import FUNCTION, at, metric

BEST_FIRST = (Outcome.RECOVERED, Outcome.IMPROVING, Outcome.NO_EFFECT, Outcome.WORSE)


def query(signal: str):
    return query_of(signal_named(signal), FUNCTION)


def rate(**changes: object) -> Criterion:
    fields: dict[str, object] = {
        "id": "C1",
        "test": "rate_upper_bound",
        "numerator": query("lambda.errors"),
        "denominator": query("lambda.invocations"),
        "limit": 0.01,
        "hold_periods": 3,
        "min_events": 300,
        "before": 0.18,
        "text": "errors below 1 %",
    }
    return Criterion.model_validate(fields | changes)


def measured(
    failed: Sequence[float | None],
    calls: Sequence[float | None],
    *,
    started: float = 0.0,
    now: float | None = None,
    criterion: Criterion | None = None,
    status: SeriesStatus = "complete",
) -> Measurement:
    return measure(
        criterion or rate(),
        metric("lambda.errors", failed, status=status),
        metric("lambda.invocations", calls),
        at(started),
        at(len(calls) + 1 if now is None else now),
    )


def test_a_clean_run_of_enough_traffic_recovers_and_says_the_numbers() -> None:
    found = measured([2, 2, 1, 3], [480, 475, 478, 477])
    assert found.outcome is Outcome.RECOVERED
    assert (found.failed, found.events, found.periods_held, found.periods_seen) == (8, 1910, 4, 4)
    assert found.sentence == (
        "8 of 1,910 calls failed after the change: 95 % upper bound 0.75 %, limit 1 %,"
        " during the incident 18 %: recovered"
    )


@given(failed=st.integers(0, 60), total=st.integers(1, 3_000))
def test_the_bound_is_the_one_sided_clopper_pearson_bound(failed: int, total: int) -> None:
    failed = min(failed, total)
    exact = binomtest(failed, total, alternative="less").proportion_ci(0.95, "exact").high
    assert upper_bound(failed, total) == pytest.approx(float(exact), abs=1e-9)


def test_no_traffic_is_too_little_data_never_recovered() -> None:
    for calls in ([], [None] * 10, [0.0] * 10):
        found = measured([0.0] * len(calls), calls, now=20)
        assert found.outcome is Outcome.TOO_LITTLE_DATA
        assert found.value is None
        assert "0 calls seen after the change, at least 300 needed" in found.sentence


def test_little_traffic_without_an_error_is_too_little_data() -> None:
    assert measured([0] * 5, [20] * 5).outcome is Outcome.TOO_LITTLE_DATA


def test_a_period_without_traffic_neither_counts_nor_breaks_the_run() -> None:
    found = measured([0, None, 0, None, 0], [200, None, 200, 0, 200])
    assert found.outcome is Outcome.RECOVERED
    assert (found.periods_seen, found.events) == (3, 600)


def test_fewer_periods_than_asked_do_not_recover_however_many_calls() -> None:
    assert measured([0, 0], [9_000, 9_000]).outcome is Outcome.IMPROVING


def test_periods_that_began_before_the_change_do_not_count() -> None:
    found = measured([90, 90, 0, 0, 0], [200] * 5, started=1.5)
    assert (found.outcome, found.periods_seen) == (Outcome.RECOVERED, 3)


def test_the_running_period_and_the_one_being_published_do_not_count() -> None:
    assert measured([0] * 6, [200] * 6, now=5.9).periods_seen == 4
    assert measured([0] * 6, [200] * 6, now=6.0).periods_seen == 5


def test_one_everyday_failure_among_sixty_calls_does_not_break_a_run() -> None:
    found = measured([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [60] * 12)
    assert (found.outcome, found.periods_held, found.failed) == (Outcome.RECOVERED, 12, 2)


def test_a_period_that_refutes_the_limit_breaks_the_run() -> None:
    found = measured([0] * 10 + [9], [60] * 11)
    assert found.periods_held == 0
    assert found.outcome is Outcome.IMPROVING


def test_what_is_shown_as_recovered_names_the_periods_it_is_shown_for() -> None:
    found = measured([40, 0, 0, 0, 0, 0], [200] * 6)
    assert found.outcome is Outcome.RECOVERED
    assert found.sentence.startswith("0 of 1,000 calls failed in the last 5 periods:")


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [(5, Outcome.IMPROVING), (18, Outcome.NO_EFFECT), (40, Outcome.WORSE)],
)
def test_short_of_recovery_the_share_during_the_incident_is_the_yardstick(
    failures: int, outcome: Outcome
) -> None:
    found = measured([failures] * 5, [100] * 5)
    assert found.outcome is outcome
    assert found.sentence.endswith(outcome.value.replace("_", " "))


def test_silence_of_errors_is_zero_only_in_a_whole_answer() -> None:
    assert measured([None] * 5, [200] * 5).outcome is Outcome.RECOVERED
    assert measured([None] * 5, [200] * 5, status="partial").outcome is Outcome.TOO_LITTLE_DATA


@pytest.mark.parametrize("status", ["denied", "failed"])
def test_a_signal_that_cannot_be_read_is_too_little_data_and_says_so(status: SeriesStatus) -> None:
    found = measured([0] * 5, [200] * 5, status=status)
    assert found.outcome is Outcome.TOO_LITTLE_DATA
    assert "could not be read" in found.sentence


def test_a_rate_without_its_traffic_is_too_little_data() -> None:
    found = measure(rate(), metric("lambda.errors", [0] * 9), None, at(0), at(10))
    assert found.outcome is Outcome.TOO_LITTLE_DATA


PERIODS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 300)), min_size=1, max_size=15)


@given(periods=PERIODS, extra=st.integers(1, 50), where=st.integers(0, 14), data=st.data())
@settings(max_examples=200)
def test_more_failures_never_improve_the_outcome(
    periods: list[tuple[int, int]], extra: int, where: int, data: st.DataObject
) -> None:
    limit = data.draw(st.sampled_from([0.005, 0.01, 0.05]))
    criterion = rate(limit=limit, min_events=data.draw(st.sampled_from([1, 100, 300])))
    calls = [total for _, total in periods]
    failed = [min(bad, total) for bad, total in periods]
    more = list(failed)
    at_period = where % len(periods)
    more[at_period] = min(more[at_period] + extra, calls[at_period])
    before = measured(failed, calls, criterion=criterion).outcome
    after = measured(more, calls, criterion=criterion).outcome
    if before is Outcome.TOO_LITTLE_DATA:
        assert after is before
    else:
        assert BEST_FIRST.index(after) >= BEST_FIRST.index(before)


@given(failed=st.lists(st.integers(0, 9), max_size=12), quiet=st.sampled_from([None, 0.0]))
def test_without_traffic_nothing_ever_recovers(failed: list[int], quiet: float | None) -> None:
    found = measured(failed, [quiet] * len(failed), now=20)
    assert found.outcome is Outcome.TOO_LITTLE_DATA


def level(**changes: object) -> Criterion:
    fields: dict[str, object] = {
        "id": "C1",
        "test": "level",
        "numerator": query("lambda.duration_p99"),
        "limit": 800.0,
        "hold_periods": 3,
        "before": 4_000.0,
        "text": "p99 below 800 ms",
    }
    return Criterion.model_validate(fields | changes)


def level_of(values: Sequence[float | None], **changes: object) -> Measurement:
    series = metric("lambda.duration_p99", values)
    return measure(level(**changes), series, None, at(0), at(len(values) + 1))


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ([700, 600, 650], Outcome.RECOVERED),
        ([700, None, 600, 650], Outcome.RECOVERED),
        ([700, 600], Outcome.IMPROVING),
        ([600, 600, 600, 3_000], Outcome.IMPROVING),
        ([3_900, 4_100, 4_000], Outcome.NO_EFFECT),
        ([5_000, 5_100, 5_200], Outcome.WORSE),
        ([], Outcome.TOO_LITTLE_DATA),
        ([None, None, None], Outcome.TOO_LITTLE_DATA),
    ],
)
def test_a_level_recovers_only_by_holding_in_each_of_the_newest_periods(
    values: list[float | None], outcome: Outcome
) -> None:
    assert level_of(values).outcome is outcome


def test_a_level_may_have_to_rise_to_recover() -> None:
    found = level_of([90, 95, 92], comparator=">", limit=60.0, before=5.0)
    assert found.outcome is Outcome.RECOVERED


def test_a_level_says_its_figures_in_its_unit() -> None:
    assert level_of([700, 600, 650]).sentence == (
        "Duration p99 is 650 ms, wanted < 800 ms, during the incident 4 s; held for 3 of 3"
        " periods: recovered"
    )
