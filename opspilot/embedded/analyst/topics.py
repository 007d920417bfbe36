"""What each tool on offer is good for, by its name and description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from opspilot.embedded.analyst.request import Tool


class Topic(StrEnum):
    """What a tool can tell or do."""

    VERDICT = "verdict"
    HYPOTHESES = "hypotheses"
    EVIDENCE = "evidence"
    ENTRY = "entry"
    METRICS = "metrics"
    PATTERNS = "patterns"
    SEARCH = "search"
    CONFIGURATION = "configuration"
    CHANGES = "changes"
    PLAN = "plan"
    PROPOSE = "propose"


# The first that fits wins, so narrow words come first.
_WORDS: tuple[tuple[Topic, str], ...] = (
    (Topic.PROPOSE, r"propos|remediat|request_plan|make_plan"),
    (Topic.VERDICT, r"verdict|diagnos"),
    (Topic.HYPOTHESES, r"hypothes|suspect"),
    (Topic.PLAN, r"plan"),
    (Topic.EVIDENCE, r"evidence|ledger|findings_list"),
    (Topic.METRICS, r"metric|signal|series"),
    (Topic.PATTERNS, r"pattern|template"),
    (Topic.SEARCH, r"(^|[_ ])logs?([_ ]|$)"),
    (Topic.CONFIGURATION, r"config|setting"),
    (Topic.CHANGES, r"change|deploy|release|trail"),
)
_NEEDS_TEXT = ("pattern", "query", "text", "filter", "contains", "keyword", "search")


def tools_by_topic(tools: Iterable[Tool]) -> Mapping[Topic, Tool]:
    """One tool for each topic; the first on offer where several serve it."""
    found: dict[Topic, Tool] = {}
    for tool in tools:
        topic = topic_of(tool)
        if topic is not None:
            found.setdefault(topic, tool)
    return found


def topic_of(tool: Tool) -> Topic | None:
    """The topic that a tool serves; None when neither name nor description tell."""
    for text in (tool.name, tool.description):
        for topic, words in _WORDS:
            if re.search(words, text, re.IGNORECASE):
                return _narrowed(topic, tool)
    return None


def _narrowed(topic: Topic, tool: Tool) -> Topic:
    if topic is Topic.EVIDENCE and any(
        "evidence" in name or name == "id" for name in tool.required
    ):
        return Topic.ENTRY
    if topic is Topic.PATTERNS and tool.required & set(_NEEDS_TEXT):
        return Topic.SEARCH
    return topic
