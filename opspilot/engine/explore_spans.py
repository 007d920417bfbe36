"""Which windows can be looked at, and how finely."""

from datetime import datetime, timedelta

from opspilot.domain.window import Window
from opspilot.engine.windows import RETENTION, SHORTEST_WINDOW, passed_of
from opspilot.errors import InvalidWindow

SHORTEST = SHORTEST_WINDOW
LONGEST = timedelta(days=7)
SHORTEST_BASELINE = timedelta(minutes=15)
LONGEST_BASELINE = timedelta(days=7)
FURTHEST_BASELINE = timedelta(days=14)
"""From the end of a baseline to the window."""

_PERIODS = ((timedelta(hours=27), 60), (timedelta(days=5), 300))
_LONG_PERIOD = 900


def period_of(span: Window) -> int:
    """Seconds between datapoints, so that a chart holds at most some 1,600 of them."""
    return next((period for most, period in _PERIODS if span.length <= most), _LONG_PERIOD)


def checked_view(window: Window, length: timedelta, now: datetime) -> tuple[Window, Window]:
    """The window up to now and the baseline before it, if telemetry can exist for them.

    Args:
        window: What is looked at.
        length: Of the baseline.
        now: Account time.

    Raises:
        InvalidWindow: Which of the two cannot be looked at, and why.
    """
    passed = passed_of(window, now, longest=LONGEST)
    return passed, _checked(passed.before(_known_length(length)), now)


def checked_against(window: Window, baseline: Window, now: datetime) -> tuple[Window, Window]:
    """The window up to now and a baseline that lies anywhere before it, likewise.

    Raises:
        InvalidWindow: Which of the two cannot be looked at, and why.
    """
    passed = passed_of(window, now, longest=LONGEST)
    _known_length(baseline.length)
    if baseline.end > passed.start or passed.start - baseline.end > FURTHEST_BASELINE:
        raise InvalidWindow(
            f"the baseline ends at {baseline.end:%Y-%m-%d %H:%M} UTC; it must end before the "
            "window begins, at most two weeks earlier",
            hint="Choose another baseline.",
        )
    return passed, _checked(baseline, now)


def _known_length(length: timedelta) -> timedelta:
    if not SHORTEST_BASELINE <= length <= LONGEST_BASELINE:
        raise InvalidWindow(
            f"the baseline is {length}; it must last 15 minutes to 7 days",
            hint="Choose 3 hours, for example.",
        )
    return length


def _checked(baseline: Window, now: datetime) -> Window:
    if baseline.start < now - RETENTION:
        raise InvalidWindow(
            f"the baseline reaches past CloudWatch's retention of {RETENTION.days} days",
            hint="Choose a later start, or a shorter baseline.",
        )
    return baseline
