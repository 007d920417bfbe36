"""Words one tool result, by the topic of its tool; an unknown shape sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opspilot.embedded.analyst.facts import Fact, cite, facts_in, flat, ids_in, quote
from opspilot.embedded.analyst.json_values import fields, items
from opspilot.embedded.analyst.request import Result
from opspilot.embedded.analyst.topics import Topic

_MOST = 12
_MOST_QUOTES = 5

Content = Mapping[str, Any]


def tell(result: Result, topic: Topic | None) -> list[str]:
    """Lines about a result; empty when it holds nothing."""
    content = fields(result.content)
    if result.failed:
        return []
    teller = _TELLERS.get(topic) if topic else None
    return (teller(content) if teller else []) or [str(one) for one in facts_in(result.content)]


def failure(result: Result) -> str:
    """Why a tool did not answer."""
    said = next(facts_in(result.content), Fact("no reason was given"))
    return f"{result.name} could not answer: {said}"


def boxes(content: Content) -> list[Fact]:
    """Cause, first failure and impact of a verdict, as far as they are known."""
    found = [(name, fields(content.get(name))) for name in ("cause", "first_failure", "impact")]
    return [
        Fact(f"{name.replace('_', ' ').capitalize()}: {flat(box.get('summary'))}", ids_in(box))
        for name, box in found
        if box
    ]


def entries(content: Content) -> list[Content]:
    """The entries of a ledger's listing."""
    return [one for one in _list(content, "entries", "evidence", "items") if "finding" in one]


def _verdict(content: Content) -> list[str]:
    if not content.get("status"):
        return [f"There is no verdict yet. {flat(content.get('hint') or '')}".strip()]
    status = str(content["status"]).replace("_", " ")
    sure = f" (confidence {content['confidence']})" if content.get("confidence") else ""
    lines = [f"The rules' verdict is **{status}**{sure}.", *map(str, boxes(content))]
    if content.get("next_query"):
        lines.append(f"What would settle it: {flat(content['next_query'])}")
    return lines


def _hypotheses(content: Content) -> list[str]:
    lines: list[str] = []
    for one in _list(content, "hypotheses")[:4]:
        sure = f", {one['confidence']}" if one.get("confidence") else ""
        where = f" on {one['resource']}" if one.get("resource") else ""
        status = str(one.get("status") or "weighed").replace("_", " ")
        lines.append(
            f"- **{one.get('cause_class', 'hypothesis')}**{where} ({status}{sure}): "
            f"{Fact(flat(one.get('summary') or ''), ids_in(one))}"
        )
        for side, word in (("for", "for it"), ("against", "against it")):
            lines += [
                f"  - {word}: {Fact(str(arg['text']), ids_in(arg))}" for arg in _list(one, side)[:3]
            ]
        missing = [flat(each) for each in one.get("missing") or ()][:3]
        lines += [f"  - not seen: {Fact(each)}" for each in missing]
        if one.get("ruled_out_because"):
            lines.append(f"  - ruled out: {Fact(str(one['ruled_out_because']))}")
    return lines


def _evidence(content: Content) -> list[str]:
    listed = entries(content)
    whole = [one for one in listed if one.get("status") != "gap"]
    gaps = [one for one in listed if one.get("status") == "gap"]
    lines = [f"- {Fact(str(one['finding']), ids_in(one))}" for one in whole[:_MOST]]
    if len(whole) > _MOST:
        lines.append("- There are more on the incident's page.")
    if gaps:
        lines += [
            "Not readable:",
            *(f"- {Fact(str(one['finding']), ids_in(one))}" for one in gaps[:4]),
        ]
    return lines


def _search(content: Content) -> list[str]:
    lines = _with_finding(content)
    quotes = [quote(one) for one in content.get("quoted_lines") or ()][:_MOST_QUOTES]
    return (
        lines
        + ([f"Lines as they stand there{cite(ids_in(content))}:"] if quotes else [])
        + [f"- {one}" for one in quotes]
    )


def _patterns(content: Content) -> list[str]:
    lines = _with_finding(content)
    for one in _list(content, "quoted_patterns")[:_MOST_QUOTES]:
        shown = quote(one.get("example") or one.get("pattern") or "")
        lines.append(
            f"- {one.get('change', 'seen')}, {one.get('lines', '')} lines against "
            f"{one.get('lines_before', '')} before: {shown}{cite(ids_in(content))}"
        )
    return lines


def _configuration(content: Content) -> list[str]:
    lines = _with_finding(content)
    units = {
        "timeout_seconds": "timeout {} s",
        "memory_mb": "memory {} MB",
        "runtime": "runtime {}",
        "reserved_concurrency": "reserved concurrency {}",
        "last_modified": "last modified {}",
    }
    known = [
        text.format(content[key]) for key, text in units.items() if content.get(key) is not None
    ]
    aliases: Content = content.get("aliases") or {}
    known += [f"alias {flat(name)} on version {version}" for name, version in aliases.items()]
    if known:
        lines.append(f"It is set to {', '.join(known)}{cite(ids_in(content))}.")
    environment: Content = content.get("quoted_environment") or {}
    lines += [f"- {quote(f'{name}={value}')}" for name, value in list(environment.items())[:8]]
    return lines


def _changes(content: Content) -> list[str]:
    lines = _with_finding(content)
    for one in _list(content, "quoted_changes", "changes")[-8:]:
        who = f", by {quote(one['by'])}" if one.get("by") else ""
        lines.append(
            f"- {one.get('at', '')} {flat(one.get('resource') or '')}: "
            f"{quote(one.get('summary') or one.get('kind') or '')}{who}{cite(ids_in(content))}"
        )
    if content.get("count") == 0:
        lines.append("No change is on record in that window, for what was asked about.")
    return lines


def _plan(content: Content) -> list[str]:
    if not content.get("plan_id"):
        return []
    lines = [str(Fact(str(content.get("says") or f"{content['plan_id']} is on record")))]
    for one in _list(content, "actions"):
        moved = (
            f" (from {_values(one['before'])} to {_values(one['after'])})"
            if one.get("before")
            else ""
        )
        lines.append(f"- {flat(one.get('summary') or one.get('type'))}{moved}{cite(ids_in(one))}")
    if content.get("risk"):
        lines.append(f"Its risk is {content['risk']}.")
    lines += [
        f"It has worked when: {flat(each)}" for each in (content.get("success_means") or ())[:2]
    ]
    if content.get("next"):
        lines.append(flat(content["next"]))
    return lines


def _with_finding(content: Content) -> list[str]:
    text = content.get("finding") or content.get("summary")
    lines = [str(Fact(str(text), ids_in(content)))] if text else []
    nested = [fact for one in _list(content, "findings", "evidence") for fact in facts_in(one)]
    return lines + [f"- {fact}" for fact in nested]


def _values(value: Any) -> str:
    pairs = fields(value)
    return ", ".join(f"{name} {each}" for name, each in pairs.items()) if pairs else flat(value)


def _list(content: Content, *keys: str) -> list[Content]:
    found = next((items(content[key]) for key in keys if items(content.get(key))), ())
    return [fields(one) for one in found if fields(one)]


_TELLERS: Mapping[Topic, Callable[[Content], list[str]]] = {
    Topic.VERDICT: _verdict,
    Topic.HYPOTHESES: _hypotheses,
    Topic.EVIDENCE: _evidence,
    Topic.ENTRY: _with_finding,
    Topic.METRICS: _with_finding,
    Topic.SEARCH: _search,
    Topic.PATTERNS: _patterns,
    Topic.CONFIGURATION: _configuration,
    Topic.CHANGES: _changes,
    Topic.PLAN: _plan,
    Topic.PROPOSE: _plan,
}
