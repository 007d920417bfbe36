"""Times and ids as the screens write them."""

from datetime import UTC, datetime, timedelta

import pytest

from app.formatting import age, cause_words, local, moment, short_digest, span, stamp, stopwatch

NOW = datetime(2026, 11, 22, 14, 15, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_900, "1 h 5 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_a_length_is_told_in_its_largest_units(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "shown"), [(7, "0:07"), (1_634, "27:14"), (3_900, "1:05:00"), (-3, "0:00")]
)
def test_a_countdown_shows_minutes_and_seconds(seconds: int, shown: str) -> None:
    assert stopwatch(timedelta(seconds=seconds)) == shown


def test_an_age_looks_back_and_forward_and_may_be_unknown() -> None:
    assert age(NOW - timedelta(minutes=12), NOW) == "12 min ago"
    assert age(NOW + timedelta(minutes=3), NOW) == "in 3 min"
    assert age(NOW, NOW) == "now"
    assert age(NOW, None) == ""


def test_a_moment_of_another_day_names_the_day() -> None:
    assert stamp(NOW, NOW) == "14:15:20 UTC"
    assert stamp(NOW - timedelta(days=1), NOW) == "21 Nov 14:15:20 UTC"
    assert stamp(NOW) == "22 Nov 14:15:20 UTC"


def test_a_moment_shows_its_age_and_hides_the_local_time_in_the_hover() -> None:
    markup = moment(NOW - timedelta(minutes=12), NOW, "Europe/Berlin")
    assert ">14:03:20 UTC, 12 min ago<" in markup
    assert 'title="22 Nov 2026 15:03:20 Europe/Berlin"' in markup


def test_a_brief_moment_keeps_its_age_in_the_hover() -> None:
    markup = moment(NOW - timedelta(minutes=12), NOW, brief=True)
    assert ">14:03:20 UTC<" in markup
    assert 'title="12 min ago"' in markup


@pytest.mark.parametrize("zone", ["", "No/Where", "../etc/passwd"])
def test_an_unknown_zone_shows_no_local_time(zone: str) -> None:
    assert local(NOW, zone) == ""


def test_a_digest_is_short_enough_to_compare() -> None:
    assert short_digest("7f3a9c" + "0" * 54 + "0b91") == "7f3a9c..0b91"
    assert short_digest("abc") == "abc"


def test_a_cause_class_is_told_without_its_service() -> None:
    assert cause_words("lambda.slow_dependency") == "slow dependency"
