"""Numbers and times in words."""

from datetime import UTC, datetime

import pytest

from opspilot.domain import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (1_910.0, "1,910"),
        (0.25, "0.25"),
        (11.5, "11.5"),
        (1_234.56, "1,235"),
        (0.000123, "0.000123"),
        (-3.0, "-3"),
    ],
)
def test_a_number_has_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (310.0, "ms", "310 ms"),
        (4_100.0, "ms", "4.1 s"),
        (150_000.0, "ms", "2.5 min"),
        (0.4, "s", "400 ms"),
        (90.0, "s", "1.5 min"),
        (11.0, "count", "11"),
        (11.0, "", "11"),
        (3.14159, "GB", "3.14 GB"),
    ],
)
def test_a_quantity_has_its_unit_in_the_size_people_read(
    value: float, unit: str, text: str
) -> None:
    assert wording.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"),
        (0.008, "0.8 %"),
        (0.0084, "0.84 %"),
        (0.18, "18 %"),
        (0.996, "99.6 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_a_percentage_of_two_digits(value: float, text: str) -> None:
    assert wording.share(value) == text


def test_a_time_of_day_has_seconds_only_where_there_are_any() -> None:
    assert wording.clock(datetime(2026, 11, 22, 14, 3, tzinfo=UTC)) == "14:03 UTC"
    assert wording.clock(datetime(2026, 11, 22, 14, 3, 20, tzinfo=UTC)) == "14:03:20 UTC"


def test_one_of_a_thing_is_singular() -> None:
    assert wording.plural(1, "call") == "1 call"
    assert wording.plural(1_910, "call") == "1,910 calls"
    assert wording.plural(2, "entry", "entries") == "2 entries"
