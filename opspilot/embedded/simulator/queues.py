"""Messages: sent by functions, received by the functions behind event source mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.fleet import Send
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.deliveries import Delivery
from opspilot.embedded.simulator.records import ANSWERED, QueueBatch
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable
from opspilot.embedded.simulator.traffic import Floats

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_POLL_S = (0.02, 0.35)


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


def consume(walk: Walk, messages: Delivery) -> None:
    """Hand messages to the function behind the queue until each is done or given up."""
    state = walk.timeline.states[walk.timeline.index(float(messages.at[0]))]
    queue = state.queues[messages.target]
    mappings = [one for one in state.mappings_of(messages.target) if one.enabled]
    place, rows, sent = f"{messages.place} > {messages.target}", messages.rows, messages.at
    gone = np.full(sent.size, np.inf)
    dead = np.zeros(sent.size, dtype=bool)
    received: list[Floats] = []
    waiting = np.arange(sent.size)
    due = sent
    for attempt in range(queue.max_receives if mappings else 0):
        luck = walk.uniform(f"{place}#{attempt}?")[rows[waiting]]
        taken = due + _POLL_S[0] + luck * (_POLL_S[1] - _POLL_S[0])
        received.append(taken)
        answer = walk.invoke(f"{place}#{attempt}", mappings[0].target, taken, rows[waiting])
        done = answer.seen == ANSWERED
        gone[waiting[done]] = answer.end[done]
        waiting, due = waiting[~done], taken[~done] + queue.visibility_timeout_s
        if not waiting.size:
            break
    if mappings and queue.dead_letter and waiting.size:
        gone[waiting], dead[waiting] = due, True
    taken_all = np.concatenate(received) if received else np.empty(0)
    walk.trace.queues.append(QueueBatch(messages.target, sent, taken_all, gone, dead))
