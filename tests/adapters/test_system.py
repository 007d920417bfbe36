"""The machine's own clock."""

from datetime import UTC, datetime, timedelta

from opspilot.adapters.system import SystemClock


def test_the_wall_clock_is_aware_utc_and_tells_the_time():
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_a_real_account_keeps_wall_time():
    clock = SystemClock()
    assert abs(clock.account_now() - clock.now()) < timedelta(seconds=5)
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    assert clock.wall_at(moment) is moment
