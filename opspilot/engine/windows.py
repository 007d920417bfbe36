"""Time under suspicion and what it is compared with: what may be asked for, and what is clean."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from opspilot.domain.incident import Incident
from opspilot.domain.window import Window
from opspilot.errors import InvalidWindow

DEFAULT_WINDOW = timedelta(minutes=30)
DEFAULT_BASELINE = timedelta(hours=3)
LONGEST_WINDOW = timedelta(hours=24)
SHORTEST_WINDOW = timedelta(minutes=5)
RETENTION = timedelta(days=455)
"""CloudWatch keeps metrics this long at most."""

_SETTLING = timedelta(minutes=5)
_FURTHEST_BACK = timedelta(days=7)


def checked_baseline(baseline: timedelta | None) -> timedelta:
    """The length to compare with; None takes the usual one.

    Raises:
        InvalidWindow: It is too short to say what is usual.
    """
    length = baseline if baseline is not None else DEFAULT_BASELINE
    if length < DEFAULT_WINDOW:
        raise InvalidWindow(
            f"the baseline is {length}; it must last at least {DEFAULT_WINDOW}",
            hint="Use --baseline 3h.",
        )
    return length


def checked_window(window: Window | None, baseline: timedelta, now: datetime) -> Window:
    """The window, if telemetry can exist for it; None takes the last half hour.

    Raises:
        InvalidWindow: It lies in the future, before retention, or is too short or too long.
    """
    if window is None:
        return Window(start=now - DEFAULT_WINDOW, end=now)
    if window.start < now - RETENTION + baseline:
        raise InvalidWindow(
            f"the window reaches past CloudWatch's retention of {RETENTION.days} days",
            hint="Choose a later start, or a shorter baseline.",
        )
    return passed_of(window, now, longest=LONGEST_WINDOW)


def passed_of(window: Window, now: datetime, *, longest: timedelta) -> Window:
    """The part of a window that has passed on the account's clock.

    Raises:
        InvalidWindow: Nothing of it has, or what has is shorter than 5 minutes or too long.
    """
    if window.start >= now:
        raise InvalidWindow(
            f"the window starts in the future: {window.start:%Y-%m-%d %H:%M:%S} UTC, "
            f"the account's clock shows {now:%Y-%m-%d %H:%M:%S} UTC",
            hint="Give times in UTC that have passed on the account's clock.",
        )
    passed = Window(start=window.start, end=min(window.end, now))
    if not SHORTEST_WINDOW <= passed.length <= longest:
        most = "24 hours" if longest == LONGEST_WINDOW else f"{longest.days} days"
        raise InvalidWindow(
            f"the window is {passed.length} up to now; it must last 5 minutes to {most}",
            hint="Choose another start or end, for example the last 30 minutes.",
        )
    return passed


def clear_baseline(window: Window, length: timedelta, earlier: Iterable[Incident]) -> Window:
    """The last span of this length before the window that no earlier trouble lies in.

    Args:
        window: The time under suspicion.
        length: How long the baseline is.
        earlier: Recent incidents of the whole account: trouble of a neighbour counts as well.
    """
    baseline = window.before(length)
    for span in sorted(map(_trouble, earlier), key=_start, reverse=True):
        overlaps = span.start < baseline.end and span.end > baseline.start
        if overlaps and timedelta(0) < window.start - span.start < _FURTHEST_BACK:
            baseline = span.before(length)
    return baseline


def after_trouble(window: Window, earlier: Iterable[Incident], *, latest: datetime) -> Window:
    """The window without what an earlier incident, resolved since, had to do with.

    Else trouble that has ended is weighed as if it were still on, and its cause is named again.

    Args:
        window: The time under suspicion, as nobody chose it.
        earlier: Recent incidents of the whole account.
        latest: The window starts by then, whatever was resolved when.
    """
    ends = [one.resolved_at for one in earlier if one.resolved_at and one.resolved_at < window.end]
    start = min(max([window.start, *ends]), max(latest, window.start))
    return Window(start=start, end=window.end)


def _start(window: Window) -> datetime:
    return window.start


def _trouble(incident: Incident) -> Window:
    """The time an incident spoils for baselines: from its suspicion to its recovery."""
    end = max(incident.window.end, incident.resolved_at or incident.window.end)
    return Window(start=incident.window.start, end=end + _SETTLING)
