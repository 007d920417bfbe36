"""Rivals of `detect_anomalies`: scores in [0, 1] per point; each says when it is not installed."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pandas as pd

from opspilot.analysis.series import Floats

Scorer = Callable[[pd.Series], Floats]

_DIGITS = 6.0


def rivals() -> dict[str, Scorer | None]:
    """Name -> scorer, None where its package is missing (bench/requirements-rivals.txt)."""
    return {
        "rolling mean and deviation (causal)": _windowed_gaussian,
        "river half-space trees (causal)": _half_space_trees if find_spec("river") else None,
        "statsmodels STL residuals (whole)": _stl if find_spec("statsmodels") else None,
    }


def _windowed_gaussian(series: pd.Series) -> Floats:
    """Tail probability against mean and deviation of the 720 points before."""
    past = series.shift(1).rolling(720, min_periods=24)
    return _from_z(((series - past.mean()) / past.std()).to_numpy(dtype=np.float64))


def _from_z(z: Floats) -> Floats:
    from scipy.special import log_ndtr

    digits = -(np.asarray(log_ndtr(-np.abs(np.nan_to_num(z)))) + np.log(2.0)) / np.log(10.0)
    return np.clip(digits / _DIGITS, 0.0, 1.0)


def _half_space_trees(series: pd.Series) -> Floats:
    """Tan, Ting and Liu, IJCAI 2011, on value and change, scaled by their range so far."""
    from river import anomaly, compose, preprocessing

    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, height=8, seed=1)
    )
    scores = np.zeros(len(series))
    before = float(series.iloc[0])
    for place, value in enumerate(series.to_numpy(dtype=np.float64)):
        features = {"value": float(value), "change": float(value) - before}
        scores[place] = model.score_one(features)
        model.learn_one(features)
        before = float(value)
    return np.clip(scores, 0.0, 1.0)


def _stl(series: pd.Series) -> Floats:
    """Cleveland et al., Journal of Official Statistics 6, 1990: robust residuals of a daily STL."""
    from statsmodels.tsa.seasonal import STL

    minutes = float(pd.Series(series.index).diff().median() / pd.Timedelta(minutes=1))
    period = max(2, min(round(1_440.0 / max(minutes, 1e-9)), len(series) // 2 - 1))
    rest = np.asarray(STL(series.to_numpy(), period=period, robust=False).fit().resid)
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    return _from_z(rest / max(spread, 1e-12))
