"""What one metric shows: detail, snapshot and sentence agree, and absence is said."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest

from opspilot.analysis import metric_detail, metric_sentence
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.signals import signal_named
from opspilot.domain.window import Window
from tests.analysis.telemetry import at, metric

INCIDENT = Window(start=at(180), end=at(210))
RNG = np.random.default_rng(7)
DURATIONS = 310.0 * np.exp(0.15 * RNG.normal(size=210))
CALLS = RNG.poisson(80, 210).astype(float)
ERRORS = RNG.poisson(0.1, 210).astype(float)


def shown(signal: str, values: Sequence[float | None]) -> tuple[MetricDetail, dict[str, list]]:
    detail, snapshot = metric_detail(
        signal_named(signal), metric(signal, values, end=at(210)), INCIDENT
    )
    return detail, snapshot


def said(signal: str, values: Sequence[float | None]) -> str:
    return metric_sentence("billing", signal_named(signal), shown(signal, values)[0])


def slow(factor: float) -> list[float]:
    return [*DURATIONS[:190], *(DURATIONS[190:] * factor)]


def failing(extra: float) -> list[float]:
    return [*ERRORS[:190], *(ERRORS[190:] + extra)]


def test_a_risen_duration_says_from_to_when_and_how_clearly() -> None:
    detail, _ = shown("lambda.duration_p99", slow(13.0))
    assert (detail.anomalous, detail.direction) == (True, "up")
    assert detail.onset == at(190)
    assert detail.onset_uncertainty_seconds == 60.0
    assert detail.baseline_value == pytest.approx(float(np.median(DURATIONS[:180])), rel=1e-5)
    assert detail.incident_value == pytest.approx(
        float(np.median(13.0 * DURATIONS[190:])), rel=1e-5
    )
    assert detail.points == 30
    assert said("lambda.duration_p99", slow(13.0)) == (
        f"Duration p99 of billing rose from 303 ms to 4.54 s at 14:10 UTC"
        f" ({detail.effect_size:.3g} robust sigma)."
    )


def test_a_count_says_its_total_over_the_incident_window() -> None:
    detail, _ = shown("lambda.errors", failing(12.0))
    counted = [*ERRORS[180:190], *(ERRORS[190:209] + 12.0)]
    assert detail.total_incident == sum(counted)
    assert detail.total_baseline == ERRORS[:180].sum()
    assert f", {round(sum(counted)):,} in all" in said("lambda.errors", failing(12.0))


def test_the_newest_count_is_left_out_since_it_may_not_be_whole() -> None:
    cut = [*CALLS[:209], 2.0]
    detail, snapshot = shown("lambda.invocations", cut)
    assert not detail.anomalous
    assert len(snapshot["times"]) == 209


def test_traffic_that_vanishes_fell() -> None:
    values: list[float | None] = [*CALLS[:190], *[None] * 20]
    detail, _ = shown("lambda.invocations", values)
    assert (detail.anomalous, detail.direction, detail.onset) == (True, "down", at(190))
    assert " fell from 80 to 0 at 14:10 UTC" in said("lambda.invocations", values)


def test_missing_counts_are_zero_only_for_a_resource_that_sent_anything() -> None:
    silent: list[float | None] = [None] * 210
    detail, snapshot = shown("lambda.errors", silent)
    assert detail == MetricDetail(
        signal="lambda.errors",
        statistic="Sum",
        unit="count",
        metric_kind="count",
        anomalous=False,
        direction="none",
    )
    assert snapshot["times"] == []
    sparse: list[float | None] = [1.0 if n == 100 else None for n in range(210)]
    _, snapshot = shown("lambda.errors", sparse)
    assert snapshot["values"].count(0.0) == len(snapshot["values"]) - 1


def test_missing_durations_are_a_gap_never_zero() -> None:
    values: list[float | None] = [None if 60 <= n < 90 else DURATIONS[n] for n in range(210)]
    _, snapshot = shown("lambda.duration_p99", values)
    assert len(snapshot["values"]) == 180
    assert 0.0 not in snapshot["values"]


def test_nothing_that_stands_out_is_said_with_both_levels() -> None:
    assert said("lambda.duration_p99", list(DURATIONS)) == (
        "Duration p99 of billing: nothing stands out (median 335 ms, before 303 ms)."
    )


def test_a_duration_that_falls_to_zero_is_abnormal_and_finite() -> None:
    detail, snapshot = shown("lambda.duration_p50", [*DURATIONS[:190], *[0.0] * 20])
    assert (detail.direction, detail.onset) == ("down", at(190))
    assert math.isfinite(detail.effect_size)
    json.dumps(snapshot, allow_nan=False)


def test_no_data_is_said_as_such() -> None:
    assert said("lambda.errors", [None] * 210) == (
        "Errors of billing: no data in the incident window."
    )


def test_data_without_a_baseline_is_not_called_abnormal() -> None:
    values: list[float | None] = [*[None] * 180, *(9.0 * DURATIONS[180:])]
    detail, _ = shown("lambda.duration_p99", values)
    assert not detail.anomalous
    assert detail.baseline_value is None
    assert said("lambda.duration_p99", values) == (
        "Duration p99 of billing: 30 datapoints in the incident window, too few before it to"
        " compare with."
    )


def test_an_episode_that_ended_before_the_incident_window_is_not_its_finding() -> None:
    values = list(DURATIONS)
    values[60:80] = [13.0 * value for value in values[60:80]]
    detail, snapshot = shown("lambda.duration_p99", values)
    assert not detail.anomalous
    assert max(snapshot["scores"][60:80]) > 0.9


def test_of_two_episodes_the_one_of_greater_evidence_is_the_finding() -> None:
    values = list(DURATIONS)
    values[182] *= 8.0
    values[195:210] = [20.0 * value for value in values[195:210]]
    detail, _ = shown("lambda.duration_p99", values)
    assert detail.onset == at(195)


def test_snapshots_are_plain_json_of_equal_length_with_the_values_as_analysed() -> None:
    for signal, values in (
        ("lambda.duration_p99", slow(13.0)),
        ("lambda.errors", failing(12.0)),
        ("lambda.throttles", [0.0] * 210),
        ("lambda.duration_p50", [5.0, None, 7.123456789]),
    ):
        _, snapshot = shown(signal, values)
        json.dumps(snapshot, allow_nan=False)
        assert snapshot.pop("period_seconds") == 60.0
        assert list(snapshot) == ["times", "values", "lower", "expected", "upper", "scores"]
        assert len({len(column) for column in snapshot.values()}) == 1
        assert {value for value in values if value is not None} >= set(snapshot["values"]) - {None}
        for name in ("lower", "expected", "upper", "scores"):
            known = [value for value in snapshot[name] if value is not None]
            assert all(value == float(f"{value:.6g}") for value in known)


def test_what_too_few_points_cannot_tell_is_none_in_the_snapshot() -> None:
    _, snapshot = shown("lambda.duration_p50", [5.0, 6.0, 7.0])
    assert snapshot["expected"] == [None, None, None]
    assert snapshot["scores"] == [0.0, 0.0, 0.0]


def test_every_number_of_a_sentence_is_in_the_detail() -> None:
    detail, _ = shown("lambda.errors", failing(12.0))
    sentence = said("lambda.errors", failing(12.0))
    assert f"from {detail.baseline_value:g} to {detail.incident_value:g}" in sentence
    assert f"{detail.effect_size:.3g} robust sigma" in sentence
    assert not math.isnan(detail.effect_size)


def test_a_trickle_that_stops_has_stopped_though_no_single_zero_is_rare() -> None:
    trickle = RNG.poisson(3, 210).astype(float)
    trickle[193:] = 0.0
    detail, _ = shown("lambda.invocations", list(trickle))
    assert (detail.anomalous, detail.direction) == (True, "down")
    assert detail.onset is not None
    assert abs((detail.onset - at(193)).total_seconds()) <= 120


@pytest.mark.parametrize(("rate", "zeros"), [(0.3, 12), (3.0, 3)])
def test_a_pause_that_little_traffic_makes_by_itself_is_no_silence(rate: float, zeros: int) -> None:
    trickle = RNG.poisson(rate, 210).astype(float)
    trickle[-zeros:] = 0.0
    assert not shown("lambda.invocations", list(trickle))[0].anomalous
