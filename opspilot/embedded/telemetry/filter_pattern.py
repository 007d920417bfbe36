"""Filter patterns of CloudWatch Logs: terms, phrases, ?any, -without, %regex%, {JSON}, [fields].

No maintained Python parser of this language was found, so it is parsed here, by recursive descent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from opspilot.embedded.errors import AwsError

Match = Callable[[str], bool]
_MAX_LENGTH = 1024
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"]+))')
_WORD = r"[A-Za-z0-9_]"


def compile_filter(pattern: str) -> Match:
    """A predicate over messages; raises AwsError InvalidParameterException on a bad pattern."""
    text = pattern.strip()
    if len(pattern) > _MAX_LENGTH:
        raise _invalid(f"the filter pattern is longer than {_MAX_LENGTH} characters")
    if not text:
        return lambda _: True
    if text.startswith("{"):
        return _JsonPattern(text).compile()
    if text.startswith("["):
        return _space_delimited(text)
    return _terms(text)


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidParameterException", f"Invalid filter pattern: {why}")


# -- terms ----------------------------------------------------------------------------------------


def _terms(text: str) -> Match:
    every: list[Match] = []
    either: list[Match] = []
    without: list[Match] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise _invalid(f"cannot read it from {text[position:]!r}")
        position = found.end()
        sign, phrase, regex, bare = found.groups()
        target = {"?": either, "-": without}.get(sign, every)
        target.append(_regex(regex) if regex is not None else _term(phrase, bare))
        if position < len(text) and not text[position].isspace():
            raise _invalid(f"a space is missing before {text[position:]!r}")
    return lambda message: (
        all(match(message) for match in every)
        and (not either or any(match(message) for match in either))
        and not any(match(message) for match in without)
    )


def _term(phrase: str | None, bare: str | None) -> Match:
    """A whole term, case-sensitive: neighbours inside the message must not continue it."""
    wanted = re.sub(r"\\(.)", r"\1", phrase) if phrase is not None else str(bare)
    if not wanted:
        return lambda _: True
    before = rf"(?<!{_WORD})" if re.match(_WORD, wanted[0]) else ""
    after = rf"(?!{_WORD})" if re.match(_WORD, wanted[-1]) else ""
    search = re.compile(before + re.escape(wanted) + after).search
    return lambda message: wanted in message and search(message) is not None


def _regex(text: str) -> Match:
    try:
        search = re.compile(text).search
    except re.error as exc:
        raise _invalid(f"bad regular expression %{text}%: {exc}") from exc
    return lambda message: search(message) is not None


# -- [space, delimited, fields] -------------------------------------------------------------------

_FIELD = re.compile(r"^\s*(\w+)\s*(?:(!=|>=|<=|=|>|<)\s*(.+?))?\s*$")
_TOKEN = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


def _space_delimited(text: str) -> Match:
    if not text.endswith("]"):
        raise _invalid("'[' without ']'")
    parts = text[1:-1].split(",")
    skip = next((i for i, part in enumerate(parts) if part.strip() == "..."), None)
    tests: list[Callable[[object], bool]] = []
    for part in parts:
        found = _FIELD.match(part)
        if part.strip() == "...":
            tests.append(lambda _: True)
        elif found is None:
            raise _invalid(f"bad field {part.strip()!r}")
        else:
            tests.append(_comparison(found[2], found[3]) if found[2] else lambda _: True)

    def match(message: str) -> bool:
        words: list[object] = [w.strip('[]"') for w in _TOKEN.findall(message)]
        if skip is not None:
            tail = len(tests) - skip - 1
            gap = len(words) - skip - tail
            if gap < 0:
                return False
            chosen = words[:skip] + [""] + (words[-tail:] if tail else [])
        else:
            chosen = words
        return len(chosen) == len(tests) and all(
            test(word) for test, word in zip(tests, chosen, strict=True)
        )

    return match


def _comparison(sign: str, literal: str) -> Callable[[object], bool]:
    quoted = literal.startswith('"') and literal.endswith('"') and len(literal) > 1
    wanted = literal[1:-1] if quoted else literal
    if sign in ("=", "!="):
        equal = _equality(wanted, quoted)
        return equal if sign == "=" else lambda value: not equal(value)
    try:
        limit = float(wanted)
    except ValueError as exc:
        raise _invalid(f"{sign} needs a number, not {literal!r}") from exc
    order: dict[str, Callable[[float], bool]] = {
        ">": lambda v: v > limit,
        ">=": lambda v: v >= limit,
        "<": lambda v: v < limit,
        "<=": lambda v: v <= limit,
    }

    def compare(value: object) -> bool:
        number = _number(value)
        return number is not None and order[sign](number)

    return compare


def _equality(wanted: str, quoted: bool) -> Callable[[object], bool]:
    number = None if quoted else _number(wanted)
    pattern = re.compile(
        ".*".join(re.escape(part) for part in wanted.split("*")) + r"\Z", re.DOTALL
    )

    def equal(value: object) -> bool:
        if number is not None and not isinstance(value, bool):
            actual = _number(value)
            if actual is not None:
                return actual == number
        if isinstance(value, bool):
            return wanted.lower() == str(value).lower()
        return isinstance(value, (str, int, float)) and pattern.match(str(value)) is not None

    return equal


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


# -- { $.json } -----------------------------------------------------------------------------------

_JSON_TOKEN = re.compile(
    r"\s*(?:(?P<op>&&|\|\||!=|>=|<=|=|>|<|\(|\))|(?P<string>\"(?:[^\"\\]|\\.)*\")|"
    r"(?P<selector>\$[\w.\[\]*\"'-]*)|(?P<regex>%(?:[^%\\]|\\.)+%)|(?P<word>[^\s()=<>!&|]+))"
)
_STEP = re.compile(r"\.(\w[\w-]*)|\[(\d+|\*)\]|\[[\"']([^\"']+)[\"']\]")
_MISSING = object()


@dataclass(slots=True)
class _Token:
    kind: str
    text: str


class _JsonPattern:
    """expression = conjunction (|| conjunction)*; conjunction = term (&& term)*."""

    def __init__(self, text: str) -> None:
        if not text.endswith("}"):
            raise _invalid("'{' without '}'")
        self._tokens = _tokens(text[1:-1].strip())
        self._position = 0

    def compile(self) -> Match:
        """The whole expression."""
        test = self._either()
        if self._position != len(self._tokens):
            raise _invalid(f"unexpected {self._tokens[self._position].text!r}")

        def match(message: str) -> bool:
            if not message.lstrip().startswith(("{", "[")):
                return False
            try:
                return test(cast("object", json.loads(message)))
            except ValueError:
                return False

        return match

    def _either(self) -> Callable[[object], bool]:
        tests = [self._both()]
        while self._accept("||"):
            tests.append(self._both())
        return lambda event: any(test(event) for test in tests)

    def _both(self) -> Callable[[object], bool]:
        tests = [self._term()]
        while self._accept("&&"):
            tests.append(self._term())
        return lambda event: all(test(event) for test in tests)

    def _term(self) -> Callable[[object], bool]:
        if self._accept("("):
            inner = self._either()
            if not self._accept(")"):
                raise _invalid("'(' without ')'")
            return inner
        selector = self._next("selector").text
        steps = _steps(selector)
        token = self._next(None)
        if token.text in ("IS", "NOT"):
            return self._state(steps, token.text)
        if token.kind != "op" or token.text in ("&&", "||", "(", ")"):
            raise _invalid(f"a comparison is missing after {selector}")
        literal = self._next(None)
        if literal.kind not in ("word", "string", "regex"):
            raise _invalid(f"a value is missing after {selector} {token.text}")
        test = self._test(token.text, literal)
        negative = token.text == "!="
        return lambda event: any(
            test(v) for v in _select(event, steps) if v is not _MISSING or negative
        )

    def _test(self, sign: str, literal: _Token) -> Callable[[object], bool]:
        if literal.kind != "regex":
            return _comparison(sign, literal.text)
        match = _regex(literal.text[1:-1])
        if sign == "=":
            return lambda value: isinstance(value, str) and match(value)
        return lambda value: not (isinstance(value, str) and match(value))

    def _state(self, steps: list[str | int], first: str) -> Callable[[object], bool]:
        what = self._next("word").text
        if first == "NOT" and what == "EXISTS":
            return lambda event: all(v is _MISSING for v in _select(event, steps))
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}
        if first != "IS" or what not in wanted:
            raise _invalid(f"{first} {what} is not known")
        return lambda event: any(v is wanted[what] for v in _select(event, steps))

    def _accept(self, text: str) -> bool:
        if self._position < len(self._tokens) and self._tokens[self._position].text == text:
            self._position += 1
            return True
        return False

    def _next(self, kind: str | None) -> _Token:
        if self._position >= len(self._tokens):
            raise _invalid("it ends too early")
        token = self._tokens[self._position]
        if kind is not None and token.kind != kind:
            raise _invalid(f"unexpected {token.text!r}")
        self._position += 1
        return token


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        found = _JSON_TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _invalid(f"cannot read it from {text[position:]!r}")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 1
    while position < len(selector):
        found = _STEP.match(selector, position)
        if found is None:
            raise _invalid(f"bad selector {selector}")
        name, index, quoted = found.groups()
        steps.append(int(index) if index and index != "*" else index or name or quoted)
        position = found.end()
    return steps


def _select(event: object, steps: list[str | int]) -> list[object]:
    """The values at a selector; one _MISSING when there is none."""
    values: list[object] = [event]
    for step in steps:
        found: list[object] = []
        for value in values:
            if isinstance(value, dict) and isinstance(step, str):
                found.append(cast("dict[str, object]", value).get(step, _MISSING))
            elif isinstance(value, list):
                items = cast("list[object]", value)
                if step == "*":
                    found.extend(items)
                elif isinstance(step, int) and step < len(items):
                    found.append(items[step])
        values = found
    return values or [_MISSING]
