"""An endpoint that answers with prepared bytes: what AWS does and the embedded account does not."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3

from opspilot.adapters.aws.bedrock import BedrockModel
from opspilot.adapters.aws.bedrock_models import ModelChoice
from opspilot.adapters.aws.session import client_config
from opspilot.adapters.aws.throttle import Patience
from opspilot.domain.conversation import Message, Text
from opspilot.embedded.event_stream import event_frame, exception_frame
from opspilot.ports.model import ModelEvent, ModelRequest, ToolSpec
from tests.adapters.aws.stubs import FixedClock, Hourglass, calls

_SESSION = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
STREAM = "application/vnd.amazon.eventstream"
TOOL = ToolSpec(name="look", description="Looks.", schema_={"type": "object", "properties": {}})


@dataclass(frozen=True)
class Prepared:
    """One answer of the endpoint."""

    body: bytes
    status: int = 200
    kind: str = STREAM
    code: str = ""


@dataclass
class Endpoint:
    """Prepared answers, and what was asked."""

    url: str
    answers: list[Prepared] = field(default_factory=list[Prepared])
    asked: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )

    def model(self, choice: ModelChoice | None = None, attempts: int = 3) -> BedrockModel:
        """A model that talks to this endpoint and never waits."""
        client = _SESSION.client(
            "bedrock-runtime", endpoint_url=self.url, config=client_config(sealed=True)
        )
        sender = calls(Hourglass(), Patience(attempts=attempts))
        return BedrockModel(client, sender, choice or ModelChoice(), "us-east-1", FixedClock())


@contextmanager
def endpoint(*answers: Prepared) -> Iterator[Endpoint]:
    """Serve these answers, one after the other."""
    found = Endpoint("", list(answers))

    class Handler(BaseHTTPRequestHandler):
        """Pops the next answer."""

        def do_POST(self) -> None:
            """Answer, then close."""
            length = int(self.headers.get("Content-Length", 0))
            found.asked.append((self.path, json.loads(self.rfile.read(length))))
            answer = found.answers.pop(0)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("x-amzn-RequestId", f"r-{len(found.asked)}")
            if answer.code:
                self.send_header("x-amzn-ErrorType", answer.code)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def refusal(code: str, message: str = "said so", status: int = 400) -> Prepared:
    """An error before any stream."""
    return Prepared(json.dumps({"message": message}).encode(), status, "application/json", code)


def streamed(*frames: bytes) -> Prepared:
    """A stream of these frames."""
    return Prepared(b"".join(frames))


def said(text: str, index: int = 0) -> bytes:
    """Some words."""
    return event_frame("contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": text}})


def called(index: int, *pieces: str, name: str = "look") -> bytes:
    """A tool use whose input comes in these pieces."""
    start = {"toolUse": {"toolUseId": f"t{index}", "name": name}}
    frames = [event_frame("contentBlockStart", {"contentBlockIndex": index, "start": start})]
    frames += [
        event_frame(
            "contentBlockDelta",
            {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}},
        )
        for piece in pieces
    ]
    return b"".join([*frames, event_frame("contentBlockStop", {"contentBlockIndex": index})])


def ended(reason: str = "end_turn", **usage: int) -> bytes:
    """The end of an answer."""
    counted = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, **usage}
    stop = event_frame("messageStop", {"stopReason": reason})
    return stop + event_frame("metadata", {"usage": counted, "metrics": {"latencyMs": 9}})


def broken(kind: str) -> bytes:
    """An error in mid-stream."""
    return exception_frame(kind, "something broke")


def asking(text: str = "Why?", *, tools: bool = True) -> ModelRequest:
    """A question."""
    return ModelRequest(
        system="Answer.",
        messages=[Message(speaker="user", blocks=(Text(text=text),))],
        tools=(TOOL,) if tools else (),
    )


def heard(model: BedrockModel, request: ModelRequest | None = None) -> list[ModelEvent]:
    """All events of an answer."""
    return list(model.answer(request or asking()))
