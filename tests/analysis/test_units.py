"""Neither unit nor level nor sign of a series matters, at any size that floating point has."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.analysis import detect_anomalies, synthetic
from opspilot.analysis.synthetic import changed
from opspilot.domain.telemetry import MetricKind

MAKERS = [
    synthetic.white,
    synthetic.random_walk,
    synthetic.heavy_tailed,
    synthetic.autocorrelated,
    partial(synthetic.counts, mean=3.0),
]


@st.composite
def plain(draw: st.DrawFn) -> pd.Series:
    """A series of unit spread around nothing, some rounded, some with a break or a still part."""
    points, seed = draw(st.integers(100, 500)), draw(st.integers(0, 10_000))
    series = draw(st.sampled_from(MAKERS))(points, seed=seed)
    at = draw(st.integers(40, points - 1))
    breaks = draw(st.sampled_from([lambda old: old, lambda old: old + 9.0, lambda old: old * 0.0]))
    series = changed(series, at, min(at + 40, points - 1), breaks)
    return series.round(draw(st.sampled_from([0, 2, 12])))


@given(series=plain(), power=st.floats(-12.0, 12.0), causal=st.booleans())
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("error")
def test_no_unit_changes_a_score(series: pd.Series, power: float, causal: bool) -> None:
    before = detect_anomalies(series, causal=causal)
    after = detect_anomalies(series * 10.0**power, causal=causal)
    np.testing.assert_allclose(before.scores, after.scores, atol=1e-6)
    assert [one.start for one in before.alerts] == [one.start for one in after.alerts]


@given(series=plain(), power=st.integers(-300, 300), causal=st.booleans())
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("error")
def test_powers_of_two_change_not_a_bit(series: pd.Series, power: int, causal: bool) -> None:
    before = detect_anomalies(series, causal=causal).scores
    after = detect_anomalies(series * 2.0**power, causal=causal).scores
    np.testing.assert_array_equal(before, after)


@given(series=plain(), causal=st.booleans())
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("error")
def test_a_mirrored_series_is_as_surprising(series: pd.Series, causal: bool) -> None:
    before = detect_anomalies(series, causal=causal)
    after = detect_anomalies(-series, causal=causal)
    np.testing.assert_allclose(before.scores, after.scores, atol=1e-9)
    assert [one.start for one in before.alerts] == [one.start for one in after.alerts]
    assert all(
        {one.direction, other.direction} == {"up", "down"}
        for one, other in zip(before.alerts, after.alerts, strict=True)
    )


@pytest.mark.parametrize("level", [1e6, -1e9, 1e12])
@pytest.mark.parametrize("causal", [False, True])
def test_a_level_far_above_the_spread_hides_no_break(level: float, causal: bool) -> None:
    for seed in range(5):
        series = changed(synthetic.white(400, seed=seed), 300, 320, lambda old: old + 15.0)
        before, after = (detect_anomalies(one, causal=causal) for one in (series, series + level))
        assert [one.start for one in before.alerts] == [one.start for one in after.alerts]
        assert len(before.alerts) == 1


@pytest.mark.parametrize("kind", [None, "count", "rate", "gauge", "percent", "duration"])
@pytest.mark.parametrize("factor", [1e-100, 1e-6, 1e6, 1e12, 1e100])
@pytest.mark.filterwarnings("error")
def test_no_kind_warns_of_very_large_or_small_values(
    kind: MetricKind | None, factor: float
) -> None:
    for make in (synthetic.random_walk, synthetic.durations):
        series = make(200, seed=3) * factor
        series.iloc[[5, 90]] = np.nan
        for causal in (False, True):
            assert detect_anomalies(series, causal=causal, kind=kind).scores.between(0, 1).all()


@pytest.mark.parametrize("causal", [False, True])
def test_the_last_digit_of_a_constant_is_no_change(causal: bool) -> None:
    values = np.where(np.arange(300) % 97 == 50, 0.1 + 0.2, 0.3)
    report = detect_anomalies(
        pd.Series(values, index=synthetic.white(300, seed=0).index), causal=causal
    )
    assert not report.alerts
    assert (report.scores < 0.1).all()
