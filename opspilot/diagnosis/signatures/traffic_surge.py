"""More traffic than usual: a change of state of the world, not a fault of the system.

Where nothing is harmed there is no incident. Where something is, the surge competes with the other
explanations: it must have come first, and be large enough to matter.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, LEAD_CAP, WEAK, Assessment, Brief
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import NEAR, Onset
from opspilot.diagnosis.levels import only_began
from opspilot.diagnosis.symptoms import earliest, entry_of, failing, failure_onset, onset_of
from opspilot.diagnosis.untold import tried_again
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.wording import clock, quantity

CAUSE_CLASS = "traffic_surge"
_PRIOR = -2.0
_MATTERS = 1.5
_CAP = 0.85


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for the place where traffic comes in, else for the incident's own resource."""
    own = case.incident.resource
    for resource in dict.fromkeys((entry_of(case, own), own)):
        signal = "api.count" if resource.kind is ResourceKind.API else "lambda.invocations"
        surge = case.risen(resource, signal)
        onset = onset_of(surge, case.period) if surge else None
        if surge and onset:
            yield _weigh(case, resource, surge, onset)
            return


def _weigh(case: Case, resource: Resource, surge: Shown[MetricDetail], onset: Onset) -> Assessment:
    brief = Brief(CAUSE_CLASS, resource, _PRIOR)
    detail = surge.detail
    levels = ""
    if detail.baseline_value is not None and detail.incident_value is not None:
        usual, now = (
            quantity(one, detail.unit) for one in (detail.baseline_value, detail.incident_value)
        )
        levels = f" from {usual} to {now} calls a period"
    brief.speaks_for(
        GOOD, f"traffic of {resource.name} rose{levels} at {clock(onset.at)}", surge.id
    )
    _argue_size(brief, surge)
    before_failures = _argue_order(brief, case, surge, onset)
    if tried_again(case, resource):
        brief.speaks_against(GOOD, "no more than its failed calls, which are tried again", surge.id)
    brief.cap(_CAP, "no signature of the bottleneck: at most likely")
    return Assessment(
        brief.hypothesis(
            f"Traffic of {resource.name} rose{levels}",
            onset.at,
            onset.uncertainty.total_seconds(),
        ),
        change_found=before_failures,
        in_metrics=True,
        failing=next(iter(failing(case)), None),
    )


def _argue_size(brief: Brief, surge: Shown[MetricDetail]) -> None:
    usual, now = surge.detail.baseline_value, surge.detail.incident_value
    if usual is None or now is None:
        return
    if only_began(surge):
        text = "there was no traffic before to compare with: it began, it did not rise"
        brief.speaks_against(GOOD, text, surge.id)
        brief.cap(LEAD_CAP, "usual traffic is not known")
    if now < _MATTERS * max(usual, 1.0):
        text = f"less than {_MATTERS:g} times the usual traffic seldom breaks anything"
        brief.speaks_against(GOOD, text, surge.id)
    else:
        brief.speaks_for(WEAK, f"it is {now / max(usual, 1.0):.2g} times the usual", surge.id)


def _argue_order(brief: Brief, case: Case, surge: Shown[MetricDetail], onset: Onset) -> bool:
    failures = [failure_onset(case, one) for one in failing(case)]
    first = earliest(*(failure.at for failure in failures if failure))
    if first is None:
        return False
    if onset.latest < first - NEAR:
        text = f"it did no harm for long: failures began at {clock(first)}"
        brief.speaks_against(GOOD, text, surge.id)
        return False
    if onset.at <= first + case.period:
        brief.speaks_for(WEAK, f"failures began after it, at {clock(first)}", surge.id)
        return True
    brief.speaks_against(FAIR, f"failures began before it, at {clock(first)}", surge.id)
    return False
