"""Asynchronous invocations: Lambda queues the event, tries, tries again and at last gives it up.

An error is tried again after one minute and after two, as often as the function's settings say. A
throttled event goes back to the queue and waits longer each time, up to five minutes, until it is
too old. What is given up goes to the dead-letter queue, where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.configuration import AsyncConfig, Configuration
from opspilot.embedded.fleet import LATEST
from opspilot.embedded.simulator.aws_calls import is_denied
from opspilot.embedded.simulator.deliveries import Delivery
from opspilot.embedded.simulator.records import ANSWERED, ERRED, EventBatch
from opspilot.embedded.simulator.resolve import split_target
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_POLL_S = (0.01, 0.08)
_ERROR_PAUSE_S = 60.0
_LONGEST_PAUSE_S = 300.0
_MOST_ATTEMPTS = 40
_AFTER_CHUNK_S = 3300.0
"""Nothing of a chunk may happen later than its spill; what still waits then is given up."""


@dataclass(slots=True)
class _Waiting:
    """Events that are not done: positions, when they are due, what happened to them so far."""

    position: Ints
    due: Floats
    errors: Ints
    throttles: Ints

    def only(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Waiting:
        return _Waiting(
            self.position[mask], self.due[mask], self.errors[mask], self.throttles[mask]
        )


@dataclass(slots=True)
class _Told:
    """What metrics tell of the events."""

    tried: list[Floats] = field(default_factory=list[Floats])
    age_s: list[Floats] = field(default_factory=list[Floats])
    dropped: list[Floats] = field(default_factory=list[Floats])
    undelivered: list[Floats] = field(default_factory=list[Floats])


def work_off(walk: Walk, events: Delivery) -> None:
    """Invoke a function with the events that were left for it."""
    name, qualifier = split_target(events.target)
    place = f"{events.place} ~> {events.target}"
    told = _Told()
    size = events.at.size
    waiting = _Waiting(
        np.arange(size), events.at, np.zeros(size, np.int64), np.zeros(size, np.int64)
    )
    for attempt in range(_MOST_ATTEMPTS):
        if not waiting.position.size:
            break
        waiting = _attempt(walk, events, f"{place}#{attempt}", waiting, told)
    _give_up(walk, events, waiting, told)
    resource = name if qualifier in (None, LATEST) else f"{name}:{qualifier}"
    walk.trace.events.append(
        EventBatch(
            name,
            resource,
            events.at,
            _all(told.tried),
            _all(told.age_s),
            _all(told.dropped),
            _all(told.undelivered),
        )
    )


def _attempt(walk: Walk, events: Delivery, place: str, waiting: _Waiting, told: _Told) -> _Waiting:
    """Try each waiting event once; those that go on waiting."""
    rows = events.rows[waiting.position]
    luck = walk.uniform(f"{place}?")[rows]
    taken = waiting.due + _POLL_S[0] + luck * (_POLL_S[1] - _POLL_S[0])
    told.tried.append(taken)
    told.age_s.append(taken - events.at[waiting.position])
    answer = walk.invoke(place, events.target, taken, rows)
    erred = answer.seen == ERRED
    waiting.errors = waiting.errors + erred
    throttled = (answer.seen != ANSWERED) & ~erred
    waiting.throttles = waiting.throttles + throttled
    pause = np.minimum(2.0**waiting.throttles, _LONGEST_PAUSE_S) * (0.75 + 0.5 * luck)
    waiting.due = np.where(erred, answer.end + _ERROR_PAUSE_S * waiting.errors, taken + pause)
    over = _is_over(walk, events, waiting)
    _give_up(walk, events, waiting.only((erred | throttled) & over), told)
    return waiting.only((erred | throttled) & ~over)


def _is_over(
    walk: Walk, events: Delivery, waiting: _Waiting
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whom the function's settings of that time give up."""
    latest = (walk.chunk + 1) * float(CHUNK_S) + _AFTER_CHUNK_S
    age = waiting.due - events.at[waiting.position]
    over = waiting.due > latest
    for epoch, members in walk.epochs(waiting.due):
        config = _settings(walk.timeline.states[epoch], events.target)
        over[members] |= waiting.errors[members] > config.max_retries
        over[members] |= age[members] > config.max_age_s
    return over


def _settings(state: Configuration, target: str) -> AsyncConfig:
    function = state.functions.get(split_target(target)[0])
    return function.asynchronous if function else AsyncConfig()


def _give_up(walk: Walk, events: Delivery, lost: _Waiting, told: _Told) -> None:
    """Drop events, and write them to the dead-letter queue and the destination, if any."""
    if not lost.position.size:
        return
    told.dropped.append(lost.due)
    for epoch, members in walk.epochs(lost.due):
        state = walk.timeline.states[epoch]
        settings = _settings(state, events.target)
        rows = events.rows[lost.position[members]]
        if settings.on_failure and not _may_not_send(state, events.target):
            place = f"{events.place} failed"
            walk.hand_over("message", place, settings.on_failure, rows, lost.due[members])
        letters = settings.dead_letter
        if letters is None:
            continue
        if letters not in state.queues or _may_not_send(state, events.target):
            told.undelivered.append(lost.due[members])
            continue
        walk.hand_over("message", f"{events.place} dead", letters, rows, lost.due[members])


def _may_not_send(state: Configuration, target: str) -> bool:
    function = state.functions.get(split_target(target)[0])
    return function is not None and is_denied(state, function.latest.role, "sqs:SendMessage")


def _all(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)
