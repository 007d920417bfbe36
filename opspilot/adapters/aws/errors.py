"""What AWS answers and what the SDK raises, translated into our errors.

Emulators answer with bare statuses and HTML pages, so nothing relies on a code being there.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from opspilot.adapters.aws.codes import kind_of
from opspilot.adapters.aws.operations import Operation
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
    AwsUnsupported,
)

NOT_IMPLEMENTED = "NotImplemented"
"""`aws_code` of an operation that the endpoint does not have (an emulator's partial coverage)."""

_HINTS: dict[str, str] = {
    "PreconditionFailedException": "somebody changed it since it was read: plan again",
    "ResourceConflictException": "an update is in progress: try again soon",
    "LimitExceededException": "too many run at once: stop one or try again soon",
    "RequestExpired": "the clock of this machine is wrong",
}

_LACKING = re.compile(r"not (yet )?(been )?implemented|pro feature", re.IGNORECASE)
# Endpoints that lack an operation say so in many ways. AWS itself always gives a code, and of these
# only InternalFailure; so the first ones settle it, and the rest may be a passing trouble.
_UNKNOWN_HERE = frozenset({NOT_IMPLEMENTED, "InvalidAction", "UnknownOperationException", "405"})
_LACKING_CODES = _UNKNOWN_HERE | {"InternalFailure", "Unparsable", "500"}
_BAD_REQUEST, _NOT_FOUND, _LACKING_STATUS = 400, 404, 501
_LONGEST_TEXT = 300
_NO_MESSAGE = "no message"
_TAG = re.compile(r"<[^>]*>")

_PERFORM = re.compile(r"not authorized to perform:? ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
_ON_RESOURCE = re.compile(r"on resource:? (\S+)")

_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.ProfileNotFound,
    sdk.TokenRetrievalError,
    sdk.SSOError,
    sdk.LoginError,
)
_NO_ANSWER = (sdk.HTTPClientError, sdk.ConnectionError)


@contextmanager
def aws_call(operation: Operation, resource: str = "") -> Generator[None]:
    """Translate whatever the SDK raises inside the block.

    Raises:
        AwsError: Of the kind that the table says, naming the operation and the resource.
    """
    try:
        yield
    except sdk.ClientError as exc:
        raise from_answer(exc, operation, resource) from exc
    except ResponseParserError as exc:
        raise AwsUnavailable(
            f"{operation.name} answered something that is not an AWS answer: {_short(exc)}",
            operation=operation.name,
            resource=resource,
            aws_code="Unparsable",
        ) from exc
    except sdk.BotoCoreError as exc:
        raise _from_sdk(exc, operation, resource) from exc


def must_be_aws(answer: Mapping[str, Any], operation: Operation) -> None:
    """Refuse what came with status 200 and is no answer: the SDK reads it as an empty one.

    That is a web page, or nothing where AWS always tells something. Emulators call their JSON
    "text/html" at times, but they give request ids, and pages do not.

    Raises:
        AwsUnavailable: Something else than AWS answers at this address.
    """
    metadata: Mapping[str, Any] = answer.get("ResponseMetadata") or {}
    headers: Mapping[str, Any] = metadata.get("HTTPHeaders") or {}
    page = str(headers.get("content-type") or "").startswith("text/html")
    if page and not metadata.get("RequestId"):
        raise AwsUnavailable(
            f"{operation.name} was answered with a web page, not by AWS",
            operation=operation.name,
            aws_code="Unparsable",
            hint="check AWS_ENDPOINT_URL and the proxy",
        )
    tells = not (operation.mute or operation.once)
    if tells and not answer.keys() - {"ResponseMetadata"}:
        raise AwsUnavailable(
            f"{operation.name} was answered with nothing at all, so not by AWS",
            operation=operation.name,
            aws_code="Unparsable",
        )


def from_answer(exc: sdk.ClientError, operation: Operation, resource: str) -> AwsError:
    """Our error for an error that AWS answered with."""
    answer: dict[str, Any] = dict(exc.response)
    error: dict[str, Any] = answer.get("Error") or {}
    metadata: dict[str, Any] = answer.get("ResponseMetadata") or {}
    status = int(metadata.get("HTTPStatusCode") or 0)
    text = str(error.get("Message") or error.get("message") or _NO_MESSAGE)
    code = _code_of(str(error.get("Code") or ""), text, status)
    if code == str(_NOT_FOUND) and not _speaks_aws(metadata, text):
        code = NOT_IMPLEMENTED
    details = {
        "operation": operation.name,
        "resource": resource,
        "aws_code": code,
        "request_id": str(metadata.get("RequestId") or ""),
        "hint": _HINTS.get(code, ""),
    }
    kind = AwsUnsupported if code in _UNKNOWN_HERE else kind_of(code, status)
    if kind is AwsDenied:
        return _denied(text, operation, details)
    if kind is AwsCredentialsMissing:
        details["hint"] = details["hint"] or "sign in again, or check the profile and its keys"
    about = f" on {resource}" if resource else ""
    return kind(f"{operation.name}{about}: {code}: {_short(text)}", **details)


def not_implemented(error: AwsError) -> bool:
    """Whether the endpoint lacks this operation, as emulators do."""
    return error.aws_code in _LACKING_CODES


def may_pass(error: AwsError, operation: Operation) -> bool:
    """Whether the same request is worth sending again.

    What must not be sent twice is sent again only if it was certainly refused; after a server error
    or a time-out it may have taken effect, and the caller has to look.
    """
    if isinstance(error, AwsThrottled):
        return error.aws_code != "LimitExceededException"
    if operation.once or not isinstance(error, AwsUnavailable):
        return False
    return not isinstance(error, AwsUnsupported)


def answered(error: AwsError) -> bool:
    """Whether a server answered at all, rather than nothing having been reached."""
    return bool(error.aws_code)


def _code_of(code: str, text: str, status: int) -> str:
    if status == _LACKING_STATUS or (status >= _BAD_REQUEST and _LACKING.search(text)):
        return NOT_IMPLEMENTED
    return code or str(status)


def _speaks_aws(metadata: Mapping[str, Any], text: str) -> bool:
    """Whether a bare 404 is about the resource: a web server's own page is about the address."""
    headers: Mapping[str, Any] = metadata.get("HTTPHeaders") or {}
    is_json = "json" in str(headers.get("content-type") or "")
    return is_json and text != _NO_MESSAGE


def _denied(text: str, operation: Operation, details: dict[str, str]) -> AwsDenied:
    said_action, said_resource = _PERFORM.search(text), _ON_RESOURCE.search(text)
    action = said_action.group(1) if said_action else operation.iam_action or operation.name
    resource = said_resource.group(1) if said_resource else details["resource"]
    about = f" on {resource}" if resource else ""
    if "explicit deny" in text:
        hint = f"a policy denies {action} explicitly; allowing it elsewhere does not help"
    else:
        hint = f"allow {action}{about} for the identity in use"
    return AwsDenied(
        f"{operation.name}{about} is denied: the identity lacks {action}",
        iam_action=action,
        **{**details, "resource": resource, "hint": hint},
    )


def _from_sdk(exc: sdk.BotoCoreError, operation: Operation, resource: str) -> AwsError:
    about = f" on {resource}" if resource else ""
    message = f"{operation.name}{about}: {_short(exc)}"
    details = {"operation": operation.name, "resource": resource}
    if isinstance(exc, _CREDENTIALS):
        hint = "set AWS_PROFILE, sign in, or give keys the standard way"
        return AwsCredentialsMissing(message, **details, hint=hint)
    if isinstance(exc, _NO_ANSWER):
        hint = "check the network, the region and AWS_ENDPOINT_URL"
        return AwsUnavailable(message, **details, hint=hint)
    if isinstance(exc, sdk.ParamValidationError | sdk.NoRegionError):
        return AwsRejected(message, **details)
    return AwsError(message, **details)


def _short(what: object) -> str:
    text = " ".join(_TAG.sub(" ", str(what)).split())
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " ..."
