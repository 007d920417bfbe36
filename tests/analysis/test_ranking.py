"""Suspects: found where they are, nobody named where nothing is, whatever the form of the frame."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.analysis import Suspect, WideError, rank_suspects

ROWS = 300


def frames(
    seed: int = 1, rows: int = ROWS, incident: int = 60
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Six services with four metrics each, in units of their own, and nothing wrong."""
    rng = np.random.default_rng(seed)
    columns = {
        f"svc{service}_{metric}": level * (1 + 0.05 * rng.standard_normal(rows + incident))
        for service in range(6)
        for metric, level in (("cpu", 0.3), ("mem", 4e8), ("latency-95", 0.02), ("load", 90.0))
    }
    both = pd.DataFrame(columns)
    return both.iloc[:rows].reset_index(drop=True), both.iloc[rows:].reset_index(drop=True)


def slowed(service: str = "svc2", incident: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    before, after = frames(incident=incident)
    after[f"{service}_latency-95"] *= 3.0
    after[f"{service}_cpu"] *= 2.0
    return before, after


def named(suspects: list[Suspect]) -> list[object]:
    return [suspect.column for suspect in suspects]


def test_the_resource_that_departs_most_is_named_first_with_what_it_did() -> None:
    before, after = slowed()
    first = rank_suspects(before, after)[0]
    assert (first.resource, first.metric) == ("svc2", "svc2_latency-95")
    assert (first.direction, first.onset) == ("up", 0)
    assert 30 < first.effect_size < 55


@pytest.mark.parametrize("seed", range(10))
def test_nobody_is_named_where_nothing_stands_out(seed: int) -> None:
    assert rank_suspects(*frames(seed)) == []
    assert rank_suspects(*frames(seed, incident=5)) == []


@pytest.mark.parametrize("heavy", ["student", "spikes"])
def test_columns_with_heavy_tails_are_not_named_for_them(heavy: str) -> None:
    rng = np.random.default_rng(3)
    shape = (660, 120)
    spikes = (rng.random(shape) < 0.01) * rng.pareto(1.8, shape) * 10 + rng.standard_normal(shape)
    values = rng.standard_t(2.5, shape) if heavy == "student" else spikes
    both = pd.DataFrame(values, columns=[f"s{at // 4}_m{at % 4}" for at in range(120)])
    assert rank_suspects(both.iloc[:600], both.iloc[600:]) == []


def test_five_rows_are_enough() -> None:
    assert rank_suspects(*slowed(incident=5))[0].resource == "svc2"


def test_a_constant_column_that_moves_by_a_hair_does_not_win() -> None:
    before, after = slowed()
    before["svc5_limit"], after["svc5_limit"] = 5e8, 5e8 + 4_096
    suspects = rank_suspects(before, after)
    assert suspects[0].resource == "svc2"
    assert "svc5_limit" in named(suspects)


def test_errors_that_never_were_count() -> None:
    before, after = frames()
    before["svc3_error"], after["svc3_error"] = 0.0, 4.0
    assert named(rank_suspects(before, after)) == ["svc3_error"]


def test_what_every_resource_shows_is_no_lead() -> None:
    before, after = slowed()
    for service in range(6):
        after[f"svc{service}_load"] *= 0.5
    suspects = rank_suspects(before, after)
    assert suspects[0].resource == "svc2"
    assert all(s.score < suspects[0].score for s in suspects if s.metric.endswith("load"))


def test_a_resource_does_not_win_by_its_number_of_columns() -> None:
    before, after = slowed()
    rng = np.random.default_rng(8)
    for at in range(30):
        before[f"svc4_extra{at}"] = rng.standard_normal(ROWS)
        after[f"svc4_extra{at}"] = rng.standard_normal(60) + 3.0
    assert rank_suspects(before, after)[0].resource == "svc2"


def test_the_clock_is_no_metric() -> None:
    before, after = slowed()
    before["time"] = np.arange(ROWS) + 1.7e9
    after["time"] = np.arange(60) + 1.7e9 + ROWS
    assert "time" not in named(rank_suspects(before, after))


def test_columns_that_cannot_be_compared_are_left_out() -> None:
    before, after = slowed()
    before["svc0_gone"] = 1.0
    after["svc0_new"] = 1.0
    before["svc1_empty"], after["svc1_empty"] = np.nan, 7.0
    keys = named(rank_suspects(before, after))
    assert not {"svc0_gone", "svc0_new", "svc1_empty"} & set(keys)
    assert keys[0] == "svc2_latency-95"


def test_gaps_and_infinities_count_as_missing() -> None:
    before, after = slowed()
    after.loc[::3, "svc2_latency-95"] = np.nan
    after.loc[::7, "svc1_mem"] = np.inf
    keys = named(rank_suspects(before, after))
    assert keys[0] == "svc2_latency-95"
    assert "svc1_mem" not in keys


def test_columns_known_now_and_then_do_not_disturb() -> None:
    before, after = slowed()
    rare = before["svc1_cpu"].where(np.arange(ROWS) % 37 == 0)
    before["svc1_rare"], after["svc1_rare"] = rare, after["svc1_cpu"].where(np.arange(60) == 7)
    assert rank_suspects(before, after)[0].resource == "svc2"


def test_text_is_refused_by_the_name_of_its_column() -> None:
    before, after = slowed()
    before["svc1_note"], after["svc1_note"] = "fine", "bad"
    with pytest.raises(WideError, match="svc1_note"):
        rank_suspects(before, after)


def test_a_symptom_that_no_frame_has_is_refused_by_name() -> None:
    with pytest.raises(WideError, match="svc9_cpu"):
        rank_suspects(*slowed(), symptom="svc9_cpu")


def test_of_columns_with_one_key_the_worst_is_named_once() -> None:
    before, after = slowed()
    before = pd.concat([before, before[["svc2_cpu"]]], axis=1)
    after = pd.concat([after, after[["svc2_cpu"]] * 5], axis=1)
    suspects = [s for s in rank_suspects(before, after) if s.column == "svc2_cpu"]
    assert len(suspects) == 1
    assert suspects[0].effect_size > 50


def test_rows_may_come_in_any_order_of_a_time_index() -> None:
    before, after = slowed()
    after.index = pd.date_range("2026-01-01", periods=len(after), freq="s", tz="UTC")
    before.index = after.index[0] - pd.to_timedelta(np.arange(ROWS, 0, -1), unit="s")
    mixed = after.sample(frac=1.0, random_state=1)
    assert rank_suspects(before, mixed) == rank_suspects(before, after)


def test_empty_frames_name_nobody() -> None:
    assert rank_suspects(pd.DataFrame(), pd.DataFrame()) == []


def test_columns_of_three_levels_tell_resource_metric_and_statistic() -> None:
    before, after = slowed()
    levels = [
        ("svc" + n[3], n.split("_")[1].split("-")[0], "p95" if "-" in n else "") for n in before
    ]
    for frame in (before, after):
        frame.columns = pd.MultiIndex.from_tuples(levels)
    first = rank_suspects(before, after)[0]
    assert (first.resource, first.metric, first.statistic) == ("svc2", "latency", "p95")
    assert first.column == ("svc2", "latency", "p95")


def test_what_does_not_move_with_the_symptom_is_no_suspect() -> None:
    before, after = frames(incident=5)
    course = np.array([0.0, 0.0, 1.0, 0.9, 0.1])
    for name in ("svc0_latency-95", "svc4_latency-95"):
        after[name] += 0.1 * course
    after["svc5_latency-95"] += 3.0
    suspects = rank_suspects(before, after, symptom="svc0_latency-95")
    assert {suspect.resource for suspect in suspects} == {"svc0", "svc4"}
    assert {suspect.onset for suspect in suspects} == {2}


def test_equal_evidence_has_equal_scores() -> None:
    before, after = slowed()
    for metric in ("cpu", "mem", "latency-95", "load"):
        before[f"twin_{metric}"] = before[f"svc2_{metric}"]
        after[f"twin_{metric}"] = after[f"svc2_{metric}"]
    scores = {s.column: s.score for s in rank_suspects(before, after)}
    assert scores["twin_cpu"] == scores["svc2_cpu"]


@settings(deadline=None, max_examples=12)
@given(st.permutations(list(range(24))), st.permutations(list(range(24))))
def test_the_order_of_columns_does_not_matter(one: list[int], two: list[int]) -> None:
    before, after = slowed()
    assert rank_suspects(before.iloc[:, one], after.iloc[:, two]) == rank_suspects(before, after)


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 23),
    st.floats(0.001, 1_000.0),
    st.floats(-100.0, 100.0),
)
def test_unit_and_level_of_a_column_do_not_matter(at: int, factor: float, shift: float) -> None:
    before, after = slowed()
    moved = [frame.copy() for frame in (before, after)]
    unit = float(before.iloc[:, at].std())
    for frame in moved:
        frame.isetitem(at, (frame.iloc[:, at] / unit + shift) * factor)
    plain, other = rank_suspects(before, after), rank_suspects(*moved)
    assert named(other) == named(plain)
    np.testing.assert_allclose([s.score for s in other], [s.score for s in plain], rtol=1e-6)


def test_a_clock_is_never_named_though_rows_repeat_a_time_or_know_none() -> None:
    rng = np.random.default_rng(8)
    times = 1_700_000_000.0 + np.arange(300) // 3 * 5
    before = pd.DataFrame({"time": times, "api_cpu": rng.normal(50.0, 2.0, 300)})
    after = pd.DataFrame({"time": times[:60] + 86_400, "api_cpu": rng.normal(90.0, 2.0, 60)})
    before.loc[7, "time"] = np.nan
    assert [s.metric for s in rank_suspects(before, after)] == ["api_cpu"]


def test_a_size_that_goes_from_few_to_many_is_no_clock() -> None:
    noise = np.random.default_rng(8).normal(50.0, 2.0, 120)
    before = pd.DataFrame({"fleet_size": [1.0] * 40 + [2.0] * 40, "fleet_cpu": noise[:80]})
    after = pd.DataFrame({"fleet_size": [30.0] * 20 + [40.0] * 20, "fleet_cpu": noise[80:]})
    assert "fleet_size" in [s.metric for s in rank_suspects(before, after)]


def test_a_level_of_the_key_that_is_missing_is_an_empty_statistic() -> None:
    rng = np.random.default_rng(9)
    keys = pd.MultiIndex.from_tuples([("api", "cpu", np.nan), ("api", "disk", None)])
    before = pd.DataFrame(rng.normal(50.0, 2.0, (200, 2)), columns=keys)
    after = pd.DataFrame(rng.normal(90.0, 2.0, (30, 2)), columns=keys)
    assert {s.statistic for s in rank_suspects(before, after)} == {""}


def test_frames_read_apart_share_the_keys_whose_level_is_missing() -> None:
    rng = np.random.default_rng(9)

    def frame(level: float, rows: int) -> pd.DataFrame:
        keys = pd.MultiIndex.from_tuples([("api", "cpu", float("nan")), ("api", "disk", "p90")])
        return pd.DataFrame(rng.normal(level, 2.0, (rows, 2)), columns=keys)

    asked = ("api", "cpu", float("nan"))
    found = rank_suspects(frame(50.0, 200), frame(90.0, 30), symptom=asked)
    assert {(s.metric, s.statistic) for s in found} == {("cpu", ""), ("disk", "p90")}


def test_values_beyond_measure_count_as_missing() -> None:
    rng = np.random.default_rng(10)
    before = pd.DataFrame(rng.normal(50.0, 2.0, (200, 2)), columns=["a_cpu", "b_cpu"])
    after = pd.DataFrame(rng.normal(50.0, 2.0, (30, 2)), columns=["a_cpu", "b_cpu"])
    after["b_cpu"] += 60.0
    before["c_cpu"], after["c_cpu"] = before["a_cpu"] * 1e300, after["a_cpu"] * 1e300
    after.loc[3, "a_cpu"] = 1e308
    assert [s.metric for s in rank_suspects(before, after)] == ["b_cpu"]


def test_rows_whose_labels_have_no_order_are_refused() -> None:
    before = pd.DataFrame({"a_cpu": range(10)}, index=[1, "x"] * 5)
    with pytest.raises(WideError, match="no order"):
        rank_suspects(before, before)


def quiet(seed: int, rows: int, many: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, many))


def framed(values: np.ndarray, before: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Columns of services with six metrics each, cut in two."""
    both = pd.DataFrame(values, columns=[f"s{at // 6}_m{at % 6}" for at in range(values.shape[1])])
    return both.iloc[:before], both.iloc[before:]


def test_five_sigma_in_three_columns_over_five_rows_name_their_resource() -> None:
    for seed in range(12):
        before, after = framed(quiet(seed, 305, 108), 300)
        after = after.copy()
        after[["s7_m0", "s7_m2", "s7_m5"]] += 5.5
        assert {s.resource for s in rank_suspects(before, after)} == {"s7"}


def test_random_walks_name_nobody() -> None:
    named = [
        bool(rank_suspects(*framed(np.cumsum(quiet(seed, 1_200, 200), axis=0), 600)))
        for seed in range(20)
    ]
    assert sum(named) <= 1


def test_a_walk_that_leaps_is_named() -> None:
    before, after = framed(np.cumsum(quiet(1, 660, 60), axis=0), 600)
    after = after.copy()
    after["s3_m1"] += 400.0
    assert [s.column for s in rank_suspects(before, after)] == ["s3_m1"]


def test_a_counter_that_goes_on_rising_as_it_did_is_no_suspect() -> None:
    rng = np.random.default_rng(2)
    before, after = framed(np.cumsum(rng.poisson(40.0, (660, 24)).astype(float), axis=0), 600)
    assert rank_suspects(before, after) == []


def test_columns_that_spike_now_and_then_are_not_named_for_one_spike_in_five_rows() -> None:
    named = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        shape = (305, 200)
        spikes = (rng.random(shape) < 0.01) * rng.pareto(1.8, shape) * 10
        named += bool(rank_suspects(*framed(quiet(seed + 99, *shape) + spikes, 300)))
    assert named <= 1


def test_one_row_far_beyond_all_that_was_ever_seen_still_counts() -> None:
    before, after = framed(quiet(4, 305, 60), 300)
    after = after.copy()
    after.iloc[2, 13] = 90.0
    assert [s.column for s in rank_suspects(before, after)] == ["s2_m1"]


@pytest.mark.parametrize("zone", ["", "Z", "+02:00"])
def test_times_written_as_text_are_the_clock(zone: str) -> None:
    before, after = slowed()
    times = pd.date_range("2026-11-01", periods=ROWS + 60, freq="s").strftime("%Y-%m-%dT%H:%M:%S")
    before["timestamp"], after["timestamp"] = times[:ROWS] + zone, times[ROWS:] + zone
    before.loc[3, "timestamp"] = None
    suspects = rank_suspects(before, after)
    assert suspects == rank_suspects(*slowed())
