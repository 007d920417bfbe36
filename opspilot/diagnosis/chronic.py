"""Failures that are as frequent as before, and yet no state to call healthy.

The baseline may lie within the trouble itself. That no signal moved then tells nothing.
"""

from opspilot.diagnosis.case import Case
from opspilot.domain.resource import Resource
from opspilot.domain.wording import plural, share

_MUCH = 0.2
_FEWEST = 3


def chronic_failure(case: Case, resource: Resource) -> str:
    """How a function fails throughout, in words; empty where it does not, or it is not known.

    A small share of errors may be as it always was. Deaths for memory are nobody's usual state.
    """
    log = case.log(resource)
    killed = log.detail.out_of_memory if log else 0
    if log and killed >= _FEWEST and log.detail.out_of_memory_baseline:
        before = log.detail.out_of_memory_baseline
        return f"{plural(killed, 'invocation')} killed for memory, {before} before"
    errors, calls = (case.metric(resource, f"lambda.{name}") for name in ("errors", "invocations"))
    failed = errors.detail.total_incident if errors else None
    ran = calls.detail.total_incident if calls else None
    if failed is None or not ran or failed < _FEWEST or failed < _MUCH * ran:
        return ""
    return f"{share(min(1.0, failed / ran))} of the calls of {resource.name} fail, as before"


__all__ = ["chronic_failure"]
