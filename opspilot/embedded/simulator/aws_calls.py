"""Requests to AWS services from a function: what may refuse them, in the words of boto3.

Three things can: the resource is not there, the role may not, the service is in trouble.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opspilot.embedded.conditions import ALL_SERVICES
from opspilot.embedded.configuration import Configuration, RoleConfig
from opspilot.embedded.fleet import Failure
from opspilot.embedded.simulator.steps import Outcome, Reached
from opspilot.embedded.simulator.traffic import Bools, Floats

_FRAMES = (
    'File "/var/task/app.py", line 66, in handler',
    'File "/opt/python/botocore/client.py", line 1078, in _make_api_call',
)

_MODELLED = {
    "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
    "AccessDeniedException": "ClientError",
    "AccessDenied": "ClientError",
    "ThrottlingException": "ClientError",
    "ServiceUnavailable": "ClientError",
    "ServiceUnavailableException": "ClientError",
    "InternalFailure": "ClientError",
    "ExpiredTokenException": "ClientError",
}
"""Error codes that boto3 raises under another name than their own."""

_TEXTS = {
    "InternalServerError": "Internal server error",
    "InternalFailure": "The request processing has failed because of an unknown error.",
    "ServiceUnavailable": "The service is temporarily unavailable. Please retry.",
    "ServiceUnavailableException": "Service is unable to handle request.",
    "ServiceException": "An internal error occurred.",
    "ThrottlingException": "Rate exceeded",
    "RequestLimitExceeded": "Request limit exceeded.",
}


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A kind of request.

    Attributes:
        service: IAM prefix, such as "dynamodb".
        operation: As boto3 names it in errors.
        action: As IAM names it, with the prefix.
        resource: ARN.
        absent: What the code gets when the resource is not there; None when it is.
        retries: How often botocore tries again before it gives up.
    """

    service: str
    operation: str
    action: str
    resource: str
    absent: Failure | None = None
    retries: int = 4


@dataclass(frozen=True, slots=True)
class Passed:
    """What the service has accepted so far: when, who, and who fails with what."""

    after: Floats
    accepted: Bools
    failures: tuple[tuple[Bools | None, Failure], ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The step's outcome, where nothing else can happen."""
        return Outcome(self.after, self.failures)


def pass_on(reached: Reached, call: AwsCall, took: Floats) -> Passed:
    """The requests on their way to the resource; `took` is how long each takes when well."""
    after = reached.before + took
    refused = denial(reached, call) or call.absent
    if refused is not None:
        return Passed(after, np.zeros(took.size, dtype=bool), ((None, refused),))
    troubles = reached.state.conditions.aws
    trouble = troubles.get(call.service) or troubles.get(ALL_SERVICES)
    if trouble is None:
        return Passed(after, np.ones(took.size, dtype=bool))
    after = after + trouble.extra_ms / 1000.0 * (took / max(float(np.median(took)), 1e-6))
    unlucky = reached.chosen(trouble.failure_share, "aws")
    failure = client_failure(
        trouble.code, call.operation, _TEXTS.get(trouble.code, trouble.code), call.retries
    )
    return Passed(after, ~unlucky, ((unlucky, failure),))


def client_failure(code: str, operation: str, message: str, retries: int = 0) -> Failure:
    """As boto3 raises it: an exception class of the service, or ClientError."""
    tried = f" (reached max retries: {retries})" if retries else ""
    return Failure(
        _MODELLED.get(code, code),
        f"An error occurred ({code}) when calling the {operation} operation{tried}: {message}",
        _FRAMES,
    )


def denial(reached: Reached, call: AwsCall) -> Failure | None:
    """What the code gets when its role may not; None when it may."""
    role_name = reached.runtime.version.role.rpartition("/")[2]
    role = reached.state.roles.get(role_name)
    reason = _reason(role, call.action) if role else None
    if reason is None:
        return None
    function = reached.runtime.function
    account = reached.state.account_id
    action = call.action.lower() if call.service == "sqs" else call.action
    principal = f"arn:aws:sts::{account}:assumed-role/{role_name}/{function}"
    why = reason.format(action=action)
    return client_failure(
        "AccessDenied" if call.service == "sqs" else "AccessDeniedException",
        call.operation,
        f"User: {principal} is not authorized to perform: {action} on resource: {call.resource} "
        f"{why}",
    )


def is_denied(state: Configuration, role: str, action: str) -> bool:
    """Whether an execution role, by ARN, may not do something."""
    found = state.roles.get(role.rpartition("/")[2])
    return found is not None and _reason(found, action) is not None


def _reason(role: RoleConfig, action: str) -> str | None:
    if any(_covers(actions, action) for actions in role.denied.values()):
        return "with an explicit deny in an identity-based policy"
    if any(_covers(actions, action) for actions in role.lost.values()):
        return "because no identity-based policy allows the {action} action"
    return None


def _covers(actions: frozenset[str], action: str) -> bool:
    service = action.partition(":")[0]
    return bool(actions & {action, f"{service}:*", "*"})
