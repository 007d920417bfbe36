"""Filter patterns of CloudWatch Logs: terms, phrases, ?any, -without, %regex%, {JSON}, [fields].

No maintained Python parser of this language was found, so it is parsed here, by recursive descent.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from opspilot.embedded.telemetry.filter_json import JsonPattern
from opspilot.embedded.telemetry.filter_values import Match, comparison, invalid, regex_match

_MAX_LENGTH = 1024
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"]+))')
_WORD = r"[A-Za-z0-9_]"


def compile_filter(pattern: str) -> Match:
    """A predicate over messages; raises AwsError InvalidParameterException on a bad pattern."""
    text = pattern.strip()
    if len(pattern) > _MAX_LENGTH:
        raise invalid(f"the filter pattern is longer than {_MAX_LENGTH} characters")
    if not text:
        return lambda _: True
    if text.startswith("{"):
        return JsonPattern(text).compile()
    if text.startswith("["):
        return _space_delimited(text)
    return _terms(text)


# -- terms ----------------------------------------------------------------------------------------


def _terms(text: str) -> Match:
    every: list[Match] = []
    either: list[Match] = []
    without: list[Match] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise invalid(f"cannot read it from {text[position:]!r}")
        position = found.end()
        sign, phrase, regex, bare = found.groups()
        target = {"?": either, "-": without}.get(sign, every)
        target.append(regex_match(regex) if regex is not None else _term(phrase, bare))
        if position < len(text) and not text[position].isspace():
            raise invalid(f"a space is missing before {text[position:]!r}")
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


# -- [space, delimited, fields] -------------------------------------------------------------------

_FIELD = re.compile(r"^\s*(\w+)\s*(?:(!=|>=|<=|=|>|<)\s*(.+?))?\s*$")
_TOKEN = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


def _space_delimited(text: str) -> Match:
    if not text.endswith("]"):
        raise invalid("'[' without ']'")
    parts = text[1:-1].split(",")
    skip = next((i for i, part in enumerate(parts) if part.strip() == "..."), None)
    tests: list[Callable[[object], bool]] = []
    for part in parts:
        found = _FIELD.match(part)
        if part.strip() == "...":
            tests.append(lambda _: True)
        elif found is None:
            raise invalid(f"bad field {part.strip()!r}")
        else:
            tests.append(comparison(found[2], found[3]) if found[2] else lambda _: True)

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
