"""Filter patterns over JSON events: { $.level = "ERROR" && $.latency > 100 }."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from opspilot.embedded.telemetry.filter_values import Match, comparison, invalid, regex_match

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


class JsonPattern:
    """expression = conjunction (|| conjunction)*; conjunction = term (&& term)*."""

    def __init__(self, text: str) -> None:
        if not text.endswith("}"):
            raise invalid("'{' without '}'")
        self._tokens = _tokens(text[1:-1].strip())
        self._position = 0

    def compile(self) -> Match:
        """The whole expression."""
        test = self._either()
        if self._position != len(self._tokens):
            raise invalid(f"unexpected {self._tokens[self._position].text!r}")

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
                raise invalid("'(' without ')'")
            return inner
        selector = self._next("selector").text
        steps = _steps(selector)
        token = self._next(None)
        if token.text in ("IS", "NOT"):
            return self._state(steps, token.text)
        if token.kind != "op" or token.text in ("&&", "||", "(", ")"):
            raise invalid(f"a comparison is missing after {selector}")
        literal = self._next(None)
        if literal.kind not in ("word", "string", "regex"):
            raise invalid(f"a value is missing after {selector} {token.text}")
        test = self._test(token.text, literal)
        negative = token.text == "!="
        return lambda event: any(
            test(v) for v in _select(event, steps) if v is not _MISSING or negative
        )

    def _test(self, sign: str, literal: _Token) -> Callable[[object], bool]:
        if literal.kind != "regex":
            return comparison(sign, literal.text)
        match = regex_match(literal.text[1:-1])
        if sign == "=":
            return lambda value: isinstance(value, str) and match(value)
        return lambda value: not (isinstance(value, str) and match(value))

    def _state(self, steps: list[str | int], first: str) -> Callable[[object], bool]:
        what = self._next("word").text
        if first == "NOT" and what == "EXISTS":
            return lambda event: all(v is _MISSING for v in _select(event, steps))
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}
        if first != "IS" or what not in wanted:
            raise invalid(f"{first} {what} is not known")
        return lambda event: any(v is wanted[what] for v in _select(event, steps))

    def _accept(self, text: str) -> bool:
        if self._position < len(self._tokens) and self._tokens[self._position].text == text:
            self._position += 1
            return True
        return False

    def _next(self, kind: str | None) -> _Token:
        if self._position >= len(self._tokens):
            raise invalid("it ends too early")
        token = self._tokens[self._position]
        if kind is not None and token.kind != kind:
            raise invalid(f"unexpected {token.text!r}")
        self._position += 1
        return token


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        found = _JSON_TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise invalid(f"cannot read it from {text[position:]!r}")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 1
    while position < len(selector):
        found = _STEP.match(selector, position)
        if found is None:
            raise invalid(f"bad selector {selector}")
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
