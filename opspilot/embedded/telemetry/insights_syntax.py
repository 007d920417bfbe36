"""Logs Insights QL: from text to commands. The forms in common use; anything else is malformed."""

from __future__ import annotations

import re

from opspilot.embedded.telemetry.insights_lexer import Reader
from opspilot.embedded.telemetry.insights_nodes import (
    Apply,
    Command,
    Constant,
    Field,
    Named,
    Node,
    Pattern,
    Several,
    malformed,
)

_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "=~"})


def parse_query(text: str) -> list[Command]:
    """The commands of a query; AwsError MalformedQueryException when it cannot be read."""
    if len(text) > 10_000:
        raise malformed("the query is longer than 10,000 characters")
    reader = Reader(text)
    commands: list[Command] = []
    reader.accept("|")
    commands.append(_command(reader))
    while not reader.ended:
        reader.expect("|")
        commands.append(_command(reader))
    return commands


def _command(reader: Reader) -> Command:
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


def _limit(reader: Reader) -> Command:
    text = reader.take("number")
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise malformed(f"limit must be a number from 1 to 100000, not {text}")
    return Command("limit", count=int(text))


def _sort(reader: Reader) -> Command:
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


def _named_list(reader: Reader) -> tuple[Named, ...]:
    items = [_named(reader)]
    while reader.accept(","):
        items.append(_named(reader))
    return tuple(items)


def _named(reader: Reader) -> Named:
    since = reader.position
    node = _expression(reader)
    name = reader.source(since)
    if reader.accept("as"):
        name = reader.take("name").strip("`")
    elif isinstance(node, Field):
        name = node.name
    return Named(node, name)


def _parse(reader: Reader) -> Command:
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


def _names(reader: Reader) -> tuple[str, ...]:
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


def _expression(reader: Reader) -> Node:
    return _binary(reader, 0)


_LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",))
_ARITHMETIC: tuple[tuple[str, ...], ...] = (("+", "-"), ("*", "/", "%"), ("^",))


def _binary(reader: Reader, level: int) -> Node:
    if level == len(_LEVELS):
        return _negation(reader)
    since = reader.position
    left = _binary(reader, level + 1)
    while any(reader.accept(word) for word in _LEVELS[level]):
        right = _binary(reader, level + 1)
        left = Apply(_LEVELS[level][0], (left, right), reader.source(since))
    return left


def _negation(reader: Reader) -> Node:
    since = reader.position
    if reader.accept("not"):
        return Apply("not", (_negation(reader),), reader.source(since))
    return _comparison(reader)


def _comparison(reader: Reader) -> Node:
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


def _several(reader: Reader) -> Several:
    reader.expect("[")
    items: list[Node] = []
    while not reader.accept("]"):
        items.append(_arithmetic(reader, 0))
        if not reader.accept(",") and reader.peek() != "]":
            raise reader.unexpected()
    return Several(tuple(items))


def _arithmetic(reader: Reader, level: int) -> Node:
    if level == len(_ARITHMETIC):
        return _unary(reader)
    since = reader.position
    left = _arithmetic(reader, level + 1)
    while reader.peek() in _ARITHMETIC[level]:
        sign = reader.take()
        right = _arithmetic(reader, level + 1)
        left = Apply(sign, (left, right), reader.source(since))
    return left


def _unary(reader: Reader) -> Node:
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


def _call(reader: Reader, name: str, since: int) -> Node:
    reader.expect("(")
    arguments: list[Node] = []
    while not reader.accept(")"):
        arguments.append(_expression(reader))
        if not reader.accept(",") and reader.peek() != ")":
            raise reader.unexpected()
    return Apply(name, tuple(arguments), reader.source(since))
