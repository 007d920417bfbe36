"""Frames of `application/vnd.amazon.eventstream`, as AWS sends them.

A frame: total length, length of the headers, CRC-32 of these eight bytes, headers, payload, CRC-32
of everything before it; all numbers big-endian. Source: "Event stream encoding", Amazon Transcribe
developer guide and the Smithy specification.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7
_OVERHEAD = 16


def event_frame(kind: str, payload: Mapping[str, Any]) -> bytes:
    """One event, such as contentBlockDelta."""
    return frame({":message-type": "event", ":event-type": kind}, payload)


def exception_frame(kind: str, message: str) -> bytes:
    """An error in mid-stream, such as throttlingException; the stream ends with it."""
    return frame({":message-type": "exception", ":exception-type": kind}, {"message": message})


def frame(headers: Mapping[str, str], payload: Mapping[str, Any]) -> bytes:
    """A frame with string headers and a JSON payload."""
    named = {**headers, ":content-type": "application/json"}
    head = b"".join(_header(name, value) for name, value in named.items())
    content = json.dumps(payload).encode()
    prelude = struct.pack("!II", _OVERHEAD + len(head) + len(content), len(head))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + content
    return body + struct.pack("!I", zlib.crc32(body))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return (
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(text)) + text
    )
