"""Queues: visibility timeout and redrive policy."""

from __future__ import annotations

from dataclasses import replace

from opspilot.embedded.changes.checks import Params, Stamp, number, text, whole
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.errors import AwsError
from opspilot.embedded.stores import QueueConfig


def queue_of(state: Configuration, name: str) -> QueueConfig:
    """The queue of that name; AwsError when there is none."""
    found = state.queues.get(name)
    if found is None:
        raise AwsError(
            "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
        )
    return found


def _set_attributes(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    queue = queue_of(state, str(params["queue"]))
    timeout = number(params, "visibility_timeout_s")
    if timeout is not None and not 0 <= timeout <= 43200:
        raise AwsError(
            "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."
        )
    receives = whole(params, "max_receives")
    retention = number(params, "retention_s")
    after = replace(
        queue,
        visibility_timeout_s=queue.visibility_timeout_s if timeout is None else timeout,
        max_receives=queue.max_receives if receives is None else receives,
        dead_letter=text(params, "dead_letter") or queue.dead_letter,
        retention_s=queue.retention_s if retention is None else retention,
        modified=stamp.at,
    )
    return state.with_queue(after)


CHANGES = {"sqs.set_attributes": _set_attributes}
