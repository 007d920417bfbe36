"""What all changes share: when they happen, and the refusals that AWS would answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from opspilot.embedded.configuration import Configuration, FunctionConfig
from opspilot.embedded.errors import AwsError

_NAMESPACE = uuid.UUID("6f1d2f0e-6c0b-4a52-9d6e-0b1f6ad6c001")

Params = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a change happens and what makes its ids unique and repeatable."""

    at: float
    seed: int
    sequence: str

    def revision(self, what: str) -> str:
        """A revision id: the same for the same seed, sequence and thing."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.seed}/{self.sequence}/{what}"))


def function_of(state: Configuration, name: str, arn: str | None = None) -> FunctionConfig:
    """The function of that name; AwsError ResourceNotFoundException when there is none."""
    found = state.functions.get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn or name}", 404)
    return found


def check_settled(function: FunctionConfig, stamp: Stamp) -> None:
    """Refuse while the last update is in progress."""
    if stamp.at < function.updating_until:
        raise AwsError(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {function.name}",
            409,
        )


def check_revision(params: Params, actual: str) -> None:
    """Refuse when the caller has seen another revision."""
    wanted = params.get("revision_id")
    if wanted is not None and wanted != actual:
        raise AwsError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )


def invalid(message: str) -> AwsError:
    """InvalidParameterValueException."""
    return AwsError("InvalidParameterValueException", message, 400)


def check_range(params: Params, key: str, label: str, low: int, high: int) -> None:
    """Refuse a value outside its bounds."""
    value = params.get(key)
    if value is not None and not low <= cast("int", value) <= high:
        bound, limit = ("greater", low) if cast("int", value) < low else ("less", high)
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{label}' failed to satisfy "
            f"constraint: Member must have value {bound} than or equal to {limit}"
        )


def text(params: Params, key: str) -> str | None:
    """A parameter as text; None when it was not given."""
    value = params.get(key)
    return None if value is None else str(value)


def number(params: Params, key: str) -> float | None:
    """A parameter as a number; None when it was not given."""
    value = params.get(key)
    return None if value is None else float(cast("float", value))


def whole(params: Params, key: str) -> int | None:
    """A parameter as an integer; None when it was not given."""
    value = params.get(key)
    return None if value is None else int(cast("int", value))
