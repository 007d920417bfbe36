"""Counts all lines of a log over any span with Logs Insights: started, looked at, not awaited."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from opspilot.domain.evidence import GapDetail, GapReason
from opspilot.domain.telemetry import InsightsQuery, InsightsResult
from opspilot.domain.window import Window
from opspilot.engine.explore_bars import BAD, WARNED, Bar, bars_of, bin_seconds
from opspilot.engine.explore_spans import period_of
from opspilot.engine.reading import gap_detail
from opspilot.errors import AwsCredentialsMissing, AwsError, AwsThrottled
from opspilot.ports.clock import Clock
from opspilot.ports.telemetry import Logs

PATIENCE = timedelta(minutes=2)
"""Wall time after which a count is given up: a person is waiting for it."""

MOST_BYTES = 20e9
"""Scanned for one count, about: Insights charges by the byte, and a look should cost cents."""

_MOST_ROWS = 10_000
_USD_PER_BYTE = 0.005 / 1e9
"""Logs Insights, per byte scanned (CloudWatch price list, us-east-1)."""


@dataclass(frozen=True)
class Counting:
    """A count under way.

    Attributes:
        query_id: Of the Insights query; empty when it could not be started.
        began: Wall time of its start.
        gap: Why it could not be started.
    """

    group: str
    span: Window
    query_id: str
    began: datetime
    gap: GapDetail | None = None


@dataclass(frozen=True)
class Volume:
    """The lines of a log over a span, as far as they are counted.

    Attributes:
        bin_seconds: Width of a bar.
        bars: Zero where nothing was logged; while the count runs only those with lines.
        fine: (start, lines) as the query counted them, for any part of the span.
        fine_seconds: Their width.
        done: False while the count runs.
        waited: Wall time since its start.
        gap: Why there is no count, and never will be.
    """

    group: str
    span: Window
    bin_seconds: int
    bars: tuple[Bar, ...] = ()
    fine: tuple[tuple[datetime, int], ...] = ()
    fine_seconds: int = 60
    done: bool = False
    waited: timedelta = timedelta(0)
    bytes_scanned: float = 0.0
    records_scanned: float = 0.0
    gap: GapDetail | None = None

    @property
    def usd(self) -> float:
        """What the count cost, estimated."""
        return self.bytes_scanned * _USD_PER_BYTE

    @property
    def known(self) -> bool:
        """Whether every line of the span is counted."""
        return self.done and self.gap is None

    @property
    def lines(self) -> int:
        """All lines counted."""
        return sum(count for _, count in self.fine)

    def within(self, part: Window) -> float:
        """Lines in a part of the span; a bin that lies partly in it counts with that share."""
        step = timedelta(seconds=self.fine_seconds)
        shares = (
            count * max(min(start + step, part.end) - max(start, part.start), timedelta(0)) / step
            for start, count in self.fine
        )
        return sum(shares, 0.0)


@dataclass(frozen=True)
class VolumeCounter:
    """Counts lines."""

    logs: Logs
    clock: Clock

    def begin(self, group: str, span: Window) -> Counting:
        """Start a count; what keeps it from starting is in the answer.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        asked = InsightsQuery(
            log_groups=(group,), window=span, text=query_text(span), limit=_MOST_ROWS
        )
        begun = Counting(group, span, "", self.clock.now())
        try:
            return replace(begun, query_id=self.logs.start(asked))
        except AwsCredentialsMissing:
            raise
        except AwsError as error:
            return replace(begun, gap=gap_detail(error))

    def look(self, counting: Counting) -> Volume:
        """The count as it stands; one that takes too long is stopped and given up.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
        """
        waited = self.clock.now() - counting.began
        empty = Volume(
            counting.group,
            counting.span,
            bin_seconds(counting.span),
            fine_seconds=_fine_seconds(counting.span),
            waited=waited,
        )
        if counting.gap:
            return replace(empty, done=True, gap=counting.gap)
        try:
            result = self.logs.poll(counting.query_id)
        except AwsCredentialsMissing:
            raise
        except AwsThrottled as error:
            return self._late(counting, empty, error.message) if waited > PATIENCE else empty
        except AwsError as error:
            return replace(empty, done=True, gap=gap_detail(error))
        if result.failure:
            return replace(empty, done=True, gap=_unanswered(result.failure))
        if not result.done and waited > PATIENCE:
            return self._late(counting, empty, "Logs Insights was still counting")
        if not result.done and result.bytes_scanned > MOST_BYTES:
            cost = f"{MOST_BYTES / 1e9:.0f} GB, about {MOST_BYTES * _USD_PER_BYTE:.2f} USD"
            return self._given_up(counting, empty, f"stopped at {cost}", GapReason.BUDGET)
        return _counted(empty, result)

    def stop(self, counting: Counting) -> None:
        """Stop a count that nobody waits for any more; one that has ended stays as it is.

        Raises:
            AwsError: It could not be stopped.
        """
        if counting.query_id:
            self.logs.stop(counting.query_id)

    def _late(self, counting: Counting, empty: Volume, why: str) -> Volume:
        minutes = int(PATIENCE.total_seconds() // 60)
        said = f"{why} after {minutes} minutes"
        return self._given_up(counting, empty, said, GapReason.UNAVAILABLE)

    def _given_up(self, counting: Counting, empty: Volume, said: str, reason: GapReason) -> Volume:
        try:
            self.stop(counting)
        except AwsError as error:
            said = f"{said} (and could not be stopped: {error.message})"
        return replace(empty, done=True, gap=GapDetail(reason=reason, message=said))


def query_text(span: Window) -> str:
    """The Insights query: a row a bin, so its answer stays small however much was logged."""
    width = _fine_seconds(span)
    period = f"{width}s" if width < 60 else f"{width // 60}m"
    return (
        f"parse @message /(?i)\\b(?<bad>{BAD})\\b/ "
        f"| parse @message /(?i)\\b(?<warned>{WARNED})\\b/ "
        f"| stats count(*) as lines, count(bad) as errors, count(warned) as warnings "
        f"by bin({period})"
    )


def _fine_seconds(span: Window) -> int:
    """As fine as the series of the same span, and never coarser than a bar."""
    return min(bin_seconds(span), period_of(span))


def _counted(empty: Volume, result: InsightsResult) -> Volume:
    rows = sorted(_rows(result, empty.span), key=lambda bar: bar.start)
    bars = bars_of(rows, empty.span, empty.bin_seconds)
    return replace(
        empty,
        bars=tuple(bars if result.done else (bar for bar in bars if bar.lines)),
        fine=tuple((row.start, row.lines) for row in rows),
        done=result.done,
        bytes_scanned=result.bytes_scanned,
        records_scanned=result.records_scanned,
    )


def _rows(result: InsightsResult, span: Window) -> list[Bar]:
    """The rows inside the span: a query includes the second at its end as well."""
    found = (_row(row) for row in result.rows)
    return [one for one in found if one is not None and one.start < span.end]


def _row(row: Mapping[str, str]) -> Bar | None:
    at = next((text for name, text in row.items() if name.startswith("bin(")), "")
    if not at:
        return None
    start = datetime.fromisoformat(at).replace(tzinfo=UTC)
    lines, errors, warned = (
        int(float(row.get(name) or 0)) for name in ("lines", "errors", "warnings")
    )
    return Bar(start, start, lines, errors, min(warned, lines - errors))


def _unanswered(why: str) -> GapDetail:
    return GapDetail(reason=GapReason.UNAVAILABLE, message=why)
