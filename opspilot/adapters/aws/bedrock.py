"""The language model on Amazon Bedrock: ConverseStream, or Converse where streaming is denied."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.bedrock_errors import explained, streaming_denied, whole_stream
from opspilot.adapters.aws.bedrock_models import ModelChoice, ends_on
from opspilot.adapters.aws.bedrock_request import to_body
from opspilot.adapters.aws.bedrock_stream import Assembly, Event, events_of
from opspilot.adapters.aws.errors import aws_call
from opspilot.adapters.aws.throttle import Calls
from opspilot.domain.conversation import ModelRole
from opspilot.errors import AwsDenied, AwsRejected, AwsUnavailable
from opspilot.ports.clock import Clock
from opspilot.ports.model import ModelAccess, ModelEvent, ModelRequest

logger = logging.getLogger(__name__)


class RuntimeClient(Protocol):
    """What is used of boto3's client of bedrock-runtime, whose stubs are not among ours."""

    def converse(self, **request: Any) -> Mapping[str, Any]:
        """One answer at once."""
        ...

    def converse_stream(self, **request: Any) -> Mapping[str, Any]:
        """One answer as a stream of events."""
        ...


class BedrockModel:
    """`LanguageModel` on Bedrock. Neither questions nor answers are logged."""

    def __init__(
        self, client: RuntimeClient, calls: Calls, choice: ModelChoice, region: str, clock: Clock
    ) -> None:
        self._client = client
        self._calls = calls
        self._choice = choice
        self._region = region
        self._clock = clock

    def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
        """Stream one answer; nothing is sent before the first event is asked for.

        What fails before the first event is tried again within patience; what fails later is not,
        since words were given out.
        """
        model_id = self._named(request.role)
        with explained(model_id, _setting(request.role)):
            try:
                opened = self._open(to_body(request, model_id, self._choice, stream=True), model_id)
            except AwsDenied as error:
                if not streaming_denied(error):
                    raise
                logger.info("model=<%s> | streaming is denied, asking for the whole", model_id)
                yield from self._at_once(request, model_id)
            else:
                yield from _read(opened, model_id)

    def access(self) -> tuple[ModelAccess, ...]:
        """What is configured for each role."""
        return tuple(self._access(role) for role in ModelRole)

    def _open(self, body: dict[str, Any], model_id: str) -> Mapping[str, Any]:
        return self._calls.send(
            operations.CONVERSE_STREAM,
            self._calls.budget(),
            lambda: _opened(self._client.converse_stream(**body), model_id),
            resource=model_id,
        )

    def _at_once(self, request: ModelRequest, model_id: str) -> Iterator[ModelEvent]:
        body = to_body(request, model_id, self._choice, stream=False)
        answer = self._calls.send(
            operations.CONVERSE,
            self._calls.budget(),
            lambda: self._client.converse(**body),
            resource=model_id,
        )
        assembly = Assembly(model_id)
        for event in events_of(answer):
            yield from assembly.take(event)
        yield from assembly.end()

    def _named(self, role: ModelRole) -> str:
        model_id = self._choice.model_id(role, self._region)
        if not model_id:
            found = self._access(role)
            raise AwsRejected(found.problem, hint="docs/models.md lists ids and what they need")
        return model_id

    def _access(self, role: ModelRole) -> ModelAccess:
        model_id = self._choice.model_id(role, self._region)
        ends = ends_on(model_id)
        return ModelAccess(
            role=role,
            model_id=model_id,
            stand_in=bool(model_id) and self._choice.stand_in,
            until=ends.isoformat() if ends else "",
            problem=self._problem(role, model_id),
        )

    def _problem(self, role: ModelRole, model_id: str) -> str:
        if not model_id:
            return (
                f"no model is configured for the role {role} in {self._region}: set "
                f"{_setting(role)} to a Bedrock model id"
            )
        ends = ends_on(model_id)
        if ends and ends < self._clock.now().date():
            return f"AWS ended {model_id} on {ends.isoformat()}: set {_setting(role)} to another"
        return ""


def _setting(role: ModelRole) -> str:
    return f"OPSPILOT_MODEL_{role.upper()}"


def _opened(answer: Mapping[str, Any], model_id: str) -> Mapping[str, Any]:
    """The answer with its first event read: what fails up to here may be tried again."""
    stream = answer["stream"]
    with ExitStack() as unless_whole:
        unless_whole.callback(stream.close)
        with whole_stream(operations.CONVERSE_STREAM, model_id):
            first = next(iter(stream), None)
        unless_whole.pop_all()
    return {**answer, "first": first}


def _read(opened: Mapping[str, Any], model_id: str) -> Iterator[ModelEvent]:
    operation, stream = operations.CONVERSE_STREAM, opened["stream"]
    assembly = Assembly(model_id)
    try:
        for event in _events(opened, model_id):
            yield from assembly.take(event)
    finally:
        stream.close()
    if not assembly.complete:
        raise AwsUnavailable(
            f"{operation.name} on {model_id}: the answer broke off before its end",
            operation=operation.name,
            resource=model_id,
            hint="ask again",
        )
    yield from assembly.end()


def _events(opened: Mapping[str, Any], model_id: str) -> Iterator[Event]:
    if opened["first"] is None:
        return
    yield opened["first"]
    operation = operations.CONVERSE_STREAM
    with aws_call(operation, model_id), whole_stream(operation, model_id):
        yield from opened["stream"]
