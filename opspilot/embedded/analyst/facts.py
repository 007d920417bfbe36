"""Sentences and their evidence, found in tool results of any shape.

Text from outside (under keys that begin with "quoted") is only ever shown as a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opspilot.embedded.analyst.json_values import fields, items

_ID = re.compile(r"^E\d+$")
_SENTENCES = ("finding", "sentence", "says", "summary", "text", "message", "error")
_IDS = ("evidence_id", "evidence", "evidence_ids", "cites", "id")
_LONGEST_QUOTE = 180


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence of a tool, and the ledger entries that it rests on."""

    text: str
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The sentence with its citations."""
        text = flat(self.text)
        end = text[-1:] if text[-1:] in ".!?" else "."
        return f"{text.rstrip('.!?')}{cite(self.ids)}{end}"


def facts_in(value: Any) -> Iterator[Fact]:
    """Every sentence, in the order in which it stands."""
    found = fields(value)
    if found:
        text = next((found[key] for key in _SENTENCES if _is_text(found.get(key))), "")
        if text:
            yield Fact(str(text), ids_in(found))
        for key, each in found.items():
            if not key.startswith("quoted") and isinstance(each, dict | list):
                yield from facts_in(each)
    for each in items(value):
        yield from facts_in(each)


def ids_in(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The ledger entries that a JSON object names."""
    named: list[str] = []
    for key in _IDS:
        value = found.get(key)
        values = items(value) or [value]
        named += [one for one in map(_id, values) if one]
    return tuple(dict.fromkeys(named))


def cite(ids: Sequence[str]) -> str:
    """The ids in brackets after a space; nothing where there are none."""
    return f" [{', '.join(ids)}]" if ids else ""


def flat(text: object) -> str:
    """Text on one line."""
    return " ".join(str(text).split())


def quote(text: object) -> str:
    """Text from outside, as a quotation of one line that no markup gets out of."""
    line = flat(text).replace("`", "'")
    if len(line) > _LONGEST_QUOTE:
        line = line[:_LONGEST_QUOTE].rpartition(" ")[0] + " ..."
    return f"`{line}`"


def _id(value: Any) -> str:
    value = fields(value).get("id", value)
    return value if isinstance(value, str) and _ID.match(value) else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
