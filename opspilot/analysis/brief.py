"""A few rows of a short window that stand alone are held to the others.

In a window of few rows a spike or two fill the shortest stretches, and the column that shows them
now need not have shown one before: among many columns that spike now and then, some always spike
for the first time. So all columns of the same metric are asked what they do when nothing is wrong.
(Holding the extremes of a sample to the next ones: Tukey, "The future of data analysis", Annals of
Mathematical Statistics 33, 1962, who names it after Winsor.)
"""

from collections.abc import Hashable, Sequence

import numpy as np

from opspilot.analysis.series import Floats

_FEWEST_ROWS, _MOST_ROWS = 4, 128
_ALONE = 16
_FAR_BEYOND = 3.0


def winsorized(base_z: Floats, z: Floats, families: Sequence[Hashable]) -> Floats:
    """The incident, its highest and lowest sixteenth of rows in each column held to the next one.

    What lies three times beyond all that the baselines of the column's family reach is not held: a
    row unlike anything ever seen counts alone. Windows of 128 rows and more are left as they are:
    there a stretch takes more rows than that.

    Args:
        base_z: Deviations in the baseline, rows x columns, in robust sigma.
        z: Likewise in the incident.
        families: What each column measures.
    """
    rows = len(z)
    if not _FEWEST_ROWS <= rows < _MOST_ROWS:
        return z
    alone = -(-rows // _ALONE)
    low = np.sort(np.nan_to_num(z, nan=np.inf), axis=0)[alone]
    high = np.sort(np.nan_to_num(z, nan=-np.inf), axis=0)[-1 - alone]
    usual = np.abs(z) <= _FAR_BEYOND * _furthest(base_z, families)
    usual &= np.isfinite(low) & np.isfinite(high)
    low, high = np.minimum(low, high), np.maximum(low, high)
    return np.where(usual, np.clip(z, low, high), z)


def _furthest(base_z: Floats, families: Sequence[Hashable]) -> Floats:
    """How far any column of the family goes in the baseline, for each column."""
    number = {family: at for at, family in enumerate(dict.fromkeys(families))}
    family = np.array([number[name] for name in families])
    furthest = np.zeros(len(number))
    np.maximum.at(furthest, family, np.nanmax(np.abs(base_z), axis=0))
    return furthest[family]
