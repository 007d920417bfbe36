"""Planned changes that wait for their time, and how a planned change is made."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from opspilot.embedded.changes import Params
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.faults.fault import as_asked
from opspilot.embedded.fleet import PlannedChange


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A planned change and its time; `sequence` makes its ids."""

    at: float
    number: int
    sequence: str
    planned: PlannedChange


class Schedule:
    """Planned changes by time."""

    def __init__(self) -> None:
        self._waiting: list[Due] = []

    def add(self, due: Due) -> None:
        """Keep a change until its time has come."""
        bisect.insort(self._waiting, due, key=lambda one: (one.at, one.number))

    def due(self, now: float) -> Iterator[Due]:
        """Take out what is due, in order of time."""
        while self._waiting and self._waiting[0].at <= now:
            yield self._waiting.pop(0)

    def clear(self) -> None:
        """Forget everything that has not happened yet."""
        self._waiting.clear()


def planned_json(step: PlannedChange) -> dict[str, object]:
    """A planned change as a journal record holds it."""
    content: dict[str, object] = {
        "change": step.kind,
        "params": dict(step.params),
        "user": step.user,
    }
    if step.after_s:
        content["after_s"] = step.after_s
    return content


def planned_from(content: Mapping[str, object]) -> PlannedChange:
    """A planned change from a journal record."""
    return PlannedChange(
        str(content["change"]),
        cast("Params", content["params"]),
        str(content["user"]),
        after_s=float(cast("float", content.get("after_s", 0.0))),
    )


def settled(state: Configuration, params: Params, at: float) -> Configuration:
    """A planned change waits for nobody: it finds its function and its table settled."""
    function = state.functions.get(str(params.get("function")))
    if function is not None and function.updating_until > at:
        state = state.with_function(replace(function, updating_until=at))
    table = state.tables.get(str(params.get("table")))
    if table is not None and table.updating_until > at:
        state = state.with_table(replace(table, updating_until=at))
    return state


def asked(state: Configuration, params: Params) -> Params:
    """A planned change's parameters as the API takes them."""
    function = state.functions.get(str(params.get("function")))
    return dict(params) if function is None else as_asked(params, function)
