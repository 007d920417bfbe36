"""Tables: nothing that a spreadsheet would run."""

import pytest

from app.tables import columns_of, harmless


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_starts_a_formula_is_made_text(start: str) -> None:
    assert harmless(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "plain", "a=b", "14:03:20", "'quoted"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_rows_become_columns_and_numbers_stay_numbers() -> None:
    rows = [{"name": "=1+1", "count": -3}, {"name": "b", "count": None}]
    assert columns_of(rows) == {"name": ["'=1+1", "b"], "count": [-3, None]}


def test_no_rows_make_no_columns() -> None:
    assert columns_of([]) == {}
