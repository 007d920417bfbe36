"""Arguments that several tools share: windows by name, resources among the incident's neighbours.

A model never types a time or an ARN of its own making: windows are names relative to the incident,
and a resource is one that the ledger knows around it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from opspilot.domain.evidence import Evidence, TopologyRequest
from opspilot.domain.graph import known_edges
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.window import Window
from opspilot.engine.lookups import Span
from opspilot.engine.questions import Question
from opspilot.errors import InputError
from opspilot.tools.tool import Arguments, Context

WindowName = Literal["incident", "baseline", "last_hour", "before_onset"]

_HOUR = timedelta(hours=1)
_COMPARED = timedelta(hours=3)
_FAR = timedelta(hours=12)
_BEFORE_ONSET = timedelta(minutes=30)
_MOST_NAMES = 25

WINDOW_WORDS = (
    "'incident': the time under suspicion; 'baseline': the quiet time it is compared with; "
    "'last_hour': the last hour up to now; 'before_onset': the half hour before it began."
)


class About(Arguments):
    """A resource and a window."""

    resource: str = Field(
        default="",
        max_length=300,
        description="Name or ARN of a resource around the incident; empty for the incident's own.",
    )
    window: WindowName = Field(default="incident", description=WINDOW_WORDS)


def span_of(name: WindowName, context: Context) -> Span:
    """The window that a name stands for, and what it is compared with."""
    incident = context.incident
    if name == "incident":
        return Span(name=name, window=incident.window, compare=incident.baseline)
    if name == "baseline":
        before = incident.baseline.before(incident.baseline.length)
        return Span(name=name, window=incident.baseline, compare=before)
    if name == "before_onset":
        window = Window(start=(began := _onset(context)) - _BEFORE_ONSET, end=began)
        return Span(name=name, window=window, compare=window.before(_COMPARED))
    now = context.clock.account_now()
    window = Window(start=now - _HOUR, end=now)
    near = incident.baseline.start < window.start < incident.baseline.end + _FAR
    return Span(
        name=name, window=window, compare=incident.baseline if near else window.before(_COMPARED)
    )


def resource_named(name: str, context: Context) -> Resource:
    """The resource of this name or ARN around the incident; the incident's own for no name.

    Raises:
        InputError: There is none, or several bear the name; the message lists what is known.
    """
    wanted = name.strip()
    own = context.incident.resource
    if not wanted or wanted in (own.name, own.identifier, own.arn):
        return own
    known = neighbourhood(context)
    found = [
        one
        for one in known
        if wanted.lower() in (one.name.lower(), one.identifier.lower(), one.arn.lower())
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"several resources are called so; use one of {_listed(found, arns=True)}")
    raise InputError(
        f"no resource of that name is known around {own.name}; known are {_listed(known)}"
    )


def neighbourhood(context: Context) -> tuple[Resource, ...]:
    """The incident's resource, its neighbours, and whatever the ledger is about."""
    ledger = context.ledger()
    if not any(isinstance(item.request, TopologyRequest) for item in ledger):
        ledger = [*ledger, _topology(context)]
    around = [
        resource
        for edge in known_edges(item.detail for item in ledger)
        for resource in (edge.caller, edge.callee)
    ]
    return tuple(
        dict.fromkeys([context.incident.resource, *around, *(item.resource for item in ledger)])
    )


def a_function(name: str, context: Context) -> Resource:
    """The function of this name; only functions have a configuration and a log here.

    Raises:
        InputError: There is none, or it is something else.
    """
    resource = resource_named(name, context)
    if resource.kind is ResourceKind.FUNCTION:
        return resource
    functions = [one for one in neighbourhood(context) if one.kind is ResourceKind.FUNCTION]
    raise InputError(
        f"{resource.name} is no Lambda function but {resource.kind}; functions around the incident "
        f"are {_listed(functions)}"
    )


def _topology(context: Context) -> Evidence:
    own = context.incident.resource
    question = Question(
        key=f"topology:{own.arn}",
        title=f"Callers and callees of {own.name}",
        resource=own,
        request=TopologyRequest(resource=own),
    )
    span = span_of("incident", context)
    return context.lookups.ask(question, span, context.incident, context.origin, context.scope)


def _onset(context: Context) -> datetime:
    """When the cause began, else the first failure, else the start of the incident's window."""
    current = context.scope.store.investigation(context.incident.id)
    verdict = current.verdict if current else None
    candidates = (
        verdict.cause.onset if verdict and verdict.cause else None,
        verdict.first_failure.at if verdict and verdict.first_failure else None,
    )
    return next((one for one in candidates if one), context.incident.window.start)


def _listed(resources: Sequence[Resource], *, arns: bool = False) -> str:
    names = sorted({one.arn if arns else one.name for one in resources})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more if names else "none"
