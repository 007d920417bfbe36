"""Reading the parameters of metric requests, and one metric's points."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.requests import required
from opspilot.embedded.simulator.traffic import Floats
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import Statistic, parse_statistic
from opspilot.embedded.wire import Call, Params

INVALID = "ValidationError"
DAY_S = 86400.0


def parse_metric(namespace: str, name: str, dimensions: list[dict[str, str]]) -> MetricId:
    """The metric that a request names; at most 30 dimensions."""
    if len(dimensions) > 30:
        raise AwsError(INVALID, "At most 30 dimensions are allowed.")
    pairs = {str(d.get("Name")): str(d.get("Value")) for d in dimensions}
    return MetricId.of(namespace, name, pairs)


def parse_stat(text: str) -> Statistic:
    """The statistic that a request names."""
    statistic = parse_statistic(text)
    if statistic is None:
        raise AwsError(INVALID, f"Invalid statistic: {text}")
    return statistic


def check_period(period: object, what: str) -> int:
    """A period that CloudWatch accepts."""
    if isinstance(period, int) and (period in (1, 5, 10, 30) or (period > 0 and period % 60 == 0)):
        return period
    raise AwsError(
        INVALID, f"The parameter {what}.Period must be 1, 5, 10, 30 or a multiple of 60: {period}"
    )


def check_span(params: Params) -> tuple[float, float]:
    """StartTime and EndTime, in order."""
    start = float(required(params, "StartTime", INVALID))
    end = float(required(params, "EndTime", INVALID))
    if start >= end:
        raise AwsError(INVALID, "The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def rounded_start(start: float, now: float) -> float:
    """StartTime rounded down as CloudWatch does, by its age."""
    age = now - start
    step = 60.0 if age < 15 * DAY_S else 300.0 if age < 63 * DAY_S else 3600.0
    return start // step * step


def query(
    call: Call, metric: MetricId, statistic: Statistic, period: int, span: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Points of a metric as stored: fine periods vanish with age, silently."""
    begin = rounded_start(span[0], call.now)
    times, values = call.account.metrics.query(
        metric, statistic, period, (begin, span[1]), call.now
    )
    age = call.now - times
    kept = np.ones(times.size, dtype=bool)
    if period % 300:
        kept &= age <= 15 * DAY_S
    if period % 3600:
        kept &= age <= 63 * DAY_S
    return times[kept], values[kept]
