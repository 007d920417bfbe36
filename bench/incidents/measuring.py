"""Measures the world itself: whether it is ill or well, whatever the product says of it."""

from __future__ import annotations

from bench.incidents.drawing import Case
from bench.incidents.problems import BenchmarkError
from bench.incidents.references import resource_of
from bench.incidents.truth import Cure, Measured
from opspilot.domain.resource import ResourceKind
from opspilot.domain.signals import query_named
from opspilot.domain.telemetry import MetricQuery
from opspilot.embedded.account import Account
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import parse_statistic

_PUBLISHED_S = 120.0
"""Metrics of a minute are whole this long after it has ended."""
_FAILURES_OF_FUNCTION = ("lambda.errors", "lambda.throttles")
_FAILURES_OF_API = ("api.4xx", "api.5xx")


def is_well(case: Case, account: Account, cure: Cure) -> bool:
    """Whether every figure of the cure holds over the last whole minutes."""
    return all(_holds(case, account, one, cure.minutes) for one in cure.every)


def figures(case: Case, account: Account, cure: Cure) -> dict[str, float | None]:
    """The figures by what they measure, for the report."""
    return {
        f"{one.signal} of {one.of}": _figure(case, account, one, cure.minutes) for one in cure.every
    }


def failed(case: Case, account: Account, of: str) -> float:
    """How many calls of a resource failed or were turned away since the scenario's zero."""
    kind = resource_of(case, of).kind
    signals = _FAILURES_OF_API if kind is ResourceKind.API else _FAILURES_OF_FUNCTION
    minutes = max(1, round((case.opened - _PUBLISHED_S - case.zero) / 60))
    return sum(sum(_values(account, _query(case, one, of), minutes)) for one in signals)


def _holds(case: Case, account: Account, wanted: Measured, minutes: int) -> bool:
    figure = _figure(case, account, wanted, minutes)
    if figure is None:
        return False
    below, above = wanted.below, wanted.above
    return (below is None or figure < float(below)) and (above is None or figure > float(above))


def _figure(case: Case, account: Account, wanted: Measured, minutes: int) -> float | None:
    """The median of a level or sum over the minutes; the share of two sums with `per`.

    None where nothing was published, but 0 for a count of failures of something that works.
    """
    query = _query(case, wanted.signal, wanted.of)
    values = _values(account, query, minutes)
    if not wanted.per:
        if query.statistic == "Sum":
            return sum(values) / minutes
        return sorted(values)[len(values) // 2] if values else None
    total = sum(_values(account, _query(case, wanted.per, wanted.per_of or wanted.of), minutes))
    return sum(values) / total if total else None


def _query(case: Case, signal: str, of: str) -> MetricQuery:
    try:
        return query_named(signal, resource_of(case, of))
    except KeyError as exc:
        raise BenchmarkError(
            f"{case.scenario.name}.yaml: truth.cure: there is no signal {signal!r}"
        ) from exc


def _values(account: Account, query: MetricQuery, minutes: int) -> list[float]:
    statistic = parse_statistic(query.statistic)
    assert statistic is not None, query.statistic  # noqa: S101 - signals name known statistics
    now = account.now()
    end = (now - _PUBLISHED_S) // 60 * 60
    metric = MetricId.of(query.namespace, query.metric, dict(query.dimensions))
    with account.lock:
        _, values = account.metrics.query(metric, statistic, 60, (end - minutes * 60, end), now)
    return [float(value) for value in values]
