"""The two models of a baseline: what each point should be, how far it strays, how rare it is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opspilot.analysis.baseline import Baseline
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.spread import standardized
from opspilot.analysis.tails import (
    count_lower,
    count_quantile,
    count_upper,
)

SMALL_COUNT = 50.0
"""Counts whose median is below follow a count model, the others a continuous one."""

LOG_SCALE_FLOOR = 0.02
"""Durations vary by 2 % at least."""

_BEYOND = 1e6
_NEVER_RARE = 2.0
BAND_TAIL = 5e-4
"""Probability left out on each side of the band: outside it, the score is above 0.5."""


class Model(Protocol):
    """Expectations for every point of a series."""

    def tails(self, values: Floats) -> tuple[Floats, Floats]:
        """P(at least this high) and P(at most this low) for every point."""
        ...

    def sigma(self, values: Floats) -> Floats:
        """Signed deviation from the expected value in robust standard deviations."""
        ...

    def band(self) -> tuple[Floats, Floats, Floats]:
        """Lower bound, expected value and upper bound for every point, in the series' own unit."""
        ...


@dataclass(frozen=True, slots=True)
class HeavyTailed:
    """A location with Student tails, on the values or (for durations) on their logarithms.

    Attributes:
        rhythm: Expected deviation from the centre, per point.
        floor: Smallest scale, per point: the Poisson deviation of large counts.
        logarithmic: Whether it was learned on logarithms.
    """

    fit: Baseline
    rhythm: Floats
    floor: Floats
    logarithmic: bool = False

    @property
    def _expected(self) -> Floats:
        return self.fit.center + self.rhythm

    @property
    def _scale(self) -> Floats:
        return np.maximum(self.fit.scale, self.floor)

    def sigma(self, values: Floats) -> Floats:
        """Signed deviation in robust standard deviations."""
        seen = _logs(values) if self.logarithmic else values
        return np.clip(standardized(seen, self._expected, self._scale), -_BEYOND, _BEYOND)

    def tails(self, values: Floats) -> tuple[Floats, Floats]:
        """One-sided tail probabilities."""
        z = self.sigma(values)
        return self.fit.up.upper(z, self._scale), self.fit.down.upper(-z, self._scale)

    def rarer(self, sigma: Floats, p: float) -> Bools:
        """Where these deviations are rarer than p, 1 % or less, on their side.

        No tail is so thin that two sigma are as rare as that, so few points need be asked about.
        """
        found = np.zeros(len(sigma), dtype=np.bool_)
        scale = np.broadcast_to(self._scale, sigma.shape)
        for side, away in ((self.fit.up, sigma), (self.fit.down, -sigma)):
            far = np.flatnonzero(away > _NEVER_RARE)
            found[far] |= side.at(far).upper(away[far], scale[far]) < p
        return found

    def band(self) -> tuple[Floats, Floats, Floats]:
        """Lower, expected, upper."""
        scale = self._scale
        lower = self._expected - scale * self.fit.down.quantile(BAND_TAIL, scale)
        upper = self._expected + scale * self.fit.up.quantile(BAND_TAIL, scale)
        if not self.logarithmic:
            return lower, self._expected, upper
        with np.errstate(over="ignore"):
            return np.exp(lower), np.exp(self._expected), np.exp(upper)


@dataclass(frozen=True, slots=True)
class SmallCounts:
    """A Poisson rate known from the baseline only, with the overdispersion that it shows.

    Attributes:
        mean: Expected count per point.
        size: Negative binomial size: variance is mean + mean^2 / size.
    """

    mean: Floats
    size: Floats

    def sigma(self, values: Floats) -> Floats:
        """Signed deviation in standard deviations of the model."""
        return (values - self.mean) / np.sqrt(self.mean + self.mean**2 / self.size)

    def tails(self, values: Floats) -> tuple[Floats, Floats]:
        """One-sided tail probabilities."""
        seen = np.nan_to_num(values)
        up = count_upper(seen, self.mean, self.size)
        down = count_lower(seen, self.mean, self.size)
        missing = np.isnan(values)
        return np.where(missing, np.nan, up), np.where(missing, np.nan, down)

    def band(self) -> tuple[Floats, Floats, Floats]:
        """Lower, expected, upper."""
        lower = count_quantile(BAND_TAIL, self.mean, self.size)
        upper = count_quantile(1.0 - BAND_TAIL, self.mean, self.size)
        return lower, self.mean, upper


def small_counts(fit: Baseline, rhythm: Floats) -> SmallCounts:
    """The count model of a baseline: predictive for a rate with a Jeffreys prior.

    The rate is a gamma of shape (sum + 1/2), so the prediction is a negative binomial of that size;
    overdispersion of the baseline (method of moments) adds to 1 / size.
    """
    mean = np.maximum(fit.mean + 0.5 / np.maximum(fit.known, 1.0) + rhythm, 1e-3)
    shape = fit.known * np.maximum(fit.mean, 0.0) + 0.5
    overdispersion = np.maximum(fit.variance - fit.mean, 0.0) / np.maximum(fit.mean**2, 1e-12)
    return SmallCounts(mean, 1.0 / (fit.memory / shape + overdispersion))


def _logs(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log(values), np.where(np.isnan(values), np.nan, -np.inf))
