"""How a function is configured, and what somebody changed."""

from datetime import timedelta

from pydantic import Field

from opspilot.domain.evidence import (
    ChangesDetail,
    ChangesRequest,
    ConfigurationDetail,
    ConfigurationRequest,
)
from opspilot.domain.model import Json
from opspilot.domain.window import Window
from opspilot.engine.lookups import Span
from opspilot.engine.questions import Question
from opspilot.tools.arguments import About, a_function, neighbourhood, resource_named, span_of
from opspilot.tools.filed import file, told
from opspilot.tools.tool import Arguments, Context, Outcome, Tool

_ONSET = timedelta(minutes=2)
_VERSIONS = 5
_CHANGES = 20
_LONGEST = 200
_MOST_RESOURCES = 15


class FunctionArguments(Arguments):
    """One function."""

    resource: str = Field(
        default="",
        max_length=300,
        description="Name or ARN of a function around the incident; empty for the incident's own.",
    )


class ChangesArguments(About):
    """A resource, or everything around the incident."""

    resource: str = Field(
        default="",
        max_length=300,
        description="Name or ARN of a resource around the incident; empty for all of them.",
    )


def _configuration(given: FunctionArguments, context: Context) -> Outcome:
    function = a_function(given.resource, context)
    question = Question(
        key=f"configuration:{function.arn}",
        title=f"Configuration of {function.name}",
        resource=function,
        request=ConfigurationRequest(resource=function),
    )
    item = file(question, span_of("incident", context), context)
    detail = item.detail
    if not isinstance(detail, ConfigurationDetail):
        return told(item, None, {})
    read = detail.function
    figures: dict[str, Json] = {
        "runtime": read.runtime,
        "memory_mb": read.memory_mb,
        "timeout_seconds": read.timeout_seconds,
        "reserved_concurrency": read.reserved_concurrency,
        "state": read.state,
        "last_update": read.update_status,
        "last_modified": read.last_modified.isoformat() if read.last_modified else None,
        "aliases": {alias.name: alias.version for alias in read.aliases},
        "versions": [
            {
                "version": one.version,
                "published_at": one.published_at.isoformat(),
                "memory_mb": one.memory_mb,
                "timeout_seconds": one.timeout_seconds,
            }
            for one in read.versions[:_VERSIONS]
        ],
        "quoted_environment": {name: value[:_LONGEST] for name, value in read.environment.items()},
        "not_read": list(read.gaps) or None,
    }
    return told(item, None, figures)


def _changes(given: ChangesArguments, context: Context) -> Outcome:
    named = given.resource.strip()
    around = (
        (resource_named(named, context),) if named else neighbourhood(context)[:_MOST_RESOURCES]
    )
    span = _to_the_onset(span_of(given.window, context))
    question = Question(
        key=f"changes:{around[0].arn if named else 'around'}",
        title=f"Changes of {', '.join(resource.name for resource in around)}",
        resource=around[0],
        request=ChangesRequest(resources=around),
    )
    item = file(question, span, context)
    detail = item.detail
    if not isinstance(detail, ChangesDetail):
        return told(item, span, {})
    figures: dict[str, Json] = {
        "count": len(detail.changes),
        "asked_about": [resource.name for resource in around],
        "feed_is_whole_until": detail.complete_until.isoformat(),
        "quoted_changes": [
            {
                "at": one.at.isoformat(),
                "resource": one.resource.name,
                "kind": one.kind,
                "summary": one.summary[:_LONGEST],
                "by": one.actor[:_LONGEST],
                "before": one.before,
                "after": one.after,
            }
            for one in detail.changes[-_CHANGES:]
        ],
    }
    return told(item, span, figures, found=bool(detail.changes))


def _to_the_onset(span: Span) -> Span:
    """An onset is known to a period only: the change that made it may lie within."""
    if span.name != "before_onset":
        return span
    later = Window(start=span.window.start, end=span.window.end + _ONSET)
    return span.model_copy(update={"window": later})


SHOW_CONFIGURATION = Tool(
    name="show_configuration",
    title="Configuration",
    description=(
        "A function as it is configured now: time-out, memory, concurrency, aliases, newest "
        "versions, environment (secrets taken out). Filed as evidence; cite the evidence_id."
    ),
    arguments=FunctionArguments,
    run=_configuration,
)

SHOW_CHANGES = Tool(
    name="show_changes",
    title="Changes",
    description=(
        "What somebody changed, from the comparison window's start to the window's end: releases, "
        "configuration, capacity, with time and author. No change found is no proof that there was "
        "none after the time until which the feed is whole. Filed as evidence; cite the "
        "evidence_id."
    ),
    arguments=ChangesArguments,
    run=_changes,
)
