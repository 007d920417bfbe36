"""Templates, the diff of two windows, and what the ledger says about a log."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from opspilot.analysis import compare_logs, log_detail, log_sentence, mine_templates
from tests.analysis.telemetry import at, log

UUID = "8f507cfc-0000-4697-b07a-ac58fc914c95"


def test_lines_that_differ_in_variables_only_share_a_template() -> None:
    mined = mine_templates(
        [
            f"2026-11-22T11:00:00.1Z {UUID} order order-81 paid in 31 ms",
            f"2026-11-22T11:07:12Z {UUID.replace('8', '9')} order order-7 paid in 4.5 ms",
            "gateway 10.0.0.7:443 refused",
        ]
    )
    assert mined.assignments == (0, 0, 1)
    assert mined.templates[0] == "order order-<*> paid in <*> ms"
    assert mined.counts == {0: 2, 1: 1}


@given(st.lists(st.text(), max_size=30))
def test_any_text_is_mined_with_one_template_per_line(lines: list[str]) -> None:
    mined = mine_templates(lines)
    assert len(mined.assignments) == len(lines)
    assert set(mined.assignments) == set(mined.templates) == set(mined.counts)
    assert sum(mined.counts.values()) == len(lines)


def test_colours_and_spacing_do_not_make_a_template() -> None:
    mined = mine_templates(["\x1b[31mcard  declined\x1b[0m", "card declined"])
    assert mined.assignments == (0, 0)


def test_a_very_long_line_is_told_by_its_beginning() -> None:
    mined = mine_templates(["declined " + "x " * 100_000, "declined " + "x " * 90_000])
    assert mined.assignments == (0, 0)


BEFORE = ["order 1 paid"] * 500 + ["cache miss for 7"] * 40 + ["heartbeat"] * 100
DURING = ["order 2 paid"] * 500 + ["cache miss for 9"] * 160 + ["psp-2 did not answer"] * 60


def test_new_gone_and_changed_patterns_are_told_apart() -> None:
    changes = {change.pattern: change.kind for change in compare_logs(BEFORE, DURING)}
    assert changes == {
        "psp-<*> did not answer": "new",
        "heartbeat": "gone",
        "cache miss for <*>": "up",
    }


def test_examples_are_unmodified_lines_of_the_side_that_has_them() -> None:
    changes = {change.kind: change for change in compare_logs(BEFORE, DURING)}
    assert set(changes["up"].examples) == {"cache miss for 9"}
    assert set(changes["gone"].examples) == {"heartbeat"}
    assert all(len(change.examples) <= 3 for change in changes.values())


def test_counts_and_rates_are_told_for_both_windows() -> None:
    (change,) = compare_logs(["up"] * 40, ["up"] * 80 + ["down"] * 40, exposure=(10.0, 20.0))
    assert (change.kind, change.counts, change.rates) == ("new", (0, 40), (0.0, 2.0))


def test_the_most_surprising_change_comes_first() -> None:
    values = [change.p_value for change in compare_logs(BEFORE, DURING)]
    assert values == sorted(values)
    assert all(0 <= value <= 0.02 for value in values)


def test_equal_windows_differ_in_nothing() -> None:
    assert compare_logs(BEFORE, BEFORE) == []
    assert compare_logs([], []) == []
    assert compare_logs(BEFORE, []) == []


def test_twice_the_exposure_makes_twice_the_lines_no_change() -> None:
    assert compare_logs(BEFORE, BEFORE * 2, exposure=(100.0, 200.0)) == []
    changes = compare_logs(BEFORE, BEFORE * 2, exposure=(100.0, 100.0))
    assert {change.kind for change in changes} == {"up"}
    assert changes[0].incident_rate == pytest.approx(2 * changes[0].baseline_rate)


def test_a_single_pattern_is_judged_by_the_exact_binomial_mid_p() -> None:
    (change,) = compare_logs(["refused"] * 3, ["refused"] * 22, exposure=(600.0, 600.0))
    upper = binom.sf(22, 25, 0.5) + 0.5 * binom.pmf(22, 25, 0.5)
    assert change.p_value == pytest.approx(2 * upper)


def test_rare_patterns_of_everyday_noise_are_not_reported() -> None:
    before = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)} happened" for n in range(300)]
    during = [f"thing{chr(97 + n % 26)}{chr(97 + n // 26)} happened" for n in range(300)]
    assert compare_logs(before, during) == []


def timed_out(count: int) -> list[tuple[float, str]]:
    return [
        (31 + n / 100, f"2026-11-22T11:31:00Z {n:08x}{UUID[8:]} Task timed out after 3.00 seconds")
        for n in range(count)
    ]


def routine(minutes: range) -> list[tuple[float, str]]:
    return [
        (float(minute), text.format(id=f"{minute:08x}{UUID[8:]}"))
        for minute in minutes
        for text in (
            "START RequestId: {id} Version: 3",
            "order paid",
            "REPORT RequestId: {id}\tDuration: 90.00 ms\tBilled Duration: 90 ms\t"
            "Memory Size: 128 MB\tMax Memory Used: 60 MB",
        )
    ]


def test_a_log_finding_counts_timeouts_and_quotes_the_new_pattern() -> None:
    before = log(routine(range(30)), 0, 30)
    during = log(sorted(routine(range(30, 60)) + timed_out(40)), 30, 60)
    detail, snapshot = log_detail(before, during)
    assert (detail.timeouts, detail.timeouts_baseline, detail.timeout_seconds) == (40, 0, 3.0)
    assert detail.first_timeout == at(31)
    assert detail.invocations == 30
    assert detail.duration_p50_ms == 90.0
    assert (detail.lines_baseline, detail.lines_incident) == (90, 130)
    assert [pattern.change for pattern in detail.patterns] == ["new"]
    assert detail.patterns[0].first_seen == at(31)
    sentence = log_sentence("billing", detail)
    assert "40 invocations timed out after 3 s, first at 11:31 UTC (0 before)" in sentence
    assert '"Task timed out after <*> seconds" (40 lines)' in sentence
    json.dumps(snapshot, allow_nan=False)


def test_the_sample_is_bounded_and_keeps_what_tells() -> None:
    before = log(routine(range(2_000)), 0, 2_000)
    during = log(sorted([*routine(range(2_000, 4_000)), (3_999.5, "x" * 9_000)]), 2_000, 4_000)
    detail, snapshot = log_detail(before, during)
    assert detail.lines_incident == 6_001
    assert len(snapshot["incident"]) <= 200
    assert len(snapshot["baseline"]) <= 50
    assert max(len(row[2]) for row in snapshot["incident"]) <= 2_000
    assert [row[0] for row in snapshot["incident"]] == sorted(
        row[0] for row in snapshot["incident"]
    )
    telling = log_detail(before, log(routine(range(2_000, 4_000)) + timed_out(3), 2_000, 4_000))[1]
    assert sum("Task timed out" in row[2] for row in telling["incident"]) == 3


def test_versions_are_dated_by_their_first_start_in_either_window() -> None:
    before = log([(1.0, f"START RequestId: {UUID} Version: 17")], 0, 30)
    during = log(
        [
            (31.0, f"START RequestId: {UUID} Version: 17"),
            (33.0, f"START RequestId: {UUID} Version: 18"),
        ],
        30,
        60,
    )
    assert log_detail(before, during)[0].versions == {"17": at(1), "18": at(33)}


def test_an_empty_log_and_a_quiet_one_have_their_own_sentences() -> None:
    nothing, some = log([], 0, 30), log(routine(range(30)), 0, 30)
    assert log_sentence("billing", log_detail(nothing, nothing)[0]) == (
        "Log of billing: no lines, neither in the incident window nor before it."
    )
    assert log_sentence("billing", log_detail(some, nothing)[0]) == (
        "Log of billing: no lines in the incident window (90 lines before it)."
    )
    assert log_sentence("billing", log_detail(some, some)[0]) == (
        "Log of billing: nothing stands out in 90 lines of the incident window."
    )
