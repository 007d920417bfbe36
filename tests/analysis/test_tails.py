"""Tail probabilities, against scipy's distributions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from opspilot.analysis.tails import (
    count_lower,
    count_quantile,
    count_upper,
    degrees_of_freedom,
    student_quantile,
    student_upper,
)

Z = np.array([-4.0, -1.0, 0.0, 0.5, 3.0, 12.0, 50.0])


def test_the_upper_tail_is_that_of_scipys_student_t() -> None:
    for df in (1.0, 3.0, 8.5, 200.0):
        np.testing.assert_allclose(student_upper(Z, np.full(7, df)), stats.t.sf(Z, df), rtol=1e-9)


def test_quantile_and_tail_of_the_student_t_undo_each_other() -> None:
    df = np.array([1.0, 2.5, 10.0])
    z = student_quantile(5e-4, df)
    np.testing.assert_allclose(student_upper(z, df), 5e-4, rtol=1e-6)


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
