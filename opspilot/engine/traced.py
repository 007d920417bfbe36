"""What tracing saw around a resource, as the ledger keeps it."""

from collections.abc import Sequence

from opspilot.domain.evidence import GapDetail, GapReason, TracesDetail
from opspilot.domain.resource import Resource
from opspilot.domain.traces import OutsideCall, SeenCall, ServiceGraph
from opspilot.domain.window import Window
from opspilot.domain.wording import clock, plural
from opspilot.engine.answer import Reading, gap_reading
from opspilot.engine.questions import Question
from opspilot.ports.telemetry import Traces

_STEPS = 3
_MOST_CALLS = 150


def read_traces(traces: Traces, question: Question, baseline: Window, incident: Window) -> Reading:
    """The traced calls up to three steps from the resource; a gap where there are none.

    The baseline counts as well: what has broken down may not have been called since.

    Raises:
        AwsError: The call failed.
    """
    graph = traces.service_graph(baseline.joined(incident))
    own = question.resource
    near = nearest(own, graph.calls)
    outside = tuple(one for one in graph.outside if one.caller in near)
    calls = tuple(one for one in graph.calls if one.caller in near and one.callee in near)
    if not calls and not outside:
        return _nothing(question, graph)
    detail = TracesDetail(calls=calls[:_MOST_CALLS], outside=outside[:_MOST_CALLS])
    cut = len(calls) > _MOST_CALLS or len(outside) > _MOST_CALLS
    notes = [
        *graph.gaps,
        *([f"more than {_MOST_CALLS} calls: the rest is left out"] if cut else []),
    ]
    return Reading(
        detail=detail,
        finding=_sentence(own, detail, graph.window) + "".join(f"; {note}" for note in notes),
        snapshot=detail.model_dump(mode="json"),
        window=graph.window,
        partial=bool(notes),
        request_ids=graph.request_ids,
    )


def nearest(own: Resource, calls: Sequence[SeenCall]) -> frozenset[Resource]:
    """The resources at most three calls away, in either direction."""
    reached = {own}
    for _ in range(_STEPS):
        reached |= {
            end
            for one in calls
            if one.caller in reached or one.callee in reached
            for end in (one.caller, one.callee)
        }
    return frozenset(reached)


def _nothing(question: Question, graph: ServiceGraph) -> Reading:
    seen = len(graph.calls) + len(graph.outside)
    span = f"from {clock(graph.window.start)} to {clock(graph.window.end)}"
    elsewhere = (
        f"saw {plural(seen, 'dependency', 'dependencies')} elsewhere, and none around"
        if seen
        else ""
    )
    message = (
        f"X-Ray {elsewhere or 'saw no call in the account, and so none around'} "
        f"{question.resource.name} {span}: what is not traced is not shown"
    )
    detail = GapDetail(reason=GapReason.EMPTY, message=message)
    reading = gap_reading(question, graph.window, detail, None)
    return reading.model_copy(update={"request_ids": graph.request_ids})


def _sentence(own: Resource, detail: TracesDetail, window: Window) -> str:
    callees = [one.callee.name for one in detail.calls if one.caller == own]
    callees += [one.name for one in detail.outside if one.caller == own]
    callers = [one.caller.name for one in detail.calls if one.callee == own]
    failing = [
        f"{one.failed} of {one.calls} to {_name(one)}"
        for one in (*detail.calls, *detail.outside)
        if one.caller == own and one.failed
    ]
    # First what fails of its own calls, as its callers see it: that is what the incident is about.
    failing[:0] = [
        f"{one.failed} of {one.calls} from {one.caller.name}"
        for one in detail.calls
        if one.callee == own and one.failed
    ]
    said = f"; failed: {', '.join(failing)}" if failing else ""
    return (
        f"X-Ray saw {own.name} call {', '.join(callees) or 'nobody'}, and "
        f"{', '.join(callers) or 'nobody'} call it, from {clock(window.start)} to "
        f"{clock(window.end)}{said}"
    )


def _name(one: SeenCall | OutsideCall) -> str:
    return one.callee.name if isinstance(one, SeenCall) else one.name
