"""Ending politely: the signals that a terminal and a supervisor send."""

import signal
from collections.abc import Callable
from types import FrameType


def on_ending(act: Callable[[], None]) -> None:
    """Call `act` on SIGINT and SIGTERM instead of dying."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
