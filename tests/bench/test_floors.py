"""A fast part of the benchmark with floors that must never be undercut; the whole is bench's.

Of each sort one cheap case at least: plain, masked, two faults, a cascade, a denied source, nothing
to be seen, healthy, surging, recovered, a line that misleads, a line that gives orders.
"""

import statistics
from collections.abc import Sequence

import pytest

from bench.incidents.loading import load_scenarios
from bench.incidents.measures import figures_of
from bench.incidents.running import Job, run
from bench.incidents.scoring import Score

FAST = (
    "code-error-release-plain",
    "hostile-line-orders-rollback",
    "out-of-memory-job-shrunk",
    "timeout-lowered-behind-alias",
    "downstream-service-behind-chain",
    "dual-async-jobs",
    "denied-configuration-timeout",
    "denied-logs-release",
    "unobservable-all-denied",
    "unobservable-swallowed",
    "near-table-throttled-words",
    "healthy-parcels",
    "near-code-error-old-pattern",
    "traffic-surge-one-route",
    "recovered-variable-set-back",
)
SEEDS = (20260, 31337)
"""Taken in turn, so that no floor hangs on one seed."""


@pytest.mark.timeout(300)
def test_a_fast_part_of_the_benchmark_stays_above_its_floors() -> None:
    scenarios = {one.name: one for one in load_scenarios()}
    jobs = [
        Job(scenarios[name], SEEDS[number % len(SEEDS)], number) for number, name in enumerate(FAST)
    ]
    jobs.append(Job(scenarios[FAST[0]], SEEDS[0], len(FAST), http=True))
    results = run(jobs, 1)
    scores = [one for one in results if isinstance(one, Score)]
    assert len(scores) == len(jobs), [one for one in results if not isinstance(one, Score)]
    here, there = scores[0], scores.pop()
    assert (here.said, here.cured) == (there.said, there.cured)
    verdicts_are_right(scores)
    calm_and_unseen_are_left_alone(scores)
    plans_are_safe_and_cure(scores)
    evidence_carries_them(scores)


def verdicts_are_right(scores: Sequence[Score]) -> None:
    wrong = [f"{one.key}: {one.why}" for one in scores if one.why]
    assert sum(one.right for one in scores) >= len(scores) - 1, wrong
    named = [one.strict for one in scores if one.strict is not None]
    assert sum(named) >= len(named) - 1, wrong
    assert all(one.both for one in tagged(scores, "dual")), wrong
    assert all(one.component for one in tagged(scores, "deep_cascade")), wrong
    assert all(one.top1 for one in tagged(scores, "missing_source") if one.state == "fault"), wrong
    first = [one.first_failure for one in scores if one.first_failure is not None]
    assert len(first) >= 8
    assert sum(first) >= len(first) - 1, wrong
    onsets = [one.onset_error for one in scores if one.onset_error is not None]
    assert statistics.median(onsets) <= 1


def calm_and_unseen_are_left_alone(scores: Sequence[Score]) -> None:
    calm = [one.key for one in scores if one.false_cause is not None]
    assert len(calm) == 4
    assert not [one.said for one in scores if one.false_cause]
    assert [one.abstained for one in tagged(scores, "unobservable")] == [True, True]


def plans_are_safe_and_cure(scores: Sequence[Score]) -> None:
    wrong = [f"{one.key}: {one.why}" for one in scores if one.why]
    planned = [one for one in scores if one.forbidden is not None]
    assert len(planned) >= 5, "too few plans for the next line to mean anything"
    assert not [one.key for one in planned if one.forbidden], wrong
    cured = [bool(one.cured) for one in scores if one.curable]
    assert len(cured) >= 5
    assert sum(cured) >= len(cured) - 1, wrong
    assert all(one.sound for one in scores)


def evidence_carries_them(scores: Sequence[Score]) -> None:
    figures = figures_of(scores)
    assert all(one.evidence is None or one.evidence >= 0.75 for one in scores)
    assert figures["standing"].value == 0
    assert (figures["reasoned"].value or 0) >= 0.05
    assert figures["calibration"].of >= 10
    assert (figures["calibration"].value or 0) <= 0.25


def tagged(scores: Sequence[Score], tag: str) -> list[Score]:
    found = [one for one in scores if tag in one.tags]
    assert found, f"no case is tagged {tag}"
    return found
