"""Logs Insights QL: expressions and commands as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf

from opspilot.embedded.errors import AwsError

_AGGREGATES = frozenset(
    {"count", "count_distinct", "sum", "avg", "min", "max", "pct", "stddev"}
    | {"earliest", "latest", "sortsfirst", "sortslast"}
)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or text."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event, or an alias."""

    name: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression."""

    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Several:
    """A list in brackets."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function applied to arguments; `text` is how the query wrote it."""

    name: str
    arguments: tuple[Node, ...]
    text: str

    @property
    def aggregates(self) -> bool:
        """Whether this is an aggregation."""
        return self.name in _AGGREGATES


Node = Constant | Field | Pattern | Several | Apply


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of its result."""

    node: Node
    name: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a query.

    Attributes:
        verb: What it does.
        items: Expressions of fields, display, stats, sort, dedup; the condition of filter.
        by: Grouping of stats.
        descending: For each item of sort.
        pattern: Extraction of parse; its named or numbered groups become fields.
        names: Field names that parse fills.
        count: Of limit.
    """

    verb: OneOf["fields", "display", "filter", "parse", "stats", "sort", "limit", "dedup"]
    items: tuple[Named, ...] = ()
    by: tuple[Named, ...] = ()
    descending: tuple[bool, ...] = ()
    pattern: re.Pattern[str] | None = None
    names: tuple[str, ...] = ()
    count: int = 0


def malformed(why: str) -> AwsError:
    """The error for a query that cannot be read."""
    return AwsError("MalformedQueryException", why)
