"""Looking at logs of more lines than can be read: counted whole, compared by even slices, paged."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from opspilot.adapters.memory import HandClock
from opspilot.domain.evidence import GapReason
from opspilot.domain.telemetry import LogLine
from opspilot.domain.window import Window
from opspilot.engine.explore_bars import edges, tone_of
from opspilot.engine.explore_lines import LineFinder, filter_of, level_of
from opspilot.engine.explore_logs import LogExplorer, LogView, read_words
from opspilot.engine.explore_sample import MOST_LINES, SLICES, stretches
from opspilot.engine.explore_volume import MOST_BYTES, PATIENCE, Volume
from opspilot.errors import AwsDenied, AwsThrottled, AwsUnavailable
from tests.engine.long_log import HOUR, MINUTE, SECOND, T0, LongLog, said

WINDOW = Window(start=T0 - 6 * HOUR, end=T0)
BASELINE = WINDOW.before(12 * HOUR)
SPAN = Window(start=T0 - 12 * HOUR, end=T0)
DENIED = AwsDenied("not allowed", iam_action="logs:StartQuery")


def steady(seconds: float = 1.0) -> Iterator[LogLine]:
    """A line every so many seconds, from before the compared time on."""
    at, number = SPAN.start - HOUR, 0
    while at < SPAN.end:
        yield said(at, f"INFO order o-{number} stored in {number % 90} ms")
        at, number = at + seconds * SECOND, number + 1


def every(length: timedelta, text: str, since: datetime = SPAN.start) -> Iterator[LogLine]:
    """A line at the same moment of each period."""
    at = since
    while at < SPAN.end:
        yield said(at, text)
        at += length


def log_of(*parts: Iterator[LogLine]) -> LongLog:
    lines = [line for part in parts for line in part]
    return LongLog(sorted(lines, key=lambda line: line.at))


def explorer(log: LongLog, clock: HandClock | None = None) -> LogExplorer:
    return LogExplorer(log, clock or HandClock(T0))


def counted(log: LongLog, window: Window = WINDOW, baseline: Window = BASELINE) -> Volume:
    """The count at its end."""
    looked = explorer(log)
    counting = looked.count("g", window, baseline)
    for _ in range(log.looks):
        assert not looked.counted(counting).done
    return looked.counted(counting)


def view(log: LongLog) -> LogView:
    return explorer(log).view("g", WINDOW, BASELINE, counted(log))


@pytest.fixture(scope="module")
def long_log() -> LongLog:
    """43,200 lines a window; from the middle of the later one on something new every 20 s."""
    late = every(20 * SECOND, "ERROR payment refused by bank", WINDOW.start + 3 * HOUR)
    return log_of(steady(0.5), late, every(HOUR, "WARN cache rebuilt for the hour"))


@pytest.fixture(scope="module")
def long_view(long_log: LongLog) -> LogView:
    """What changed in it."""
    return view(long_log)


def test_every_line_of_a_long_window_is_counted_with_errors_and_warnings(long_log: LongLog) -> None:
    volume = counted(long_log)
    held = long_log.of(SPAN)
    assert volume.known
    assert volume.lines == sum(bar.lines for bar in volume.bars) == len(held) > 2 * MOST_LINES
    assert sum(bar.errors for bar in volume.bars) == 540
    assert sum(bar.warnings for bar in volume.bars) == 12
    assert volume.within(WINDOW) == len(long_log.of(WINDOW))
    assert [(bar.start, bar.end) for bar in volume.bars] == [
        (one.start, one.end) for one in edges(SPAN, volume.bin_seconds)
    ]


def test_a_count_under_way_shows_what_it_has_and_no_zeros(long_log: LongLog) -> None:
    looked = explorer(long_log)
    half = looked.counted(looked.count("g", WINDOW, BASELINE))
    assert not half.done
    assert not half.known
    assert 0 < half.lines < len(long_log.of(SPAN))
    assert all(bar.lines for bar in half.bars)


def test_where_nothing_was_logged_a_count_says_zero() -> None:
    volume = counted(LongLog([]))
    assert volume.known
    assert {bar.lines for bar in volume.bars} == {0}


def test_a_denied_count_is_a_gap_with_the_missing_permission() -> None:
    log = LongLog([])
    log.refused.append(DENIED)
    looked = explorer(log)
    volume = looked.counted(looked.count("g", WINDOW, BASELINE))
    assert volume.done
    assert not volume.known
    assert volume.gap is not None
    assert (volume.gap.reason, volume.gap.iam_action) == (GapReason.DENIED, "logs:StartQuery")


def test_a_count_that_takes_too_long_is_stopped_and_given_up(long_log: LongLog) -> None:
    log, clock = LongLog(long_log.lines, looks=99), HandClock(T0)
    looked = explorer(log, clock)
    counting = looked.count("g", WINDOW, BASELINE)
    clock.advance(PATIENCE)
    assert not looked.counted(counting).done
    clock.advance(SECOND)
    late = looked.counted(counting)
    assert late.done
    assert late.gap is not None
    assert "still counting after 2 minutes" in late.gap.message
    assert log.stopped == ["q1"]


def test_a_count_that_scans_too_much_is_stopped_before_it_costs_more(long_log: LongLog) -> None:
    log = LongLog(long_log.lines, scanned=MOST_BYTES * 1.1)
    looked = explorer(log)
    costly = looked.counted(looked.count("g", WINDOW, BASELINE))
    assert costly.gap is not None
    assert costly.gap.reason is GapReason.BUDGET
    assert costly.gap.message == "stopped at 20 GB, about 0.10 USD"
    assert log.stopped == ["q1"]


def test_a_count_that_failed_says_why(long_log: LongLog) -> None:
    log = LongLog(long_log.lines, failure="the query failed")
    assert counted(log).gap is not None


class _Throttled(LongLog):
    """Results cannot be asked for at this rate."""

    def poll(self, query_id: str):
        raise AwsThrottled(f"too often: {query_id}")


def test_a_throttled_look_leaves_the_count_running() -> None:
    looked = explorer(_Throttled([]))
    assert not looked.counted(looked.count("g", WINDOW, BASELINE)).done


def test_what_begins_late_in_a_long_window_is_found_by_even_slices(long_view: LogView) -> None:
    seen = long_view
    assert seen.sampled
    new = next(one for one in seen.patterns if "payment refused" in one.pattern)
    assert new.change == "new"
    assert new.per_minute[0] == 0
    assert new.per_minute[1] == pytest.approx(1.5, rel=0.35)
    assert len(new.trend) == 2 * SLICES
    assert not any(new.trend[: SLICES + SLICES // 2])
    assert all(new.trend[-SLICES // 2 :])


def test_both_windows_are_read_alike_and_the_share_is_told_exactly(
    long_log: LongLog, long_view: LogView
) -> None:
    then, now = long_view.read
    for one in (then, now):
        assert one.counted
        assert not one.whole
        assert one.volume == len(long_log.of(one.window))
        assert one.lines <= MOST_LINES * 1.05
    assert then.share == pytest.approx(now.share, rel=0.05)
    assert f"({now.lines:,} of {round(now.volume):,})" in read_words(now)
    assert read_words(now).startswith("46 % of the lines of 06:00 to 12:00 UTC")


def test_what_happens_once_an_hour_is_no_change_however_the_slices_lie(long_view: LogView) -> None:
    assert not [one for one in long_view.patterns if "cache rebuilt" in one.pattern]


def test_rates_are_weighted_by_the_true_volume_of_each_slice() -> None:
    flood = every(SECOND / 20, "INFO poll tick", WINDOW.start + 5 * HOUR)
    seen = view(log_of(steady(4.0), flood))
    ticks = next(one for one in seen.patterns if "poll tick" in one.pattern)
    assert ticks.per_minute[1] == pytest.approx(72_000 / 360, rel=0.1)


def test_a_short_window_is_read_whole_in_one_search_each() -> None:
    log = log_of(steady(4.0))
    volume = counted(log)
    log.searched.clear()
    seen = explorer(log).view("g", WINDOW, BASELINE, volume)
    assert not seen.sampled
    assert [one.window for one in log.searched] == [WINDOW.before(6 * HOUR), WINDOW]
    assert [one.lines for one in seen.read] == [5_400, 5_400]
    assert read_words(seen.read[1]) == "all 5,400 lines of 06:00 to 12:00 UTC"
    assert seen.missing == ()


def test_without_a_count_bars_and_gaps_together_are_the_whole_time(long_log: LongLog) -> None:
    seen = explorer(long_log).view("g", WINDOW, BASELINE, None)
    pieces = sorted(
        [(bar.start, bar.end) for bar in seen.bars] + [(one.start, one.end) for one in seen.missing]
    )
    assert (pieces[0][0], pieces[-1][1]) == (SPAN.start, SPAN.end)
    assert all(before[1] == after[0] for before, after in pairwise(pieces))
    assert seen.missing
    for bar in seen.bars:
        assert bar.lines == len(long_log.of(Window(start=bar.start, end=bar.end)))


def test_without_a_count_both_windows_are_cut_to_the_same_share(long_log: LongLog) -> None:
    seen = explorer(long_log).view("g", WINDOW, BASELINE, None)
    then, now = seen.read
    assert not now.counted
    assert now.share == pytest.approx(then.share, rel=0.05)
    assert now.volume == pytest.approx(len(long_log.of(WINDOW)), rel=0.1)
    assert read_words(now).startswith("about ")
    assert next(one for one in seen.patterns if "payment refused" in one.pattern).change == "new"


def test_a_log_that_keeps_nothing_of_the_compared_time_says_so() -> None:
    young = every(30 * SECOND, "INFO order stored", WINDOW.start)
    seen = view(log_of(young))
    assert "No line at all was found of 4 Mar 00:00 to 4 Mar 06:00 UTC" in seen.notes[0]
    assert view(log_of(steady(60.0))).notes == ()


def test_slices_are_even_and_their_stretches_begin_at_different_places() -> None:
    parts = stretches(WINDOW, 0.1)
    assert [one.length for one, _ in parts] == [WINDOW.length / SLICES] * SLICES
    assert all(one.start <= part.start < part.end <= one.end for one, part in parts)
    begins = {round((part.start - one.start) / one.length, 3) for one, part in parts}
    assert len(begins) == SLICES


def test_a_part_that_cannot_be_read_is_a_gap() -> None:
    class Broken(LongLog):
        def search(self, query: object) -> object:  # type: ignore[override]
            raise AwsUnavailable(f"no answer to {query}")

    assert explorer(Broken([])).view("g", WINDOW, BASELINE, None).gap is not None


def pages(log: LongLog, pattern: str, size: int, window: Window = WINDOW) -> list[str]:
    """All lines by going from page to page."""
    texts: list[str] = []
    begin: datetime | None = window.start
    while begin is not None:
        page = LineFinder(log).find("g", Window(start=begin, end=window.end), pattern, size)
        assert len(page.lines) <= size
        texts += [line.text for line in page.lines]
        begin = page.goes_on
    return texts


@pytest.mark.parametrize("size", [7, 100, 10_000])
def test_pages_together_hold_every_line_once(size: int) -> None:
    together = [said(WINDOW.start + MINUTE * (at // 3), f"line {at}") for at in range(300)]
    assert pages(LongLog(together), "", size) == [line.message for line in together]


def test_more_lines_in_one_millisecond_than_a_page_holds_do_not_stop_the_pages() -> None:
    same = [said(WINDOW.start + SECOND, f"same {at}") for at in range(20)]
    later = [said(WINDOW.start + MINUTE, "later")]
    assert pages(LongLog([*same, *later]), "", 5)[-1] == "later"


def test_a_search_whose_time_is_up_without_a_line_goes_on_further_back() -> None:
    lines = [said(WINDOW.start + SECOND * at, "noise") for at in range(20_000)]
    lines.append(said(WINDOW.end - MINUTE, "the needle"))
    log = LongLog(lines, patience=3_000)
    first = LineFinder(log).find("g", WINDOW, filter_of("needle"), 100)
    assert first.lines == ()
    assert first.truncated
    assert first.goes_on is not None
    assert first.goes_on > WINDOW.start
    assert pages(log, filter_of("needle"), 100) == ["the needle"]


def test_all_pages_make_one_file_that_says_where_it_was_cut(long_log: LongLog) -> None:
    finder = LineFinder(long_log)
    whole = finder.collect("g", WINDOW, filter_of("payment refused"), 50_000)
    assert (len(whole.lines), whole.truncated) == (540, False)
    cut = finder.collect("g", WINDOW, "", 10_000)
    assert cut.truncated
    assert cut.searched_until is not None
    assert len(cut.lines) == len(long_log.of(Window(start=WINDOW.start, end=cut.searched_until)))


@pytest.mark.parametrize(
    ("message", "tone"),
    [
        ("[ERROR] no stock", (True, False)),
        ("2026-03-04T12:00Z r1 Task timed out after 3.00 seconds", (True, False)),
        ("RequestId: r Error: Runtime exited with error: signal: killed", (True, False)),
        ("[WARNING] slow", (False, True)),
        ("WARN after an error", (True, False)),
        ("0 errors, warned nobody", (False, False)),
    ],
)
def test_a_line_counts_as_an_error_or_a_warning_by_its_words(
    message: str, tone: tuple[bool, bool]
) -> None:
    assert tone_of(message) == tone
    (bar,) = [one for one in counted(LongLog([said(T0 - MINUTE, message)])).bars if one.lines]
    assert (bar.errors == 1, bar.warnings == 1) == tone


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("", ""), ("  ", ""), ("timed out", '"timed out"'), ('say "hi" \\', '"say \\"hi\\" \\\\"')],
)
def test_plain_text_becomes_a_pattern_that_finds_exactly_it(text: str, pattern: str) -> None:
    assert filter_of(text) == pattern


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-03-04T12:00:00Z ERROR no stock", "ERROR"),
        ('{"level": "warn", "message": "slow"}', "WARN"),
        ('{"severity": "Error"}', "ERROR"),
        ("[info] order accepted", "INFO"),
        ("nothing of the kind", ""),
        ("{broken json warning", "WARNING"),
        ("error-free since monday", ""),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, ""),
    ],
)
def test_the_level_is_what_the_line_says(line: str, level: str) -> None:
    assert level_of(line) == level
