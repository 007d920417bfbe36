"""Figures and their intervals, and what the report says."""

import math

import numpy as np
import pytest

from bench.incidents.intervals import bootstrap, calibration_error, wilson
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
    low, high = bootstrap(values, lambda rows: float(np.median(rows)))
    assert low < float(np.median(values)) < high
    assert (low, high) == bootstrap(values, lambda rows: float(np.median(rows)))


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
