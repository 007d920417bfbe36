"""The answer to a question, from what the tools gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opspilot.embedded.analyst.facts import Fact, ids_in
from opspilot.embedded.analyst.intents import Intent
from opspilot.embedded.analyst.json_values import fields
from opspilot.embedded.analyst.request import Request, Result
from opspilot.embedded.analyst.telling import boxes, entries, failure, tell
from opspilot.embedded.analyst.topics import Topic, tools_by_topic

STAND_IN = (
    "I am the local analyst: a rule-based stand-in that reads questions by their words. "
    "A Bedrock model would understand more."
)
_CAN = (
    "- why it happened, and what would refute that\n"
    "- what changed, and how a function is configured\n"
    "- errors, latency, throttles or traffic of a resource, or two resources compared\n"
    "- what the logs say, or lines with a text in quotation marks\n"
    "- the evidence on record, or one entry of it\n"
    "- what to do next, or to propose a plan"
)
_LEADS: Mapping[Intent, str] = {
    Intent.EVIDENCE: "On record:",
    Intent.REFUTE: "What speaks for and against each explanation:",
    Intent.COMPARE: "Side by side, each against its own baseline:",
}
_OPENING: Mapping[Intent, str] = {
    Intent.WHY: "I look at what is on record.",
    Intent.SUMMARY: "I gather what is on record.",
    Intent.REFUTE: "I look for what speaks against it.",
    Intent.ACT: "I look at the verdict and at what is planned.",
    Intent.EVIDENCE: "I list the evidence.",
    Intent.ENTRY: "I open the entry.",
    Intent.CHANGES: "I look at what changed.",
    Intent.CONFIGURATION: "I read the configuration.",
    Intent.METRICS: "I read the metrics.",
    Intent.COMPARE: "I read both.",
    Intent.LOGS: "I read the log.",
    Intent.PROPOSE: "I ask the engine for a plan, in your name.",
    Intent.PLAN: "I look at the plan.",
}


def opening(intent: Intent, request: Request) -> str:
    """What is said before the first tools run, and before further ones."""
    if request.rounds:
        return "That does not settle it; I look further."
    return _OPENING.get(intent, "I look.")


def capabilities() -> str:
    """What can be asked."""
    return f"{STAND_IN}\n\nYou can ask me:\n{_CAN}"


def beyond() -> str:
    """A question that no rule fits."""
    return f"That question is beyond me. {STAND_IN}\n\nYou can ask me:\n{_CAN}"


def answer_text(intent: Intent, request: Request) -> str:
    """The whole answer; says so plainly when there is nothing to say."""
    topics = {tool.name: topic for topic, tool in tools_by_topic(request.tools).items()}
    told = [(one, topics.get(one.name)) for one in request.results]
    parts = [*_told(intent, told)]
    failures = list(dict.fromkeys(failure(one) for one, _ in told if one.failed))
    if not parts:
        parts.append(_nothing(request))
    if failures:
        parts.append("\n".join(failures))
    parts += _closing(intent, told)
    return "\n\n".join(part for part in parts if part)


_Told = list[tuple[Result, Topic | None]]


def _told(intent: Intent, told: _Told) -> list[str]:
    parts: list[str] = []
    for result, topic in told:
        if result.failed:
            continue
        if topic is Topic.EVIDENCE and intent in (Intent.WHY, Intent.SUMMARY):
            lines = _carrying(result, told)
        else:
            lines = tell(result, topic)
        if lines:
            parts.append("\n".join(lines))
    lead = _LEADS.get(intent)
    return [lead, *parts] if lead and parts else parts


def _carrying(listing: Result, told: _Told) -> list[str]:
    """Of all evidence that which the verdict rests on; without a verdict what there is."""
    verdict = _content(told, Topic.VERDICT)
    cited = {one for fact in boxes(verdict) for one in fact.ids}
    rest = [one for one in entries(fields(listing.content)) if set(ids_in(one)) & cited]
    if not rest:
        return tell(listing, Topic.EVIDENCE)
    lines = [f"- {Fact(str(one['finding']), ids_in(one))}" for one in rest]
    return ["It rests on:", *dict.fromkeys(lines)]


def _closing(intent: Intent, told: _Told) -> list[str]:
    if intent is Intent.ACT:
        return [_next_step(told)]
    if intent is Intent.PROPOSE and any(not one.failed for one, _ in told):
        return ["Nothing was changed. People approve and execute."]
    if intent is Intent.REFUTE and any(not one.failed for one, _ in told):
        return [
            "It would be refuted by its signal recovering while the cause is still in place, or "
            "by the trouble having begun before it."
        ]
    return []


def _next_step(told: _Told) -> str:
    if _content(told, Topic.PLAN).get("plan_id"):
        return "The next step is that plan: whoever may approve it decides on the incident's page."
    if _content(told, Topic.VERDICT).get("cause"):
        return "No plan is filed. Ask me to propose a plan; the engine makes it from the verdict."
    return (
        "Without a cause on record there is nothing to plan. Let the investigation finish, or ask "
        "what changed and what the logs say."
    )


def _content(told: _Told, topic: Topic) -> Mapping[str, Any]:
    found = [one.content for one, about in told if about is topic and not one.failed]
    return fields(found[0]) if found else {}


def _nothing(request: Request) -> str:
    if not request.tools:
        return f"I was given no tools, and know nothing of the incident without them. {STAND_IN}"
    if not request.results:
        return f"None of the tools that I was given fits that question. {STAND_IN}"
    if all(one.failed for one in request.results):
        return "I could not find out."
    return "The tools gave nothing on that."
