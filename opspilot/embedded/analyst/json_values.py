"""JSON as it came: an object or a list, whatever was sent instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast


def fields(value: Any) -> Mapping[str, Any]:
    """The object; an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> Sequence[Any]:
    """The list; an empty one for anything else."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()
