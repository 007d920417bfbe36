"""Figures and their intervals, and what the report says."""

import math

import numpy as np
import pytest

from bench.incidents.intervals import bootstrap, calibration_error, share, wilson
from bench.incidents.measures import figures_of
from bench.incidents.report import Report
from bench.incidents.running import Broken
from bench.incidents.scoring import Score


def scored(key: str = "one@1", *, right: bool = True, **fields: object) -> Score:
    base: dict[str, object] = {
        "key": key,
        "scenario": key.partition("@")[0],
        "seed": 1,
        "level": 2,
        "tags": (),
        "state": "fault",
        "http": False,
        "right": right,
        "top1": right,
    }
    return Score(**(base | fields))  # type: ignore[arg-type]


def test_wilsons_interval_is_that_of_the_literature() -> None:
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 200)[1] == pytest.approx(0.0188, abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bootstrap_brackets_the_median_and_repeats_itself() -> None:
    values = list(np.random.default_rng(3).normal(5.0, 1.0, 60))
    each = [str(number) for number in range(60)]
    low, high = bootstrap(values, each, lambda rows: float(np.median(rows)))
    assert low < float(np.median(values)) < high
    assert (low, high) == bootstrap(values, each, lambda rows: float(np.median(rows)))


def test_draws_that_resemble_each_other_make_an_interval_wider() -> None:
    values = [float(number % 6) for number in range(6) for _ in range(20)]
    alike = [str(number) for number in range(6) for _ in range(20)]
    mixed = [str(number) for _ in range(20) for number in range(6)]
    wide = bootstrap(values, alike, lambda rows: float(rows.mean()))
    narrow = bootstrap(values, mixed, lambda rows: float(rows.mean()))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_a_share_of_scenarios_drawn_once_has_wilsons_interval_and_never_a_narrower_one() -> None:
    flags = [number % 4 != 0 for number in range(20)]
    once = [str(number) for number in range(20)]
    assert share(flags, once) == wilson(15, 20)
    assert share(flags, ["one"] * 20) == wilson(15, 20)
    alike = [str(number // 5) for number in range(20)]
    assert share(sorted(flags), alike)[0] < wilson(15, 20)[0]
    spread = share(flags, [str(number % 5) for number in range(20)])
    assert spread[0] <= wilson(15, 20)[0]
    assert spread[1] >= wilson(15, 20)[1]


def test_a_share_without_exception_is_no_surer_than_its_scenarios_are_many() -> None:
    of = [str(number % 22) for number in range(220)]
    assert share([False] * 220, of) == wilson(0, 22)
    assert share([True] * 220, of) == wilson(22, 22)


def test_calibration_is_zero_where_confidence_tells_the_truth() -> None:
    honest = np.array([[0.75, 1.0], [0.75, 1.0], [0.75, 1.0], [0.75, 0.0]])
    boastful = np.array([[0.95, 0.0], [0.95, 0.0]])
    assert calibration_error(honest) == pytest.approx(0.0)
    assert calibration_error(boastful) == pytest.approx(0.95)
    assert math.isnan(calibration_error(np.empty((0, 2))))


def test_a_measure_counts_only_the_cases_that_it_applies_to() -> None:
    scores = [
        scored("a@1", onset_error=0.4),
        scored("b@1", right=False, onset_error=None),
        scored("c@1", state="healthy", top1=None, false_cause=True),
        scored("d@1", curable=False, cured=False),
        scored("e@1", curable=True, cured=True),
    ]
    found = figures_of(scores)
    assert (found["top1"].value, found["top1"].of) == (0.75, 4)
    assert (found["onset"].value, found["onset"].of) == (0.4, 1)
    assert (found["false_cause"].value, found["false_cause"].of) == (1.0, 1)
    assert (found["cured"].value, found["cured"].of) == (1.0, 1)
    assert (found["curable"].value, found["curable"].of) == (0.5, 2)
    assert found["abstained"].value is None


def test_rivals_are_counted_one_by_one_and_each_goes_to_one_row() -> None:
    scores = [
        scored("a@1", rivals=4, reasoned=1, unconsidered=3),
        scored("b@1", rivals=1, reasoned=0, unconsidered=0),
        scored("c@1"),
    ]
    found = figures_of(scores)
    rows = [found[name] for name in ("reasoned", "unconsidered", "standing")]
    assert [row.value for row in rows] == pytest.approx([0.2, 0.6, 0.2])
    assert {row.of for row in rows} == {5}


def test_calibration_counts_every_lead_shown_also_on_the_calm() -> None:
    scores = [
        scored("a@1", confidence=0.9, lead_right=True),
        scored("b@1", state="healthy", confidence=0.6, lead_right=False),
        scored("c@1", state="healthy"),
    ]
    found = figures_of(scores)
    assert (found["calibration"].value, found["calibration"].of) == (pytest.approx(0.35), 2)
    assert found["calibration_faults"].value == pytest.approx(0.1)
    assert found["calibration_faults"].of == 1


def test_a_run_fails_by_what_breaks_or_differs_over_http_and_not_by_a_wrong_verdict() -> None:
    def failed(*results: Score | Broken) -> bool:
        return Report(results, seed=1, processes=1, seconds=1.0).failed

    wrong = scored(right=False, why="said x; truth: y", said="x")
    assert not failed(wrong, scored(http=True, right=False, said="x"))
    assert failed(wrong, scored(http=True, said="y"))
    assert failed(wrong, Broken("torn@1", http=False, why="KeyError: 'x'"))


def test_what_is_not_counted_over_http_is_no_nought() -> None:
    report = Report((scored(http=True, seconds=1.0),), seed=1, processes=1, seconds=1.0)
    row = next(line for line in report.lines() if line.startswith("AWS calls"))
    assert set(row.split()[3:]) == {"-"}


def test_the_report_names_the_worst_the_broken_and_what_differs_over_http() -> None:
    results = (
        scored("good@1"),
        scored("bad@1", right=False, why="said x; truth: y", said="x"),
        scored("worse@1", right=False, why="forbidden: z", forbidden=True),
        scored("good@1", http=True, said="something else"),
        Broken("torn@1", http=False, why="KeyError: 'x'"),
    )
    report = Report(results, seed=1, processes=2, seconds=3.0)
    document = report.to_json()
    assert [one["scenario"] for one in document["worst"]] == ["worse", "bad"]
    assert document["broken"] == [{"case": "torn@1", "http": False, "why": "KeyError: 'x'"}]
    assert document["http"]["compared"] == 1
    assert len(document["http"]["differing"]) == 1
    assert document["columns"]["model"] is None
    assert "no language model is configured" in document["columns_missing"]["model"]
    text = "\n".join(report.lines())
    assert "worse (level 2): 1 of 1, seeds 1" in text
    assert "BROKEN torn@1: KeyError: 'x'" in text
    assert document["cases"] == 3
