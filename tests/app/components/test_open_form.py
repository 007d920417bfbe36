"""The window that a person chooses: what cannot be used is said with what to do."""

from datetime import timedelta

import pytest

from app.components.open_form import window_between
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (MINUTE, 40 * MINUTE, "lies in the future"),
        (timedelta(days=26_000), timedelta(days=26_001), "lies in the future"),
        (-10 * MINUTE, -20 * MINUTE, "before the end"),
        (-10 * MINUTE, -10 * MINUTE, "before the end"),
        (-4 * MINUTE, timedelta(), "5 minutes to 24 hours"),
        (-4 * MINUTE, 60 * MINUTE, "5 minutes to 24 hours"),
        (timedelta(hours=-25), timedelta(), "5 minutes to 24 hours"),
    ],
)
def test_a_window_that_cannot_be_used_is_refused_with_the_reason(
    start: timedelta, end: timedelta, why: str
) -> None:
    window, problem = window_between(NOW + start, NOW + end, NOW)
    assert window is None
    assert why in problem


def test_a_window_that_has_passed_is_taken_as_chosen() -> None:
    window, problem = window_between(NOW - 40 * MINUTE, NOW - 10 * MINUTE, NOW)
    assert window is not None
    assert (window.length, problem) == (30 * MINUTE, "")
