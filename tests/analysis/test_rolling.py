"""The window before each point: as numpy has it for each window taken by itself."""

import numpy as np
import pytest

from opspilot.analysis import synthetic
from opspilot.analysis.rolling import Past, pasts
from opspilot.analysis.series import Floats

WINDOW, FEWEST = 60, 12
PROBABILITIES = (0.01, 0.25, 0.5, 0.975)


def parts_of(values: Floats) -> list[Past]:
    def read(first: int, last: int) -> Floats:
        return values[first:last].copy()

    return list(pasts(len(values), read, WINDOW, FEWEST, PROBABILITIES))


def joined(values: Floats) -> Past:
    parts = parts_of(values)
    assert [part.points.start for part in parts[1:]] == [part.points.stop for part in parts[:-1]]
    return Past(
        slice(0, len(values)),
        np.concatenate([part.known for part in parts]),
        np.concatenate([part.quantiles for part in parts], axis=1),
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.variance for part in parts]),
        np.concatenate([part.rho for part in parts]),
    )


def noisy(points: int = 500) -> Floats:
    values = synthetic.autocorrelated(points, seed=1).to_numpy(dtype=np.float64).copy()
    values[np.random.default_rng(2).integers(0, points, points // 6)] = np.nan
    values[200:220] = 4.0
    return values


@pytest.mark.parametrize(
    "values",
    [noisy(), np.round(noisy()), noisy() * 1e-6 + 1e4],
    ids=["with gaps", "with ties", "little noise far from 0"],
)
def test_every_figure_is_that_of_the_window_by_itself(values: Floats) -> None:
    found = joined(values)
    for at in range(len(values)):
        window = values[max(0, at - WINDOW) : at]
        learned = window[~np.isnan(window)]
        assert found.known[at] == len(learned)
        if len(learned) < FEWEST:
            assert np.isnan(found.quantiles[:, at]).all()
            assert np.isnan([found.mean[at], found.variance[at]]).all()
            continue
        np.testing.assert_allclose(
            found.quantiles[:, at], np.quantile(learned, PROBABILITIES), rtol=1e-12
        )
        spread = learned.std(ddof=1)
        assert abs(found.mean[at] - learned.mean()) <= 1e-9 * spread + 1e-11 * abs(learned.mean())
        assert found.variance[at] == pytest.approx(spread**2, rel=1e-8)


def test_neighbours_correlate_as_they_do_within_the_window() -> None:
    values = noisy() * 1e-6 + 1e4
    found = joined(values)
    for at in range(150, len(values)):
        last, before = values[at - WINDOW : at], values[at - WINDOW - 1 : at - 1]
        both = ~np.isnan(last) & ~np.isnan(before)
        expected = np.corrcoef(last[both] - 1e4, before[both] - 1e4)[0, 1]
        assert found.rho[at] == pytest.approx(expected, abs=1e-6)


def test_a_line_that_stands_still_has_no_variance_even_after_a_spike() -> None:
    values = np.full(300, 3.3)
    values[100] = 1e9
    found = joined(values)
    assert found.variance[99] == 0.0
    assert found.variance[120] > 1e15
    assert (found.variance[100 + WINDOW + 1 :] == 0.0).all()
    assert np.isnan(found.rho[100 + WINDOW + 1 :]).all()


def test_no_points_have_no_past() -> None:
    assert parts_of(np.empty(0)) == []


def test_one_point_in_four_knows_the_same_as_if_all_were_asked_for() -> None:
    values = noisy()

    def read(first: int, last: int) -> Floats:
        return values[first:last].copy()

    whole = joined(values)
    parts = list(pasts(len(values), read, WINDOW, FEWEST, PROBABILITIES, 4))
    np.testing.assert_array_equal(np.concatenate([p.known for p in parts]), whole.known[::4])
    np.testing.assert_array_equal(
        np.concatenate([p.quantiles for p in parts], axis=1), whole.quantiles[:, ::4]
    )
    for name in ("mean", "variance", "rho"):
        found = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(found, getattr(whole, name)[::4])
