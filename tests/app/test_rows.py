"""Which metrics get a row, and in which order."""

from datetime import timedelta

from app.rows import FIRST_ROWS, most_telling, points_of, row_of, telling
from tests import builders


def test_the_symptom_comes_first_and_what_is_as_usual_is_left_out() -> None:
    chosen = telling(builders.ledger(), builders.incident())
    assert [item.id for item in chosen] == ["E2", "E3", "E9"]


def test_the_symptom_is_shown_even_when_nothing_stands_out() -> None:
    calm = builders.metric("E2", "lambda.errors", usual=1.0, anomalous=False)
    assert telling([calm], builders.incident()) == [calm]


def test_of_onsets_that_cannot_be_told_apart_the_larger_move_comes_first() -> None:
    weak = builders.metric("E1", "lambda.throttles")
    strong = builders.metric("E9", "lambda.duration_p99")
    moved = strong.detail.model_copy(
        update={"effect_size": 90.0, "onset": builders.ONSET + timedelta(minutes=1)}
    )
    items = [weak, strong.model_copy(update={"detail": moved})]
    assert [item.id for item in telling(items, builders.incident())] == ["E9", "E1"]


def test_earlier_onsets_come_first() -> None:
    late = builders.metric("E1", "lambda.throttles")
    later = late.detail.model_copy(update={"onset": builders.ago(minutes=2), "effect_size": 90.0})
    items = [
        late.model_copy(update={"detail": later}),
        builders.metric("E9", "lambda.duration_p99"),
    ]
    assert [item.id for item in telling(items, builders.incident())] == ["E9", "E1"]


def test_at_first_a_metric_appears_under_the_statistic_that_moved_most() -> None:
    names = ("lambda.duration_p50", "lambda.duration_p99", "lambda.duration_max")
    items = [builders.metric(f"E{number}", name) for number, name in enumerate(names)]
    moved = items[1].detail.model_copy(update={"effect_size": 40.0})
    items[1] = items[1].model_copy(update={"detail": moved})
    assert [item.id for item in most_telling(items)] == ["E1"]


def test_at_first_only_a_few_rows_are_shown() -> None:
    functions = [builders.PAYMENTS, builders.CHECKOUT]
    names = ("lambda.errors", "lambda.duration_p99", "lambda.throttles")
    items = [builders.metric(f"{name}{one.name}", name, one) for one in functions for name in names]
    assert len(most_telling(items)) == FIRST_ROWS


def test_an_entry_that_is_no_metric_has_no_row() -> None:
    assert row_of(builders.logs()) is None
    assert points_of(builders.topology()) is None


def test_a_metric_without_datapoints_has_no_row() -> None:
    empty = builders.metric("E2", "lambda.errors").model_copy(update={"snapshot": {"times": []}})
    assert row_of(empty) is None


def test_columns_of_another_length_are_not_drawn() -> None:
    whole = builders.metric("E2", "lambda.errors")
    torn = whole.model_copy(update={"snapshot": {**whole.snapshot, "upper": [1.0]}})
    points = points_of(torn)
    assert points is not None
    assert points.upper == ()
    assert len(points.values) == len(points.times)
