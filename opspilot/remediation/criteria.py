"""Success criteria, fixed before approval: when the original signal counts as recovered."""

from datetime import datetime, timedelta
from math import ceil, floor, log10, sqrt

from scipy.special import betaincinv

from opspilot.domain.evidence import Evidence, MetricDetail, MetricRequest
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Criterion
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_named, signal_named, signal_of_query
from opspilot.domain.snapshots import total_since
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.domain.wording import number, plural, quantity, share
from opspilot.remediation.ledger import Ledger

_TRAFFIC = {"lambda.errors": "lambda.invocations", "api.5xx": "api.count", "api.4xx": "api.count"}
_DURATIONS = ("lambda.duration_p99", "lambda.duration_max", "lambda.duration_p50")
_STRICTEST = 0.01
_RARE_PER_PERIOD = 0.2
_HOLD_PERIODS = 3
_DEADLINE_PERIODS = 15
_LONGEST_DEADLINE_PERIODS = 60
_CONFIDENCE = 0.95
_FEWEST_EVENTS = 30
_MOST_EVENTS = 20_000


def criteria_for(incident: Incident, verdict: Verdict, ledger: Ledger) -> tuple[Criterion, ...]:
    """What has to hold, all of it, before an incident counts as recovered.

    First the signal on which the trouble shows. Of several causes each has a criterion of its own
    besides, where it fails or is slow itself: one of them cured is no recovery. And where the
    errors of all functions together rose, they have to fall as well: what fails beyond the causes
    that were named must not pass for cured.
    """
    found = [_on_symptom(incident, verdict, ledger)]
    if len(verdict.causes) > 1:
        onset = incident.window.start
        found += [
            _of(query, ledger, cause.onset or onset)
            for cause in verdict.causes
            if (query := _harm_of(cause.resource, ledger)) is not None
        ]
    found += [
        _level(query, ledger, _hardly_any(query, incident.baseline, ledger))
        for query in _everywhere(ledger)
    ]
    distinct: dict[tuple[str, tuple[tuple[str, str], ...]], Criterion] = {}
    for one in found:
        distinct.setdefault((one.numerator.metric, one.numerator.dimensions), one)
    return tuple(
        one.model_copy(update={"id": f"C{number}"})
        for number, one in enumerate(distinct.values(), start=1)
    )


def _harm_of(resource: Resource, ledger: Ledger) -> MetricQuery | None:
    """The errors of a function, else its slowness; None where neither is abnormal."""
    if resource.kind is not ResourceKind.FUNCTION:
        return None
    signals = ("lambda.errors", *_DURATIONS)
    queries = [query_named(name, resource) for name in signals]
    return next((one for one in queries if _is_abnormal(one, ledger)), None)


def _everywhere(ledger: Ledger) -> list[MetricQuery]:
    """The errors of all functions, where they rose."""
    return [
        item.request.metric
        for item in ledger.evidence
        if isinstance(item.request, MetricRequest)
        and isinstance(item.detail, MetricDetail)
        and item.detail.signal == "account.errors"
        and item.detail.anomalous
        and item.detail.direction == "up"
    ][-1:]


def _hardly_any(query: MetricQuery, baseline: Window, ledger: Ledger) -> float | None:
    """Below 1 where they were rare before; else None, for a level between usual and now.

    Such a level would let a few in each period pass, and those may be what goes on failing. Rare is
    what leaves one run of periods without any almost surely, before observation ends.
    """
    found = ledger.metric_of(query)
    total = found[1].total_baseline if found else None
    periods = baseline.length.total_seconds() / query.period_seconds
    return 1.0 if total is not None and total <= _RARE_PER_PERIOD * periods else None


def _on_symptom(incident: Incident, verdict: Verdict, ledger: Ledger) -> Criterion:
    """The criterion on the signal on which the trouble shows.

    That is the signal that opened the incident. Where it was given without being abnormal (a person
    opened the incident on a slow function that does not fail itself), the errors of the component
    that failed first are taken, or the slowness of the cause. A share of failed calls is judged by
    its upper confidence bound, anything else by its level.
    """
    candidates = _signals(incident, verdict)
    abnormal = [query for query in candidates if _is_abnormal(query, ledger)]
    onset = verdict.first_failure.at if verdict.first_failure else None
    return _of((abnormal or candidates)[0], ledger, onset or incident.window.start)


def _of(numerator: MetricQuery, ledger: Ledger, onset: datetime) -> Criterion:
    """A share of failed calls where the traffic is known that it belongs to, else a level."""
    signal = signal_of_query(numerator)
    traffic = _TRAFFIC.get(signal.name) if signal else None
    if traffic is None:
        return _level(numerator, ledger)
    denominator = numerator.model_copy(
        update={"metric": signal_named(traffic).metric, "statistic": "Sum"}
    )
    return _rate(numerator, denominator, ledger, onset)


def _signals(incident: Incident, verdict: Verdict) -> list[MetricQuery]:
    """The signals that may be measured, most wanted first."""
    failing = verdict.first_failure.resource if verdict.first_failure else incident.resource
    signal = "api.5xx" if failing.kind is ResourceKind.API else "lambda.errors"
    wanted = [incident.symptom.query] if incident.symptom.query else []
    wanted.append(query_named(signal, failing))
    if verdict.cause and verdict.cause.resource.kind is ResourceKind.FUNCTION:
        wanted += [query_named(name, verdict.cause.resource) for name in _DURATIONS]
    return wanted


def _is_abnormal(query: MetricQuery, ledger: Ledger) -> bool:
    found = ledger.metric_of(query)
    return found is not None and found[1].anomalous


def _rate(
    numerator: MetricQuery, denominator: MetricQuery, ledger: Ledger, onset: datetime
) -> Criterion:
    failed, calls = ledger.metric_of(numerator), ledger.metric_of(denominator)
    usual = _share_before(failed, calls)
    before = _share_since(failed, calls, onset, timedelta(seconds=numerator.period_seconds))
    limit = _limit(usual, before)
    traffic = _per_period(calls)
    events = _events_needed(usual, limit)
    if traffic and events / traffic > _LONGEST_DEADLINE_PERIODS / 2:
        # Too little traffic to show so low a rate in time: ask for what can be shown.
        events = max(_FEWEST_EVENTS, int(traffic * _LONGEST_DEADLINE_PERIODS / 2))
        limit = max(limit, _round_up(_bound(round(usual * events), events) * 1.05))
    needed = ceil(events / traffic) if traffic else _HOLD_PERIODS
    deadline = min(_LONGEST_DEADLINE_PERIODS, max(_DEADLINE_PERIODS, 3 * needed + 2))
    who = numerator.dimensions[0][1] if numerator.dimensions else numerator.namespace
    return Criterion(
        id="C1",
        test="rate_upper_bound",
        numerator=numerator,
        denominator=denominator,
        limit=limit,
        hold_periods=_HOLD_PERIODS,
        min_events=events,
        deadline_periods=deadline,
        before=before,
        text=(
            f"95 % upper bound of the failure rate of {who} ({numerator.metric} /"
            f" {denominator.metric}) below {share(limit)} for {_HOLD_PERIODS} periods of"
            f" {numerator.period_seconds} s, at least {plural(events, 'call')}"
        ),
    )


def _share_before(
    failed: tuple[Evidence, MetricDetail] | None, calls: tuple[Evidence, MetricDetail] | None
) -> float:
    """The usual share of failed calls; 0 where the baseline knows of none."""
    bad = failed[1].total_baseline if failed else None
    total = calls[1].total_baseline if calls else None
    return min(1.0, (bad or 0.0) / total) if total else 0.0


def _share_since(
    failed: tuple[Evidence, MetricDetail] | None,
    calls: tuple[Evidence, MetricDetail] | None,
    onset: datetime,
    period: timedelta,
) -> float | None:
    """The share of failed calls since the onset; None where it was not read.

    Whole periods after the onset, if there are any yet; else with the period that it falls into.
    """
    if failed is None or calls is None:
        return None
    for start in (onset, onset - period):
        bad, total = total_since(failed[0], start), total_since(calls[0], start)
        if bad is not None and total:
            return min(1.0, bad / total)
    return None


def _limit(usual: float, before: float | None) -> float:
    """1 %, or twice the usual rate if that is more, and clearly below the incident's."""
    limit = max(_STRICTEST, 2.0 * usual)
    if before is not None and usual < before <= limit:
        limit = (usual + before) / 2.0
    return _round_up(limit)


def _events_needed(usual: float, limit: float) -> int:
    """The fewest calls with which the usual rate can pass the test."""
    events = _FEWEST_EVENTS
    while _bound(round(usual * events), events) >= limit and events < _MOST_EVENTS:
        events = ceil(events * 1.1)
    return events


def _bound(failed: float, total: float) -> float:
    if failed >= total:
        return 1.0
    return float(betaincinv(failed + 1.0, total - failed, _CONFIDENCE))


def _round_up(limit: float) -> float:
    """Two significant digits, upwards, so that the text and the test say the same."""
    digits = 1 - floor(log10(limit))
    return min(1.0, round(ceil(round(limit * 10.0**digits, 6)) / 10.0**digits, digits))


def _per_period(calls: tuple[Evidence, MetricDetail] | None) -> float:
    """Calls in a usual period."""
    if calls is None:
        return 0.0
    known = [
        value for value in (calls[1].baseline_value, calls[1].incident_value) if value is not None
    ]
    return min(known, default=0.0)


def _level(query: MetricQuery, ledger: Ledger, below: float | None = None) -> Criterion:
    """Back on the baseline's side of the geometric mean of usual and incident level, or below."""
    found = ledger.metric_of(query)
    detail = found[1] if found else None
    usual = (detail.baseline_value if detail else None) or 0.0
    during = (detail.incident_value if detail else None) or 0.0
    fell = detail is not None and detail.direction == "down"
    between = sqrt((usual + 1.0) * (during + 1.0)) - 1.0
    limit = float(f"{between if below is None else below:.3g}")
    signal = signal_of_query(query)
    unit = signal.unit if signal else ""
    title = signal.title if signal else f"{query.metric} {query.statistic}"
    who = query.dimensions[0][1] if query.dimensions else "all functions"
    comparator = ">" if fell else "<"
    return Criterion(
        id="C1",
        test="level",
        numerator=query,
        comparator=comparator,
        limit=limit,
        hold_periods=_HOLD_PERIODS,
        deadline_periods=_DEADLINE_PERIODS,
        before=during if found else None,
        text=(
            f"{title} of {who} {'above' if fell else 'below'} {quantity(limit, unit)} in each of"
            f" {number(_HOLD_PERIODS)} consecutive periods of {query.period_seconds} s"
        ),
    )
