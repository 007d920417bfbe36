"""Series of points, as metric math computes with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opspilot.embedded.errors import AwsError
from opspilot.embedded.simulator.traffic import Floats


@dataclass(frozen=True, slots=True)
class Series:
    """Points by time."""

    times: Floats
    values: Floats
    period_s: int


Value = float | Series | list[Series]


def invalid(expression: str, why: str) -> AwsError:
    """The error for an expression that cannot be evaluated."""
    return AwsError("ValidationError", f"Error in expression '{expression}': {why}")


def finite(times: Floats, values: Floats, period_s: int) -> Series:
    """Points that divide by zero are missing."""
    kept = np.isfinite(values)
    return Series(times[kept], values[kept], period_s)
