"""Reads lines of two windows alike: all of them, or the same share of even slices of both.

Systematic sampling in time: each window is cut into equal slices, and of each slice one stretch of
the same relative length is read, so that neither window's beginning speaks for the whole of it. The
stretches begin at different places of their slices (multiples of the golden section), or else what
happens once an hour would be met in every slice of an hour, or in none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.telemetry import LogLine, LogLines, LogQuery
from opspilot.domain.window import Window
from opspilot.engine.explore_volume import Volume
from opspilot.ports.telemetry import Logs

MOST_LINES = 20_000
"""Read of each window, about."""

SLICES = 10
_BURST = 3
"""A stretch may hold so many times what an even log would."""
_GOLDEN = 0.6180339887498949
_LATE_LINES = 1.1
"""Lines that arrived since they were counted."""


@dataclass(frozen=True)
class Slice:
    """An even part of a window.

    Attributes:
        read: The stretch that was read whole; its end is its start where nothing was.
        lines: Of that stretch.
        volume: Lines in the slice: counted, or as its stretch lets expect.
    """

    window: Window
    read: tuple[datetime, datetime]
    lines: tuple[LogLine, ...]
    volume: float

    @property
    def weight(self) -> float:
        """How many lines of the slice one that was read stands for."""
        return max(self.volume / len(self.lines), 1.0) if self.lines else 1.0


@dataclass(frozen=True)
class Sample:
    """What was read of a window.

    Attributes:
        counted: Whether `volume` was counted; else it is what the lines read let expect.
        notes: What of the answers was not as planned.
    """

    group: str
    window: Window
    slices: tuple[Slice, ...]
    counted: bool
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every line was read."""
        return all(
            one.read[0] <= one.window.start and one.read[1] >= one.window.end for one in self.slices
        )

    @property
    def read(self) -> int:
        """Lines read."""
        return sum(len(one.lines) for one in self.slices)

    @property
    def volume(self) -> float:
        """Lines in the window; at least those read."""
        return (
            float(self.read) if self.whole else max(sum(s.volume for s in self.slices), self.read)
        )

    @property
    def share(self) -> float:
        """Of the lines, those read."""
        return self.read / self.volume if self.volume else 1.0

    @property
    def answer(self) -> LogLines:
        """All lines as one answer."""
        return LogLines(
            query=LogQuery(log_group=self.group, window=self.window, limit=max(self.read, 1)),
            lines=tuple(line for one in self.slices for line in one.lines),
            truncated=not self.whole,
        )

    @property
    def weights(self) -> list[float]:
        """How many lines each line of `answer` stands for."""
        return [1.0 if self.whole else one.weight for one in self.slices for _ in one.lines]


def read_alike(
    logs: Logs, group: str, windows: tuple[Window, Window], volume: Volume | None
) -> tuple[Sample, Sample]:
    """Lines of both windows, the same share of each.

    Args:
        logs: The source.
        group: Full name of the log group.
        windows: The one to compare with, and the one under suspicion.
        volume: The counted lines of both; None when they could not be counted.

    Raises:
        AwsError: A part could not be read.
    """
    if volume is None or not volume.known:
        return _uncounted(logs, group, windows)
    most = max(volume.within(one) for one in windows)
    share = 1.0 if most <= MOST_LINES else MOST_LINES / most
    before, now = (_counted(logs, group, one, share, volume) for one in windows)
    return before, now


def _counted(logs: Logs, group: str, window: Window, share: float, volume: Volume) -> Sample:
    if share >= 1.0:
        expected = max(int(volume.within(window) * _LATE_LINES), MOST_LINES)
        parts = [_read(logs, group, window, window, expected)]
    else:
        limit = _BURST * MOST_LINES // SLICES
        parts = [
            _read(logs, group, part, stretch, limit) for part, stretch in stretches(window, share)
        ]
    slices = tuple(
        Slice(part.window, part.read, part.lines, volume.within(part.window)) for part in parts
    )
    return Sample(group, window, slices, counted=True)


def stretches(window: Window, share: float) -> list[tuple[Window, Window]]:
    """Even slices of a window, and the stretch of each that is to be read."""
    length = window.length / SLICES
    pairs: list[tuple[Window, Window]] = []
    for index in range(SLICES):
        start = window.start + length * index
        begin = start + length * (1 - share) * (((index + 0.5) * _GOLDEN) % 1.0)
        pairs.append(
            (
                Window(start=start, end=start + length),
                Window(start=begin, end=min(begin + length * share, start + length)),
            )
        )
    return pairs


def _uncounted(logs: Logs, group: str, windows: tuple[Window, Window]) -> tuple[Sample, Sample]:
    """The beginnings of even slices, cut down to the share that every one of them reached."""
    read = [
        [_read(logs, group, part, part, MOST_LINES // SLICES) for part, _ in stretches(one, 1.0)]
        for one in windows
    ]
    reached = [_reached(one) for parts in read for one in parts]
    share = min((one for one in reached if one > 0), default=1.0)
    before, now = (
        Sample(
            group,
            window,
            tuple(_trimmed(one, share) for one in parts),
            counted=False,
            notes=_unordered(parts),
        )
        for window, parts in zip(windows, read, strict=True)
    )
    return before, now


def _read(logs: Logs, group: str, part: Window, stretch: Window, limit: int) -> Slice:
    answer = logs.search(LogQuery(log_group=group, window=stretch, limit=limit))
    until = (answer.searched_until or stretch.start) if answer.truncated else stretch.end
    # Without any order nothing is whole: the lines still count for what they are.
    lines = answer.lines if until <= stretch.start else _before(answer.lines, until)
    return Slice(part, (stretch.start, until), lines, float(len(lines)))


def _before(lines: Sequence[LogLine], until: datetime) -> tuple[LogLine, ...]:
    return tuple(line for line in lines if line.at < until)


def _reached(one: Slice) -> float:
    return (one.read[1] - one.read[0]) / one.window.length


def _trimmed(one: Slice, share: float) -> Slice:
    reached = _reached(one)
    if reached <= 0:
        return one
    until = min(one.read[1], one.read[0] + one.window.length * share)
    if until <= one.read[0] + timedelta(milliseconds=1):
        until = one.read[1]
    return Slice(
        one.window,
        (one.read[0], until),
        _before(one.lines, until),
        len(one.lines) / reached,
    )


def _unordered(parts: Sequence[Slice]) -> tuple[str, ...]:
    lost = sum(1 for one in parts if one.lines and _reached(one) <= 0)
    if not lost:
        return ()
    return (
        f"In {lost} of {len(parts)} slices lines came in no order of time: which part of them was "
        "read is not known.",
    )


__all__ = ["MOST_LINES", "SLICES", "Sample", "Slice", "read_alike", "stretches"]
