"""Cold starts: which invocations find no warm container, and how long they then wait.

In steady traffic few do. More do after a release, whose containers are all new; while traffic
grows, since more containers are needed than there are; and where the platform takes containers
away. Where initialisation fails there is never a warm one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.configuration import Configuration
from opspilot.embedded.simulator.records import Runtime
from opspilot.embedded.simulator.traffic import Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

NEW_CONTAINERS_S = 6.0
"""How fast new containers become the usual ones."""


def cold_start_s(
    walk: Walk, runtime: Runtime, state: Configuration, start: Floats, rows: Ints, luck: Floats
) -> Floats:
    """Length of the cold start: 0 for all that start in a warm container.

    The same number decides whether a start is cold and, rescaled, how long it takes.
    """
    build = runtime.build
    if build.init_failure is not None:
        return build.init_ms / 1000.0 * (0.8 + 0.5 * luck)
    usual = max(build.cold_chance, state.conditions.cold_starts.get(runtime.function, 0.0))
    chance = np.full(luck.size, usual)
    if start.size and start.min() < runtime.since + 20 * NEW_CONTAINERS_S:
        age = np.maximum(start - runtime.since, 0.0)
        chance += np.exp(-age / NEW_CONTAINERS_S)
    if walk.growth is not None:
        chance += walk.growth[rows]
    cold = np.flatnonzero(luck < chance)
    took = np.zeros(luck.size)
    took[cold] = build.init_ms / 1000.0 * (0.8 + 0.5 * luck[cold] / chance[cold])
    return took
