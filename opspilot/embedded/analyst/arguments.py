"""Fills a tool's arguments from its schema, the question and the incident's record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opspilot.embedded.analyst.request import Request, Tool

_QUOTED = re.compile(r"[\"\u201c\u201d`']([^\"\u201c\u201d`']{2,120})[\"\u201c\u201d`']")
_ARN = re.compile(r"arn:aws[\w-]*:[^\s,;\"']+")
_AFTER = re.compile(
    r"\b(?:of|in|on|about|by|from|at|for|does|did|is|has)\s+(?:the\s+)?([A-Za-z][\w.-]{2,})"
)
_ENTRY = re.compile(r"\bE\d+\b", re.IGNORECASE)
_PLAN = re.compile(r"\bINC-\d+-P\d+\b")
_AGO = re.compile(r"(\d+)\s*(min|minute|hour|h\b|m\b)", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")
_BETWEEN = re.compile(
    r"(?:compare|between)\s+(?:the\s+)?(.+?)\s+(?:and|with|to|against|vs\.?|versus)\s+"
    r"(?:the\s+)?(\S+)",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"(\S+)\s+(?:vs\.?|versus)\s+(\S+)", re.IGNORECASE)

# Words after "of" or "in" that name no resource.
_NO_NAME = re.compile(
    r"this|that|these|those|incident|error|errors|log|logs|metric|metrics|last|latest|"
    r"minute|minutes|hour|hours|evidence|change|changes|cause|latency|timeout|timeouts|"
    r"throttle|throttles|traffic|duration|the|what|which|when|why|where|here|now|our|your|"
    r"their|its|all|any|each|function|functions|api|configuration|configured|memory|"
    r"invocations|requests|plan|failures|failing|slow|happening|wrong|it|there|you|going|"
    r"line|lines|containing|onset|baseline|exception|exceptions|warnings|warning|being|"
    r"been|not|really|related|record|general|total|detail|short|hand|production|me|us|them",
    re.IGNORECASE,
)
_TELLING = (
    (r"time-?d? ?-?outs?|timed out", "Task timed out"),
    (r"traceback|stack ?trace", "Traceback"),
    (r"exception", "Exception"),
    (r"memory|oom|killed", "signal: killed"),
    (r"warn", "WARN"),
    (r"error|fail|5\d\d", "ERROR"),
)
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "errors": ("error", "fail", "exception"),
    "5xx": ("error", "fail", "5xx"),
    "4xx": ("4xx", "client error"),
    "duration_p99": ("latenc", "slow", "duration", "p99"),
    "duration_p50": ("p50", "median"),
    "duration_max": ("timeout", "timed out", "time-out", "longest"),
    "latency_p99": ("latenc", "slow", "duration"),
    "throttles": ("throttl",),
    "throttled": ("throttl",),
    "invocations": ("invocation", "traffic", "request", "throughput", "load"),
    "count": ("traffic", "request", "throughput", "load"),
    "concurrency": ("concurren",),
    "visible": ("queue", "backlog"),
    "oldest_age": ("queue", "backlog", "age"),
}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call should be about, where the question alone does not say it.

    Attributes:
        resource: A name; empty for the one that the question names, if any.
        pattern: A text to search for.
        choice: A value that some argument's list holds.
        anything: The resource is left open as far as the tool allows.
    """

    resource: str = ""
    pattern: str = ""
    choice: str = ""
    anything: bool = False


def fill(tool: Tool, request: Request, wanted: Wanted) -> dict[str, Any] | None:
    """Arguments that the schema allows; None when a required one cannot be known."""
    given: dict[str, Any] = {}
    for name, schema in tool.properties.items():
        value = _value(name, schema, request, wanted, needed=name in tool.required)
        if value is not _MISSING:
            given[name] = value
        elif name in tool.required:
            return None
    return given


def resources_named(request: Request) -> list[str]:
    """Resources that the question names, in order; whether they exist the tools will tell."""
    text = _QUOTED.sub(" ", request.question)
    arns = _ARN.findall(text)
    own = [str(request.record.get("resource") or "")]
    names = [name.rstrip(".-") for name in _AFTER.findall(text)]
    words = re.findall(r"[A-Za-z][\w-]*-[\w-]+", text)  # names with a hyphen need no preposition
    found = [*arns, *(name for name in [*names, *words] if not _NO_NAME.fullmatch(name))]
    found += [one for one in own if one and re.search(rf"\b{re.escape(one)}\b", text)]
    return list(dict.fromkeys(found))


def pair_named(request: Request) -> list[str]:
    """The two resources that a comparison is about; fewer when it does not name two."""
    text = request.question
    pair = _BETWEEN.search(text) or _VERSUS.search(text)
    if not pair:
        return resources_named(request)[:2]
    names = [part.split()[-1].strip("?.,!\"'") for part in pair.groups()]
    return [one for one in names if not _NO_NAME.fullmatch(one)]


def pattern_named(question: str) -> str:
    """What to look for in a log: quoted words, or the text that a known word stands for."""
    quoted = _QUOTED.search(question)
    if quoted:
        return quoted.group(1).strip()
    contained = re.search(r"(?:containing|contain|with|mention\w*|matching)\s+(\S{3,})", question)
    if contained:
        return contained.group(1).strip("?.,!")
    return next((text for words, text in _TELLING if re.search(words, question, re.I)), "")


def choices(tool: Tool, request: Request, defaults: Sequence[str]) -> list[str]:
    """Values of the tool's longest list that the question asks for; some of `defaults` if none.

    Where values have a prefix (lambda.errors), only those that suit the incident's resource count.
    """
    nothing: list[str] = []
    values = max((_enum(one) for one in tool.properties.values()), key=len, default=nothing)
    kind = str(request.record.get("kind") or "lambda")
    suited = [one for one in values if "." not in one or kind.startswith(one.partition(".")[0])]
    question = request.question.lower()
    named = [one for one in suited if _asked_for(one, question)]
    ends = [one for end in defaults for one in suited if one.rpartition(".")[2] == end]
    return named or ends


def mentioned_choices(tool: Tool, text: str) -> list[str]:
    """Values of the tool's lists that a text names, such as an error that tells what is allowed."""
    values = [one for schema in tool.properties.values() for one in _enum(schema) if "." in one]
    return [one for one in values if one in text]


def _asked_for(value: str, question: str) -> bool:
    short = value.rpartition(".")[2]
    words = _SYNONYMS.get(short, (short.replace("_", " "),))
    return value in question or any(word in question for word in words)


def _enum(schema: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in schema.get("enum") or ()]


def _value(
    name: str, schema: Mapping[str, Any], request: Request, wanted: Wanted, *, needed: bool
) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return _of_list(schema, request, wanted, needed=needed)
    for words, known in _KNOWN:
        if any(word in name.lower() for word in words):
            value = known(request, wanted, needed)
            if value not in ("", None):
                return _bounded(value, schema)
    return _plain(schema, request) if needed else _MISSING


def _of_list(schema: Mapping[str, Any], request: Request, wanted: Wanted, *, needed: bool) -> Any:
    values = _enum(schema)
    if wanted.choice in values:
        return wanted.choice
    said = set(_WORD.findall(request.question.lower()))
    fits = [one for one in values if set(_WORD.findall(one.lower())) <= said and len(one) > 2]
    if not fits and re.search(r"\bbefore\b", request.question, re.IGNORECASE):
        fits = [one for one in values if one.startswith("before")]
    if fits and fits[0] not in _PLAIN_CHOICES:
        return fits[0]
    return schema.get("default", values[0]) if needed else _MISSING


# Words of every other question: they choose nothing.
_PLAIN_CHOICES = frozenset({"incident", "all"})


def _resource(request: Request, wanted: Wanted, needed: bool) -> str:
    asked = [] if wanted.anything else resources_named(request)
    named = wanted.resource or next(iter(asked), "")
    return named or (str(request.record.get("resource") or "") if needed else "")


def _pattern(request: Request, wanted: Wanted, needed: bool) -> str:
    return wanted.pattern or pattern_named(request.question) or ("ERROR" if needed else "")


def _minutes(request: Request, _: Wanted, needed: bool) -> int | str:
    ago = _AGO.search(request.question)
    if ago is None:
        return 60 if needed else ""
    return int(ago.group(1)) * (60 if ago.group(2).lower().startswith("h") else 1)


def _found(pattern: re.Pattern[str], request: Request) -> str:
    found = pattern.search(request.question)
    return found.group() if found else ""


_Known = Callable[[Request, Wanted, bool], Any]
_KNOWN: tuple[tuple[tuple[str, ...], _Known], ...] = (
    (("incident",), lambda request, _, __: request.record.get("incident_id")),
    (("evidence", "entry"), lambda request, _, __: _found(_ENTRY, request).upper()),
    (("plan",), lambda request, _, __: _found(_PLAN, request)),
    (("minutes",), _minutes),
    (("start", "from"), lambda request, _, need: request.record.get("window_from") if need else ""),
    (("end", "until"), lambda request, _, need: request.record.get("window_to") if need else ""),
    (("limit", "count", "max"), lambda _, __, need: 20 if need else ""),
    (("pattern", "query", "text", "filter", "contains", "keyword", "search"), _pattern),
    (("resource", "function", "service", "arn", "target"), _resource),
)


def _plain(schema: Mapping[str, Any], request: Request) -> Any:
    """Something that the schema allows where nothing else is known."""
    if "default" in schema:
        return schema["default"]
    plain: dict[str, Any] = {"boolean": False, "array": [], "object": {}}
    kind = str(schema.get("type") or "string")
    if kind in ("integer", "number"):
        return _bounded(int(schema.get("minimum") or 1), schema)
    if kind == "string" and not schema.get("pattern"):
        return _bounded(request.question, schema)
    return plain.get(kind, _MISSING)


def _bounded(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and schema.get("type") == "array":
        return [value]
    if isinstance(value, str):
        return value[: int(schema.get("maxLength") or 1000)]
    if isinstance(value, int):
        return min(max(value, schema.get("minimum", value)), schema.get("maximum", 10_000))
    return value
