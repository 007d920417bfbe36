"""Fewer requests come in than usual, and nothing of ours fails: the trouble is upstream.

Mechanism: the traffic falls where those outside come in, while what still arrives is served as
always. Fewer calls further down, because something above them fails, are an effect and no cause.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.case import DURATIONS, Case, Shown
from opspilot.diagnosis.change_search import changes_behind
from opspilot.diagnosis.harm import harmful
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.recovery import SMALL_DROP
from opspilot.diagnosis.symptoms import entry_of, onset_of
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.wording import clock

CAUSE_CLASS = "traffic_drop"
_PRIOR = -1.5
_CAP = 0.9
_LEVELS = (*DURATIONS, "api.latency_p99", "api.integration_latency_p99")
_SIGNALS = {
    ResourceKind.API: "api.count",
    ResourceKind.FUNCTION: "lambda.invocations",
    ResourceKind.QUEUE: "sqs.sent",
    ResourceKind.STREAM: "stream.incoming",
}


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for the place where traffic comes in, else for the incident's own resource."""
    own = case.incident.resource
    for resource in dict.fromkeys((entry_of(case, own), *case.sources_of(own), own)):
        less = case.fallen(resource, _SIGNALS.get(resource.kind, ""))
        if less:
            yield _weigh(case, resource, less)
            return


def _weigh(case: Case, resource: Resource, less: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, resource, _PRIOR)
    onset, times = onset_of(less, case.period), growth(less)
    by = f" to {times:.2g} times the usual" if times is not None else ""
    since = f" at {clock(onset.at)}" if onset else ""
    brief.speaks_for(GOOD, f"traffic of {resource.name} fell{by}{since}", less.id)
    small = times is not None and times > SMALL_DROP
    if small:
        text = "so small a drop comes and goes by itself"
        brief.speaks_against(FAIR, text, less.id)
        brief.cap(LEAD_CAP, text)
    harm = [one for one in harmful(case) if one.detail.direction == "up"]
    others = [one for one in harm if not _of_few_calls(one, onset)]
    if harm and not others:
        text = "what is slower since is what few calls look like: each finds a cold container"
        brief.speaks_against(WEAK, text, harm[0].id)
    if others:
        text = f"something fails or is slow meanwhile: {others[0].evidence.finding}"
        brief.speaks_against(GOOD, text, others[0].id)
    else:
        served = [
            shown
            for signal in ("api.5xx", "lambda.errors")
            if (shown := case.metric(resource, signal))
        ]
        if served:
            brief.speaks_for(FAIR, "what still comes in is served", *(one.id for one in served))
    found = changes_behind(case, resource, onset, _any_change) if onset else None
    if found:
        text = f"{resource.name} itself was changed: {found.change.summary}"
        brief.speaks_against(WEAK, text, *found.ids)
    brief.cap(_CAP, "what lies upstream was not read")
    return brief.assessment(
        f"Traffic of {resource.name} fell{by}: less comes in from upstream",
        onset,
        harm=[] if small else [Harm(resource, "traffic")],
        change_found=not others,
        in_metrics=True,
    )


def _of_few_calls(shown: Shown[MetricDetail], drop: Onset | None) -> bool:
    """Whether a level rose no sooner than the calls became few, as it does when they find it cold.

    Whoever calls from outside does not call less because of it within the same minutes.
    """
    onset = shown.detail.onset
    return (
        shown.detail.signal in _LEVELS
        and drop is not None
        and onset is not None
        and onset >= drop.at - drop.uncertainty
    )


def _any_change(change: Change) -> bool:
    return change.kind != "other"
