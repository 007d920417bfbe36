"""Times, ages and ids as the screens write them: UTC, the age beside, local time on hover."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.markup import Html, el

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


@dataclass(frozen=True)
class Now:
    """The two clocks at the moment the page is drawn.

    Attributes:
        wall: Wall time.
        account: Account time; None when the account's clock cannot be read.
        zone: The reader's time zone, as the browser names it; may be empty.
    """

    wall: datetime
    account: datetime | None
    zone: str = ""


def real_time(now: Now) -> str:
    """Marks a wall time where the account's clock shows another; empty where both agree."""
    apart = abs(now.account - now.wall) if now.account else timedelta(0)
    return " (real time)" if apart > timedelta(seconds=5) else ""


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: "45 s", "12 min", "3 h 5 min", "2 d 4 h"."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def stopwatch(length: timedelta) -> str:
    """A running or remaining time: "0:07", "27:14", "1:05:00"."""
    seconds = max(0, int(length.total_seconds()))
    minutes, hours = seconds // _MINUTE % _MINUTE, seconds // _HOUR
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{seconds % _MINUTE:02}"


def age(at: datetime, now: datetime | None) -> str:
    """How long ago: "12 min ago", "in 3 min", "now"; empty when the clock is not known."""
    if now is None:
        return ""
    if abs((now - at).total_seconds()) < 1:
        return "now"
    return f"{span(now - at)} ago" if now >= at else f"in {span(at - now)}"


def stamp(at: datetime, now: datetime | None = None) -> str:
    """A moment in UTC, with the day unless it is `now`'s: "14:03:20 UTC", "21 Nov 14:03:20 UTC"."""
    same_day = now is not None and at.date() == now.date()
    return at.strftime("%H:%M:%S UTC" if same_day else "%-d %b %H:%M:%S UTC")


def moment(at: datetime, now: datetime | None, zone: str = "", *, brief: bool = False) -> Html:
    """A moment as markup: "14:03:20 UTC, 12 min ago", the reader's local time on hover.

    Args:
        at: The moment.
        now: The clock to tell the age by; None leaves it out.
        zone: The reader's time zone.
        brief: Leave the age to the hover.
    """
    ago = age(at, now)
    text = stamp(at, now)
    hover = ", ".join(part for part in (local(at, zone), ago if brief else "") if part)
    shown = text if brief or not ago else f"{text}, {ago}"
    return el("time", shown, title=hover, datetime=at.isoformat(), cls="op-num")


def local(at: datetime, zone: str) -> str:
    """A moment on the reader's clock; empty when the zone is not known."""
    try:
        there = at.astimezone(ZoneInfo(zone)) if zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    return f"{there:%-d %b %Y %H:%M:%S} {zone}" if there else ""


def short_digest(digest: str) -> str:
    """A digest short enough to compare by eye: "7f3a9c..0b91"."""
    return digest if len(digest) <= 12 else f"{digest[:6]}..{digest[-4:]}"


def words(name: str) -> str:
    """An identifier in words: "awaiting_approval" is "awaiting approval"."""
    return name.replace("_", " ")


def cause_words(cause_class: str) -> str:
    """A cause class in words: "lambda.slow_dependency" is "slow dependency"."""
    return words(cause_class.rsplit(".", 1)[-1])


def capital(sentence: str) -> str:
    """A sentence with its first letter raised."""
    return sentence[:1].upper() + sentence[1:]


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    head = f"{large} {large_unit}"
    return f"{head} {small} {small_unit}" if small else head
