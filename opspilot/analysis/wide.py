"""Many metrics at once, as they come: a baseline frame and an incident frame made comparable."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from opspilot.analysis.columns import Column, columns_of, comparable_key
from opspilot.analysis.series import LARGEST, Floats
from opspilot.errors import InputError

_FEWEST_KNOWN = 5
_CLOCK_STEP_SPREAD = 0.5


class WideError(InputError, ValueError):
    """A frame of metrics cannot be compared as it is; the message names the column."""


@dataclass(frozen=True, slots=True)
class Wide:
    """Two windows over the same columns, one row per time.

    Attributes:
        columns: What each column is.
        baseline: Rows x columns, NaN where nothing was recorded.
        incident: Likewise.
        times: Index of the incident rows.
    """

    columns: list[Column]
    baseline: Floats
    incident: Floats
    times: pd.Index


def aligned(baseline: pd.DataFrame, incident: pd.DataFrame) -> Wide:
    """The columns that both frames have, in the order of their keys.

    Left out are columns with fewer than five known baseline values or none in the incident, and
    the clock, as a number or as ISO 8601 text. Infinite values and those beyond 2^360 count as
    missing. Rows are put in the order of the index. Columns of one key that differ are all kept;
    whoever ranks them names the key once.

    Raises:
        WideError: A column that both frames have holds something else than numbers or times, or
            the labels of an unsorted index have no order.
    """
    before, after = _sorted(baseline), _sorted(incident)
    places = _places(before), _places(after)
    shared = sorted(places[0].keys() & places[1].keys(), key=_order)
    keys: list[Hashable] = []
    pairs: list[tuple[Floats, Floats]] = []
    for key in shared:
        for one, two in zip(places[0][key], places[1][key], strict=False):
            known = _numbers(before.iloc[:, one], key)
            seen = _numbers(after.iloc[:, two], key)
            if _comparable(known, seen) and not _is_clock(known, seen):
                keys.append(after.columns[two])
                pairs.append((known, seen))
    return Wide(
        columns_of(keys),
        _stacked([known for known, _ in pairs], len(before)),
        _stacked([seen for _, seen in pairs], len(after)),
        after.index,
    )


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.index.is_monotonic_increasing:
        return frame
    try:
        return frame.sort_index(kind="stable")
    except TypeError as exc:
        raise WideError(
            "the index holds labels that have no order", hint="Index the rows by their time."
        ) from exc


def _order(key: Hashable) -> tuple[str, ...]:
    levels = cast(tuple[object, ...], key) if isinstance(key, tuple) else (key,)
    return tuple(str(level) for level in levels)


def _places(frame: pd.DataFrame) -> dict[Hashable, list[int]]:
    """Where each key stands; more than once if several columns bear it."""
    places: dict[Hashable, list[int]] = {}
    for at, key in enumerate(frame.columns):
        places.setdefault(comparable_key(key), []).append(at)
    return places


def _numbers(values: pd.Series, key: Hashable) -> Floats:
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        return np.full(len(values), np.nan)
    try:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as exc:
        if _are_times(values):
            return np.full(len(values), np.nan)
        raise WideError(
            f"{key!r}: the values are not numbers", hint="Leave the column out or convert it."
        ) from exc
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def _are_times(values: pd.Series) -> bool:
    """Whether a column that holds no numbers holds times, written as ISO 8601 has them."""
    read = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    return bool(read.notna().any() and (read.notna() | values.isna()).all())


def _comparable(known: Floats, seen: Floats) -> bool:
    return int((~np.isnan(known)).sum()) >= _FEWEST_KNOWN and not np.isnan(seen).all()


def _is_clock(known: Floats, seen: Floats) -> bool:
    """Whether the column counts time: it rises in even steps, and the incident goes on from it.

    Rows may repeat a time or know none.
    """
    known, seen = known[~np.isnan(known)], seen[~np.isnan(seen)]
    everything = np.concatenate([np.diff(known), np.diff(seen)])
    if (everything < 0).any() or len(set(known.tolist())) < _FEWEST_KNOWN:
        return False
    everything = everything[everything > 0]
    usual = float(np.median(everything))
    even = float(np.mean(np.abs(everything - usual) <= _CLOCK_STEP_SPREAD * usual))
    apart = seen[0] > known[-1] or seen[-1] < known[0]
    return even > 0.9 and bool(apart)


def _stacked(vectors: list[Floats], rows: int) -> Floats:
    return np.column_stack(vectors) if vectors else np.empty((rows, 0))
