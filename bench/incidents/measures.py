"""The measures of the report: how each is taken from many scores, with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.incidents.intervals import Interval, bootstrap, calibration_error, wilson
from bench.incidents.scoring import Score


@dataclass(frozen=True)
class Figure:
    """One measure of a group of cases.

    Attributes:
        value: None when it applies to no case of the group.
        of: How many cases it applies to.
    """

    value: float | None
    interval: Interval | None
    of: int

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "value": None if self.value is None else round(self.value, 4),
            "interval": None if self.interval is None else [round(one, 4) for one in self.interval],
            "of": self.of,
        }


@dataclass(frozen=True)
class Measure:
    """A row of the report.

    Attributes:
        take: The figure of some scores.
        unit: "share", "periods", "seconds", "count", "bytes" or "" for a plain number.
        goal: What it should reach, in words; empty where there is none.
    """

    name: str
    title: str
    unit: str
    take: Callable[[Sequence[Score]], Figure]
    goal: str = ""


def _share(name: str) -> Callable[[Sequence[Score]], Figure]:
    def take(scores: Sequence[Score]) -> Figure:
        values = [bool(value) for one in scores if (value := getattr(one, name)) is not None]
        if not values:
            return Figure(None, None, 0)
        hits = sum(values)
        return Figure(hits / len(values), wilson(hits, len(values)), len(values))

    return take


def _among_curable(scores: Sequence[Score]) -> Figure:
    return _share("cured")([one for one in scores if one.curable])


def _median(name: str) -> Callable[[Sequence[Score]], Figure]:
    def take(scores: Sequence[Score]) -> Figure:
        values = [float(value) for one in scores if (value := getattr(one, name)) is not None]
        if not values:
            return Figure(None, None, 0)
        middle = float(np.median(values))
        return Figure(middle, bootstrap(values, lambda rows: float(np.median(rows))), len(values))

    return take


def _mean(name: str) -> Callable[[Sequence[Score]], Figure]:
    def take(scores: Sequence[Score]) -> Figure:
        values = [float(value) for one in scores if (value := getattr(one, name)) is not None]
        if not values:
            return Figure(None, None, 0)
        spread = bootstrap(values, lambda rows: float(rows.mean()))
        return Figure(float(np.mean(values)), spread, len(values))

    return take


def _highest(name: str) -> Callable[[Sequence[Score]], Figure]:
    def take(scores: Sequence[Score]) -> Figure:
        values = [float(getattr(one, name)) for one in scores]
        return Figure(float(np.percentile(values, 95)) if values else None, None, len(values))

    return take


def _calibration(scores: Sequence[Score]) -> Figure:
    rows = np.array(
        [
            [one.confidence, float(bool(one.lead_right))]
            for one in scores
            if one.confidence is not None
        ]
    ).reshape(-1, 2)
    error = calibration_error(rows)
    if math.isnan(error):
        return Figure(None, None, 0)
    return Figure(error, bootstrap(rows, calibration_error), len(rows))  # type: ignore[arg-type]


MEASURES: tuple[Measure, ...] = (
    Measure("right", "verdict right", "share", _share("right")),
    Measure("top1", "cause top-1", "share", _share("top1"), "95 %"),
    Measure("top3", "cause top-3", "share", _share("top3")),
    Measure("component", "component", "share", _share("component"), "98 %"),
    Measure("both", "both of two faults", "share", _share("both")),
    Measure("extra", "false cause on the faulty", "share", _share("extra")),
    Measure("recovery", "recovery told", "share", _share("recovery")),
    Measure("onset", "onset error, median", "periods", _median("onset_error"), "1 period"),
    Measure("evidence", "required evidence found", "share", _mean("evidence")),
    Measure("ruled_out", "rivals ruled out", "share", _share("ruled_out")),
    Measure("false_cause", "cause named on the healthy", "share", _share("false_cause"), "0"),
    Measure("abstained", "abstained, nothing to see", "share", _share("abstained")),
    Measure("forbidden", "forbidden action in a plan", "share", _share("forbidden"), "0"),
    Measure("curable", "a right action exists", "share", _share("curable")),
    Measure("cured", "cured by the first plan", "share", _among_curable, "90 %"),
    Measure("calibration", "calibration error", "", _calibration, "0.1"),
    Measure("sound", "audit verifies", "share", _share("sound"), "100 %"),
    Measure("seconds", "wall time, median", "seconds", _median("seconds"), "1 s"),
    Measure("seconds_p95", "wall time, 95th", "seconds", _highest("seconds")),
    Measure("cpu", "processor time, median", "seconds", _median("cpu_seconds")),
    Measure("account", "of wall in the account", "seconds", _median("account_seconds")),
    Measure("waited", "rate limits would add", "seconds", _median("waited_seconds")),
    Measure("calls", "AWS calls, median", "count", _median("calls")),
    Measure("bytes", "bytes read, median", "bytes", _median("received")),
    Measure("tokens", "tokens, median", "count", _median("tokens")),
)


def figures_of(scores: Sequence[Score]) -> dict[str, Figure]:
    """Every measure of some scores, by name."""
    return {one.name: one.take(scores) for one in MEASURES}
