"""What else happened around resources: their changes and alarms, and their neighbours'."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.change import Change
from opspilot.domain.evidence import GapDetail, GapReason
from opspilot.domain.resource import Resource
from opspilot.domain.signals import signals_of
from opspilot.domain.window import Window
from opspilot.engine.explore_suspects import MOST_NEIGHBOURS, edges_around, neighbours
from opspilot.engine.reading import Reader, gap_detail
from opspilot.errors import AwsCredentialsMissing, AwsError

Gaps = list[tuple[str, GapDetail]]


@dataclass(frozen=True)
class Surroundings:
    """What else happened in the time that is looked at.

    Attributes:
        changes: Of the resources and of their neighbours, oldest first.
        neighbours: Whose changes and alarms were looked for beside the resources' own.
        left_out: Neighbours beyond what one look reads.
        alarms: Of the resources themselves, whatever their state.
        near: Of neighbours: those that changed their state in this time.
        transitions: Of all these alarms, oldest first.
        complete_until: Until when the change feed is whole; None when it was not read.
        gaps: What could not be read.
    """

    changes: tuple[Change, ...] = ()
    neighbours: tuple[Resource, ...] = ()
    left_out: int = 0
    alarms: tuple[Alarm, ...] = ()
    near: tuple[Alarm, ...] = ()
    transitions: tuple[AlarmTransition, ...] = ()
    complete_until: datetime | None = None
    gaps: tuple[tuple[str, GapDetail], ...] = ()


def surroundings_of(reader: Reader, resources: Sequence[Resource], span: Window) -> Surroundings:
    """Changes and alarms of resources and of their callers and callees.

    Raises:
        AwsCredentialsMissing: Nothing at all can be read.
    """
    if not resources:
        return Surroundings()
    edges, unknown = edges_around(reader.workloads, resources)
    gaps: Gaps = [
        (name, gap if isinstance(gap, GapDetail) else _noted(gap)) for name, gap in unknown
    ]
    known = neighbours(resources, edges)
    beside = known[:MOST_NEIGHBOURS]
    changes, until = _changes(reader, [*resources, *beside], span, gaps)
    alarms, near, moves = _alarms(reader, resources, beside, span, gaps)
    return Surroundings(
        changes=changes,
        neighbours=tuple(beside),
        left_out=len(known) - len(beside),
        alarms=alarms,
        near=near,
        transitions=moves,
        complete_until=until,
        gaps=tuple(gaps),
    )


def _changes(
    reader: Reader, resources: Sequence[Resource], span: Window, gaps: Gaps
) -> tuple[tuple[Change, ...], datetime | None]:
    try:
        feed = reader.changes.changes(resources, span)
    except AwsCredentialsMissing:
        raise
    except AwsError as error:
        gaps.append(("changes", gap_detail(error)))
        return (), None
    gaps += [("changes", _noted(note)) for note in feed.gaps]
    return feed.changes, feed.complete_until


def _alarms(
    reader: Reader,
    resources: Sequence[Resource],
    beside: Sequence[Resource],
    span: Window,
    gaps: Gaps,
) -> tuple[tuple[Alarm, ...], tuple[Alarm, ...], tuple[AlarmTransition, ...]]:
    """The resources' own alarms, the neighbours' that moved, and how all of these moved."""
    try:
        alarms = {one.arn: one for each in resources for one in reader.alarms.alarms_of(each)}
        moves = reader.alarms.transitions(span.start)
    except AwsCredentialsMissing:
        raise
    except AwsError as error:
        gaps.append(("alarms", gap_detail(error)))
        return (), (), ()
    watched = {
        (signal.namespace, signal.dimension, one.identifier)
        for one in beside
        for signal in signals_of(one)
    }
    near = {
        move.alarm.arn: move.alarm
        for move in moves
        if move.alarm.arn not in alarms
        and span.contains(move.at)
        and watched & _watches(move.alarm)
    }
    told = tuple(move for move in moves if move.alarm.arn in alarms or move.alarm.arn in near)
    return tuple(alarms.values()), tuple(near.values()), told


def _watches(alarm: Alarm) -> set[tuple[str, str, str]]:
    if alarm.query is None:
        return set()
    return {(alarm.query.namespace, name, value) for name, value in alarm.query.dimensions}


def _noted(note: str) -> GapDetail:
    """A gap that the port tells as a sentence."""
    return GapDetail(reason=GapReason.UNAVAILABLE, message=note)


__all__ = ["Surroundings", "surroundings_of"]
