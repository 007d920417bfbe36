"""Tail probabilities, against scipy's distributions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import stdtrit

from opspilot.analysis.tails import (
    Tail,
    count_lower,
    count_quantile,
    count_upper,
    degrees_of_freedom,
)

Z = np.array([-4.0, -1.0, 0.0, 0.5, 3.0, 12.0, 50.0])


def tail(df: float, far: float = 1e9, excess: float = 1.0, exceedances: float = 4.0) -> Tail:
    return Tail(*(np.array([value]) for value in (df, far, excess, exceedances)))


def test_without_exceedances_the_upper_tail_is_that_of_scipys_student_t() -> None:
    for df in (1.0, 3.0, 8.5, 200.0):
        found = tail(df).upper(Z, np.array([1.0]))
        np.testing.assert_allclose(found, stats.t.sf(Z, df), rtol=1e-9)


def test_beyond_the_threshold_exceedances_follow_scipys_pareto() -> None:
    z = np.array([2.5, 4.0, 9.0, 40.0])
    found = tail(1.0, far=2.0, excess=0.5).upper(z, np.array([1.0]))
    pareto = 0.05 * stats.lomax.sf(z - 2.0, 4.0, scale=4.0 * 0.5)
    np.testing.assert_allclose(found, np.minimum(pareto, stats.t.sf(z, 1.0)), rtol=1e-9)


def test_fewer_exceedances_predict_a_heavier_tail() -> None:
    z = np.array([9.0])
    many, few = (
        tail(1.0, far=2.0, excess=0.5, exceedances=count).upper(z, np.array([1.0]))[0]
        for count in (4.0, 1.0)
    )
    assert many < few


@given(
    df=st.floats(1.0, 200.0),
    far=st.floats(0.0, 10.0),
    excess=st.floats(0.0, 5.0),
    exceedances=st.floats(0.1, 50.0),
    p=st.floats(1e-6, 0.04),
)
def test_quantile_and_tail_undo_each_other(
    df: float, far: float, excess: float, exceedances: float, p: float
) -> None:
    side, unit = tail(df, far, excess, exceedances), np.array([1.0])
    np.testing.assert_allclose(side.upper(side.quantile(p, unit), unit), p, rtol=1e-3)


@given(df=st.floats(1.0, 200.0), far=st.floats(0.0, 10.0), excess=st.floats(0.0, 5.0))
def test_further_out_is_never_likelier(df: float, far: float, excess: float) -> None:
    z = np.linspace(-5.0, 80.0, 400)
    found = tail(df, far, excess).upper(z, np.array([1.0]))
    assert (np.diff(found) <= 1e-12).all()


@given(
    mean=st.floats(0.01, 200),
    size=st.floats(0.05, 1e4),
    x=st.integers(0, 500),
)
def test_count_tails_are_those_of_scipys_negative_binomial(
    mean: float, size: float, x: int
) -> None:
    p = size / (size + mean)
    at, mu, k = (np.array([float(value)]) for value in (x, mean, size))
    np.testing.assert_allclose(
        count_upper(at, mu, k), stats.nbinom.sf(x - 1, size, p), rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(
        count_lower(at, mu, k), stats.nbinom.cdf(x, size, p), rtol=1e-6, atol=1e-12
    )


def test_a_count_of_zero_is_never_surprising_upwards() -> None:
    assert count_upper(np.array([0.0]), np.array([7.0]), np.array([3.0]))[0] == 1.0


def test_the_count_quantile_leaves_out_no_more_than_asked() -> None:
    mean, size = np.array([0.3, 4.0, 40.0]), np.array([1.0, 10.0, 1e4])
    bound = count_quantile(0.999, mean, size)
    assert (count_upper(bound + 1.0, mean, size) <= 0.001).all()


def test_degrees_of_freedom_are_recovered_from_the_quantiles_of_a_t() -> None:
    for df in (2.0, 4.0, 10.0):
        outer, half_iqr = stats.t.ppf(0.975, df), stats.t.ppf(0.75, df)
        many = np.array([1e9])
        found = degrees_of_freedom(np.array([outer]), np.array([half_iqr]), many)[0]
        assert abs(found - df) < 0.05 * df


def test_few_points_are_read_as_heavier_tailed_than_many() -> None:
    normal = (np.array([1.96]), np.array([0.6745]))
    few, many = (degrees_of_freedom(*normal, np.array([n]))[0] for n in (30.0, 1e6))
    assert few < many


def test_where_half_of_the_points_are_equal_more_of_them_make_a_lighter_tail() -> None:
    still = (np.array([0.0]), np.array([0.0]))
    few, many = (degrees_of_freedom(*still, np.array([n]))[0] for n in (10.0, 10_000.0))
    assert 1.0 < few < many < 10.0


def test_quantiles_of_many_points_are_those_of_each_by_itself() -> None:
    df = np.geomspace(1.0, 200.0, 997)
    far, excess, exceedances = np.full((3, len(df)), 1e9)
    unit = np.ones(len(df))
    together = Tail(df, far, excess, exceedances).quantile(5e-4, unit)
    np.testing.assert_allclose(together, -stdtrit(df, 5e-4), rtol=1e-6)
