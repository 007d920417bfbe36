"""A Converse request as the analyst reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opspilot.embedded.analyst.json_values import fields

_LAST = re.compile(r"no further tool|without (any )?(further )?tools?", re.IGNORECASE)
_INCIDENT = re.compile(r"\bINC-\d+\b")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer."""

    name: str
    description: str
    schema: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Mapping[str, Any]]:
        """Its arguments' schemas by name, references resolved."""
        found: Mapping[str, Any] = self.schema.get("properties") or {}
        return {name: self._resolved(schema) for name, schema in found.items()}

    @property
    def required(self) -> frozenset[str]:
        """Arguments that it cannot do without."""
        return frozenset(self.schema.get("required") or ())

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = str(schema.get("$ref") or "").rpartition("/")[2]
        definitions: Mapping[str, Any] = self.schema.get("$defs") or {}
        if reference in definitions:
            schema = {**schema, **definitions[reference]}
        options: Sequence[Mapping[str, Any]] = schema.get("anyOf") or ()
        real = next((one for one in options if one.get("type") != "null"), None)
        return {**schema, **self._resolved(real)} if real else schema


@dataclass(frozen=True, slots=True)
class Result:
    """A tool call and what came of it.

    Attributes:
        content: A JSON value.
    """

    name: str
    arguments: Mapping[str, Any]
    content: Any
    failed: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, with what, and what was found so far.

    Attributes:
        earlier: Questions before this one, oldest first.
        record: The facts of the incident as they came with the question; may be empty.
        rounds: Results since the question, by round.
        last: The instructions say that no further tool can run.
        position: How many messages there are; makes ids of calls unique.
    """

    question: str
    earlier: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tools: tuple[Tool, ...] = ()
    rounds: tuple[tuple[Result, ...], ...] = ()
    last: bool = False
    position: int = 0

    @property
    def results(self) -> tuple[Result, ...]:
        """All results since the question."""
        return tuple(result for one in self.rounds for result in one)

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Request:
        """Read a request of Converse."""
        messages: Sequence[Mapping[str, Any]] = params["messages"]
        asked = [at for at, message in enumerate(messages) if _question(message)]
        start = asked[-1] if asked else 0
        system = " ".join(str(one.get("text") or "") for one in params.get("system") or ())
        return cls(
            question=_question(messages[start]),
            earlier=tuple(_question(messages[at]) for at in asked[:-1]),
            record=_record([system, *_texts(messages[start])]),
            tools=_tools(params),
            rounds=_rounds(messages[start + 1 :]),
            last=bool(_LAST.search(system)),
            position=len(messages),
        )


def _texts(message: Mapping[str, Any]) -> list[str]:
    return [str(block["text"]) for block in message.get("content") or () if "text" in block]


def _question(message: Mapping[str, Any]) -> str:
    """A user's own words: the last text of a message; what precedes it is context."""
    texts = _texts(message) if message.get("role") == "user" else []
    return texts[-1].strip() if texts else ""


def _record(texts: Sequence[str]) -> Mapping[str, Any]:
    """The JSON object among these texts that tells of the incident; at least its id."""
    for text in texts:
        start = text.find("{")
        if start < 0:
            continue
        try:
            found, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            continue
        if fields(found):
            return fields(found)
    named = next((match for match in map(_INCIDENT.search, texts) if match), None)
    return {"incident_id": named.group()} if named else {}


def _tools(params: Mapping[str, Any]) -> tuple[Tool, ...]:
    config: Mapping[str, Any] = params.get("toolConfig") or {}
    specs = [one["toolSpec"] for one in config.get("tools") or () if "toolSpec" in one]
    return tuple(
        Tool(
            str(spec["name"]),
            str(spec.get("description") or ""),
            fields(fields(spec.get("inputSchema")).get("json")),
        )
        for spec in specs
    )


def _rounds(messages: Sequence[Mapping[str, Any]]) -> tuple[tuple[Result, ...], ...]:
    rounds: list[tuple[Result, ...]] = []
    calls: dict[str, Mapping[str, Any]] = {}
    for message in messages:
        content: Sequence[Mapping[str, Any]] = message.get("content") or ()
        for block in content:
            if "toolUse" in block:
                calls[str(block["toolUse"]["toolUseId"])] = block["toolUse"]
        results = [
            _result(block["toolResult"], calls) for block in content if "toolResult" in block
        ]
        if results:
            rounds.append(tuple(results))
    return tuple(rounds)


def _result(given: Mapping[str, Any], calls: Mapping[str, Mapping[str, Any]]) -> Result:
    use = calls.get(str(given.get("toolUseId")), {})
    parts: Sequence[Mapping[str, Any]] = given.get("content") or ()
    content = next((one["json"] for one in parts if "json" in one), None)
    if content is None:
        content = {"text": " ".join(str(one.get("text") or "") for one in parts)}
    name, arguments = str(use.get("name") or "tool"), fields(use.get("input"))
    return Result(name, arguments, content, given.get("status") == "error")
