"""Which windows can be looked at, and how finely."""

from datetime import datetime, timedelta

from opspilot.domain.window import Window
from opspilot.engine.windows import RETENTION
from opspilot.errors import InvalidWindow

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=7)
SHORTEST_BASELINE = timedelta(minutes=15)
LONGEST_BASELINE = timedelta(days=7)

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
    if window.start >= now:
        raise InvalidWindow(
            f"the window starts in the future: {window.start:%Y-%m-%d %H:%M} UTC, the account's "
            f"clock shows {now:%Y-%m-%d %H:%M} UTC",
            hint="Choose a start that has passed on the account's clock.",
        )
    passed = Window(start=window.start, end=min(window.end, now))
    if not SHORTEST <= passed.length <= LONGEST:
        raise InvalidWindow(
            f"the window is {passed.length} up to now; it must last 5 minutes to 7 days",
            hint="Choose another start or end.",
        )
    if not SHORTEST_BASELINE <= length <= LONGEST_BASELINE:
        raise InvalidWindow(
            f"the baseline is {length}; it must last 15 minutes to 7 days",
            hint="Choose 3 hours, for example.",
        )
    if passed.start - length < now - RETENTION:
        raise InvalidWindow(
            f"the baseline reaches past CloudWatch's retention of {RETENTION.days} days",
            hint="Choose a later start, or a shorter baseline.",
        )
    return passed, passed.before(length)
