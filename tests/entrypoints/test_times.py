"""Durations and moments as people type them."""

from datetime import UTC, datetime, timedelta

import pytest

from opspilot.domain.window import Window
from opspilot.entrypoints.times import duration, moment, window
from opspilot.errors import InvalidWindow

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 3 H ", 3 * HOUR),
        ("1d", 24 * HOUR),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "m", "30", "30 minutes", "-5m", "1.5h", "0m", "3651d", "999999d", "9999999s", "٣m"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidWindow):
        duration(text)


@pytest.mark.parametrize(
    "text",
    ["2026-03-04T12:00:00Z", "2026-03-04T12:00", "2026-03-04 13:00+01:00", "20260304T120000Z"],
)
def test_a_moment_is_iso_8601_and_utc_without_a_zone(text: str) -> None:
    assert moment(text) == NOW
    assert moment(text).utcoffset() == timedelta()


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "12:00", "2026-02-30", "0001-01-01T00:00+14:00", "9999-12-31T23-14:00"],
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(InvalidWindow, match="no time"):
        moment(text)


def test_no_option_means_no_window() -> None:
    assert window(None, None, None, NOW) is None


def test_a_length_reaches_up_to_now_and_a_start_as_well() -> None:
    assert window("1h", None, None, NOW) == Window(start=NOW - HOUR, end=NOW)
    assert window(None, "2026-03-04T11:00Z", None, NOW) == Window(start=NOW - HOUR, end=NOW)


@pytest.mark.parametrize(
    ("length", "start", "end", "why"),
    [
        ("30m", "2026-03-04T11:00Z", None, "without --start"),
        ("30m", None, "2026-03-04T11:00Z", "without --start"),
        (None, None, "2026-03-04T11:00Z", "--end needs --start"),
        (None, "2026-03-04T11:00Z", "2026-03-04T11:00Z", "empty or reversed"),
        (None, "2026-03-04T11:00Z", "2026-03-04T10:00Z", "empty or reversed"),
        (None, "2026-03-04T13:00Z", None, "starts in the future"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    length: str | None, start: str | None, end: str | None, why: str
) -> None:
    with pytest.raises(InvalidWindow, match=why):
        window(length, start, end, NOW)
