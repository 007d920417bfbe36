"""Looks at one log over any window: its volume, what changed in it, its raw lines and its tail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.analysis import log_detail, log_sentence
from opspilot.domain.evidence import GapDetail, LogDetail
from opspilot.domain.telemetry import LogLine
from opspilot.domain.window import Window
from opspilot.domain.wording import plural, share
from opspilot.engine.explore_bars import Bar, bin_seconds, edges, tone_of
from opspilot.engine.explore_lines import FoundLines, LineFinder
from opspilot.engine.explore_patterns import Pattern, changed_patterns
from opspilot.engine.explore_sample import Sample, read_alike
from opspilot.engine.explore_volume import Counting, Volume, VolumeCounter
from opspilot.engine.reading import gap_detail
from opspilot.engine.redaction import redact_model, redact_text
from opspilot.errors import AwsCredentialsMissing, AwsError
from opspilot.ports.clock import Clock
from opspilot.ports.telemetry import Logs

MOST_TAILED = 2_000
"""In one look at the tail."""


@dataclass(frozen=True)
class Read:
    """How much of a window the comparison rests on.

    Attributes:
        lines: Read.
        volume: In the window: counted, or what the lines read let expect.
        whole: Whether every line was read.
        counted: Whether `volume` was counted.
    """

    window: Window
    lines: int
    volume: float
    whole: bool
    counted: bool

    @property
    def share(self) -> float:
        """Of the lines, those read."""
        return self.lines / self.volume if self.volume else 1.0


@dataclass(frozen=True)
class LogView:
    """What changed in one log between a window and as long a time before it.

    Attributes:
        span: Both windows, and what lies between them.
        read: Of the compared time, and of the window.
        bars: The lines that were read, where every line of a moment was; for want of a count.
        missing: The parts of both windows of which nothing was read.
    """

    group: str
    span: Window
    sentence: str = ""
    detail: LogDetail | None = None
    patterns: tuple[Pattern, ...] = ()
    read: tuple[Read, ...] = ()
    bin_seconds: int = 60
    bars: tuple[Bar, ...] = ()
    missing: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()
    gap: GapDetail | None = None

    @property
    def sampled(self) -> bool:
        """Whether the comparison rests on a part of the lines."""
        return any(not one.whole for one in self.read)


@dataclass(frozen=True)
class LogExplorer:
    """Reads logs."""

    logs: Logs
    clock: Clock

    def count(self, group: str, window: Window, baseline: Window) -> Counting:
        """Start counting the lines of the window and of the compared time before it."""
        return VolumeCounter(self.logs, self.clock).begin(
            group, compared(window, baseline).joined(window)
        )

    def counted(self, counting: Counting) -> Volume:
        """The count as it stands."""
        return VolumeCounter(self.logs, self.clock).look(counting)

    def stop(self, counting: Counting) -> None:
        """Stop a count that nobody waits for any more.

        Raises:
            AwsError: It could not be stopped.
        """
        VolumeCounter(self.logs, self.clock).stop(counting)

    def view(
        self, group: str, window: Window, baseline: Window, volume: Volume | None = None
    ) -> LogView:
        """The log of the window against as long a time at the end of the baseline.

        Args:
            group: Full name of the log group.
            window: The time under suspicion.
            baseline: The time to compare with.
            volume: The counted lines of both; None when they could not be counted.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        before = compared(window, baseline)
        span = before.joined(window)
        try:
            then, now = read_alike(self.logs, group, (before, window), volume)
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return LogView(group, span, gap=gap_detail(error))
        detail, _ = log_detail(then.answer, now.answer)
        width = bin_seconds(span)
        bars, missing = counted_lines((then, now), width)
        return LogView(
            group=group,
            span=span,
            sentence=redact_text(log_sentence(group.rsplit("/", 1)[-1], detail)),
            detail=redact_model(detail),
            patterns=changed_patterns(then, now, detail),
            read=(_read(then), _read(now)),
            bin_seconds=width,
            bars=bars,
            missing=missing,
            notes=tuple(dict.fromkeys((*_nothing_before(then, now), *then.notes, *now.notes))),
        )

    def find(self, group: str, window: Window, pattern: str, limit: int) -> FoundLines:
        """One page of matching raw lines; see `LineFinder.find`."""
        return LineFinder(self.logs).find(group, window, pattern, limit)

    def collect(self, group: str, window: Window, pattern: str, most: int) -> FoundLines:
        """All pages together; see `LineFinder.collect`."""
        return LineFinder(self.logs).collect(group, window, pattern, most)

    def tail(self, group: str, since: datetime, pattern: str = "") -> FoundLines:
        """Everything logged since then, as far as it has arrived."""
        until = max(self.clock.account_now(), since) + timedelta(seconds=1)
        return self.find(group, Window(start=since, end=until), pattern, MOST_TAILED)


def compared(window: Window, baseline: Window) -> Window:
    """What the log of a window is compared with: as long a time, at the end of the baseline."""
    if baseline.length <= window.length:
        return baseline
    return Window(start=baseline.end - window.length, end=baseline.end)


def read_words(read: Read) -> str:
    """How much was read: "12 % of the lines of 10:00 to 22:00 (20,113 of 167,240)"."""
    span = f"{read.window.start:%H:%M} to {read.window.end:%H:%M} UTC"
    if read.whole:
        return f"all {plural(read.lines, 'line')} of {span}"
    about = "" if read.counted else "about "
    return (
        f"{about}{share(read.share)} of the lines of {span} "
        f"({read.lines:,} of {about}{round(read.volume):,})"
    )


def counted_lines(
    samples: tuple[Sample, Sample], width: int
) -> tuple[tuple[Bar, ...], tuple[Window, ...]]:
    """The lines that were read as bars no wider than this, and the time that was not read."""
    bars: list[Bar] = []
    missing: list[Window] = []
    for one in (part for sample in samples for part in sample.slices):
        start, end = one.read
        if end > start:
            bars += _bars_of(Window(start=start, end=end), width, one.lines)
        missing += [
            Window(start=first, end=last)
            for first, last in ((one.window.start, start), (max(end, start), one.window.end))
            if first < last
        ]
    return tuple(bars), tuple(missing)


def _bars_of(read: Window, width: int, lines: tuple[LogLine, ...]) -> list[Bar]:
    parts = edges(read, width)
    sums = [[0, 0, 0] for _ in parts]
    step = timedelta(seconds=width)
    for line in lines:
        place = sums[min(int((line.at - read.start) / step), len(parts) - 1)]
        bad, warned = tone_of(line.message)
        for index, count in enumerate((1, int(bad), int(warned))):
            place[index] += count
    return [Bar(part.start, part.end, *counts) for part, counts in zip(parts, sums, strict=True)]


def _nothing_before(then: Sample, now: Sample) -> tuple[str, ...]:
    """Said where all is new because there is nothing to compare with."""
    if then.volume or not now.volume:
        return ()
    span = f"{then.window.start:%-d %b %H:%M} to {then.window.end:%-d %b %H:%M} UTC"
    return (
        f"No line at all was found of {span}: nothing was logged, or the log group keeps its lines "
        "for less long. Everything then looks new.",
    )


def _read(sample: Sample) -> Read:
    return Read(sample.window, sample.read, sample.volume, sample.whole, sample.counted)
