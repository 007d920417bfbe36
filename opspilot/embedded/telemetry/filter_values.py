"""Filter patterns: values, comparisons and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable

from opspilot.embedded.errors import AwsError

Match = Callable[[str], bool]


def invalid(why: str) -> AwsError:
    """The error for a pattern that cannot be read."""
    return AwsError("InvalidParameterException", f"Invalid filter pattern: {why}")


def regex_match(text: str) -> Match:
    """A predicate that searches a regular expression."""
    try:
        search = re.compile(text).search
    except re.error as exc:
        raise invalid(f"bad regular expression %{text}%: {exc}") from exc
    return lambda message: search(message) is not None


def comparison(sign: str, literal: str) -> Callable[[object], bool]:
    """A test of values: `=` and `!=` take texts with * and numbers, the others numbers."""
    quoted = literal.startswith('"') and literal.endswith('"') and len(literal) > 1
    wanted = literal[1:-1] if quoted else literal
    if sign in ("=", "!="):
        equal = _equality(wanted, quoted)
        return equal if sign == "=" else lambda value: not equal(value)
    try:
        limit = float(wanted)
    except ValueError as exc:
        raise invalid(f"{sign} needs a number, not {literal!r}") from exc
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
