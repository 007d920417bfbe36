"""Which tools to call next; at most three rounds, and never the same call twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opspilot.embedded.analyst.arguments import (
    Wanted,
    choices,
    fill,
    mentioned_choices,
    pair_named,
    pattern_named,
    resources_named,
)
from opspilot.embedded.analyst.intents import Intent
from opspilot.embedded.analyst.json_values import fields
from opspilot.embedded.analyst.request import Request, Result, Tool
from opspilot.embedded.analyst.speech import ToolCall
from opspilot.embedded.analyst.topics import Topic, tools_by_topic

_MOST_ROUNDS = 3
_MOST_SIGNALS = 3
_SIGNALS = ("errors", "duration_p99", "invocations", "5xx", "latency_p99", "visible", "throttled")

_FIRST: Mapping[Intent, tuple[Topic, ...]] = {
    Intent.WHY: (Topic.VERDICT, Topic.EVIDENCE),
    Intent.SUMMARY: (Topic.VERDICT, Topic.EVIDENCE, Topic.PLAN),
    Intent.REFUTE: (Topic.VERDICT, Topic.HYPOTHESES),
    Intent.ACT: (Topic.VERDICT, Topic.PLAN),
    Intent.EVIDENCE: (Topic.EVIDENCE,),
    Intent.ENTRY: (Topic.ENTRY,),
    Intent.CHANGES: (Topic.CHANGES,),
    Intent.CONFIGURATION: (Topic.CONFIGURATION,),
    Intent.METRICS: (Topic.METRICS,),
    Intent.COMPARE: (Topic.METRICS,),
    Intent.LOGS: (Topic.PATTERNS,),
    Intent.PROPOSE: (Topic.PROPOSE,),
    Intent.PLAN: (Topic.PLAN,),
}
_INSTEAD: Mapping[Intent, tuple[Topic, ...]] = {
    Intent.ENTRY: (Topic.EVIDENCE,),
    Intent.LOGS: (Topic.SEARCH, Topic.EVIDENCE),
    Intent.REFUTE: (Topic.EVIDENCE,),
    Intent.ACT: (Topic.EVIDENCE,),
    Intent.METRICS: (Topic.EVIDENCE,),
    Intent.COMPARE: (Topic.EVIDENCE,),
    Intent.CHANGES: (Topic.EVIDENCE,),
    Intent.PLAN: (Topic.VERDICT,),
}
_FURTHER = (Topic.HYPOTHESES, Topic.METRICS, Topic.CHANGES)
"""What to look at where no cause is on record."""


def next_calls(intent: Intent, request: Request) -> tuple[ToolCall, ...]:
    """The calls of the next round; none when it is time to answer."""
    if request.last or len(request.rounds) >= _MOST_ROUNDS:
        return ()
    wanted = _again(intent, request) if request.rounds else _first(intent, request)
    done = {_key(one.name, one.arguments) for one in request.results}
    chosen: dict[str, tuple[str, dict[str, Any]]] = {}
    for tool, arguments in wanted:
        key = _key(tool.name, arguments)
        if key not in done:
            chosen.setdefault(key, (tool.name, arguments))
    return tuple(
        ToolCall(f"local-{request.position}-{number}", name, arguments)
        for number, (name, arguments) in enumerate(chosen.values())
    )


_Calls = Iterator[tuple[Tool, dict[str, Any]]]


def _first(intent: Intent, request: Request) -> _Calls:
    offered = tools_by_topic(request.tools)
    topics = _FIRST.get(intent, ())
    if intent is Intent.LOGS and pattern_named(request.question):
        topics = (Topic.SEARCH,)
    if not any(topic in offered for topic in topics):
        topics = _INSTEAD.get(intent, _FURTHER) if topics else ()
    if Topic.VERDICT in topics and Topic.VERDICT not in offered:
        topics = (*topics, *_FURTHER)
    for topic in topics:
        if topic in offered:
            yield from _calls(topic, offered[topic], intent, request)


def _again(intent: Intent, request: Request) -> _Calls:
    offered = tools_by_topic(request.tools)
    for failed in (one for one in request.rounds[-1] if one.failed):
        yield from _retry(failed, offered, request)
    if intent is Intent.LOGS and len(request.rounds) == 1 and Topic.SEARCH in offered:
        yield from _named_text(offered[Topic.SEARCH], request)
    if intent in (Intent.WHY, Intent.SUMMARY) and not _cause_known(request):
        for topic in _FURTHER:
            if topic in offered:
                yield from _calls(topic, offered[topic], intent, request)


def _retry(failed: Result, offered: Mapping[Topic, Tool], request: Request) -> _Calls:
    """A metric tool that refused a signal says which there are."""
    tool = offered.get(Topic.METRICS)
    if tool is None or failed.name != tool.name:
        return
    about = str(failed.arguments.get("resource") or "")
    for value in mentioned_choices(tool, json.dumps(failed.content))[:2]:
        arguments = fill(tool, request, Wanted(resource=about, choice=value))
        if arguments is not None:
            yield tool, arguments


def _named_text(tool: Tool, request: Request) -> _Calls:
    """A word that named no resource may be what to look for in the incident's own log."""
    if not all(one.failed for one in request.rounds[0]):
        return
    for name in resources_named(request)[:1]:
        own = str(request.record.get("resource") or "")
        arguments = fill(tool, request, Wanted(resource=own, pattern=name))
        if arguments is not None:
            yield tool, arguments


def _calls(topic: Topic, tool: Tool, intent: Intent, request: Request) -> _Calls:
    if topic is Topic.METRICS:
        yield from _metric_calls(tool, intent, request)
        return
    # A cause may be a change of something else than what failed.
    around = topic is Topic.CHANGES and intent is not Intent.CHANGES
    arguments = fill(tool, request, Wanted(anything=around))
    if arguments is not None:
        yield tool, arguments


def _metric_calls(tool: Tool, intent: Intent, request: Request) -> _Calls:
    resources = pair_named(request) if intent is Intent.COMPARE else resources_named(request)[:1]
    most = _MOST_SIGNALS if len(resources) < 2 else _MOST_SIGNALS - 1
    for value in choices(tool, request, _SIGNALS)[:most] or [""]:
        for resource in resources or [""]:
            arguments = fill(tool, request, Wanted(resource=resource, choice=value))
            if arguments is not None:
                yield tool, arguments


def _cause_known(request: Request) -> bool:
    return any(bool(fields(one.content).get("cause")) for one in request.results)


def _key(name: str, arguments: Mapping[str, Any]) -> str:
    return f"{name} {json.dumps(arguments, sort_keys=True)}"
