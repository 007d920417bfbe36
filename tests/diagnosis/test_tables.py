"""Tables: too little capacity, in the wrong place, in an index, too late; and contention."""

from datetime import timedelta

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    LEDGER,
    MIDDLE,
    MINUTE,
    ONSET,
    SIDE,
    WRITES,
    Scene,
    hypothesis,
    pattern,
    settled,
    unsettled,
)

REFUSED = {"ProvisionedThroughputExceededException": 700}
LINE = "[ERROR] ProvisionedThroughputExceededException: The level of configured throughput"


def throttled(used: float, before: float = 3_000.0, **table: object) -> Scene:
    """The ledger refuses writes of side, using so many units a second of its 100."""
    scene = Scene(resource=SIDE).topology(CHAIN, WRITES).healthy(GATEWAY, FRONT, MIDDLE, BACK)
    scene.metric(SIDE, "lambda.errors", 0.0, 30.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0, 2_400.0).configuration(SIDE, alias="live")
    scene.metric(LEDGER, "dynamodb.write_throttles", 0.0, 50.0)
    scene.metric(LEDGER, "dynamodb.read_throttles", 0.0)
    now = used * 60.0
    scene.metric(LEDGER, "dynamodb.writes", before, None if now == before else now)
    refusals = {"ProvisionedThroughputExceededException": 590}
    scene.log(SIDE, errors=refusals, throttle_errors=REFUSED, patterns=(pattern(LINE),))
    return scene.table(**table)  # type: ignore[arg-type]


def lowered(used: float, to: int = 30) -> Scene:
    scene = throttled(used, used * 60.0, writes=to)
    return scene.change(LEDGER, "capacity", {"write_capacity": "100"}, {"write_capacity": str(to)})


def test_capacity_that_was_lowered_below_what_is_used_is_confirmed() -> None:
    scene = lowered(29.0).feed()
    assert settled(scene) == ("dynamodb.table_throttled", LEDGER)
    assert scene.verdict().status is VerdictStatus.CONFIRMED
    cause = scene.verdict().cause
    assert cause is not None
    assert cause.setting == "write_capacity"
    assert "29 of its 30 write units" in cause.summary


def test_more_demand_than_the_capacity_ever_was_is_too_little_of_it() -> None:
    scene = throttled(98.0).feed()
    assert settled(scene) == ("dynamodb.table_throttled", LEDGER)
    assert scene.verdict().status is VerdictStatus.LIKELY


def test_a_table_that_throttles_well_below_its_capacity_has_a_hot_partition() -> None:
    scene = throttled(20.0, 1_200.0).feed()
    assert settled(scene) == ("dynamodb.hot_partition", LEDGER)
    assert hypothesis(scene.verdict(), "dynamodb.table_throttled").confidence < 0.5


def test_a_hot_partition_on_demand_throttles_while_no_more_is_asked() -> None:
    scene = throttled(50.0, 3_000.0, billing="on_demand").feed()
    assert settled(scene)[0] == "dynamodb.hot_partition"
    found = hypothesis(scene.verdict(), "dynamodb.table_throttled")
    assert "billed on demand" in found.ruled_out_because


def test_a_full_table_has_no_hot_partition() -> None:
    found = hypothesis(lowered(29.0).feed().verdict(), "dynamodb.hot_partition")
    assert found.confidence < 0.5


def test_without_the_capacity_neither_is_said() -> None:
    scene = throttled(20.0, 1_200.0)
    scene.evidence = [item for item in scene.evidence if item.detail.kind != "table"]
    assert unsettled(scene.feed(), "dynamodb.hot_partition")


def with_index(index_writes: int) -> Scene:
    scene = throttled(20.0, 1_200.0, index_writes=index_writes)
    return scene.metric(LEDGER, "dynamodb.index_write_throttles:by-day", 0.0, 45.0)


def test_an_index_that_cannot_take_its_writes_holds_its_table_up() -> None:
    scene = with_index(5)
    scene.change(
        LEDGER, "capacity", {"by-day.write_capacity": "50"}, {"by-day.write_capacity": "5"}
    )
    assert settled(scene.feed()) == ("dynamodb.index_back_pressure", LEDGER)
    cause = scene.verdict().cause
    assert cause is not None
    assert cause.setting == "by-day"


def test_an_index_whose_change_was_not_read_is_told_all_the_same() -> None:
    assert settled(with_index(5).feed())[0] == "dynamodb.index_back_pressure"


def test_an_index_that_does_not_throttle_holds_nothing_up() -> None:
    scene = throttled(20.0, 1_200.0, index_writes=5).feed()
    scene.metric(LEDGER, "dynamodb.index_write_throttles:by-day", 0.0)
    assert settled(scene)[0] == "dynamodb.hot_partition"


@pytest.mark.parametrize(
    "table",
    [
        {"autoscaled": (50, 400), "raised": ONSET + 6 * MINUTE},
    ],
)
def test_a_table_that_follows_the_demand_lags_behind_a_surge(table: dict[str, object]) -> None:
    scene = throttled(160.0, 3_000.0, **table).feed()
    assert settled(scene) == ("dynamodb.capacity_lag", LEDGER)


def test_a_table_on_demand_lags_behind_more_than_twice_its_peak() -> None:
    scene = throttled(7_500.0, 180_000.0, billing="on_demand").feed()
    assert settled(scene) == ("dynamodb.capacity_lag", LEDGER)


def test_a_table_on_demand_that_throttles_below_what_any_serves_has_a_hot_partition() -> None:
    scene = throttled(1_100.0, 24_000.0, billing="on_demand").feed()
    assert settled(scene) == ("dynamodb.hot_partition", LEDGER)


def test_a_table_that_nothing_more_is_asked_of_does_not_lag() -> None:
    scene = throttled(50.0, 3_000.0, autoscaled=(50, 400)).feed()
    assert hypothesis(scene.verdict(), "dynamodb.capacity_lag").confidence < 0.5


def test_capacity_that_somebody_lowered_is_no_lag() -> None:
    scene = throttled(29.0, 1_740.0, writes=30, autoscaled=(10, 400))
    scene.change(LEDGER, "capacity", {"write_capacity": "100"}, {"write_capacity": "30"})
    assert settled(scene.feed())[0] == "dynamodb.table_throttled"


def test_a_slow_caller_of_a_throttled_table_is_not_slow_by_itself() -> None:
    scene = lowered(29.0).release(SIDE, ago=timedelta(minutes=3)).feed()
    assert settled(scene)[0] == "dynamodb.table_throttled"
    slow = [
        one for one in scene.verdict().hypotheses if one.cause_class == "lambda.slow_dependency"
    ]
    assert all(one.status == "ruled_out" for one in slow)


def contended(failures: float, writes: float | None = None) -> Scene:
    scene = Scene(resource=SIDE).topology(CHAIN, WRITES).healthy(FRONT, MIDDLE, BACK)
    scene.metric(SIDE, "lambda.errors", 0.0, 30.0).metric(SIDE, "lambda.invocations", 100.0)
    scene.metric(SIDE, "lambda.duration_p99", 300.0).configuration(SIDE, alias="live")
    scene.metric(LEDGER, "dynamodb.write_throttles", 0.0)
    scene.metric(LEDGER, "dynamodb.writes", 300.0, writes).table()
    return scene.metric(LEDGER, "dynamodb.conditional_failures", 10.0, failures)


def test_writers_that_contend_are_told_by_metric_and_log() -> None:
    refusals = {"ConditionalCheckFailedException": 590}
    scene = contended(80.0).log(SIDE, errors=refusals, conditional_failures=590).feed()
    assert settled(scene) == ("dynamodb.conditional_check_storm", LEDGER)


def test_refusals_that_nobody_logs_are_still_counted() -> None:
    scene = contended(80.0).log(SIDE).feed()
    assert settled(scene)[0] == "dynamodb.conditional_check_storm"


def test_refusals_that_grow_with_the_traffic_are_no_storm() -> None:
    scene = contended(31.0, 900.0)
    scene.evidence = [
        item for item in scene.evidence if getattr(item.detail, "signal", "") != "lambda.errors"
    ]
    scene.metric(SIDE, "lambda.errors", 0.0).log(SIDE).feed()
    assert unsettled(scene, "dynamodb.conditional_check_storm")


def test_a_few_refusals_among_many_more_writes_are_no_second_cause() -> None:
    scene = contended(10.0, 2_000.0).log(SIDE)
    scene.metric(LEDGER, "dynamodb.conditional_failures", 0.1, 14.0).feed()
    assert unsettled(scene, "dynamodb.conditional_check_storm")
    assert hypothesis(scene.verdict(), "dynamodb.conditional_check_storm").confidence <= 0.45
