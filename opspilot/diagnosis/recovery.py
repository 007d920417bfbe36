"""Whether harm that was there has ended: every signal is back, for long enough to tell."""

from datetime import datetime, timedelta
from statistics import fmean
from typing import NamedTuple

import numpy as np
from scipy.special import betaincc

from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.harm import harmful
from opspilot.diagnosis.levels import period_seconds, until
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.snapshots import metric_points

SMALL_DROP = 0.7
"""Share of the usual traffic from which on a drop is one that comes and goes by itself."""

_FEWEST_CLEAN = 5
_LAST = 2
_RARE = 0.1
_CHANCE = 0.01
_SURE = 0.95
_BACK = 0.2
"""What is left of the distance from the usual level, as a share of the episode's."""

_FEWEST_BEFORE = 30
_UNUSUAL = 0.01
_LATE = timedelta(minutes=2)
"""Metrics may be this late: what is not there yet is not clean."""

_TRAFFIC_OF = {"lambda": "lambda.invocations", "api": "api.count"}


def recovered_at(case: Case) -> datetime | None:
    """When the last harm had ended; None while any lasts, or where no metric showed any."""
    hurt = harmful(case)
    worse = [_ended(case, one) for one in hurt if one.detail.direction == "up"]
    last = max((end for end in worse if end is not None), default=None)
    less = [
        _ended(case, one) or _came_back(case, one, last)
        for one in hurt
        if one.detail.direction != "up"
    ]
    ends = [*worse, *less]
    if not ends or any(end is None for end in ends):
        return None
    return max(end for end in ends if end is not None)


def _came_back(case: Case, less: Shown[MetricDetail], end: datetime | None) -> datetime | None:
    """The moment when failures had ended, if the traffic since then is about as it used to be.

    Whoever is failed calls less, and comes back bit by bit: so small a rest comes and goes anyway.
    """
    usual = less.detail.baseline_value
    if end is None or not usual:
        return None
    step = timedelta(seconds=period_seconds(less))
    after = [
        value
        for at, value in metric_points(less.evidence)
        if at >= end and at + step <= case.now - _LATE
    ]
    if len(after) < _FEWEST_CLEAN or fmean(after) < SMALL_DROP * usual:
        return None
    return end


def _ended(case: Case, shown: Shown[MetricDetail]) -> datetime | None:
    """When one signal came back, if it has stayed there for longer than chance would have it.

    After that moment a bad point is rare (a quiet minute, an everyday error), none of the last few
    is one, and so few of them would be a one in a hundred chance at the episode's own rate.
    """
    detail = shown.detail
    if detail.onset is None:
        return None
    step = timedelta(seconds=period_seconds(shown))
    limit = _limit(shown, detail.onset - step)
    known = [
        _Point(at, value, value > limit if detail.direction == "up" else value < limit)
        for at, value in metric_points(shown.evidence)
        if at > detail.onset - step and at + step <= case.now - _LATE
    ]
    known = [one for one in known if one.bad or _served(case, shown, one.at)]
    usual = detail.baseline_value or 0.0
    for place, one in enumerate(known):
        if one.bad and _is_over(known[: place + 1], known[place + 1 :], usual):
            return one.at + step
    return None


class _Point(NamedTuple):
    """A value and whether it is one of the trouble."""

    at: datetime
    value: float
    bad: bool


def _is_over(before: list[_Point], after: list[_Point], usual: float) -> bool:
    """Whether what comes after an episode is something else, and back where it used to be.

    The mean has to be back as well: of few failures a period, most may lie below any one limit.
    """
    tail = [one.bad for one in after]
    count = sum(tail)
    if len(tail) < _FEWEST_CLEAN or tail[0] or any(tail[-_LAST:]) or count > _RARE * len(tail):
        return False
    left, was = (fmean(one.value for one in part) - usual for part in (after, before))
    # What is beyond the usual level on the other side is back as well.
    if (left if was > 0 else -left) > _BACK * abs(was):
        return False
    rate = min(sum(one.bad for one in before) / len(before), _SURE)
    return float(betaincc(count + 1, len(tail) - count, rate)) < _CHANCE  # P(X <= count), binomial


def _limit(shown: Shown[MetricDetail], start: datetime) -> float:
    """Beyond which a value is bad: half the way from the usual level to the incident's.

    Where the usual values scatter further than that, a bad one has to be unusual for them as well.
    """
    detail = shown.detail
    usual = detail.baseline_value or 0.0
    during = detail.incident_value if detail.incident_value is not None else usual
    half = (usual + during) / 2.0
    before = until(shown, start)
    if len(before) < _FEWEST_BEFORE:
        return half
    if detail.direction == "up":
        return max(half, float(np.quantile(before, 1.0 - _UNUSUAL)))
    return min(half, float(np.quantile(before, _UNUSUAL)))


def _served(case: Case, shown: Shown[MetricDetail], at: datetime) -> bool:
    """Whether there was traffic that could have failed; where that was not read, yes."""
    prefix = shown.detail.signal.partition(".")[0]
    traffic = case.metric(shown.evidence.resource, _TRAFFIC_OF.get(prefix, ""))
    if traffic is None or traffic is shown:
        return True
    return any(value > 0 for moment, value in metric_points(traffic.evidence) if moment == at)


__all__ = ["SMALL_DROP", "recovered_at"]
