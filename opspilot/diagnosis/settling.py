"""Which class of cause makes which other needless, where both are about the same harm.

A class of a higher tier names a mechanism further down: a function that is slow because its table
throttles is not slow by itself. It settles the lower one unless only the lower one has a change
behind it, in which case the mechanism may be its effect; where the mechanism cannot be an effect of
that sort, it settles even so.
"""

from opspilot.diagnosis.assessment import Assessment

_CIRCUMSTANCE = ("traffic_surge", "traffic_drop")
_EDGE = ("api.integration_errors",)
_EFFECT = (
    "sqs.backlog",
    "lambda.async_backlog",
    "lambda.retry_storm",
)
_GENERAL = (
    "lambda.slow_dependency",
    "lambda.timeout_too_small",
    "lambda.code_error_after_release",
    "api.integration_timeout",
    "downstream_failure",
)
_WAITING = ("lambda.slow_dependency", "lambda.timeout_too_small")
_WHOLE = ("bad_deployment", "provider_trouble")

_TELLS_BY_NAME = (
    "lambda.permission_denied",
    "lambda.missing_dependency",
    "lambda.bad_environment",
    "lambda.out_of_memory",
    "expired_credential",
    "provider_trouble",
)
"""The failing function's log names the mechanism itself: no release explains it better."""

_BELOW = (
    "dynamodb.table_throttled",
    "dynamodb.hot_partition",
    "dynamodb.index_back_pressure",
    "dynamodb.capacity_lag",
)
"""Measured at what the slow function waits for."""


def tier(cause_class: str) -> int:
    """How specific a class is.

    0 a circumstance, 1 what the edge shows, 2 an effect, 3 general, 4 specific, 5 several at once.
    """
    for level, group in enumerate((_CIRCUMSTANCE, _EDGE, _EFFECT, _GENERAL)):
        if cause_class in group:
            return level
    return 5 if cause_class in _WHOLE else 4


def settles(specific: Assessment, general: Assessment) -> bool:
    """Whether the one makes the other needless, given that they are about the same harm."""
    one, other = specific.hypothesis.cause_class, general.hypothesis.cause_class
    if one == "downstream_failure" and other in _WAITING:
        return not general.change_found
    if one == "lambda.retry_storm" and other in _GENERAL:
        return specific.change_found and not general.change_found
    if tier(one) <= tier(other):
        return False
    only_other_changed = general.change_found and not specific.change_found
    if other in _EFFECT and not general.change:
        # More calls are no change: what is given up is tried again, which is an effect itself.
        only_other_changed = False
    return not only_other_changed or _even_so(one, other)


def _even_so(one: str, other: str) -> bool:
    if tier(other) == 0:
        return True
    return other in _GENERAL and one in (*_TELLS_BY_NAME, *_BELOW)


__all__ = ["settles", "tier"]
