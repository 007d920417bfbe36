"""Which log patterns are new, gone or changed in rate between two windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom, false_discovery_control

from opspilot.analysis.logs.templates import mine_templates

_FALSE_DISCOVERY_RATE = 0.01
_LEAST_RATIO = 1.5
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class PatternChange:
    """One pattern that differs.

    Attributes:
        baseline_rate: Lines per unit of exposure; `incident_rate` likewise.
        p_value: Adjusted for the number of patterns tested.
        examples: Unmodified input lines; of the incident unless the pattern is gone.
        first_seen: Index of its first line in the incident; None when it is gone.
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


def compare_logs(
    baseline: Sequence[str],
    incident: Sequence[str],
    *,
    exposure: tuple[float, float] | None = None,
) -> list[PatternChange]:
    """The patterns whose rate differs, most surprising first.

    Given their sum, the counts of a pattern in two windows are binomial with the windows' share of
    the exposure (Przyborowski and Wilenski, Biometrika 31, 1940): an exact two-sided test per
    pattern, and Benjamini and Hochberg (JRSS B 57, 1995) over all patterns at 1 %.

    Args:
        baseline: Lines of the window to compare with.
        incident: Lines of the window under suspicion.
        exposure: How much each window could have logged: seconds or invocations; by default their
            numbers of lines.
    """
    mined = mine_templates([*baseline, *incident])
    if not mined.templates:
        return []
    before = np.bincount(mined.assignments[: len(baseline)], minlength=len(mined.templates))
    during = np.bincount(mined.assignments[len(baseline) :], minlength=len(mined.templates))
    first, second = exposure or (float(len(baseline)), float(len(incident)))
    if first <= 0 or second <= 0:
        return []
    p = _adjusted(before, during, second / (first + second))
    first_at = _first_at(mined.assignments[len(baseline) :])
    changes = [
        _change(
            mined.templates[number],
            counts,
            (first, second),
            float(p[number]),
            lines,
            first_at.get(number),
        )
        for number, counts, lines in _examples(
            mined.assignments, before, during, baseline, incident
        )
        if p[number] <= _FALSE_DISCOVERY_RATE and _differs(counts[0] / first, counts[1] / second)
    ]
    return sorted(changes, key=lambda change: (change.p_value, -change.incident_count))


def _first_at(assignments: Sequence[int]) -> dict[int, int]:
    first: dict[int, int] = {}
    for at, number in enumerate(assignments):
        first.setdefault(number, at)
    return first


def _adjusted(before: np.ndarray, during: np.ndarray, share: float) -> np.ndarray:
    total = before + during
    upper = binom.sf(during - 1, total, share)
    lower = binom.cdf(during, total, share)
    p = np.minimum(1.0, 2.0 * np.minimum(upper, lower))
    return np.asarray(false_discovery_control(p))


def _differs(first: float, second: float) -> bool:
    low, high = sorted((first, second))
    return high > 0 and high >= _LEAST_RATIO * low


def _examples(
    assignments: Sequence[int],
    before: np.ndarray,
    during: np.ndarray,
    baseline: Sequence[str],
    incident: Sequence[str],
) -> list[tuple[int, tuple[int, int], tuple[str, ...]]]:
    """Template id, its two counts, and a few lines of it, the incident's first."""
    lines: dict[int, list[str]] = {}
    split = len(baseline)
    for number, line in zip(assignments[split:], incident, strict=True):
        lines.setdefault(number, [])
        if len(lines[number]) < _EXAMPLES:
            lines[number].append(line)
    for number, line in zip(assignments[:split], baseline, strict=True):
        if not during[number] and len(lines.setdefault(number, [])) < _EXAMPLES:
            lines[number].append(line)
    return [
        (number, (int(before[number]), int(during[number])), tuple(lines.get(number, ())))
        for number in range(len(before))
    ]


def _change(
    pattern: str,
    counts: tuple[int, int],
    exposure: tuple[float, float],
    p: float,
    examples: tuple[str, ...],
    first_seen: int | None,
) -> PatternChange:
    first, second = counts[0] / exposure[0], counts[1] / exposure[1]
    kind: Literal["new", "gone", "up", "down"]
    if counts[0] == 0:
        kind = "new"
    elif counts[1] == 0:
        kind = "gone"
    else:
        kind = "up" if second > first else "down"
    return PatternChange(kind, pattern, *counts, first, second, p, examples, first_seen)
