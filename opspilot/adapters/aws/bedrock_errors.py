"""What Bedrock refuses, in words that say what to do.

The codes say little: a model that was never enabled, one that has ended and one that does not exist
share them. So the text of the answer decides. Source of the texts: the troubleshooting pages of the
Amazon Bedrock user guide and reports of users.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.eventstream import ParserError
from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from opspilot.adapters.aws.operations import CONVERSE_STREAM, Operation
from opspilot.errors import AwsDenied, AwsError, AwsUnavailable


@dataclass(frozen=True)
class _Case:
    """A refusal that is known by its words.

    Attributes:
        hint: What to do; `{setting}` names the variable that chose the model.
        iam_action: What is missing instead of the action of the call.
    """

    said: re.Pattern[str]
    problem: str
    hint: str
    iam_action: str = ""


def _case(said: str, problem: str, hint: str, *, iam_action: str = "") -> _Case:
    return _Case(re.compile(said, re.IGNORECASE), problem, hint, iam_action)


_CASES = (
    _case(
        r"aws-marketplace:",
        "the model is not enabled yet, and the identity may not subscribe to it",
        "let somebody who has aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions call "
        "the model once, or allow both; it takes effect within minutes",
        iam_action="aws-marketplace:Subscribe",
    ),
    _case(
        r"use case details have not been submitted",
        "Anthropic's models are not enabled in this account",
        "fill in the use case form once, in the model catalog of the Bedrock console",
    ),
    _case(
        r"don.t have access to the model|model access is denied|access to the model",
        "the model is not enabled in this account and region",
        "enable it in the model catalog of the Bedrock console, or set {setting} to another one",
    ),
    _case(
        r"marked by provider as legacy|end of (its )?life",
        "the model is at the end of its life on Bedrock",
        "set {setting} to a current model",
    ),
    _case(
        r"on-demand throughput isn",
        "the model can only be called through an inference profile",
        "put the geography before the id in {setting}: us., eu., au., jp. or global.",
    ),
    _case(
        r"model identifier is invalid",
        "there is no such model in this region, or it has ended",
        "set {setting} to a current inference profile of this region",
    ),
    _case(
        r"too long|context (window|limit|length)|exceed.{0,30}context|maximum context",
        "the conversation is longer than the model can read",
        "begin a new conversation, or ask for less",
    ),
    _case(
        r"tokens? per day|daily",
        "the quota of tokens for the day is used up",
        "ask AWS for more in Service Quotas, or set {setting} to another model",
    ),
)


@contextmanager
def explained(model_id: str, setting: str) -> Generator[None]:
    """Say of a refusal inside the block which model it is about, and what to do.

    Raises:
        AwsError: Of the same kind.
    """
    try:
        yield
    except AwsError as error:
        known = _known(error)
        if known is None:
            raise
        raise _reworded(error, known, model_id, setting) from error


@contextmanager
def whole_stream(operation: Operation, model_id: str) -> Generator[None]:
    """Translate a stream that breaks off or arrives damaged.

    Raises:
        AwsUnavailable: The connection failed in mid-stream, or a frame's checksum is wrong.
    """
    try:
        yield
    except (ParserError, HTTPError) as exc:
        raise AwsUnavailable(
            f"{operation.name} on {model_id}: the answer broke off: {type(exc).__name__}",
            operation=operation.name,
            resource=model_id,
            hint="ask again",
        ) from exc


def streaming_denied(error: AwsDenied) -> bool:
    """Whether only streaming is denied, so that the answer may still be had at once."""
    return error.iam_action == CONVERSE_STREAM.iam_action and _known(error) is None


def _known(error: AwsError) -> _Case | None:
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return None
    said = str(dict(cause.response).get("Error") or {})
    return next((case for case in _CASES if case.said.search(said)), None)


def _reworded(error: AwsError, case: _Case, model_id: str, setting: str) -> AwsError:
    details = {
        "operation": error.operation,
        "resource": error.resource or model_id,
        "aws_code": error.aws_code,
        "request_id": error.request_id,
        "hint": case.hint.format(setting=setting),
    }
    message = f"{error.operation} on {model_id}: {case.problem}"
    if isinstance(error, AwsDenied):
        action = case.iam_action or error.iam_action
        lacking = f" ({action})" if case.iam_action else ""
        return AwsDenied(message + lacking, iam_action=action, **details)
    return type(error)(message, **details)
