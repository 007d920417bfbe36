"""Failure signatures: one failure mode per file, all of them in `CATALOGUE`."""

from collections.abc import Callable, Iterable

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.signatures import (
    bad_environment,
    code_error_after_release,
    out_of_memory,
    slow_dependency,
    throttled_by_reserved_concurrency,
    timeout_too_small,
    traffic_surge,
)

Signature = Callable[[Case], Iterable[Assessment]]
"""Weighs one failure mode against the ledger, once for each resource that something points to."""

CATALOGUE: dict[str, Signature] = {
    slow_dependency.CAUSE_CLASS: slow_dependency.assess,
    timeout_too_small.CAUSE_CLASS: timeout_too_small.assess,
    code_error_after_release.CAUSE_CLASS: code_error_after_release.assess,
    out_of_memory.CAUSE_CLASS: out_of_memory.assess,
    bad_environment.CAUSE_CLASS: bad_environment.assess,
    throttled_by_reserved_concurrency.CAUSE_CLASS: throttled_by_reserved_concurrency.assess,
    traffic_surge.CAUSE_CLASS: traffic_surge.assess,
}
"""Cause class to its signature."""

__all__ = ["CATALOGUE", "Signature"]
