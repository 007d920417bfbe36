"""Reading request parameters: required, bounded, times, paging."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from opspilot.embedded.errors import AwsError

Params = dict[str, Any]


def required(params: Params, name: str, code: str = "ValidationException") -> Any:
    """The parameter, or an error that names it."""
    value = params.get(name)
    if value is None or value == "":
        raise AwsError(code, f"The parameter {name} is required.")
    return value


def bounded(params: Params, name: str, default: int, low: int, high: int, code: str) -> int:
    """An integer parameter within bounds."""
    value = int(params.get(name) or default)
    if not low <= value <= high:
        raise AwsError(code, f"The parameter {name} must lie between {low} and {high}: {value}")
    return value


def encode_token(*parts: object) -> str:
    """A paging token that says where to go on."""
    text = "|".join(str(part) for part in parts)
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_token(token: str, size: int, code: str, message: str) -> list[str]:
    """The parts of a paging token; an error when it is not one of ours."""
    try:
        parts = base64.urlsafe_b64decode(token.encode()).decode().split("|")
    except (binascii.Error, UnicodeDecodeError, ValueError) as exc:
        raise AwsError(code, message) from exc
    if len(parts) != size:
        raise AwsError(code, message)
    return parts


def page_start(token: str | None, code: str) -> int:
    """The offset that a simple paging token stands for."""
    if not token:
        return 0
    (text,) = decode_token(token, 1, code, "The token is not valid.")
    if not text.isdigit():
        raise AwsError(code, "The token is not valid.")
    return int(text)
