"""Stored answers are read as settings, not as JSON."""

from app.snapshots import fields_of


def test_nested_names_are_joined_and_parts_of_lists_counted() -> None:
    snapshot = {
        "alarms": [
            {"name": "checkout-errors", "query": {"period_seconds": 60}},
            {"name": "shop-5xx", "query": {"period_seconds": 300}},
        ]
    }
    assert fields_of(snapshot) == [
        ("alarms 1 / name", "checkout-errors"),
        ("alarms 1 / query / period seconds", "60"),
        ("alarms 2 / name", "shop-5xx"),
        ("alarms 2 / query / period seconds", "300"),
    ]


def test_plain_lists_are_one_line_and_pairs_stay_pairs() -> None:
    assert fields_of({"layers": ["a", "b"]}) == [("layers", "a, b")]
    assert fields_of({"dimensions": [["FunctionName", "checkout"]]}) == [
        ("dimensions 1", "FunctionName, checkout")
    ]


def test_names_of_environment_variables_are_not_touched() -> None:
    assert fields_of({"environment": {"DB_URL": "<redacted>"}}) == [
        ("environment / DB_URL", "<redacted>")
    ]


def test_what_holds_nothing_says_so() -> None:
    assert fields_of({"layers": [], "alias": None, "tags": {}, "note": "", "on": False}) == [
        ("layers", "none"),
        ("alias", "none"),
        ("tags", "none"),
        ("note", "none"),
        ("on", "no"),
    ]
    assert fields_of([]) == [("answer", "none")]
    assert fields_of({}) == [("answer", "none")]
    assert fields_of(3) == [("answer", "3")]
