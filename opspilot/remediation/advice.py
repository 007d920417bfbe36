"""What a person does about causes that no action of the vocabulary undoes yet.

A designed answer: the reason why nothing is proposed, and the way out with the figures that the
ledger holds, so that whoever is on call need not look them up.
"""

from opspilot.domain.change import Change
from opspilot.domain.hypothesis import Cause
from opspilot.remediation.ledger import Ledger

_ADVICE: dict[str, str] = {
    "lambda.permission_denied": (
        "give the execution role of {name} the permission{setting} back, or undo the change of its"
        " policies"
    ),
    "lambda.throttled_by_reserved_concurrency": (
        "raise the reserved concurrency of {name}, or remove the reservation"
    ),
    "lambda.account_concurrency_exhausted": (
        "reserve concurrency for the function that takes most, and ask for a higher account limit"
        " in Service Quotas"
    ),
    "lambda.cold_start_surge": (
        "give {name} provisioned concurrency, or undo the release that made its start heavy"
    ),
    "lambda.retry_storm": (
        "limit the retries (with a growing pause) in what calls, or reserve concurrency to break"
        " the loop at {name}"
    ),
    "lambda.async_backlog": (
        "let {name} run more at a time or faster, restore its asynchronous settings, and put the"
        " dropped events back from the dead-letter target"
    ),
    "lambda.stream_poison_batch": (
        "let the mapping of {name} split failing batches and bound its retries, with a destination"
        " for what is given up"
    ),
    "dynamodb.table_throttled": "raise the capacity{setting} of {name}, or bill it on demand",
    "dynamodb.hot_partition": (
        "spread the hot key of {name} (a suffix in the key, a cache before reads); more capacity"
        " does not reach one partition"
    ),
    "dynamodb.index_back_pressure": "raise the write capacity of the index{setting} of {name}",
    "dynamodb.capacity_lag": (
        "let {name} catch up, and raise its capacity or autoscaling's minimum before the next wave"
    ),
    "dynamodb.conditional_check_storm": (
        "spread the writes to {name} over more items, or let writers wait longer between tries"
    ),
    "sqs.backlog": (
        "switch the mapping of {name} on again, or let its consumer run more at a time"
    ),
    "sqs.poison_messages": (
        "move the messages that fail out of {name} into its dead-letter queue, and mend the sender"
        " or the consumer for what they hold"
    ),
    "sqs.visibility_timeout_too_small": (
        "raise the visibility timeout of {name} to six times its consumer's timeout"
    ),
    "api.integration_timeout": (
        "restore the integration timeout of {name}, or answer its slow requests later by a queue"
    ),
    "api.client_errors": (
        "find the client of {name} in its access log and tell its owner; nothing of ours is broken"
    ),
    "api.integration_errors": (
        "restore the integration of {name}: its permission to invoke, its target, the form of the"
        " answer"
    ),
    "traffic_surge": "let it pass, or limit what comes in by throttling or a usage plan",
    "traffic_drop": "ask whoever sends the traffic; what is behind {name} serves what arrives",
    "downstream_failure": (
        "ask the owner of what {name} depends on; meanwhile let {name} fail fast or do without it"
    ),
    "provider_trouble": "follow the AWS Health Dashboard; a change of ours cures nothing there",
    "expired_credential": (
        "renew the credential or certificate that {name} uses, where it is kept; no plan may hold"
        " a secret"
    ),
    "lambda.memory_too_small": "give {name} the memory back that it had",
    "lambda.timeout_too_small": (
        "give {name} a longer timeout; behind an alias, publish a version with it and point the"
        " alias there"
    ),
    "lambda.out_of_memory": (
        "give {name} more memory; behind an alias, publish a version with it and point the alias"
        " there"
    ),
    "lambda.slow_dependency": (
        "deploy the version of {name} again that was fast, or let its callers wait longer for it"
    ),
    "lambda.bad_environment": "set the variable{setting} of {name} to what it was",
    "lambda.code_error_after_release": "deploy the code of {name} again that served before",
    "lambda.missing_dependency": "release {name} again with what its package lacks",
    "bad_deployment": "deploy the versions again that served before",
}
"""Cause class to what is to be done by hand."""

ADVISED = frozenset(_ADVICE)
"""The classes that have such an answer."""


def advice(cause: Cause, ledger: Ledger) -> str:
    """What a person does about a cause; empty for a class that is not known here."""
    told = _ADVICE.get(cause.cause_class)
    if told is None:
        return ""
    setting = f" ({cause.setting})" if cause.setting else ""
    return told.format(name=cause.resource.name, setting=setting) + _former(cause, ledger)


def _former(cause: Cause, ledger: Ledger) -> str:
    """What the setting at fault was before, where a change tells it."""
    for _, change in ledger.changes(cause.resource, cause.onset):
        was = _was(change, cause.setting)
        if was:
            return f"; {cause.setting} was {was} before"
    return ""


def _was(change: Change, setting: str) -> str:
    before, after = change.before.get(setting), change.after.get(setting)
    return before if before is not None and after is not None and before != after else ""


__all__ = ["ADVISED", "advice"]
