"""Whether counts of two windows differ in rate: exposure, burstiness, exact test, many tests."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Floats = NDArray[np.float64]

_FEWEST_PATTERNS = 4
_FEWEST_LINES = 5.0
_BLOCKS = 12
_MOST_BURSTY = 3.0


def usual_ratio(before: Floats, during: Floats) -> float:
    """How much more of everything the second window holds: the median of the patterns' ratios.

    A flood of one pattern leaves it as it is, where the ratio of the numbers of lines would make
    all others seem to fall (the normalisation of Anders and Huber, Genome Biology 11, 2010).
    """
    both = (before > 0) & (during > 0)
    weight = np.where(both, before * during / np.maximum(before + during, 1.0), 0.0)
    steady = weight >= _FEWEST_LINES / 2
    if steady.sum() < _FEWEST_PATTERNS:
        return float(during.sum() / before.sum())
    return float(np.exp(np.median(np.log(during[steady] / before[steady]))))


def burstiness(numbers: NDArray[np.int64], patterns: int) -> Floats:
    """Variance over mean of each pattern's counts in stretches of a window, from 1 to 3.

    Lines that come in bursts say less than their number. What few lines say of it is drawn towards
    what is usual in this log (after McCullagh and Nelder, Generalized Linear Models, 1989, 9.2.4).
    A log in which most patterns stand in one stretch is sorted, not bursty: it gives ones.
    """
    ones = np.ones(patterns)
    if len(numbers) < 2 * _BLOCKS:
        return ones
    counts = np.stack(
        [np.bincount(part, minlength=patterns) for part in np.array_split(numbers, _BLOCKS)]
    ).astype(float)
    total = counts.sum(axis=0)
    enough = total >= _FEWEST_LINES
    if not enough.any() or np.median(counts.max(axis=0)[enough] / total[enough]) > 0.5:
        return ones
    own = _BLOCKS * counts.var(axis=0, ddof=1) / np.maximum(total, 1.0)
    usual = float(np.median(own[enough]))
    trust = total / (total + _BLOCKS)
    return np.clip(np.where(enough, trust * own + (1 - trust) * usual, usual), 1.0, _MOST_BURSTY)


def p_values(before: Floats, during: Floats, share: float) -> Floats:
    """Two-sided mid-p values of the counts, given their sums and the second window's share.

    Given their sum the counts are binomial (Przyborowski and Wilenski, Biometrika 31, 1940); half
    of the observed outcome's probability counts (Lancaster, JASA 56, 1961). Counts may be
    fractions, as they are after division by the burstiness.
    """
    above = _at_least(during, before, share)
    more = _at_least(during + 1.0, before - 1.0, share)
    upper = 0.5 * (above + more)
    return np.minimum(1.0, 2.0 * np.minimum(upper, 1.0 - upper))


def _at_least(hits: Floats, misses: Floats, share: float) -> Floats:
    """Probability of at least so many hits: P(X >= k) of a binomial, for fractions as well."""
    inner = betainc(np.maximum(hits, 1e-12), np.maximum(misses + 1.0, 1e-12), share)
    return np.where(hits <= 0, 1.0, np.where(misses + 1.0 <= 0, 0.0, inner))


def adjusted(p: Floats, least: Floats, rate: float) -> Floats:
    """Benjamini and Hochberg's adjustment over the tests that could reach the rate at all.

    A pattern of three lines cannot differ significantly however they fall, so it is not counted as
    a test (Gilbert, Applied Statistics 54, 2005); its adjusted p-value is 1.
    """
    able = least <= rate
    result = np.ones_like(p)
    order = np.argsort(p[able])
    tests = int(able.sum())
    ranked: Floats = p[able][order] * tests / np.arange(1.0, tests + 1.0)
    ranked = np.minimum.accumulate(ranked[::-1])[::-1]
    kept = np.empty_like(ranked)
    kept[order] = np.minimum(ranked, 1.0)
    result[able] = kept
    return result


def least_p_values(totals: Floats, share: float) -> Floats:
    """The smallest two-sided mid-p value that so many lines could give."""
    extreme = np.maximum(totals, 0.0)
    return np.minimum(1.0, np.minimum(np.power(share, extreme), np.power(1.0 - share, extreme)))
