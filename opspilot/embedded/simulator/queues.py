"""Messages: sent by functions, received by the functions behind event source mappings.

A message that a consumer has received is invisible to others for the visibility timeout. Whoever
takes longer finds it received again; whoever fails leaves it to come back after the timeout; after
so many receptions it moves to the dead-letter queue. Each message is an invocation of its own.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Send
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.deliveries import Delivery
from opspilot.embedded.simulator.poison import poisoned
from opspilot.embedded.simulator.records import ANSWERED, QueueBatch
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable
from opspilot.embedded.simulator.traffic import CHUNK_S, Floats, Ints
from opspilot.embedded.stores import MappingConfig, QueueConfig

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_POLL_S = (0.02, 0.35)
_MOST_RECEIVES = 12
"""Without a dead-letter queue messages come back until they expire: followed so far."""


def send(reached: Reached, step: Send) -> Outcome:
    """One message to the queue whose URL a variable holds."""
    url = reached.variable(step.variable)
    if url is None:
        return missing_variable(reached, step.variable)
    queue = url.rsplit("/", 1)[-1]
    absent = None
    if queue not in reached.state.queues:
        absent = client_failure(
            "AWS.SimpleQueueService.NonExistentQueue",
            "SendMessage",
            "The specified queue does not exist.",
        )
    call = AwsCall("sqs", "SendMessage", "sqs:SendMessage", reached.arn("sqs", queue), absent)
    passed = pass_on(reached, call, reached.latency_s(step.latency_ms))
    sent = passed.accepted & (passed.after <= reached.deadline)
    if step.share < 1.0:
        sent &= reached.chosen(step.share, "send")
    if sent.any():
        reached.walk.hand_over(
            "message", reached.place, queue, reached.rows[sent], passed.after[sent]
        )
    return passed.outcome


@dataclass(slots=True)
class _Receptions:
    """What has become of the messages so far; arrays have one entry for each message."""

    gone: Floats
    taken: list[Floats] = field(default_factory=list[Floats])
    held: list[Floats] = field(default_factory=list[Floats])


def consume(walk: Walk, messages: Delivery) -> None:
    """Hand messages to the function behind the queue until each is done or given up."""
    order = np.argsort(messages.at, kind="stable")
    rows, sent = messages.rows[order], messages.at[order]
    place = f"{messages.place} > {messages.target}"
    walk.spoiled[place] = frozenset(
        rows[poisoned(walk, messages.target, place, rows, sent)].tolist()
    )
    so_far = _Receptions(np.full(sent.size, np.inf))
    waiting, due = np.arange(sent.size), sent
    for attempt in range(_MOST_RECEIVES):
        due = opened(walk.timeline, messages.target, due)
        reachable = np.isfinite(due) & (due < (walk.chunk + 2) * float(CHUNK_S))
        waiting, due = waiting[reachable], due[reachable]
        queue = walk.timeline.states[-1].queues[messages.target]
        if not waiting.size or (queue.dead_letter and attempt >= queue.max_receives):
            break
        waiting, due = _receive(
            walk, messages.target, f"{place}#{attempt}", rows, waiting, due, so_far
        )
    dead = np.zeros(sent.size, dtype=bool)
    final = walk.timeline.states[-1].queues[messages.target]
    if final.dead_letter and waiting.size:
        so_far.gone[waiting], dead[waiting] = due, True
    nothing = np.empty(0)
    walk.trace.queues.append(
        QueueBatch(
            messages.target,
            sent,
            np.concatenate(so_far.taken) if so_far.taken else nothing,
            np.concatenate(so_far.held) if so_far.held else nothing,
            so_far.gone,
            dead,
        )
    )


def _receive(
    walk: Walk,
    name: str,
    place: str,
    rows: Ints,
    waiting: Ints,
    due: Floats,
    so_far: _Receptions,
) -> tuple[Ints, Floats]:
    """One reception of each waiting message; who waits for another, and from when."""
    luck = walk.uniform(f"{place}?")[rows[waiting]]
    taken = due + _POLL_S[0] + luck * (_POLL_S[1] - _POLL_S[0])
    mapping, queue = _configured(walk.timeline, name, float(taken[0]))
    if mapping.maximum_concurrency is not None:
        took = walk.rehearse(place, mapping.target, taken, rows[waiting]).end - taken
        taken = _queued(walk, name, taken, took, mapping.maximum_concurrency)
    answer = walk.invoke(place, mapping.target, taken, rows[waiting])
    back = taken + _visibility(walk.timeline, queue, taken)
    done = (answer.seen == ANSWERED) & (answer.end <= back)
    so_far.gone[waiting[done]] = answer.end[done]
    so_far.taken.append(taken)
    so_far.held.append(np.where(done, answer.end, back))
    return waiting[~done], back[~done]


def _queued(walk: Walk, name: str, taken: Floats, took: Floats, places: int) -> Floats:
    """When each is really taken, where only so many may be worked on at once."""
    busy = walk.trace.busy.get(name) or walk.busy.get(name, ())
    taken_until = sorted(busy)[-places:]
    free: list[float] = [-np.inf] * (places - len(taken_until)) + taken_until
    heapq.heapify(free)
    begun = np.empty(taken.size)
    for position in np.argsort(taken, kind="stable").tolist():
        at = max(float(taken[position]), heapq.heappop(free))
        begun[position] = at
        heapq.heappush(free, at + float(took[position]))
    walk.trace.busy[name] = tuple(free)
    return begun


def opened(timeline: Timeline, source: str, at: Floats) -> Floats:
    """The first moment, from each of these on, at which a mapping reads the source; else never."""
    ready = [any(one.enabled for one in state.mappings_of(source)) for state in timeline.states]
    if all(ready):
        return at
    times = np.asarray(timeline.times)
    opens = np.full(times.size, np.inf)
    following = np.inf
    for number in range(times.size - 1, -1, -1):
        following = times[number] if ready[number] else following
        opens[number] = following
    epoch = np.searchsorted(times, at, side="right") - 1
    return np.maximum(at, opens[epoch])


def _configured(timeline: Timeline, name: str, at: float) -> tuple[MappingConfig, QueueConfig]:
    state = timeline.states[timeline.index(at)]
    mapping = next(one for one in state.mappings_of(name) if one.enabled)
    return mapping, state.queues[name]


def _visibility(timeline: Timeline, queue: QueueConfig, taken: Floats) -> Floats:
    """The visibility timeout that held when each message was received."""
    states = timeline.states
    index = np.searchsorted(np.asarray(timeline.times), taken, side="right") - 1
    first, last = int(index.min()), int(index.max())
    values = np.array(
        [
            states[number].queues.get(queue.name, queue).visibility_timeout_s
            for number in range(first, last + 1)
        ]
    )
    chosen: Floats = values[index - first]
    return chosen
