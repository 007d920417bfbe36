"""Finds what is abnormal in one series: dense scores, a band, and one alert per episode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from opspilot.analysis.baseline import Baseline, fit_whole
from opspilot.analysis.episodes import Episode, Verdicts, episodes, score_of
from opspilot.analysis.model import (
    LOG_SCALE_FLOOR,
    SMALL_COUNT,
    HeavyTailed,
    Model,
    small_counts,
)
from opspilot.analysis.rhythm import rhythm_of
from opspilot.analysis.series import Bools, Floats, checked_values, outside
from opspilot.analysis.streaming import surprise_among_others
from opspilot.analysis.watch import watch
from opspilot.domain.telemetry import MetricKind
from opspilot.domain.window import Window
from opspilot.errors import InputError

_FEWEST_TO_DOUBT = 100
_SHOWS_WITHIN = 20
_UNLIKE_THE_REST = 0.6
_KINDS: tuple[MetricKind | None, ...] = (None, *get_args(MetricKind))
_BOUNDS: dict[MetricKind, tuple[float, float]] = {
    "count": (0.0, np.inf),
    "rate": (0.0, np.inf),
    "duration": (0.0, np.inf),
    "percent": (0.0, 100.0),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode.

    Attributes:
        start: Time of its first point; `end` of its last (inclusive); `peak` of its rarest.
        score: Of the episode as a whole, in [0, 1].
        effect_size: Robust standard deviations from the expected value at the peak, signed.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    peak: pd.Timestamp
    direction: Literal["up", "down"]
    score: float
    effect_size: float


@dataclass(frozen=True, slots=True)
class AnomalyReport:
    """What `detect_anomalies` found.

    Attributes:
        scores: In [0, 1], on the index of the input: min(1, -log10(tail probability) / 6); 0 for a
            missing point and where too little is known to say. Causal scores weigh more than the
            point alone and take back repeats (see `streaming`).
        band: Columns lower, expected, upper; unless causal, the score is above 0.5 outside it.
        alerts: One per episode, in order of time.
        sigma: Signed deviation from the expected value in robust standard deviations, same index.
    """

    scores: pd.Series
    band: pd.DataFrame
    alerts: tuple[Alert, ...]
    sigma: pd.Series


def detect_anomalies(
    series: pd.Series,
    *,
    causal: bool = False,
    kind: MetricKind | None = None,
    exclude: Sequence[Window | tuple[object, object]] = (),
) -> AnomalyReport:
    """Score every point of a series against its robust baseline.

    Args:
        series: Values on ascending, unique times; NaN is a missing point, which for counts means
            zero.
        causal: The score of a point depends on the points before it and itself only.
        kind: Bounds of the band and the meaning of missing points; None assumes nothing.
        exclude: Half-open windows kept out of the baseline: the incident under suspicion.

    Raises:
        SeriesError: Times unsorted or repeated, or a value that is infinite, beyond 2^360 or no
            number; names the series.
        InputError: There is no such kind.
    """
    if kind not in _KINDS:
        raise InputError(f"{kind!r}: no such kind", hint=f"One of {_KINDS}.")
    values = checked_values(series)
    if kind == "count":
        values = np.nan_to_num(values)
    usable = outside(series.index, exclude)
    if causal:
        return _report(series, kind, watch(series.index, values, usable, kind))
    return _report(series, kind, _reviewed(series.index, values, usable, kind))


def _reviewed(index: pd.Index, values: Floats, usable: Bools, kind: MetricKind | None) -> Verdicts:
    """Every point against the baseline of the whole window."""
    model, fit, kept = _model(index, values, usable, kind)
    sigma = model.sigma(values)
    up, down = model.tails(values)
    up, down = _as_rare_as_shown(values, sigma, kept, usable, up, down)
    found = episodes(up, down, sigma, np.broadcast_to(fit.memory, sigma.shape))
    found = _out_of_the_usual(found, values, usable)
    return Verdicts(
        scores=score_of(np.minimum(1.0, 2.0 * np.minimum(up, down))),
        sigma=sigma,
        band=np.array(np.broadcast_arrays(*model.band())),
        episodes=found,
    )


def _out_of_the_usual(found: list[Episode], values: Floats, usable: Bools) -> list[Episode]:
    """The episodes whose like the rest of the window does not show.

    A model of the tail that is wrong makes episodes of what a series does all the time; so those
    inside the baseline are held against all that is not near them. An episode under suspicion, kept
    out of the baseline, has been held against it already.
    """
    doubtful = [one for one in found if bool(usable[one.first : one.last + 1].all())]
    if not doubtful or int((usable & ~np.isnan(values)).sum()) < _FEWEST_TO_DOUBT:
        return found
    rare = surprise_among_others(values, usable)
    usual = {
        one.first
        for one in doubtful
        if float(rare[one.first : one.last + 1 + _SHOWS_WITHIN].max()) < _UNLIKE_THE_REST
    }
    return [one for one in found if one.first not in usual or one not in doubtful]


def _model(
    index: pd.Index, values: Floats, usable: Bools, kind: MetricKind | None
) -> tuple[Model, Baseline, Bools]:
    learned = values[usable & ~np.isnan(values)]
    logarithmic = kind == "duration" and len(learned) > 0 and bool((learned > 0).all())
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.log(np.where(values > 0, values, np.nan)) if logarithmic else values
    rhythm = rhythm_of(index, seen, usable)
    fit, kept = fit_whole(seen - rhythm, usable, poisson=kind == "count" and not rhythm.any())
    if kind == "count" and _are_small_counts(learned):
        return small_counts(fit, rhythm), fit, kept
    floor = np.full(1, LOG_SCALE_FLOOR if logarithmic else 0.0)
    if kind == "count":
        floor = np.sqrt(np.maximum(fit.center + rhythm, 0.0))
    return HeavyTailed(fit, rhythm, floor, logarithmic), fit, kept


def _are_small_counts(learned: Floats) -> bool:
    whole = len(learned) > 0 and bool((learned >= 0).all() and (learned % 1 == 0).all())
    return whole and float(np.median(learned)) < SMALL_COUNT


def _as_rare_as_shown(
    values: Floats, sigma: Floats, kept: Bools, usable: Bools, up: Floats, down: Floats
) -> tuple[Floats, Floats]:
    """Outside the baseline nothing is rarer than the baseline itself shows it to be.

    Where k of n baseline points are at least as extreme as this one, its tail probability is not
    below (k + 1) / (n + 1), whatever the model says.
    """
    shown = np.sort(sigma[kept])
    judged = ~usable & ~np.isnan(values)
    if not len(shown) or not bool(judged.any()):
        return up, down
    above = len(shown) - np.searchsorted(shown, sigma, side="left")
    below = np.searchsorted(shown, sigma, side="right")

    def floor(p: Floats, beyond: Floats) -> Floats:
        least = np.where(beyond > 0, (beyond + 1.0) / (len(shown) + 1.0), 0.0)
        return np.where(judged, np.maximum(p, least), p)

    return floor(up, above.astype(np.float64)), floor(down, below.astype(np.float64))


def _report(series: pd.Series, kind: MetricKind | None, found: Verdicts) -> AnomalyReport:
    low, high = _BOUNDS.get(kind, (-np.inf, np.inf)) if kind else (-np.inf, np.inf)
    np.clip(found.band, low, high, out=found.band)
    index = series.index
    columns = ["lower", "expected", "upper"]
    return AnomalyReport(
        scores=pd.Series(found.scores, index=index, name="score", copy=False),
        band=pd.DataFrame(found.band.T, index=index, columns=columns, copy=False),
        alerts=tuple(_alert(index, found.sigma, episode) for episode in found.episodes),
        sigma=pd.Series(found.sigma, index=index, name="sigma", copy=False),
    )


def _alert(index: pd.Index, sigma: Floats, episode: Episode) -> Alert:
    return Alert(
        start=index[episode.first],
        end=index[episode.last],
        peak=index[episode.peak],
        direction=episode.direction,
        score=episode.score,
        effect_size=float(sigma[episode.peak]),
    )
