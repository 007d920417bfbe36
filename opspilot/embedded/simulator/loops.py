"""Recursive loops: a function whose own output comes back to it as input.

Lambda follows a chain of requests through queues and asynchronous invocations, and refuses to go on
after about sixteen of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.simulator.deliveries import Delivery
from opspilot.embedded.simulator.records import QueueBatch
from opspilot.embedded.simulator.resolve import split_target

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_LONGEST_CHAIN = 16
_NOTICED_S = 0.2


def is_loop(handed: Delivery) -> bool:
    """Whether Lambda refuses to invoke anything for these."""
    return handed.kind != "record" and handed.hops >= _LONGEST_CHAIN


def stop_loop(walk: Walk, handed: Delivery) -> None:
    """Refuse the invocations; messages go to the dead-letter queue, where there is one."""
    when = handed.at + _NOTICED_S
    if handed.kind == "event":
        walk.trace.loops.append((split_target(handed.target)[0], when))
        return
    state = walk.timeline.states[walk.timeline.index(float(handed.at[0]))]
    for mapping in state.mappings_of(handed.target):
        walk.trace.loops.append((split_target(mapping.target)[0], when))
    is_dead = state.queues[handed.target].dead_letter is not None
    dead = np.full(when.size, is_dead)
    walk.trace.queues.append(QueueBatch(handed.target, handed.at, when, when, when, dead))
