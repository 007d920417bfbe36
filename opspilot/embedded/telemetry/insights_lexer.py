"""Logs Insights QL: the tokens of a query."""

from __future__ import annotations

import re

from opspilot.embedded.errors import AwsError
from opspilot.embedded.telemetry.insights_nodes import malformed

_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>\#[^\n]*)
    |(?P<number>\d+(?:\.\d+)?(?:ms|mo|qtr|[smhdwqy])?\b)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<regex>/(?:[^/\\\n]|\\.)+/i?)
    |(?P<name>`[^`]+`|@?[A-Za-z_][\w.@]*|\*)
    |(?P<op>=~|!=|<=|>=|[-+*/%^=<>(),|\[\]]))""",
    re.VERBOSE,
)


class Reader:
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
        """Whether every token was read."""
        return self.position >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str | None:
        """The text of a coming token; None past the end."""
        at = self.position + ahead
        return self._tokens[at][1] if at < len(self._tokens) else None

    def kind(self) -> str | None:
        """The kind of the next token; None at the end."""
        return None if self.ended else self._tokens[self.position][0]

    def take(self, kind: str | None = None) -> str:
        """Read the next token, which must be of that kind."""
        if self.ended:
            raise malformed("unexpected end of the query")
        found, text, _, _ = self._tokens[self.position]
        if kind is not None and found != kind:
            raise self.unexpected()
        self.position += 1
        return text

    def accept(self, text: str) -> bool:
        """Read the next token if it is that word, in any case."""
        token = self.peek()
        if token is not None and token.lower() == text and self.kind() != "string":
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read the next token, which must be that word."""
        if not self.accept(text):
            raise self.unexpected()

    def unexpected(self) -> AwsError:
        """The error for the next token."""
        if self.ended:
            return malformed("unexpected end of the query")
        _, text, start, _ = self._tokens[self.position]
        return malformed(f"unexpected symbol found {text} at position {start}")

    def source(self, since: int) -> str:
        """The text of the tokens from index `since` to here."""
        return self.text[self._tokens[since][2] : self._tokens[self.position - 1][3]]
