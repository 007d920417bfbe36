"""Whether a departure is more than a column that has no level would have walked by itself.

A random walk leaves every level in time, so for a column whose baseline does not surely come back
to its mean (the test of Dickey and Fuller, "Distribution of the estimators for autoregressive time
series with a unit root", JASA 74, 1979) the distance from that mean tells nothing. How far it may
go does: the variance of a walk grows with the number of its steps, and that of its drift, which n
steps have shown, with the square of that number over n.
"""

import numpy as np
from scipy.special import stdtr

from opspilot.analysis.deviation import Ints, quantile, scale_of
from opspilot.analysis.heaviness import STUDENT_DF
from opspilot.analysis.series import Bools, Floats

# Of 10,000 walks five come back as surely as this; among hundreds of columns one in twenty is many.
_COMES_BACK = -4.3
_FEWEST_STEPS = 20


def walked(baseline: Floats, incident: Floats, at: Ints, width: Ints) -> Floats:
    """P(a walk goes as far as a stretch of the incident lies); 0 for columns that have a level.

    The incident is taken to follow the baseline.

    Args:
        baseline: Rows x columns, NaN where nothing is known.
        incident: Likewise.
        at: First row of the stretch in each column.
        width: Its rows.
    """
    p: Floats = np.zeros_like(baseline[0])
    for column in (int(place) for place in np.flatnonzero(_wanders(baseline))):
        stretch = slice(int(at[column]), int(at[column] + width[column]))
        p[column] = _walked(baseline[:, column], incident[:, column], stretch)
    return p


def _walked(known: Floats, seen: Floats, stretch: slice) -> float:
    """The same of one column."""
    rows = np.flatnonzero(~np.isnan(known))
    start, end, count = float(known[rows[0]]), float(known[rows[-1]]), len(rows)
    steps: Floats = np.diff(known)[:, None]
    spread = float(scale_of(steps, quantile(steps, 0.5))[0])
    ahead = len(known) - int(rows[-1]) + np.arange(stretch.start, stretch.stop, dtype=np.float64)
    drift = (end - start) / float(rows[-1] - rows[0])
    gone: Floats = seen[stretch] - end - drift * ahead
    known_rows = ~np.isnan(gone)
    most = float(ahead[-1])
    far = spread * float(np.sqrt(most * (1.0 + most / count)))
    if far == 0.0 or not known_rows.any():
        return 0.0
    return 2.0 * float(stdtr(STUDENT_DF, -abs(float(np.mean(gone[known_rows]))) / far))


def _wanders(values: Floats) -> Bools:
    """Where a unit root is not rejected: the regression of each step on the place before it."""
    both = ~np.isnan(values[1:]) & ~np.isnan(values[:-1])
    count = both.sum(axis=0)
    rows = np.maximum(count, 1)
    step = np.where(both, values[1:] - values[:-1], 0.0)
    place = np.where(both, values[:-1], 0.0)
    step = np.where(both, step - step.sum(axis=0) / rows, 0.0)
    place = np.where(both, place - place.sum(axis=0) / rows, 0.0)
    squares = (place**2).sum(axis=0)
    moves = (count >= _FEWEST_STEPS) & (squares > 0)
    slope = (place * step).sum(axis=0) / np.where(moves, squares, 1.0)
    rest = ((step - slope * place) ** 2).sum(axis=0) / np.maximum(count - 2, 1)
    error = np.sqrt(rest / np.where(moves, squares, 1.0))
    return moves & (slope > _COMES_BACK * error)
