"""An API answers 5xx although the function behind it does not fail: what joins the two is broken.

Mechanism: 5xx rise while the functions' errors and durations stay; either fewer invocations arrive
(the API may no longer invoke the function, or the target is gone), or what the function returns
cannot be made into an answer (a malformed proxy response is a 502).
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_change, changes_behind
from opspilot.diagnosis.levels import growth
from opspilot.diagnosis.symptoms import failing, onset_of, out_of_proportion
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

CAUSE_CLASS = "api.integration_errors"
_PRIOR = -2.0
_FEWER = 0.7
_SLOW_MS = 20_000.0


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each API whose 5xx answers rose."""
    for api in case.apis:
        errors = case.risen(api, "api.5xx")
        if errors and out_of_proportion(case, errors):
            yield _weigh(case, api, errors)


def _weigh(case: Case, api: Resource, errors: Shown[MetricDetail]) -> Assessment:
    brief = Brief(CAUSE_CLASS, api, _PRIOR)
    total = errors.detail.total_incident
    counted = f" ({number(total)} in all)" if total is not None else ""
    brief.speaks_for(GOOD, f"5xx answers of {api.name} rose{counted}", errors.id)
    behind = [one for one in case.functions if api in case.callers(one)]
    well = _argue_behind(brief, case, behind)
    _argue_latency(brief, case, api)
    onset = onset_of(errors, case.period)
    found, close = None, False
    if onset:
        changed = [
            change
            for one in (api, *behind)
            if (change := changes_behind(case, one, onset, _could_break))
        ]
        found = max(changed, key=lambda one: one.change.at, default=None)
        what = f"change of {api.name} or of what is behind it"
        close = argue_change(brief, case, onset, found, what)
    return brief.assessment(
        f"{api.name} answers 5xx by itself: nothing behind it fails",
        onset,
        harm=[Harm(api, "5xx")],
        change=found.key if found else "",
        change_found=close,
        in_metrics=True,
        in_logs=well,
    )


def _argue_behind(brief: Brief, case: Case, behind: list[Resource]) -> bool:
    fails = [one for one in behind if one in failing(case)]
    throttled = [s for one in behind if (s := case.risen(one, "lambda.throttles"))]
    if fails or throttled:
        names = ", ".join(one.name for one in fails) or throttled[0].evidence.resource.name
        text = f"what is behind it fails or turns it away: {names}"
        shown = [*throttled, *(s for one in fails if (s := case.risen(one, "lambda.errors")))]
        if shown:
            brief.speaks_against(STRONG, text, *(one.id for one in shown))
        brief.rule_out(text)
        return False
    read = [s for one in behind if (s := case.metric(one, "lambda.errors"))]
    if not read or len(read) < len(behind):
        brief.misses("the errors of what is behind it were not all read")
        return False
    brief.speaks_for(GOOD, "what is behind it does not fail", *(shown.id for shown in read))
    for one in behind:
        less = case.fallen(one, "lambda.invocations")
        times = growth(less)
        if less and times is not None and times < _FEWER:
            text = f"{one.name} is invoked less ({times:.2g} times): the calls do not arrive"
            brief.speaks_for(FAIR, text, less.id)
    return True


def _argue_latency(brief: Brief, case: Case, api: Resource) -> None:
    shown = case.metric(api, "api.integration_latency_p99") or case.metric(api, "api.latency_p99")
    peak = shown.detail.peak_value if shown else None
    if shown and peak is not None and peak >= _SLOW_MS:
        text = "its integrations take very long: it may give them up"
        brief.speaks_against(GOOD, text, shown.id)
    elif shown and not (shown.detail.anomalous and shown.detail.direction == "up"):
        brief.speaks_for(WEAK, "its latency did not rise", shown.id)


def _could_break(change: Change) -> bool:
    if change.after and all("timeout" in name for name in change.after):
        return False  # How long is waited breaks nothing that arrives.
    return change.kind in ("release", "configuration", "permission", "other")
