"""Ranks the signals of resources and their neighbours by how much they stand out in a window."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from opspilot.analysis import Suspect, rank_suspects
from opspilot.analysis.series import from_telemetry
from opspilot.domain.evidence import GapDetail
from opspilot.domain.resource import Resource
from opspilot.domain.signals import Signal, query_of, signals_of
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.window import Window
from opspilot.domain.workload import Edge
from opspilot.engine.reading import gap_detail, unread
from opspilot.errors import AwsCredentialsMissing, AwsError
from opspilot.ports.telemetry import Metrics
from opspilot.ports.workloads import Workloads

MOST_NEIGHBOURS = 12
MOST_SUSPECTS = 12

_Read = tuple[Resource, Signal, MetricSeries]


_ERRORS = ("lambda.errors", "api.5xx")


@dataclass(frozen=True)
class Suspected:
    """A signal that stands out.

    Attributes:
        rank: 1 is the most suspected.
        title: "Duration p99 of payments".
        onset: Start of the first period that is away; it began up to one period before.
        effect_size: Signed robust standard deviations of the baseline.
        times: Over baseline and window; `values` likewise.
    """

    rank: int
    resource: Resource
    signal: Signal
    title: str
    direction: str
    onset: datetime
    effect_size: float
    score: float
    period: timedelta
    times: tuple[datetime, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Suspects:
    """What was looked at, and what of it stands out, best first.

    Attributes:
        searched: Resources whose signals were read, the chosen ones first.
        left_out: Neighbours beyond what one look reads.
        series: How many series were compared.
        gaps: What could not be read.
    """

    found: tuple[Suspected, ...]
    searched: tuple[Resource, ...]
    left_out: int
    series: int
    gaps: tuple[tuple[str, GapDetail | str], ...] = ()


def suspects_among(
    workloads: Workloads,
    metrics: Metrics,
    resources: Sequence[Resource],
    windows: tuple[Window, Window],
    period_seconds: int,
    symptom: Hashable | None = None,
) -> Suspects:
    """See `Explorer.suspects`.

    Args:
        workloads: Tells the neighbours.
        metrics: Tells the series.
        resources: Whose neighbourhood.
        windows: The one under suspicion, and the baseline.
        period_seconds: Of the series.
        symptom: (ARN, metric, statistic) on which the trouble was seen; ignored without data.
    """
    edges, gaps = edges_around(workloads, resources)
    known = [one for one in (*resources, *neighbours(resources, edges)) if signals_of(one)]
    searched = known[: len(resources) + MOST_NEIGHBOURS]
    pairs = [(one, signal) for one in searched for signal in signals_of(one)]
    read, unreadable = _read(metrics, pairs, windows, period_seconds)
    frames = [_frame(read, part) for part in windows]
    keys = set[Hashable](frames[0].columns) & set[Hashable](frames[1].columns)
    graph: dict[str, list[str]] = {}
    for edge in edges:
        graph.setdefault(edge.caller.arn, []).append(edge.callee.arn)
    seen = next(
        (
            _key(one, signal)
            for one, signal, _ in read
            if (one.arn, signal.metric, signal.statistic) == symptom
        ),
        None,
    )
    # Blame follows the symptom's own quantity; but a caller's errors are often a callee's slowness.
    followed = seen if seen and seen in keys and seen[1] != "errors" else None
    ranked = rank_suspects(frames[1], frames[0], graph=graph, symptom=followed) if keys else []
    by_key: dict[Hashable, _Read] = {
        _key(one, signal): (one, signal, series) for one, signal, series in read
    }
    return Suspects(
        found=tuple(
            _suspected(rank, one, by_key[one.column])
            for rank, one in enumerate(ranked[:MOST_SUSPECTS], 1)
        ),
        searched=tuple(searched),
        left_out=len(known) - len(searched),
        series=len(read),
        gaps=(*gaps, *unreadable),
    )


def neighbours(resources: Sequence[Resource], edges: Sequence[Edge]) -> list[Resource]:
    """Who calls these resources or is called by them, near ones first, without themselves."""
    ends = dict.fromkeys(end for one in edges for end in (one.caller, one.callee))
    return [one for one in ends if one not in resources]


def edges_around(
    workloads: Workloads, resources: Sequence[Resource]
) -> tuple[list[Edge], list[tuple[str, GapDetail | str]]]:
    """The calls around resources as far as they are known, and what keeps more from being so.

    Raises:
        AwsCredentialsMissing: Nothing at all can be read.
    """
    edges: dict[Edge, None] = {}
    gaps: list[tuple[str, GapDetail | str]] = []
    for resource in resources:
        try:
            topology = workloads.topology(resource)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            gaps.append((f"neighbours of {resource.name}", gap_detail(error)))
            continue
        edges.update(dict.fromkeys(topology.edges))
        gaps += [(f"neighbours of {resource.name}", note) for note in topology.gaps]
    return list(edges), gaps


def _read(
    metrics: Metrics,
    pairs: Sequence[tuple[Resource, Signal]],
    windows: tuple[Window, Window],
    period_seconds: int,
) -> tuple[list[_Read], list[tuple[str, GapDetail | str]]]:
    queries = [query_of(signal, resource, period_seconds) for resource, signal in pairs]
    try:
        answers = metrics.fetch(queries, windows[0].joined(windows[1])) if queries else []
    except AwsCredentialsMissing:
        raise
    except AwsError as error:
        return [], [("metrics", gap_detail(error))]
    read: list[_Read] = []
    gaps: list[tuple[str, GapDetail | str]] = []
    for (resource, signal), series in zip(pairs, answers, strict=True):
        missing = unread(series)
        if missing:
            gaps.append((f"{signal.title} of {resource.name}", missing))
        else:
            read.append((resource, signal, series))
    return read, gaps


def _frame(read: Sequence[_Read], part: Window) -> pd.DataFrame:
    columns: dict[Hashable, pd.Series] = {}
    for resource, signal, series in read:
        values = from_telemetry(series, signal)
        inside = values[
            (values.index >= pd.Timestamp(part.start)) & (values.index < pd.Timestamp(part.end))
        ]
        if len(inside):
            columns[_key(resource, signal)] = inside
    return pd.DataFrame(columns)


def _key(resource: Resource, signal: Signal) -> tuple[str, str, str]:
    """One word for what callers and callees measure alike, so that blame can follow the calls."""
    quantity = "errors" if signal.name in _ERRORS else signal.metric
    return resource.arn, "latency" if signal.kind == "duration" else quantity, signal.statistic


def _suspected(rank: int, found: Suspect, read: _Read) -> Suspected:
    resource, signal, series = read
    return Suspected(
        rank=rank,
        resource=resource,
        signal=signal,
        title=f"{signal.title} of {resource.name}",
        direction=found.direction,
        onset=pd.Timestamp(str(found.onset)).to_pydatetime(),
        effect_size=found.effect_size,
        score=found.score,
        period=timedelta(seconds=series.period_seconds),
        times=series.times,
        values=series.values,
    )
