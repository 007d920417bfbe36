"""detect_anomalies: what is there is found, what is not there is not, and the edges are said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.analysis import SeriesError, detect_anomalies, synthetic
from opspilot.analysis.synthetic import changed
from opspilot.domain.telemetry import MetricKind
from opspilot.domain.window import Window
from opspilot.errors import InputError

BASELINE, INCIDENT = 180, 60


def incident_of(series: pd.Series, first: int = BASELINE) -> Window:
    return Window(
        start=series.index[first].to_pydatetime(),
        end=series.index[-1].to_pydatetime() + timedelta(minutes=1),
    )


def times(at: datetime, count: int) -> list[datetime]:
    return [at + timedelta(minutes=index) for index in range(count)]


QUIET: dict[str, tuple[Callable[[int], pd.Series], MetricKind | None]] = {
    "white": (lambda seed: synthetic.white(240, seed=seed), None),
    "autocorrelated": (lambda seed: synthetic.autocorrelated(240, seed=seed), None),
    "strongly autocorrelated": (
        lambda seed: synthetic.autocorrelated(240, seed=seed, rho=0.95),
        None,
    ),
    "heavy tails": (lambda seed: synthetic.heavy_tailed(240, seed=seed, df=4.0), None),
    "random walk": (lambda seed: synthetic.random_walk(240, seed=seed), None),
    "log-normal": (lambda seed: synthetic.durations(240, seed=seed, sigma=0.5), "duration"),
    "rare counts": (lambda seed: synthetic.counts(240, seed=seed, mean=0.05), "count"),
    "small counts": (lambda seed: synthetic.counts(240, seed=seed, mean=3.0), "count"),
    "large counts": (lambda seed: synthetic.counts(240, seed=seed, mean=150.0), "count"),
    "two levels": (
        lambda seed: (
            synthetic.white(240, seed=seed) * 0.1
            + (synthetic.counts(240, seed=seed + 1, mean=0.08) > 0)
        ),
        None,
    ),
    "bursty counts": (
        lambda seed: synthetic.counts(240, seed=seed, mean=4.0, dispersion=0.5),
        "count",
    ),
}


@pytest.mark.parametrize("noise", QUIET)
def test_noise_raises_at_most_one_false_alert_in_two_thousand_points(noise: str) -> None:
    make, kind = QUIET[noise]
    alerts = points = 0
    for seed in range(60):
        series = make(seed)
        alerts += len(detect_anomalies(series, kind=kind).alerts)
        incident = incident_of(series)
        judged = detect_anomalies(series, kind=kind, exclude=(incident,)).alerts
        alerts += sum(alert.peak >= pd.Timestamp(incident.start) for alert in judged)
        points += len(series) + INCIDENT
    assert alerts <= points / 2_000


@pytest.mark.parametrize("noise", QUIET)
def test_the_causal_score_raises_few_false_alerts_too(noise: str) -> None:
    make, kind = QUIET[noise]
    reports = [detect_anomalies(make(seed), kind=kind, causal=True) for seed in range(40)]
    assert sum(len(report.alerts) for report in reports) <= 40 * 240 / 1_000


FAULTS: dict[str, tuple[pd.Series, MetricKind | None, Callable[[np.ndarray], np.ndarray], str]] = {
    "a step of a duration": (
        synthetic.durations(240, seed=1),
        "duration",
        lambda values: values * 3.0,
        "up",
    ),
    "errors where there were none": (
        synthetic.counts(240, seed=2, mean=0.05),
        "count",
        lambda values: values + 6.0,
        "up",
    ),
    "traffic that stops": (
        synthetic.counts(240, seed=3, mean=80.0),
        "count",
        lambda values: values * 0.0,
        "down",
    ),
    "a step of a noisy gauge": (
        synthetic.autocorrelated(240, seed=4, rho=0.5),
        "gauge",
        lambda values: values + 8.0,
        "up",
    ),
    "a slow ramp": (
        synthetic.white(240, seed=5),
        None,
        lambda values: values + np.linspace(0.0, 12.0, len(values)),
        "up",
    ),
    "a line that was flat": (
        synthetic.white(240, seed=6) * 0.0 + 5.0,
        None,
        lambda values: values - 1.0,
        "down",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_episode_is_one_alert_in_the_right_direction(fault: str) -> None:
    quiet, kind, change, direction = FAULTS[fault]
    series = changed(quiet, 200, 230, change)
    alerts = detect_anomalies(series, kind=kind, exclude=(incident_of(series),)).alerts
    assert [alert.direction for alert in alerts] == [direction]
    found = alerts[0]
    assert series.index[198] <= found.start <= series.index[215]
    assert found.start <= found.peak <= found.end <= series.index[233]
    assert found.score >= 0.75
    assert (found.effect_size > 0) == (direction == "up")


@pytest.mark.parametrize("fault", FAULTS)
def test_an_episode_is_found_without_being_told_where_it_is(fault: str) -> None:
    quiet, kind, change, direction = FAULTS[fault]
    series = changed(quiet, 200, 230, change)
    alerts = detect_anomalies(series, kind=kind).alerts
    assert [alert.direction for alert in alerts] == [direction]


def test_an_everyday_second_level_does_not_hide_a_rise_far_above_both() -> None:
    two_levels = QUIET["two levels"][0](3)
    series = changed(two_levels, 236, 239, lambda values: values + 10.0)
    (alert,) = detect_anomalies(series, exclude=(incident_of(series),)).alerts
    assert (alert.start, alert.direction) == (series.index[236], "up")


def test_a_single_spike_is_one_alert_of_one_point() -> None:
    series = changed(synthetic.white(240, seed=8), 210, 210, lambda values: values + 30.0)
    (alert,) = detect_anomalies(series, exclude=(incident_of(series),)).alerts
    assert alert.start <= alert.peak <= alert.end
    assert alert.peak == series.index[210]


@pytest.mark.parametrize("at", [0, 3, 120, 199])
@pytest.mark.parametrize("odd", [25.0, 5.5, -100.0])
@pytest.mark.parametrize("kind", [None, "gauge", "rate"])
def test_one_odd_point_of_a_line_that_stands_still_is_an_alert(
    at: int, odd: float, kind: MetricKind | None
) -> None:
    values = np.full(200, 5.0)
    values[at] = odd
    report = detect_anomalies(
        pd.Series(values, index=synthetic.white(200, seed=0).index), kind=kind
    )
    assert [alert.peak for alert in report.alerts] == [report.scores.index[at]]
    assert (report.band.loc[report.scores.index[at], "upper"]) == 5.0


def test_errors_of_one_minute_where_there_were_none_are_an_alert_and_one_error_is_not() -> None:
    index = synthetic.white(1_440, seed=0).index
    for errors, alerts in ((40.0, 1), (5.0, 1), (1.0, 0)):
        values = np.zeros(1_440)
        values[700] = errors
        found = detect_anomalies(pd.Series(values, index=index), kind="count").alerts
        assert len(found) == alerts


@pytest.mark.parametrize("rate", [0.003, 0.01, 0.05, 0.2])
def test_a_rounded_line_that_flickers_raises_no_alert_but_a_point_far_from_it_does(
    rate: float,
) -> None:
    rng, false = np.random.default_rng(4), 0
    for _ in range(10):
        flicker = (rng.random(1_440) < rate) * rng.choice([-1.0, 1.0], 1_440)
        series = pd.Series(50.0 + flicker, index=synthetic.white(1_440, seed=0).index)
        false += len(detect_anomalies(series).alerts)
        far = changed(series, 700, 700, lambda _: np.array([150.0]))
        assert series.index[700] in [alert.peak for alert in detect_anomalies(far).alerts]
    assert false <= 1


def test_an_earlier_episode_in_the_baseline_does_not_hide_the_next() -> None:
    quiet = synthetic.durations(240, seed=9)
    once = changed(quiet, 60, 85, lambda values: values * 4.0)
    twice = changed(once, 200, 220, lambda values: values * 4.0)
    alerts = detect_anomalies(twice, kind="duration", exclude=(incident_of(twice),)).alerts
    assert [alert.direction for alert in alerts] == ["up", "up"]
    assert alerts[1].start >= twice.index[199]


def test_spikes_that_the_baseline_is_used_to_are_no_surprise() -> None:
    series = synthetic.white(240, seed=10)
    for at in (*range(10, 180, 12), 210):
        series = changed(series, at, at, lambda values: values + 9.0)
    report = detect_anomalies(series, exclude=(incident_of(series),))
    assert not [alert for alert in report.alerts if alert.peak >= series.index[BASELINE]]


def test_excluded_points_leave_the_baseline_as_it_is() -> None:
    series = synthetic.white(240, seed=11)
    wild = changed(series, BASELINE, 239, lambda values: values * 1e4)
    window = (incident_of(series),)
    calm_band = detect_anomalies(series, exclude=window).band
    pd.testing.assert_frame_equal(detect_anomalies(wild, exclude=window).band, calm_band)


def test_pairs_of_times_serve_as_windows_too() -> None:
    series = synthetic.white(240, seed=12)
    window = incident_of(series)
    named = detect_anomalies(series, exclude=(window,))
    paired = detect_anomalies(series, exclude=((window.start, window.end),))
    pd.testing.assert_series_equal(named.scores, paired.scores)


def test_scores_are_dense_on_the_same_index_and_between_zero_and_one() -> None:
    series = changed(synthetic.white(240, seed=13), 200, 230, lambda values: values + 9.0)
    report = detect_anomalies(series)
    assert report.scores.index.equals(series.index)
    assert report.scores.between(0.0, 1.0).all()
    assert report.band.index.equals(series.index)
    assert list(report.band.columns) == ["lower", "expected", "upper"]


def test_points_outside_the_band_score_above_one_half_and_points_inside_below() -> None:
    for kind, series in (
        (None, synthetic.heavy_tailed(6_000, seed=14, df=2.5)),
        ("duration", synthetic.durations(6_000, seed=15, sigma=0.6)),
    ):
        report = detect_anomalies(series, kind=kind)
        outside = (series < report.band["lower"]) | (series > report.band["upper"])
        assert outside.any()
        assert (report.scores[outside] >= 0.5).all()
        assert (report.scores[~outside] <= 0.5 + 1e-9).all()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("count", 0.0, np.inf),
        ("rate", 0.0, np.inf),
        ("duration", 0.0, np.inf),
        ("percent", 0.0, 100.0),
    ],
)
def test_the_band_never_leaves_what_the_kind_can_be(
    kind: MetricKind, low: float, high: float
) -> None:
    rng = np.random.default_rng(16)
    values = np.clip(rng.normal(50, 40, 300), 0, 100)
    series = pd.Series(values, index=synthetic.white(300, seed=0).index)
    band = detect_anomalies(series, kind=kind).band
    assert band.to_numpy().min() >= low
    assert band.to_numpy().max() <= high


def test_a_constant_series_is_not_abnormal() -> None:
    for value in (0.0, 5.0, -1e9, 0.1):
        series = pd.Series(np.full(200, value), index=synthetic.white(200, seed=0).index)
        for causal in (False, True):
            report = detect_anomalies(series, causal=causal)
            assert not report.alerts
            assert (report.scores == 0).all()


def test_too_few_points_to_know_anything_give_scores_of_zero() -> None:
    for count in (0, 1, 5):
        series = synthetic.white(240, seed=17).iloc[:count]
        report = detect_anomalies(series)
        assert len(report.scores) == count
        assert (report.scores == 0).all()
        assert not report.alerts


def test_a_gap_scores_zero_and_hides_nothing_around_it() -> None:
    series = changed(synthetic.white(240, seed=18), 200, 230, lambda values: values + 9.0)
    series.iloc[[20, 21, 150, 210]] = np.nan
    report = detect_anomalies(series, kind="gauge", exclude=(incident_of(series),))
    assert report.scores.iloc[210] == 0
    assert len(report.alerts) == 1


def test_a_missing_count_is_zero_and_a_missing_gauge_is_unknown() -> None:
    series = synthetic.counts(240, seed=19, mean=80.0)
    series.iloc[200:215] = np.nan
    window = (incident_of(series),)
    (alert,) = detect_anomalies(series, kind="count", exclude=window).alerts
    assert alert.direction == "down"
    assert not detect_anomalies(series, kind="gauge", exclude=window).alerts


def test_irregular_times_are_taken_as_they_are() -> None:
    series = changed(synthetic.white(600, seed=20), 480, 599, lambda values: values + 9.0)
    kept = series.iloc[np.sort(np.random.default_rng(1).choice(600, 240, replace=False))]
    (alert,) = detect_anomalies(kept, exclude=((series.index[450], series.index[599]),)).alerts
    assert alert.start >= series.index[478]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda series: series.iloc[::-1], "ascending"),
        (lambda series: pd.concat([series.iloc[:9], series.iloc[8:]]), "twice"),
        (lambda series: series.where(series.index != series.index[7], np.inf), "infinite"),
        (lambda series: series.where(series.index != series.index[7], -1e200), "beyond"),
        (lambda series: series.astype(str) + " ms", "number"),
        (lambda series: series.astype(complex), "number"),
    ],
)
def test_an_unusable_series_is_refused_by_name(
    spoil: Callable[[pd.Series], pd.Series], complaint: str
) -> None:
    series = spoil(synthetic.white(50, seed=21).rename("Errors of checkout"))
    with pytest.raises(SeriesError, match="Errors of checkout") as refused:
        detect_anomalies(series)
    assert complaint in refused.value.message
    assert isinstance(refused.value, InputError)
    assert isinstance(refused.value, ValueError)


@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e4, 1e4),
    seed=st.integers(0, 10_000),
    causal=st.booleans(),
)
@settings(max_examples=40)
def test_shift_and_scale_leave_scores_unchanged(
    scale: float, shift: float, seed: int, causal: bool
) -> None:
    series = changed(synthetic.white(120, seed=seed), 100, 110, lambda values: values + 7.0)
    moved = series * scale + shift
    before, after = (detect_anomalies(one, causal=causal) for one in (series, moved))
    np.testing.assert_allclose(before.scores, after.scores, atol=1e-6)


@given(seed=st.integers(0, 10_000), cut=st.integers(20, 139))
@settings(max_examples=40)
def test_appending_the_future_leaves_causal_scores_unchanged(seed: int, cut: int) -> None:
    for kind, series in (
        (None, synthetic.heavy_tailed(140, seed=seed)),
        ("count", synthetic.counts(140, seed=seed, mean=3.0)),
        ("duration", synthetic.durations(140, seed=seed)),
    ):
        whole = detect_anomalies(series, kind=kind, causal=True).scores
        past = detect_anomalies(series.iloc[:cut], kind=kind, causal=True).scores
        np.testing.assert_allclose(whole.iloc[:cut], past, atol=1e-9)


def test_a_daily_rhythm_is_learned_from_days_that_repeat_it() -> None:
    series = synthetic.daily(4 * 1_440, seed=22, amplitude=12.0)
    report = detect_anomalies(series)
    assert not report.alerts
    width = (report.band["upper"] - report.band["lower"]).median()
    assert width < 12.0
    hollow = changed(series, 3 * 1_440 + 330, 3 * 1_440 + 390, lambda values: values * 0.0)
    (alert,) = detect_anomalies(hollow).alerts
    assert alert.direction == "down"


def test_naive_and_zoned_times_may_be_mixed() -> None:
    series = synthetic.white(240, seed=23)
    naive = series.copy()
    naive.index = series.index.tz_localize(None)
    start = datetime(2026, 11, 1, 3, tzinfo=UTC)
    window = ((start, start + timedelta(hours=1)),)
    zoned_scores = detect_anomalies(series, exclude=window).scores
    naive_scores = detect_anomalies(naive, exclude=window).scores
    np.testing.assert_allclose(zoned_scores.to_numpy(), naive_scores.to_numpy())


def test_a_kind_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no such kind"):
        detect_anomalies(synthetic.white(50, seed=21), kind="counts")  # type: ignore[arg-type]
