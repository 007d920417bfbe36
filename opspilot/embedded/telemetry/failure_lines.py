"""How Lambda and its Python runtime write failures into the log."""

from __future__ import annotations

import json

from opspilot.embedded.fleet import Failure


def text_error(failure: Failure) -> str:
    """An exception that no handler caught."""
    trace = "".join(f"  {frame}\n" for frame in failure.frames)
    return f"[ERROR] {failure.type}: {failure.message}\nTraceback (most recent call last):\n{trace}"


def json_error(failure: Failure, iso: str, request: str) -> str:
    """The same of a function that logs JSON."""
    content = {
        "timestamp": iso,
        "level": "ERROR",
        "message": failure.message,
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stackTrace": [f"  {frame}\n" for frame in failure.frames],
        "requestId": request,
    }
    return json.dumps(content) + "\n"


def exit_text(failure: Failure, request: str) -> str:
    """The runtime process has ended by itself, or was killed."""
    return f"RequestId: {request} Error: {failure.message}\n{failure.type}\n"


def init_report(failure: Failure, took_s: float, phase: str) -> str:
    """An initialisation that failed, in phase "init" or, tried again, "invoke"."""
    return (
        f"INIT_REPORT Init Duration: {took_s * 1000.0:.2f} ms\tPhase: {phase}\tStatus: error\t"
        f"Error Type: {failure.type}\n"
    )
