"""The Invocations port on Lambda's Invoke."""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Calls
from opspilot.domain.model import Json
from opspilot.domain.resource import Resource
from opspilot.domain.trial import Trial, TrialMode
from opspilot.errors import AwsUnavailable

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient

_KINDS: dict[TrialMode, Literal["RequestResponse", "Event", "DryRun"]] = {
    TrialMode.SYNC: "RequestResponse",
    TrialMode.ASYNC: "Event",
    TrialMode.DRY_RUN: "DryRun",
}
_LATEST = "$LATEST"


class AwsInvocations:
    """The Invocations port; a call that got no answer is not sent again."""

    def __init__(self, client: "LambdaClient", calls: Calls) -> None:
        """`client` waits for an answer as long as a test may take."""
        self._client = client
        self._calls = calls

    def invoke(
        self, function: Resource, event: str, *, mode: TrialMode, qualifier: str = ""
    ) -> Trial:
        """Invoke a function; see the port."""
        budget = self._calls.budget()
        began = self._calls.monotonic()
        try:
            answer = self._calls.send(
                operations.INVOKE,
                budget,
                lambda: _read(
                    self._client.invoke(
                        FunctionName=function.name,
                        InvocationType=_KINDS[mode],
                        LogType="Tail" if mode is TrialMode.SYNC else "None",
                        Payload=event.encode(),
                        Qualifier=qualifier or _LATEST,
                    )
                ),
                resource=function.arn,
            )
        except AwsUnavailable as error:
            return Trial(
                mode=mode,
                outcome="not_known",
                error=error.message,
                wall_ms=(self._calls.monotonic() - began) * 1000,
                request_ids=tuple(budget.request_ids),
            )
        wall_ms = (self._calls.monotonic() - began) * 1000
        return to_trial(answer, mode, wall_ms, tuple(budget.request_ids))


def _read(answer: Mapping[str, Any]) -> dict[str, Any]:
    # Within the guarded call: the body is a stream, and reading it can fail as well.
    return {**answer, "Payload": answer["Payload"].read()}


def to_trial(
    answer: Mapping[str, Any], mode: TrialMode, wall_ms: float, request_ids: tuple[str, ...]
) -> Trial:
    """An answer of Invoke, its payload read, in our words."""
    bare = Trial(
        mode=mode,
        outcome="accepted" if mode is TrialMode.ASYNC else "permitted",
        version=str(answer.get("ExecutedVersion") or ""),
        wall_ms=wall_ms,
        request_ids=request_ids,
    )
    if mode is not TrialMode.SYNC:
        return bare
    payload = _parsed(answer["Payload"])
    answered = {"payload": payload, "log": _tail(answer.get("LogResult"))}
    if not answer.get("FunctionError"):
        return bare.model_copy(update={**answered, "outcome": "succeeded"})
    told = cast("Mapping[str, Any]", payload if isinstance(payload, Mapping) else {})
    failure = {
        "outcome": "function_error",
        "error_type": str(told.get("errorType") or answer["FunctionError"]),
        "error": str(told.get("errorMessage") or ""),
    }
    return bare.model_copy(update={**answered, **failure})


def _parsed(payload: bytes) -> Json:
    text = payload.decode("utf-8", "replace")
    try:
        return json.loads(text) if text else None
    except ValueError:  # a custom runtime may answer with anything
        return text


def _tail(encoded: str | None) -> tuple[str, ...]:
    text = base64.b64decode(encoded or "").decode("utf-8", "replace")
    return tuple(text.splitlines())
