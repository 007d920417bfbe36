"""Causal detection: what breaks is told once and early, noise is not, the future is unknown."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.analysis import detect_anomalies, synthetic
from opspilot.analysis.streaming import MEMORY_POINTS
from opspilot.analysis.synthetic import changed
from opspilot.domain.telemetry import MetricKind

FIRST, LAST = 900, 959


def causal_alerts(series: pd.Series, kind: MetricKind | None = None) -> list[tuple[int, str]]:
    report = detect_anomalies(series, causal=True, kind=kind)
    return [(int(series.index.get_loc(one.start)), one.direction) for one in report.alerts]


BREAKS: dict[str, tuple[pd.Series, MetricKind | None, Callable[[np.ndarray], np.ndarray], str]] = {
    "step": (synthetic.white(1_200, seed=1), None, lambda old: old + 8.0, "up"),
    "drop": (synthetic.white(1_200, seed=2), "gauge", lambda old: old - 8.0, "down"),
    "slow ramp": (
        synthetic.white(1_200, seed=3),
        None,
        lambda old: old + np.linspace(0.0, 15.0, len(old)),
        "up",
    ),
    "first errors": (
        synthetic.counts(1_200, seed=4, mean=0.02),
        "count",
        lambda old: old + 7.0,
        "up",
    ),
    "traffic that stops": (
        synthetic.counts(1_200, seed=5, mean=200.0),
        "count",
        lambda old: old * 0.0,
        "down",
    ),
    "slow durations": (synthetic.durations(1_200, seed=6), "duration", lambda old: old * 3.0, "up"),
    "line that was flat": (
        synthetic.white(1_200, seed=7) * 0.0 + 3.0,
        None,
        lambda old: old + 0.5,
        "up",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_is_one_alert_soon_after_its_onset(name: str) -> None:
    quiet, kind, change, direction = BREAKS[name]
    found = causal_alerts(changed(quiet, FIRST, LAST, change), kind)
    assert [way for _, way in found] == [direction]
    assert FIRST <= found[0][0] <= FIRST + 40


def test_a_single_spike_is_one_alert_at_its_point() -> None:
    series = changed(synthetic.white(1_200, seed=8), FIRST, FIRST, lambda old: old + 25.0)
    assert causal_alerts(series) == [(FIRST, "up")]


def test_a_line_that_goes_flat_is_told_though_no_value_is_unusual() -> None:
    series = changed(synthetic.white(1_400, seed=9), FIRST, 1_399, lambda old: old * 0.0)
    plain = detect_anomalies(synthetic.white(1_400, seed=9), causal=True).scores
    scores = detect_anomalies(series, causal=True).scores
    assert scores.iloc[FIRST : FIRST + 60].max() > max(0.4, plain.max())


def test_a_variance_that_grows_is_told() -> None:
    series = changed(synthetic.white(1_200, seed=10), FIRST, LAST, lambda old: old * 6.0)
    assert len(causal_alerts(series)) == 1


def test_a_rhythm_that_is_missed_is_told_though_no_value_is_unusual() -> None:
    day = 1_440
    quiet = synthetic.daily(6 * day, seed=11, amplitude=15.0)
    hollow = changed(quiet, 5 * day + 300, 5 * day + 420, lambda old: old * 0.0 - 15.0)
    assert causal_alerts(quiet) == []
    assert [way for _, way in causal_alerts(hollow)] == ["down"]


NOISES: dict[str, Callable[..., pd.Series]] = {
    "white": synthetic.white,
    "autocorrelated": synthetic.autocorrelated,
    "strongly autocorrelated": partial(synthetic.autocorrelated, rho=0.95),
    "random walk": synthetic.random_walk,
    "daily": synthetic.daily,
    "heavy tails": partial(synthetic.heavy_tailed, df=3.0),
}


@pytest.mark.parametrize("noise", NOISES)
def test_noise_raises_at_most_one_causal_alert_in_two_thousand_points(noise: str) -> None:
    make = NOISES[noise]
    alerts = sum(len(causal_alerts(make(2_000, seed=seed))) for seed in range(12))
    assert alerts <= 12


def test_an_episode_that_goes_on_is_not_told_again() -> None:
    series = changed(synthetic.white(2_000, seed=12), FIRST, 1_999, lambda old: old + 9.0)
    report = detect_anomalies(series, causal=True)
    assert len(report.alerts) == 1
    rest = report.scores.iloc[FIRST + 20 : FIRST + MEMORY_POINTS]
    assert (rest <= 0.5).all()
    assert rest.mean() > 3.0 * report.scores.iloc[400:FIRST].mean()


def test_something_worse_is_told_again_and_the_same_again_still_stands_out() -> None:
    series = synthetic.white(2_400, seed=13)
    for first, size in ((900, 40.0), (1_500, 40.0), (1_900, 160.0)):
        series = changed(series, first, first + 5, lambda old, size=size: old + size)
    assert [start for start, _ in causal_alerts(series)] == [900, 1_900]
    scores = detect_anomalies(series, causal=True).scores
    assert scores.iloc[1_500:1_506].max() > 0.55
    assert scores.iloc[1_100:1_500].max() < 0.45


def test_excluded_points_are_judged_but_not_learned_from() -> None:
    quiet = synthetic.white(1_600, seed=14)
    once = changed(quiet, 600, 799, lambda old: old + 12.0)
    window = ((once.index[600], once.index[800]),)
    again = changed(once, 1_200, 1_220, lambda old: old + 12.0)
    starts = [alert.start for alert in detect_anomalies(again, causal=True, exclude=window).alerts]
    assert starts == [again.index[600], again.index[1_200]]


@pytest.mark.parametrize("then", [1e9, 1e60, 1e100])
def test_a_future_beyond_all_measure_changes_no_score(then: float) -> None:
    small = synthetic.white(600, seed=4)
    small[:] = np.cumsum(np.full(600, 0.1)) - np.arange(600) * 0.1 + 5.0
    future = pd.Series(then, index=small.index + (small.index[-1] - small.index[0]) * 2)
    known = detect_anomalies(small, causal=True).scores
    assert known.max() > 0
    later = detect_anomalies(pd.concat([small, future]), causal=True).scores
    assert np.abs(later.iloc[:600] - known).max() < 1e-9


@pytest.mark.filterwarnings("error")
def test_a_constant_of_any_size_is_told_nothing_of() -> None:
    line = synthetic.white(400, seed=4) * 0.0 + 2.0**359
    assert (detect_anomalies(line, causal=True).scores == 0).all()


def test_few_points_say_nothing() -> None:
    series = changed(synthetic.white(30, seed=15), 29, 29, lambda old: old + 99.0)
    assert (detect_anomalies(series, causal=True).scores == 0).all()


@st.composite
def telemetry(draw: st.DrawFn) -> tuple[pd.Series, MetricKind | None]:
    """A series of any kind with gaps, steps and spikes."""
    seed = draw(st.integers(0, 10_000))
    points = draw(st.integers(60, 700))
    kind = draw(st.sampled_from([None, "count", "rate", "gauge", "percent", "duration"]))
    make = draw(
        st.sampled_from(
            [
                synthetic.heavy_tailed,
                synthetic.random_walk,
                partial(synthetic.counts, mean=2.0),
                synthetic.durations,
            ]
        )
    )
    series = make(points, seed=seed)
    at = draw(st.integers(0, points - 1))
    series = changed(series, at, points - 1, lambda old: old + draw(st.sampled_from([0.5, 30.0])))
    series.iloc[draw(st.lists(st.integers(0, points - 1), max_size=8))] = np.nan
    minutes = draw(st.sampled_from([1, 5, 60]))
    series.index = pd.date_range(synthetic.START, periods=points, freq=f"{minutes}min")
    return series, kind


@given(case=telemetry(), part=st.floats(0.2, 1.0))
@settings(max_examples=60)
def test_appending_the_future_changes_no_score_and_no_band(
    case: tuple[pd.Series, MetricKind | None], part: float
) -> None:
    series, kind = case
    cut = max(1, int(part * len(series)))
    whole = detect_anomalies(series, kind=kind, causal=True)
    past = detect_anomalies(series.iloc[:cut], kind=kind, causal=True)
    np.testing.assert_allclose(whole.scores.iloc[:cut], past.scores, atol=1e-9)
    np.testing.assert_allclose(whole.band.iloc[:cut], past.band, rtol=1e-9)


@given(case=telemetry(), scale=st.floats(1e-3, 1e3), shift=st.floats(-1e4, 1e4))
@settings(max_examples=40)
def test_shift_and_scale_leave_the_scores_of_any_series_unchanged(
    case: tuple[pd.Series, MetricKind | None], scale: float, shift: float
) -> None:
    series, _ = case
    for causal in (False, True):
        before = detect_anomalies(series, causal=causal)
        after = detect_anomalies(series * scale + shift, causal=causal)
        np.testing.assert_allclose(before.scores, after.scores, atol=1e-6)


@given(case=telemetry())
@settings(max_examples=40)
def test_scores_bands_and_alerts_keep_their_bounds(
    case: tuple[pd.Series, MetricKind | None],
) -> None:
    series, kind = case
    for causal in (False, True):
        report = detect_anomalies(series, kind=kind, causal=causal)
        assert report.scores.between(0.0, 1.0).all()
        if kind != "count":
            assert (report.scores[series.isna()] == 0).all()
        band = report.band.dropna()
        assert (band["lower"] <= band["expected"]).all()
        assert (band["expected"] <= band["upper"]).all()
        if kind in ("count", "rate", "duration", "percent"):
            assert (band["lower"] >= 0).all()
        for alert in report.alerts:
            assert alert.start <= alert.peak <= alert.end


def test_hourly_rhythms_over_three_weeks_raise_no_alert() -> None:
    hours = np.arange(24 * 21)
    noise = synthetic.white(len(hours), seed=16).to_numpy()
    series = pd.Series(
        20.0 * np.sin(2.0 * np.pi * hours / 24.0) + noise,
        index=pd.date_range(synthetic.START, periods=len(hours), freq="h"),
    )
    assert causal_alerts(series) == []
