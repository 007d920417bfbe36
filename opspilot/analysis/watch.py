"""Looks at a series as it comes in: every point is judged by the points before it.

Band and deviation are those of the last 720 points less a daily rhythm that the days before have
foretold. The score comes from `streaming`; small counts keep to the count model, which knows how
rare an error is where there never was one. Which of the two judges a point is decided from its
past as well.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.baseline import PAST_POINTS, Baseline, fit_past
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
    Model,
    small_counts,
)
from opspilot.analysis.rhythm import Integers
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.streaming import MEMORY_POINTS, Surprise, surprise_of
from opspilot.domain.telemetry import MetricKind

_BRIDGED_POINTS = 12
_PART_POINTS = 1_000


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
    many, few = _held_against_the_past(values, seen, usable, rhythm, kind)
    noteworthy = np.minimum(many.up, many.down) < NOTEWORTHY_P
    news = _news(surprise, many.sigma, noteworthy)
    found = Verdicts(surprise.scores, many.sigma, many.band, news)
    if few is None:
        return found
    return _either(_small_so_far(values, many.center), _of_counts(few), found)


@dataclass(frozen=True, slots=True)
class _Held:
    """Every point against the baseline of its past; arrays of one value per point."""

    sigma: Floats
    band: tuple[Floats, Floats, Floats]
    up: Floats
    down: Floats
    center: Floats
    memory: Floats


def _held_against_the_past(
    values: Floats, seen: Floats, usable: Bools, rhythm: Floats, kind: MetricKind | None
) -> tuple[_Held, _Held | None]:
    """By the continuous model, and for counts by that of small counts too.

    A thousand points at a time, so that the quantiles of a long series need not all be held.
    """
    many: list[list[Floats]] = []
    few: list[list[Floats]] = []
    for start in (0, *range(PAST_POINTS + _PART_POINTS, len(values), _PART_POINTS)):
        first = max(0, start - PAST_POINTS)
        part, drop = slice(first, first + PAST_POINTS + _PART_POINTS), start - first
        fit = fit_past(seen[part] - rhythm[part], usable[part])
        floor = np.full(1, LOG_SCALE_FLOOR if kind == "duration" else 0.0)
        if kind == "count":
            floor = np.sqrt(np.maximum(fit.center + rhythm[part], 0.0))
            few.append(_held(small_counts(fit, rhythm[part]), fit, values[part], drop))
        model = HeavyTailed(fit, rhythm[part], floor, kind == "duration")
        many.append(_held(model, fit, values[part], drop))
    return _joined(many), _joined(few) if few else None


def _held(model: Model, fit: Baseline, values: Floats, drop: int) -> list[Floats]:
    """The columns of `_Held` for the points after the first so many."""
    up, down = model.tails(values)
    columns = [model.sigma(values), *model.band(), up, down, fit.center, fit.memory]
    return [column[drop:].copy() for column in columns]


def _joined(parts: list[list[Floats]]) -> _Held:
    """All parts in one; each column of a part is let go of as it is taken over."""
    columns = [np.concatenate([part.pop(0) for part in parts]) for _ in range(len(parts[0]))]
    sigma, lower, expected, upper, up, down, center, memory = columns
    return _Held(sigma, (lower, expected, upper), up, down, center, memory)


def _of_counts(held: _Held) -> Verdicts:
    scores = score_of(np.minimum(1.0, 2.0 * np.minimum(held.up, held.down)))
    told = episodes(held.up, held.down, held.sigma, held.memory)
    return Verdicts(scores, held.sigma, held.band, told)


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
    rare = np.flatnonzero(surprise.raw >= ALERT_SCORE)
    free_from = 0
    for first in np.flatnonzero(surprise.scores >= ALERT_SCORE):
        if first < free_from:
            continue
        free_from = first + MEMORY_POINTS
        found.append(_episode(int(first), _run_from(int(first), rare), surprise, sigma, noteworthy))
    return found


def _run_from(first: int, rare: Integers) -> int:
    """The last rare point that follows the first without a longer break."""
    later = rare[np.searchsorted(rare, first) :]
    breaks = np.flatnonzero(np.diff(later) > _BRIDGED_POINTS)
    return int(later[breaks[0]] if len(breaks) else later[-1])


def _episode(
    first: int, last: int, surprise: Surprise, sigma: Floats, noteworthy: Bools
) -> Episode:
    """Ends at the last point that is rare by itself: levels and spreads remember for longer."""
    outside = np.flatnonzero(noteworthy[first : last + 1])
    last = first + int(outside[-1]) if len(outside) else first
    inside = slice(first, last + 1)
    side = float(surprise.direction[inside][np.argmax(surprise.raw[inside])])
    away = sigma[inside] if side > 0 else -sigma[inside]
    return Episode(
        first=first,
        last=last,
        peak=first + int(np.argmax(np.nan_to_num(away, nan=-np.inf))),
        direction="up" if side > 0 else "down",
        score=float(surprise.raw[inside].max()),
    )


def _either(few: Bools, counted: Verdicts, found: Verdicts) -> Verdicts:
    """What was counted where counts are small, else what was found."""

    def chosen(one: Floats, other: Floats) -> Floats:
        return np.where(few, one, other)

    kept = [episode for episode in counted.episodes if few[episode.first]]
    kept += [episode for episode in found.episodes if not few[episode.first]]
    low, middle, high = (
        chosen(one, other) for one, other in zip(counted.band, found.band, strict=True)
    )
    return Verdicts(
        scores=chosen(counted.scores, found.scores),
        sigma=chosen(counted.sigma, found.sigma),
        band=(low, middle, high),
        episodes=sorted(kept, key=lambda episode: episode.first),
    )
