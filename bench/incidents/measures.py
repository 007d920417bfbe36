"""The measures of the report: how each is taken from many scores, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.incidents.intervals import Interval, bootstrap, calibration_error, share
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


NOTHING = Figure(None, None, 0)
"""Of a measure that applies to no case."""

Take = Callable[[Sequence[Score]], Figure]


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
    take: Take
    goal: str = ""


def _told(name: str, scores: Sequence[Score]) -> tuple[list[float], list[str]]:
    """The values of those cases that have one, and the scenario of each."""
    found = [(value, one.scenario) for one in scores if (value := getattr(one, name)) is not None]
    return [float(value) for value, _ in found], [scenario for _, scenario in found]


def _share(name: str) -> Take:
    def take(scores: Sequence[Score]) -> Figure:
        values, scenarios = _told(name, scores)
        if not values:
            return NOTHING
        flags = [bool(one) for one in values]
        return Figure(float(np.mean(values)), share(flags, scenarios), len(values))

    return take


def _among_curable(scores: Sequence[Score]) -> Figure:
    return _share("cured")([one for one in scores if one.curable])


def _of_rivals(count: Callable[[Score], int]) -> Take:
    """Of all causes that had to be ruled out, the share of which something is so."""

    def take(scores: Sequence[Score]) -> Figure:
        flags = [number < count(one) for one in scores for number in range(one.rivals)]
        if not flags:
            return NOTHING
        scenarios = [one.scenario for one in scores for _ in range(one.rivals)]
        return Figure(float(np.mean(flags)), share(flags, scenarios), len(flags))

    return take


def _median(name: str) -> Take:
    return _middle(name, lambda rows: float(np.median(rows)))


def _mean(name: str) -> Take:
    return _middle(name, lambda rows: float(rows.mean()))


def _middle(name: str, figure: Callable[[np.ndarray], float]) -> Take:
    def take(scores: Sequence[Score]) -> Figure:
        values, scenarios = _told(name, scores)
        if not values:
            return NOTHING
        return Figure(figure(np.array(values)), bootstrap(values, scenarios, figure), len(values))

    return take


def _highest(name: str) -> Take:
    def take(scores: Sequence[Score]) -> Figure:
        values, _ = _told(name, scores)
        return Figure(float(np.percentile(values, 95)), None, len(values)) if values else NOTHING

    return take


def _calibration(states: Sequence[str] = ()) -> Take:
    """Over every case that shows a lead, or those of some states."""

    def take(scores: Sequence[Score]) -> Figure:
        shown = [
            (one, one.confidence)
            for one in scores
            if one.confidence is not None and (not states or one.state in states)
        ]
        if not shown:
            return NOTHING
        rows = [(confidence, float(bool(one.lead_right))) for one, confidence in shown]
        spread = bootstrap(rows, [one.scenario for one, _ in shown], calibration_error)
        return Figure(calibration_error(np.array(rows)), spread, len(rows))

    return take


def _reasoned(one: Score) -> int:
    return one.reasoned


def _unconsidered(one: Score) -> int:
    return one.unconsidered


def _standing(one: Score) -> int:
    return one.rivals - one.reasoned - one.unconsidered


MEASURES: tuple[Measure, ...] = (
    Measure("right", "verdict right", "share", _share("right")),
    Measure("top1", "cause top-1", "share", _share("top1"), "95 %"),
    Measure("strict", "cause top-1, first name only", "share", _share("strict")),
    Measure("top3", "cause top-3", "share", _share("top3")),
    Measure("component", "component", "share", _share("component"), "98 %"),
    Measure("opened", "component: the opened one", "share", _share("opened")),
    Measure("first_failure", "first failure", "share", _share("first_failure")),
    Measure("both", "both of two faults", "share", _share("both")),
    Measure("extra", "false cause on the faulty", "share", _share("extra")),
    Measure("recovery", "recovery told", "share", _share("recovery")),
    Measure("onset", "onset error, median", "periods", _median("onset_error"), "1 period"),
    Measure("evidence", "required evidence found", "share", _mean("evidence")),
    Measure("reasoned", "rivals ruled out, reasoned", "share", _of_rivals(_reasoned)),
    Measure("unconsidered", "rivals not considered", "share", _of_rivals(_unconsidered)),
    Measure("standing", "rivals left standing", "share", _of_rivals(_standing)),
    Measure("false_cause", "cause named on the healthy", "share", _share("false_cause"), "0"),
    Measure("abstained", "abstained, nothing to see", "share", _share("abstained")),
    Measure("forbidden", "forbidden action in a plan", "share", _share("forbidden"), "0"),
    Measure("curable", "a right action exists", "share", _share("curable")),
    Measure("cured", "cured by the first plan", "share", _among_curable, "90 %"),
    Measure("calibration", "calibration error", "", _calibration(), "0.1"),
    Measure("calibration_faults", "of it over faults alone", "", _calibration(("fault",))),
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
