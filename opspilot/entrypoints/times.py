"""Durations and moments as people type them."""

import re
from datetime import UTC, datetime, timedelta

from opspilot.domain.window import Window
from opspilot.errors import InvalidWindow

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)
"""Far more than any telemetry is kept; what is longer leaves the calendar."""


def duration(text: str) -> timedelta:
    """A span like "90s", "30m", "3h" or "1d".

    Raises:
        InvalidWindow: It is none, zero, or longer than ten years.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or int(match[1]) == 0:
        raise InvalidWindow(
            f"{text!r} is no length of time", hint="Write a number with s, m, h or d: 30m, 3h."
        )
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > _LONGEST:
        raise InvalidWindow(f"{text!r} is longer than any telemetry is kept")
    return length


def moment(text: str) -> datetime:
    """A time in ISO 8601; without a zone it is UTC.

    Raises:
        InvalidWindow: It is none.
    """
    try:
        parsed = datetime.fromisoformat(text.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidWindow(
            f"{text!r} is no time", hint="Write 2026-11-22T14:03:00Z (UTC)."
        ) from error


def window(length: str | None, start: str | None, end: str | None, now: datetime) -> Window | None:
    """The window that the options name; None when they name none.

    Raises:
        InvalidWindow: They contradict each other, or the window is empty or reversed.
    """
    if length is not None and (start is not None or end is not None):
        raise InvalidWindow(
            "--window goes without --start and --end", hint="Give the one or the others."
        )
    if length is not None:
        return Window(start=now - duration(length), end=now)
    if end is not None and start is None:
        raise InvalidWindow("--end needs --start", hint="Give both, or --window 30m.")
    if start is None:
        return None
    first, last = moment(start), moment(end) if end is not None else now
    if end is None and first >= now:
        raise InvalidWindow(
            f"the window starts in the future: {first:%Y-%m-%d %H:%M:%S} UTC, the account's clock "
            f"shows {now:%Y-%m-%d %H:%M:%S} UTC",
            hint="Give a --start that has passed on the account's clock, in UTC.",
        )
    if first >= last:
        raise InvalidWindow(
            f"the window is empty or reversed: {first:%Y-%m-%d %H:%M:%S} to "
            f"{last:%Y-%m-%d %H:%M:%S} UTC (the account's clock shows {now:%Y-%m-%d %H:%M:%S})",
            hint="--start must lie before --end.",
        )
    return Window(start=first, end=last)
