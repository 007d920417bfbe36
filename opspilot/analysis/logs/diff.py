"""Which log patterns are new, gone or changed in rate between two windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from opspilot.analysis.logs.rates import (
    adjusted,
    burstiness,
    least_p_values,
    p_values,
    usual_ratio,
)
from opspilot.analysis.logs.slots import SlotValues, slot_values
from opspilot.analysis.logs.templates import LogTemplates, checked_lines, mine_templates

_FALSE_DISCOVERY_RATE = 0.02
_LEAST_RATIO = 1.5
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class PatternChange:
    """One pattern that differs.

    Attributes:
        pattern: The template's text.
        baseline_rate: Lines per unit of exposure; `incident_rate` likewise.
        p_value: Adjusted for the number of patterns tested.
        examples: Unmodified input lines; of the incident unless the pattern is gone.
        first_seen: Index of its first line in the incident; None when it is gone.
        slots: The most frequent values of each variable, in the order of the pattern.
    """

    kind: Literal["new", "gone", "up", "down"]
    pattern: str
    baseline_count: int
    incident_count: int
    baseline_rate: float
    incident_rate: float
    p_value: float
    examples: tuple[str, ...] = ()
    first_seen: int | None = None
    slots: tuple[SlotValues, ...] = ()

    @property
    def counts(self) -> tuple[int, int]:
        """Lines in the baseline and in the incident."""
        return self.baseline_count, self.incident_count

    @property
    def rates(self) -> tuple[float, float]:
        """Lines per unit of exposure in the baseline and in the incident."""
        return self.baseline_rate, self.incident_rate


@dataclass(frozen=True, slots=True)
class _Windows:
    """Both windows, mined together."""

    baseline: Sequence[str]
    incident: Sequence[str]
    mined: LogTemplates
    numbers: NDArray[np.int64]
    before: NDArray[np.int64]
    during: NDArray[np.int64]


def compare_logs(
    baseline: Sequence[str],
    incident: Sequence[str],
    *,
    exposure: tuple[float, float] | None = None,
) -> list[PatternChange]:
    """The patterns whose rate differs, most surprising first.

    Each pattern is tested exactly, with counts divided by how bursty the log is, at a false
    discovery rate of 2 % over all patterns; a rate must also differ by half at least.

    Args:
        baseline: Lines of the window to compare with, in order of time.
        incident: Lines of the window under suspicion, in order of time.
        exposure: How much each window could have logged: seconds or invocations. By default what
            most patterns say: one that stayed as it was has the same rate in both.

    Raises:
        TypeError: A window is no sequence of texts.
    """
    windows = _mined(checked_lines(baseline, "baseline"), checked_lines(incident, "incident"))
    before, during = windows.before.astype(float), windows.during.astype(float)
    first, second = exposure or _exposure(before, during)
    if not windows.mined.templates or first <= 0 or second <= 0:
        return []
    p = _adjusted(windows, second / (first + second))
    changes = [
        _change(windows, number, (first, second), float(p[number]))
        for number in np.flatnonzero(p <= _FALSE_DISCOVERY_RATE).tolist()
        if _differs(before[number] / first, during[number] / second)
    ]
    return sorted(changes, key=lambda one: (one.p_value, -abs(_log_ratio(one)), one.pattern))


def _mined(baseline: Sequence[str], incident: Sequence[str]) -> _Windows:
    mined = mine_templates([*baseline, *incident])
    numbers = np.array(mined.assignments, dtype=np.int64)
    split, patterns = len(baseline), len(mined.templates)
    return _Windows(
        baseline,
        incident,
        mined,
        numbers,
        np.bincount(numbers[:split], minlength=patterns),
        np.bincount(numbers[split:], minlength=patterns),
    )


def _exposure(before: NDArray[np.float64], during: NDArray[np.float64]) -> tuple[float, float]:
    first, second = float(before.sum()), float(during.sum())
    if first <= 0 or second <= 0:
        return first, second
    return first, first * usual_ratio(before, during)


def _adjusted(windows: _Windows, share: float) -> NDArray[np.float64]:
    split, patterns = len(windows.baseline), len(windows.mined.templates)
    bursts = burstiness(windows.numbers[:split], patterns)
    before, during = windows.before / bursts, windows.during / bursts
    return adjusted(
        p_values(before, during, share),
        least_p_values(before + during, share),
        _FALSE_DISCOVERY_RATE,
    )


def _differs(first: float, second: float) -> bool:
    low, high = sorted((first, second))
    return high > 0 and high >= _LEAST_RATIO * low


def _log_ratio(change: PatternChange) -> float:
    return float(np.log((change.incident_count + 0.5) / (change.baseline_count + 0.5)))


def _change(
    windows: _Windows, number: int, exposure: tuple[float, float], p: float
) -> PatternChange:
    counts = int(windows.before[number]), int(windows.during[number])
    first, second = counts[0] / exposure[0], counts[1] / exposure[1]
    kind: Literal["new", "gone", "up", "down"]
    if counts[0] == 0:
        kind = "new"
    elif counts[1] == 0:
        kind = "gone"
    else:
        kind = "up" if second > first else "down"
    split = len(windows.baseline)
    numbers = windows.numbers
    places = np.flatnonzero((numbers[:split] if kind == "gone" else numbers[split:]) == number)
    lines = windows.baseline if kind == "gone" else windows.incident
    pattern = windows.mined.templates[number]
    return PatternChange(
        kind,
        pattern,
        *counts,
        first,
        second,
        p,
        tuple(lines[int(at)] for at in places[:_EXAMPLES]),
        None if kind == "gone" else int(places[0]),
        slot_values(pattern, [lines[int(at)] for at in places]),
    )
