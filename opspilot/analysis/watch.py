"""Looks at a series as it comes in: every point is judged by the points before it.

Band and deviation are those of the last 720 points less a daily rhythm that the days before have
foretold. The score comes from `streaming`; small counts keep to the count model, which knows how
rare an error is where there never was one. Which of the two judges a point is decided from its
past as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.baseline import Baseline, fits_past
from opspilot.analysis.episodes import (
    ALERT_SCORE,
    NOTEWORTHY_P,
    Episode,
    Verdicts,
    episodes,
    score_of,
)
from opspilot.analysis.foretold import past_profile
from opspilot.analysis.model import (
    LOG_SCALE_FLOOR,
    SMALL_COUNT,
    HeavyTailed,
    small_counts,
)
from opspilot.analysis.rhythm import Integers
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.streaming import MEMORY_POINTS, Rare, Surprise, surprise_of
from opspilot.domain.telemetry import MetricKind

_BRIDGED_POINTS = 12


def watch(index: pd.Index, values: Floats, usable: Bools, kind: MetricKind | None) -> Verdicts:
    """The verdict on every point from the points before it and itself.

    Args:
        index: Times of the points.
        values: NaN where missing.
        usable: Points that may be learned from.
        kind: Of the metric.
    """
    seen = _logarithms(values) if kind == "duration" else values
    foretold, rhythm = past_profile(index, seen, usable)
    surprise = surprise_of(seen, usable, foretold)
    del foretold
    fits = fits_past(seen, rhythm, usable)
    if kind == "count":
        return _counted(fits, values, rhythm, surprise)
    held = _Held.empty(len(values))
    for points, fit in fits:
        floor = np.full(1, LOG_SCALE_FLOOR if kind == "duration" else 0.0)
        held.take(points, HeavyTailed(fit, rhythm[points], floor, kind == "duration"), values)
    return held.verdicts(surprise)


@dataclass(frozen=True, slots=True)
class _Held:
    """Every point against the baseline of its past.

    Attributes:
        sigma: One value per point; `band` three rows of such, lower, expected and upper.
        noteworthy: Whether the point is rare by itself.
    """

    sigma: Floats
    band: Floats
    noteworthy: Bools

    @classmethod
    def empty(cls, points: int) -> "_Held":
        """Room for so many points."""
        return cls(np.empty(points), np.empty((3, points)), np.empty(points, dtype=np.bool_))

    def take(self, points: slice, model: HeavyTailed, values: Floats) -> None:
        """What the model of these points makes of them."""
        sigma = model.sigma(values[points])
        self.sigma[points] = sigma
        self.noteworthy[points] = model.rarer(sigma, NOTEWORTHY_P)
        for row, line in zip(self.band, model.band(), strict=True):
            row[points] = line

    def verdicts(self, surprise: Surprise) -> Verdicts:
        """With the scores and alerts of the surprise."""
        news = _news(surprise, self.sigma, self.noteworthy)
        return Verdicts(surprise.scores, self.sigma, self.band, news)


def _counted(
    fits: Iterator[tuple[slice, Baseline]], values: Floats, rhythm: Floats, surprise: Surprise
) -> Verdicts:
    """By the continuous model, and where counts have been small by that of small counts."""
    held = _Held.empty(len(values))
    sigma, up, down, memory, center = (np.empty(len(values)) for _ in range(5))
    band = np.empty((3, len(values)))
    for points, fit in fits:
        floor = np.sqrt(np.maximum(fit.center + rhythm[points], 0.0))
        held.take(points, HeavyTailed(fit, rhythm[points], floor), values)
        model = small_counts(fit, rhythm[points])
        sigma[points], band[:, points] = model.sigma(values[points]), model.band()
        up[points], down[points] = model.tails(values[points])
        memory[points], center[points] = fit.memory, fit.center
    scores = score_of(np.minimum(1.0, 2.0 * np.minimum(up, down)))
    few = Verdicts(scores, sigma, band, episodes(up, down, sigma, memory))
    return _either(_small_so_far(values, center), few, held.verdicts(surprise))


def _logarithms(values: Floats) -> Floats:
    """Logarithms; what is not positive counts as the smallest positive value before it."""
    positive = np.where(values > 0, values, np.inf)
    least = np.minimum.accumulate(positive)
    seen = np.maximum(values, np.where(np.isinf(least), np.nan, least))
    return np.log(seen)


def _small_so_far(values: Floats, center: Floats) -> Bools:
    """Where all values up to here are whole and most of those before it small."""
    whole = np.minimum.accumulate(((values >= 0) & (values % 1 == 0)).astype(np.int8)) == 1
    return np.asarray(whole & ~(center >= SMALL_COUNT), dtype=np.bool_)


def _news(surprise: Surprise, sigma: Floats, noteworthy: Bools) -> list[Episode]:
    """One episode per onset; further ones within the memory of the first belong to it."""
    found: list[Episode] = []
    free_from = 0
    for first in np.flatnonzero(surprise.scores >= ALERT_SCORE):
        if first >= free_from:
            free_from = first + MEMORY_POINTS
            found.append(_episode(int(first), surprise.rare, sigma, noteworthy))
    return found


def _run_from(first: int, at: Integers) -> int:
    """The last rare point that follows the first without a longer break."""
    later = at[np.searchsorted(at, first) :]
    breaks = np.flatnonzero(np.diff(later) > _BRIDGED_POINTS)
    return int(later[breaks[0]] if len(breaks) else later[-1])


def _episode(first: int, rare: Rare, sigma: Floats, noteworthy: Bools) -> Episode:
    """Ends at the last point that is rare by itself: levels and spreads remember for longer."""
    last = _run_from(first, rare.at)
    outside = np.flatnonzero(noteworthy[first : last + 1])
    last = first + int(outside[-1]) if len(outside) else first
    inside = slice(*np.searchsorted(rare.at, (first, last + 1)))
    side = float(rare.direction[inside][np.argmax(rare.raw[inside])])
    away = sigma[first : last + 1] if side > 0 else -sigma[first : last + 1]
    return Episode(
        first=first,
        last=last,
        peak=first + int(np.argmax(np.nan_to_num(away, nan=-np.inf))),
        direction="up" if side > 0 else "down",
        score=float(rare.raw[inside].max()),
    )


def _either(few: Bools, counted: Verdicts, found: Verdicts) -> Verdicts:
    """What was counted where counts are small, else what was found."""

    def chosen(one: Floats, other: Floats) -> Floats:
        return np.where(few, one, other)

    kept = [episode for episode in counted.episodes if few[episode.first]]
    kept += [episode for episode in found.episodes if not few[episode.first]]
    return Verdicts(
        scores=chosen(counted.scores, found.scores),
        sigma=chosen(counted.sigma, found.sigma),
        band=chosen(counted.band, found.band),
        episodes=sorted(kept, key=lambda episode: episode.first),
    )
