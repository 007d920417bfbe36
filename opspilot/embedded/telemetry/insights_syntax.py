"""Logs Insights QL: from text to commands. The forms in common use; anything else is malformed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf

from opspilot.embedded.errors import AwsError

_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>\#[^\n]*)
    |(?P<number>\d+(?:\.\d+)?(?:ms|mo|qtr|[smhdwqy])?\b)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<regex>/(?:[^/\\\n]|\\.)+/i?)
    |(?P<name>`[^`]+`|@?[A-Za-z_][\w.@]*|\*)
    |(?P<op>=~|!=|<=|>=|[-+*/%^=<>(),|\[\]]))""",
    re.VERBOSE,
)
_AGGREGATES = frozenset(
    {"count", "count_distinct", "sum", "avg", "min", "max", "pct", "stddev"}
    | {"earliest", "latest", "sortsfirst", "sortslast"}
)
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "=~"})


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


def parse_query(text: str) -> list[Command]:
    """The commands of a query; AwsError MalformedQueryException when it cannot be read."""
    if len(text) > 10_000:
        raise malformed("the query is longer than 10,000 characters")
    reader = _Reader(text)
    commands: list[Command] = []
    reader.accept("|")
    commands.append(_command(reader))
    while not reader.ended:
        reader.expect("|")
        commands.append(_command(reader))
    return commands


class _Reader:
    """Tokens of a query with a position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens: list[tuple[str, str, int, int]] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise malformed(f"unexpected symbol at position {position}: {text[position:][:20]}")
            kind = found.lastgroup
            if kind == "regex" and self._is_division():
                found = re.compile(r"\s*(?P<op>/)").match(text, position)
                assert found is not None  # noqa: S101 - a regex token begins with a slash
                kind = "op"
            if kind != "comment":
                start, stop = found.span(kind)
                self._tokens.append((kind, found[kind], start, stop))
            position = found.end()
        self.position = 0

    def _is_division(self) -> bool:
        """A slash after an operand divides."""
        words = [text.lower() for _, text, _, _ in self._tokens[-2:]]
        if not words or words[-1] in ("like", "parse", "and", "or", "not") or words[0] == "parse":
            return False
        return self._tokens[-1][0] in ("number", "string", "name") or words[-1] in (")", "]")

    @property
    def ended(self) -> bool:
        return self.position >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str | None:
        at = self.position + ahead
        return self._tokens[at][1] if at < len(self._tokens) else None

    def kind(self) -> str | None:
        return None if self.ended else self._tokens[self.position][0]

    def take(self, kind: str | None = None) -> str:
        if self.ended:
            raise malformed("unexpected end of the query")
        found, text, _, _ = self._tokens[self.position]
        if kind is not None and found != kind:
            raise self.unexpected()
        self.position += 1
        return text

    def accept(self, text: str) -> bool:
        token = self.peek()
        if token is not None and token.lower() == text and self.kind() != "string":
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.unexpected()

    def unexpected(self) -> AwsError:
        if self.ended:
            return malformed("unexpected end of the query")
        _, text, start, _ = self._tokens[self.position]
        return malformed(f"unexpected symbol found {text} at position {start}")

    def source(self, since: int) -> str:
        """The text of the tokens from index `since` to here."""
        return self.text[self._tokens[since][2] : self._tokens[self.position - 1][3]]


def _command(reader: _Reader) -> Command:
    verb = reader.take("name").lower()
    if verb in ("fields", "display"):
        return Command(verb, items=_named_list(reader))
    if verb in ("filter", "where"):
        return Command("filter", items=(Named(_expression(reader), ""),))
    if verb == "parse":
        return _parse(reader)
    if verb == "stats":
        items = _named_list(reader)
        by = _named_list(reader) if reader.accept("by") else ()
        return Command("stats", items=items, by=by)
    if verb == "sort":
        return _sort(reader)
    if verb in ("limit", "head", "tail"):
        return _limit(reader)
    if verb == "dedup":
        return Command("dedup", items=_named_list(reader))
    raise malformed(f"the embedded account does not support the command {verb}")


def _limit(reader: _Reader) -> Command:
    text = reader.take("number")
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise malformed(f"limit must be a number from 1 to 100000, not {text}")
    return Command("limit", count=int(text))


def _sort(reader: _Reader) -> Command:
    items: list[Named] = []
    descending: list[bool] = []
    while True:
        items.append(_named(reader))
        backwards = reader.accept("desc")
        if not backwards:
            reader.accept("asc")
        descending.append(backwards)
        if not reader.accept(","):
            return Command("sort", items=tuple(items), descending=tuple(descending))


def _named_list(reader: _Reader) -> tuple[Named, ...]:
    items = [_named(reader)]
    while reader.accept(","):
        items.append(_named(reader))
    return tuple(items)


def _named(reader: _Reader) -> Named:
    since = reader.position
    node = _expression(reader)
    name = reader.source(since)
    if reader.accept("as"):
        name = reader.take("name").strip("`")
    elif isinstance(node, Field):
        name = node.name
    return Named(node, name)


def _parse(reader: _Reader) -> Command:
    source: Node = Field("@message")
    if reader.kind() == "name":
        source = Field(reader.take("name").strip("`"))
    kind = reader.kind()
    text = reader.take()
    if kind == "regex":
        pattern = _regex(text)
        names = tuple(pattern.groupindex)
        if reader.accept("as"):
            names = _names(reader)
        return Command("parse", items=(Named(source, ""),), pattern=pattern, names=names)
    if kind != "string":
        raise malformed("parse needs a text with * or a /regular expression/")
    parts = [re.escape(part) for part in _unquote(text).split("*")]
    gaps = ["(.*?)"] * (len(parts) - 1)
    if gaps and parts[-1] == "":
        gaps[-1] = "(.*)"
    glob = "".join(part + gap for part, gap in zip(parts, [*gaps, ""], strict=True))
    reader.expect("as")
    names = _names(reader)
    if len(names) != len(gaps):
        raise malformed(f"parse has {len(gaps)} * and {len(names)} names")
    return Command(
        "parse", items=(Named(source, ""),), pattern=re.compile(glob, re.DOTALL), names=names
    )


def _names(reader: _Reader) -> tuple[str, ...]:
    names = [reader.take("name").strip("`")]
    while reader.accept(","):
        names.append(reader.take("name").strip("`"))
    return tuple(names)


def _regex(text: str) -> re.Pattern[str]:
    flags = re.IGNORECASE if text.endswith("i") else 0
    body = text[1:].rsplit("/", 1)[0]
    body = re.sub(r"\(\?<([A-Za-z_]\w*)>", r"(?P<\1>", body)
    try:
        return re.compile(body, flags)
    except re.error as exc:
        raise malformed(f"bad regular expression {text}: {exc}") from exc


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


# -- expressions ----------------------------------------------------------------------------------


def _expression(reader: _Reader) -> Node:
    return _binary(reader, 0)


_LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",))
_ARITHMETIC: tuple[tuple[str, ...], ...] = (("+", "-"), ("*", "/", "%"), ("^",))


def _binary(reader: _Reader, level: int) -> Node:
    if level == len(_LEVELS):
        return _negation(reader)
    since = reader.position
    left = _binary(reader, level + 1)
    while any(reader.accept(word) for word in _LEVELS[level]):
        right = _binary(reader, level + 1)
        left = Apply(_LEVELS[level][0], (left, right), reader.source(since))
    return left


def _negation(reader: _Reader) -> Node:
    since = reader.position
    if reader.accept("not"):
        return Apply("not", (_negation(reader),), reader.source(since))
    return _comparison(reader)


def _comparison(reader: _Reader) -> Node:
    since = reader.position
    left = _arithmetic(reader, 0)
    negative = (reader.peek() or "").lower() == "not" and (reader.peek(1) or "").lower() in (
        "like",
        "in",
    )
    if negative:
        reader.take()
    if reader.accept("like"):
        node: Node = Apply("like", (left, _arithmetic(reader, 0)), reader.source(since))
    elif reader.accept("in"):
        node = Apply("in", (left, _several(reader)), reader.source(since))
    elif reader.peek() in _COMPARISONS:
        sign = reader.take()
        name = "like" if sign == "=~" else sign
        node = Apply(name, (left, _arithmetic(reader, 0)), reader.source(since))
    else:
        return left
    return Apply("not", (node,), reader.source(since)) if negative else node


def _several(reader: _Reader) -> Several:
    reader.expect("[")
    items: list[Node] = []
    while not reader.accept("]"):
        items.append(_arithmetic(reader, 0))
        if not reader.accept(",") and reader.peek() != "]":
            raise reader.unexpected()
    return Several(tuple(items))


def _arithmetic(reader: _Reader, level: int) -> Node:
    if level == len(_ARITHMETIC):
        return _unary(reader)
    since = reader.position
    left = _arithmetic(reader, level + 1)
    while reader.peek() in _ARITHMETIC[level]:
        sign = reader.take()
        right = _arithmetic(reader, level + 1)
        left = Apply(sign, (left, right), reader.source(since))
    return left


def _unary(reader: _Reader) -> Node:
    since = reader.position
    if reader.accept("-"):
        return Apply("-", (Constant(0.0), _unary(reader)), reader.source(since))
    kind, text = reader.kind(), reader.take()
    if kind == "string":
        return Constant(_unquote(text))
    if kind == "regex":
        return Pattern(_regex(text))
    if kind == "number":
        return Constant(float(text)) if text[-1].isdigit() else Constant(text)
    if text == "(":
        inner = _expression(reader)
        reader.expect(")")
        return inner
    if kind != "name":
        reader.position -= 1
        raise reader.unexpected()
    if reader.peek() == "(" and not text.startswith(("@", "`")):
        return _call(reader, text.lower(), since)
    return Field(text.strip("`"))


def _call(reader: _Reader, name: str, since: int) -> Node:
    reader.expect("(")
    arguments: list[Node] = []
    while not reader.accept(")"):
        arguments.append(_expression(reader))
        if not reader.accept(",") and reader.peek() != ")":
            raise reader.unexpected()
    return Apply(name, tuple(arguments), reader.source(since))
