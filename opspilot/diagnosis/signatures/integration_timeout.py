"""An API gives its integration up before the function behind it has answered.

Mechanism: 5xx answers rise while the functions behind report no errors: they finish, later than the
API waits (29 s, an HTTP API 30 s, or less where the integration's timeout was set). Latency stands
at that limit.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import (
    FAIR,
    GOOD,
    LEAD_CAP,
    STRONG,
    WEAK,
    Assessment,
    Brief,
    Harm,
    Onset,
)
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import argue_change, changes_behind
from opspilot.diagnosis.levels import since
from opspilot.diagnosis.symptoms import failing, onset_of, out_of_proportion
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import milliseconds, number

CAUSE_CLASS = "api.integration_timeout"
_PRIOR = -2.0
_MOST_MS, _MOST_HTTP_MS = 29_000.0, 30_000.0
_NEAR = 0.93


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
    brief.speaks_for(WEAK, f"5xx answers of {api.name} rose{counted}", errors.id)
    behind = [one for one in case.functions if api in case.callers(one)]
    fails = [one for one in behind if one in failing(case)]
    if fails:
        names = ", ".join(one.name for one in fails)
        text = f"what is behind it fails itself: {names}"
        shown = [s for one in fails if (s := case.risen(one, "lambda.errors"))]
        brief.speaks_against(STRONG, text, errors.id, *(s.id for s in shown))
        brief.rule_out(text)
    onset = onset_of(errors, case.period)
    found = changes_behind(case, api, onset, _of_timeout) if onset else None
    at_limit = _argue_limit(brief, case, api, behind, found.change if found else None, onset)
    if not at_limit:
        brief.cap(LEAD_CAP, "nothing was seen to take as long as the API waits")
    close = False
    if onset:
        close = argue_change(brief, case, onset, found, f"shorter timeout of {api.name}")
    return brief.assessment(
        f"{api.name} gives up before what is behind it has answered",
        onset,
        harm=[Harm(api, "5xx")],
        setting="integration_timeout",
        change=found.key if found else "",
        change_found=close,
        in_metrics=at_limit,
        in_logs=at_limit and not fails,
    )


def _argue_limit(
    brief: Brief,
    case: Case,
    api: Resource,
    behind: list[Resource],
    change: Change | None,
    onset: Onset | None,
) -> bool:
    """Whether the API's latency, or a function's duration, reaches what the API waits for."""
    limit = _limit_ms(api, change)
    latency = case.metric(api, "api.integration_latency_p99") or case.metric(api, "api.latency_p99")
    seen = _highest(latency, onset)
    stands = latency is not None and seen is not None and seen >= _NEAR * limit
    if latency and seen is not None and stands:
        text = f"its latency reaches {milliseconds(seen)}; it waits {milliseconds(limit)}"
        brief.speaks_for(GOOD, text, latency.id)
    longer = [
        shown
        for one in behind
        for signal in ("lambda.duration_max", "lambda.duration_p99")
        if (shown := case.metric(one, signal)) and (_highest(shown, onset) or 0.0) >= limit
    ]
    if longer:
        peak = milliseconds(_highest(longer[0], onset) or 0.0)
        text = f"{longer[0].evidence.resource.name} takes up to {peak}, and does not fail"
        brief.speaks_for(GOOD, text, longer[0].id)
    elif latency and not stands:
        text = f"nothing took the {milliseconds(limit)} that the API waits"
        brief.speaks_against(FAIR, text, latency.id)
    return stands or bool(longer)


def _highest(shown: Shown[MetricDetail] | None, onset: Onset | None) -> float | None:
    """The highest value since the onset; a limit that was lowered makes the level fall to it."""
    if shown is None:
        return None
    read = since(shown, onset.at + onset.uncertainty) if onset else []
    known = [*read, *([shown.detail.peak_value] if shown.detail.direction == "up" else [])]
    return max((one for one in known if one is not None), default=shown.detail.peak_value)


def _limit_ms(api: Resource, change: Change | None) -> float:
    """What the API waits: as a change tells, else AWS's default for such APIs."""
    for name, text in (change.after if change else {}).items():
        if "timeout" in name:
            figure = "".join(one for one in text if one.isdigit() or one == ".")
            if figure:
                value = float(figure)
                return value if name.endswith(("ms", "millis")) or value > 50 else value * 1_000.0
    return _MOST_HTTP_MS if api.is_http_api else _MOST_MS


def _of_timeout(change: Change) -> bool:
    return any("timeout" in name for name in change.after)
