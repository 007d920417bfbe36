"""The signals that OpsPilot reads of each kind of resource, found by name or by query."""

from opspilot.domain.resource import Resource
from opspilot.domain.signal_table import (
    HTTP_API_SIGNALS,
    INDEX_DIMENSION,
    INDEX_SIGNALS,
    SIGNALS,
    Signal,
)
from opspilot.domain.telemetry import MetricKind, MetricQuery

__all__ = [
    "SIGNALS",
    "Signal",
    "index_signals",
    "query_named",
    "query_of",
    "signal_for",
    "signal_named",
    "signal_of_query",
    "signals_of",
]

_ALL = (*(signal for group in SIGNALS.values() for signal in group), *HTTP_API_SIGNALS)


def signals_of(resource: Resource) -> tuple[Signal, ...]:
    """The signals of a resource's kind; empty for a kind that has none."""
    if resource.is_http_api:
        return HTTP_API_SIGNALS
    return SIGNALS.get(resource.kind, ())


def index_signals(index: str) -> tuple[Signal, ...]:
    """The signals of a table's index, which the table's configuration has to tell first."""
    return tuple(_of_index(signal, index) for signal in INDEX_SIGNALS.values())


def _of_index(signal: Signal, index: str) -> Signal:
    return signal.model_copy(
        update={
            "name": f"{signal.name}:{index}",
            "title": f"{signal.title} of index {index}",
            "further": ((INDEX_DIMENSION, index),),
        }
    )


def signal_named(name: str) -> Signal:
    """The signal of this name; of APIs that of REST APIs (`query_named` asks of any).

    Raises:
        KeyError: There is none.
    """
    bare, _, index = name.partition(":")
    of_index = next((one for one in INDEX_SIGNALS.values() if one.name == bare), None)
    if index and of_index:
        return _of_index(of_index, index)
    found = next((one for one in _ALL if one.name == name), None)
    if found is None:
        raise KeyError(name)
    return found


def query_of(signal: Signal, resource: Resource, period_seconds: int = 60) -> MetricQuery:
    """The CloudWatch query that reads `signal` of `resource`."""
    own = ((signal.dimension, resource.identifier),) if signal.dimension else ()
    return MetricQuery(
        namespace=signal.namespace,
        metric=signal.metric,
        dimensions=tuple(sorted((*own, *signal.further))),
        statistic=signal.statistic,
        period_seconds=period_seconds,
    )


def query_named(name: str, resource: Resource) -> MetricQuery:
    """The query that reads the signal of this name of `resource`.

    Raises:
        KeyError: There is no such signal.
    """
    own = next((one for one in signals_of(resource) if one.name == name), None)
    return query_of(own or signal_named(name), resource)


def signal_of_query(query: MetricQuery) -> Signal | None:
    """The signal that a query reads, whatever the resource; None when it is none of ours."""
    indexes = [value for name, value in query.dimensions if name == INDEX_DIMENSION]
    if indexes and query.namespace == "AWS/DynamoDB":
        known = INDEX_SIGNALS.get(query.metric)
        same = known is not None and known.statistic == query.statistic
        return _of_index(known, indexes[0]) if known and same else None
    wanted = (query.namespace, query.metric, query.statistic)
    alike = [
        signal
        for signal in _ALL
        if (signal.namespace, signal.metric, signal.statistic) == wanted
        # A metric of one function and that of them all differ in their dimensions alone.
        and bool(signal.dimension) == bool(query.dimensions)
    ]
    named = {name for name, _ in query.dimensions}
    return next((one for one in alike if one.dimension in named), alike[0] if alike else None)


def signal_for(query: MetricQuery) -> Signal:
    """How any query's answer is to be read: as one of our signals, or as what it is by itself.

    A metric of ours under another statistic keeps its kind and unit, where that statistic leaves
    them as they are; of any other metric nothing is assumed.
    """
    known = signal_of_query(query)
    if known is not None:
        return known
    kind, unit = _kind_and_unit(query)
    return Signal(
        name=f"{query.namespace}/{query.metric}",
        title=f"{query.metric} {query.statistic}",
        namespace=query.namespace,
        metric=query.metric,
        statistic=query.statistic,
        unit=unit,
        kind=kind,
        dimension=", ".join(name for name, _ in query.dimensions),
    )


def _kind_and_unit(query: MetricQuery) -> tuple[MetricKind, str]:
    """Of a query that none of our signals reads."""
    related = next(
        (
            signal
            for signal in _ALL
            if (signal.namespace, signal.metric) == (query.namespace, query.metric)
        ),
        None,
    )
    if query.statistic == "SampleCount":
        return "count", "count"
    if related is None or query.statistic == "Sum":
        return "gauge", ""
    # The average of a count is a share of calls, and its extremes are single calls.
    return ("rate", "") if related.kind == "count" else (related.kind, related.unit)
