"""Clients send what cannot be served: 4xx answers rise, and everything behind the API is well.

Mechanism: 4xx rise out of proportion to the traffic, while 5xx, the functions' errors and their
durations stay, and the functions were not released. Nothing of ours changed state.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import changes_behind
from opspilot.diagnosis.symptoms import failing, onset_of, out_of_proportion
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "api.client_errors"
_PRIOR = -2.0
_CAP = 0.9


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each API whose 4xx answers rose."""
    for api in case.apis:
        errors = case.risen(api, "api.4xx")
        if errors and out_of_proportion(case, errors):
            yield _weigh(case, api, errors)


def _weigh(case: Case, api: Resource, errors: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, api, _PRIOR)
    total = errors.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(GOOD, f"4xx answers of {api.name} rose{counted}", errors.id)
    quiet = _argue_servers(brief, case, api)
    onset = onset_of(errors, case.period)
    unchanged = _argue_unchanged(brief, case, api, onset) if onset else False
    brief.cap(_CAP, "what the clients sent was not read")
    return brief.assessment(
        f"Clients of {api.name} send what it turns down (4xx), and nothing behind it fails",
        onset,
        harm=[Harm(api, "4xx")],
        change_found=quiet and unchanged,
        in_metrics=True,
        in_logs=quiet,
    )


def _argue_servers(brief: Brief, case: Case, api: Resource) -> bool:
    server, fails = case.metric(api, "api.5xx"), failing(case)
    if fails:
        names = ", ".join(one.name for one in fails[:3])
        shown = case.risen(fails[0], "lambda.errors") or case.log(fails[0])
        if shown:
            brief.speaks_against(GOOD, f"functions fail meanwhile: {names}", shown.id)
        return False
    if server and server.detail.anomalous and server.detail.direction == "up":
        brief.speaks_against(FAIR, "5xx answers rose as well", server.id)
        return False
    if server:
        brief.speaks_for(FAIR, "5xx answers did not rise", server.id)
    read = [s for one in case.functions if (s := case.metric(one, "lambda.errors"))]
    if read:
        brief.speaks_for(WEAK, "no function behind it fails", *(shown.id for shown in read))
    throttled = [s for one in case.functions if (s := case.risen(one, "lambda.throttles"))]
    if throttled:
        brief.speaks_against(STRONG, "functions behind it are throttled (429)", throttled[0].id)
    return server is not None and not throttled


def _argue_unchanged(brief: Brief, case: Case, api: Resource, onset: Onset) -> bool:
    """Whether neither the API nor a function right behind it was changed shortly before."""
    near = [api, *(one for one in case.functions if api in case.callers(one))]
    for one in near:
        found = changes_behind(case, one, onset, _could_reject)
        if found:
            text = f"{one.name} changed shortly before: {found.change.summary}"
            brief.speaks_against(GOOD, text, *found.ids)
            return False
    feeds = [feed for one in near if (feed := case.feed_of(one))]
    if feeds and all(feed.whole_until >= onset.latest for feed in feeds):
        ids = dict.fromkeys(identity for feed in feeds for identity in feed.ids)
        brief.speaks_for(WEAK, "nothing of ours was changed shortly before", *ids)
        return True
    brief.misses("whether something of ours was changed shortly before is not known")
    return False


def _could_reject(change: Change) -> bool:
    return change.kind in ("release", "configuration", "permission")
