"""Whether harm that was there has ended: every signal is back, for long enough to tell."""

from datetime import datetime, timedelta
from math import log

from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.harm import harmful
from opspilot.diagnosis.levels import period_seconds
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.snapshots import metric_points

_FEWEST_CLEAN = 5
_CHANCE = 0.01
_LATE = timedelta(minutes=2)
"""Metrics may be this late: what is not there yet is not clean."""

_TRAFFIC_OF = {"lambda": "lambda.invocations", "api": "api.count"}


def recovered_at(case: Case) -> datetime | None:
    """When the last harm had ended; None while any lasts, or where no metric showed any."""
    hurt = harmful(case)
    ends = [_ended(case, one) for one in hurt]
    if not ends or any(end is None for end in ends):
        return None
    return max(end for end in ends if end is not None)


def _ended(case: Case, shown: Shown[MetricDetail]) -> datetime | None:
    """When one signal came back, if it has stayed there for longer than chance would have it.

    Of failures that came in only some of the periods, as many periods without have to follow as
    chance would give in one of a hundred cases.
    """
    detail = shown.detail
    if detail.onset is None:
        return None
    step = timedelta(seconds=period_seconds(shown))
    known = [
        (at, value)
        for at, value in metric_points(shown.evidence)
        if at > detail.onset - step and at + step <= case.now - _LATE
    ]
    bad = [at for at, value in known if _is_bad(detail, value)]
    if not bad:
        return None
    share = len(bad) / max(1, sum(at <= bad[-1] for at, _ in known))
    needed = _FEWEST_CLEAN if share >= 1.0 else max(_FEWEST_CLEAN, log(_CHANCE) / log(1.0 - share))
    clean = [at for at, _ in known if at > bad[-1] and _served(case, shown, at)]
    return bad[-1] + step if len(clean) >= needed else None


def _is_bad(detail: MetricDetail, value: float) -> bool:
    """Whether a value is on the far side of half the way from the usual level to the incident's."""
    usual = detail.baseline_value or 0.0
    during = detail.incident_value if detail.incident_value is not None else usual
    half = (usual + during) / 2.0
    return value > half if detail.direction == "up" else value < half


def _served(case: Case, shown: Shown[MetricDetail], at: datetime) -> bool:
    """Whether there was traffic that could have failed; where that was not read, yes."""
    prefix = shown.detail.signal.partition(".")[0]
    traffic = case.metric(shown.evidence.resource, _TRAFFIC_OF.get(prefix, ""))
    if traffic is None or traffic is shown:
        return True
    return any(value > 0 for moment, value in metric_points(traffic.evidence) if moment == at)


__all__ = ["recovered_at"]
