"""What speaks against each column of a wide incident: how far, how surely, since when."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from opspilot.analysis.brief import winsorized
from opspilot.analysis.columns import comparable_key
from opspilot.analysis.comovement import comovement, profile
from opspilot.analysis.deviation import (
    Deviations,
    Ints,
    quantile,
    scan,
    standardized_windows,
)
from opspilot.analysis.direction import bad_direction
from opspilot.analysis.discovery import adjusted
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.wandering import walked
from opspilot.analysis.wide import Wide

BELIEVED = 0.05
"""Largest false-discovery rate at which something is said to stand out at all."""

LISTED = 0.25
"""Largest false-discovery rate among the columns that are then named."""

LEAST_LEVEL = 1.0
"""Robust sigma that a column must be away, however surely it is."""

_UNKNOWN_SCALE_SIGMA = 5.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value per column.

    Attributes:
        effect: Signed deviation in robust sigma.
        level: The same, held to five sigma where the baseline hardly ever moved.
        lasting: Part of the incident for which the column was away.
        onset: Row from which on it was away.
        named: Whether the column stands out, at the false-discovery rates above.
    """

    effect: Floats
    level: Floats
    lasting: Floats
    onset: Ints
    named: Bools


def evidence(wide: Wide, symptom: int | None) -> Evidence:
    """Weighs every column.

    Where a symptom is given and the incident has a calm part, a column counts by how it moves with
    the symptom; otherwise, or if nothing does, by its own worst stretch against its baseline: a
    symptom that is bad all along only seems to have a calm part where its noise is large.

    Args:
        wide: Both windows.
        symptom: Position of the symptom's column.
    """
    base_z, z = standardized_windows(wide.baseline, wide.incident)
    moved = None if symptom is None else _moved(wide, z, symptom)
    if moved is not None:
        weighed = _weighed(wide, *moved)
        if weighed.named.any():
            return weighed
    found = scan(base_z, winsorized(base_z, z, [column.family for column in wide.columns]))
    walk = walked(wide.baseline, wide.incident, found.at, found.width) * found.tests
    p = np.maximum(found.p, np.minimum(walk, 1.0))
    return _weighed(wide, found.level, p, _lasting(z, found), found.onset)


def _weighed(wide: Wide, effect: Floats, p: Floats, lasting: Floats, onset: Ints) -> Evidence:
    """Which columns stand out among all that were tested.

    A column whose quartiles coincide tells little of its own scale, so its departures count as five
    sigma at most: it may be named, but a bare zero scale does not make it win.
    """
    still = quantile(wide.baseline, 0.75) == quantile(wide.baseline, 0.25)
    held = np.clip(effect, -_UNKNOWN_SCALE_SIGMA, _UNKNOWN_SCALE_SIGMA)
    level = np.where(still, held, effect)
    away = np.abs(level) >= LEAST_LEVEL
    rate = adjusted(p)
    sure = bool((away & (rate <= BELIEVED)).any())
    return Evidence(effect, level, lasting, onset, away & (rate <= LISTED) & sure)


def position(wide: Wide, key: Hashable | None) -> int | None:
    """Where a column stands among those that can be compared."""
    asked = comparable_key(key)
    keys = (comparable_key(column.key) for column in wide.columns)
    places = (at for at, found in enumerate(keys) if found == asked)
    return next(places, None) if key is not None else None


def _moved(wide: Wide, z: Floats, symptom: int) -> tuple[Floats, Floats, Floats, Ints] | None:
    """How each column moves with the symptom; None where the incident has no calm part."""
    shape = profile(z[:, symptom], bad_direction(wide.columns[symptom].quantity))
    if shape is None:
        return None
    moved = comovement(z, shape)
    return moved.level, moved.p, np.ones_like(moved.level), _half_way(z, moved.level)


def _lasting(z: Floats, found: Deviations) -> Floats:
    """Part of the known rows that reach half of the column's level."""
    known = ~np.isnan(z)
    away = known & (np.nan_to_num(z) * found.sign >= 0.5 * np.abs(found.level))
    return away.sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _half_way(z: Floats, level: Floats) -> Ints:
    """First row at which the column is nearer to its worst than to its calmest value."""
    course = z * np.where(level < 0, -1.0, 1.0)
    middle = (np.nanmin(course, axis=0) + np.nanmax(course, axis=0)) / 2.0
    return np.argmax(np.nan_to_num(course, nan=-np.inf) >= middle, axis=0).astype(np.int64)
