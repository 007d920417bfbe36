"""What DynamoDB's errors mean: again, unknown, not held, cancelled, or the end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore import exceptions as sdk

from opspilot.adapters.dynamodb.operations import iam_actions
from opspilot.errors import StoreUnavailable


class Outcome(Enum):
    """What became of a request that raised."""

    REFUSED = "refused, may be sent again"
    UNKNOWN = "may have taken effect"
    CONDITION = "its condition did not hold"
    CANCELLED = "the transaction was cancelled"
    FAILED = "will fail again"


_REFUSED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "LimitExceededException",
    }
)
# The same token is at work: its outcome is asked for by sending it once more.
_UNKNOWN = frozenset({"TransactionInProgressException", "InternalServerError", "InternalFailure"})
_DENIED = frozenset(
    {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"}
)
_CREDENTIALS = frozenset(
    {
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "IncompleteSignature",
    }
)
_SERVER_ERROR = 500
_ON_RESOURCE = re.compile(r"on resource:? (\S+)")
_PERFORM = re.compile(r"not authorized to perform:? ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
_LONGEST_TEXT = 300


@dataclass(frozen=True)
class Reason:
    """Why one action of a cancelled transaction failed; `code` is "None" for one that did not."""

    code: str
    message: str = ""


def outcome_of(exc: sdk.BotoCoreError | sdk.ClientError) -> Outcome:
    """What became of the request."""
    if not isinstance(exc, sdk.ClientError):
        return Outcome.UNKNOWN if isinstance(exc, _NO_ANSWER) else Outcome.FAILED
    code = code_of(exc)
    if code == "TransactionCanceledException":
        return Outcome.CANCELLED
    if code == "ConditionalCheckFailedException":
        return Outcome.CONDITION
    if code in _REFUSED:
        return Outcome.REFUSED
    status = int(_metadata(exc).get("HTTPStatusCode") or 0)
    lacking = code == "NotImplementedException"
    unknown = code in _UNKNOWN or (status >= _SERVER_ERROR and not lacking)
    return Outcome.UNKNOWN if unknown else Outcome.FAILED


_NO_ANSWER = (sdk.HTTPClientError, sdk.ConnectionError)


def code_of(exc: sdk.ClientError) -> str:
    """The code that AWS answered with."""
    error: Mapping[str, Any] = exc.response.get("Error") or {}
    return str(error.get("Code") or "")


def reasons_of(exc: sdk.ClientError) -> tuple[Reason, ...]:
    """Why a transaction was cancelled, one reason for each action in order."""
    response: Mapping[str, Any] = dict(exc.response)
    found = response.get("CancellationReasons") or ()
    return tuple(
        Reason(str(one.get("Code") or "None"), str(one.get("Message") or "")) for one in found
    )


def store_error(
    exc: sdk.BotoCoreError | sdk.ClientError, operation: str, table: str, *, tried: int = 1
) -> StoreUnavailable:
    """The store's error for a request that failed for good."""
    code = code_of(exc) if isinstance(exc, sdk.ClientError) else ""
    about = f"dynamodb:{operation} on table {table}"
    if code in ("ResourceNotFoundException", "TableNotFoundException"):
        return missing_tables([table])
    if code in _DENIED:
        return denied(exc, operation, table)
    times = f" (tried {tried} times)" if tried > 1 else ""
    message = f"The store failed: {about}{times}: {_said(exc)}."
    return StoreUnavailable(message, hint=_hint(exc, code))


def missing_tables(names: list[str]) -> StoreUnavailable:
    """There are no such tables."""
    which = f"tables {', '.join(names)} do" if len(names) > 1 else f"table {names[0]} does"
    return StoreUnavailable(
        f"The DynamoDB {which} not exist in this account and region.",
        hint="Make them: run opspilot tables create. Or choose OPSPILOT_STORE=sqlite.",
    )


def denied(exc: Exception, operation: str, table: str) -> StoreUnavailable:
    """The identity may not do this."""
    action = missing_action(exc, operation)
    found = _ON_RESOURCE.search(str(exc))
    where = found.group(1) if found else f"table {table}"
    return StoreUnavailable(
        f"The store is denied {action} on {where}.",
        hint=f"Allow {action}; docs/reference/iam.md lists all that the store needs.",
    )


def missing_action(exc: Exception, operation: str) -> str:
    """The IAM action that an answer says is missing, else what the operation needs."""
    found = _PERFORM.search(str(exc))
    return found.group(1) if found else " and ".join(sorted(iam_actions(operation)))


def _hint(exc: Exception, code: str) -> str:
    if code in _CREDENTIALS or isinstance(exc, sdk.NoCredentialsError):
        return "Sign in again, or check the profile and its keys."
    if isinstance(exc, _NO_ANSWER):
        return "Check the network, the region, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_DYNAMODB."
    if code in _REFUSED:
        return "DynamoDB throttles, or others write the same items: try again in a moment."
    return ""


def _said(exc: sdk.BotoCoreError | sdk.ClientError) -> str:
    said = " ".join(str(exc).split()).rstrip(".")
    return said if len(said) <= _LONGEST_TEXT else f"{said[:_LONGEST_TEXT]} ..."


def _metadata(exc: sdk.ClientError) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = dict(exc.response)
    return answer.get("ResponseMetadata") or {}
