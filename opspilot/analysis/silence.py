"""Counts that stop: few a minute are no rare sight point by point, all of them together are.

Three calls a minute are none in one minute out of twenty, so a single zero tells nothing. Twelve
zeros in a row are: under a Poisson process as busy as before, their probability is exp(-36).
"""

import math

import numpy as np
import pandas as pd

from opspilot.analysis.anomaly import Alert

_EXPECTED = 15.0
"""Events that should have come: none of so many has a chance of 3 in 10 million."""

_LONGER = 3
_FEWEST_BEFORE = 10


def fell_silent(values: pd.Series, first: int, last: int) -> Alert | None:
    """The run of zeros that ends a count, if it came as often as always until then.

    Args:
        values: A count on a regular grid, missing periods filled in where they mean zero.
        first: Position at which the incident window begins.
        last: Position at which it ends, exclusive.

    Returns:
        The run as an episode; None where it began before the window, ended, is no longer than three
        times the longest pause before it, or is too short for how little used to come.
    """
    seen = values.to_numpy(dtype=np.float64)[:last]
    busy = np.flatnonzero(seen != 0.0)  # A gap is not zero: what is not known is no silence.
    start = int(busy[-1]) + 1 if len(busy) else 0
    length = last - start
    if start < max(first, _FEWEST_BEFORE) or length == 0 or np.isnan(seen).any():
        return None
    recent = seen[max(0, start - max(length, _FEWEST_BEFORE)) : start]
    expected = length * min(float(seen[:start].mean()), float(recent.mean()))
    pauses = np.diff(busy) - 1
    if expected < _EXPECTED or length <= _LONGER * int(pauses.max(initial=0)):
        return None
    index = values.index
    return Alert(
        start=pd.Timestamp(index[start]),
        end=pd.Timestamp(index[last - 1]),
        peak=pd.Timestamp(index[start]),
        direction="down",
        score=1.0,
        effect_size=-math.sqrt(expected),
    )


__all__ = ["fell_silent"]
