"""How often a process of ours looks for cycles that nothing reaches any more.

An investigation makes hundreds of thousands of values: datapoints, log lines, rows. None of them
forms a cycle, so counting references frees them. CPython's defaults search all living ones after
every 700 made all the same, which took a quarter of the processor time of an investigation.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager

_THRESHOLDS = (100_000, 20, 50)


def collect_rarely() -> None:
    """Search rarely from now on."""
    gc.set_threshold(*_THRESHOLDS)


def settle() -> None:
    """Search rarely, and never among what is alive now: modules, service models, clients."""
    gc.collect()
    gc.freeze()
    collect_rarely()


@contextmanager
def settled() -> Generator[None]:
    """The same for a while, in a process that is not ours alone."""
    before = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
