"""Logs Insights: the groups of a stats command, over all rows at once or merged from portions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opspilot.embedded.telemetry.insights_aggregates import aggregate
from opspilot.embedded.telemetry.insights_nodes import Apply, Command
from opspilot.embedded.telemetry.insights_rows import Row, Scalar
from opspilot.embedded.telemetry.insights_values import evaluate

Groups = dict[tuple[Scalar, ...], list[Scalar]]
"""Values of the aggregations by the values grouped by, newest group first."""

_ROW_WISE = frozenset({"fields", "filter", "parse"})


def _added(first: float, second: float) -> float:
    return first + second


_MERGED: Mapping[str, Callable[[float, float], float]] = {
    "count": _added,
    "sum": _added,
    "min": min,
    "max": max,
}


def split_at_stats(
    commands: list[Command],
) -> tuple[list[Command], Command | None, list[Command]]:
    """Commands before a stats command that can be merged, that command, and those after it.

    Without such a command all commands come last.
    """
    for place, command in enumerate(commands):
        if command.verb == "stats" and all(_mergeable(item.node) for item in command.items):
            return commands[:place], command, commands[place + 1 :]
        if command.verb not in _ROW_WISE:
            break
    return [], None, commands


def _mergeable(node: object) -> bool:
    return isinstance(node, Apply) and node.name in _MERGED


def grouped(command: Command, rows: list[Row]) -> Groups:
    """The groups of these rows, in the order in which the rows show them."""
    members: dict[tuple[Scalar, ...], list[Row]] = {}
    by = [item.node for item in command.by]
    for row in rows:
        key = tuple([evaluate(node, row) for node in by])
        members.setdefault(key, []).append(row)
    if not by and not members:
        members[()] = []
    return {
        key: [aggregate(item.node, inside) for item in command.items]
        for key, inside in members.items()
    }


def merged(command: Command, earlier: Groups, later: Groups) -> Groups:
    """The groups of two portions of mergeable aggregations; the later ones come first."""
    names = [item.node.name if isinstance(item.node, Apply) else "" for item in command.items]
    both = {
        key: [
            _merge(name, first, second)
            for name, first, second in zip(names, earlier.get(key, values), values, strict=True)
        ]
        if key in earlier
        else values
        for key, values in later.items()
    }
    return both | {key: values for key, values in earlier.items() if key not in later}


def _merge(name: str, first: Scalar, second: Scalar) -> Scalar:
    if first is None or second is None:
        return second if first is None else first
    return _MERGED[name](float(first), float(second))


def rows_of(command: Command, groups: Groups) -> list[Row]:
    """A row for each group."""
    return [
        Row(
            None,
            "",
            {item.name: value for item, value in zip(command.by, key, strict=True)}
            | {item.name: value for item, value in zip(command.items, values, strict=True)},
        )
        for key, values in groups.items()
    ]


__all__ = ["Groups", "grouped", "merged", "rows_of", "split_at_stats"]
