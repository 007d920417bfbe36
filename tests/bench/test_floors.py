"""A fast part of the benchmark with floors that must never be undercut; the whole is bench's."""

import statistics

import pytest

from bench.incidents.loading import load_scenarios
from bench.incidents.running import Job, run
from bench.incidents.scoring import Score

FAST = (
    "bad-environment-missing-table",
    "code-error-release-plain",
    "out-of-memory-job-shrunk",
    "out-of-memory-release-behind-alias",
    "timeout-behind-slow-release",
    "timeout-lowered-behind-alias",
    "healthy-shop",
    "near-code-error-old-pattern",
)
SEED = 20260


@pytest.mark.timeout(300)
def test_a_fast_part_of_the_benchmark_stays_above_its_floors() -> None:
    scenarios = {one.name: one for one in load_scenarios()}
    jobs = [Job(scenarios[name], SEED, number) for number, name in enumerate(FAST)]
    jobs.append(Job(scenarios[FAST[0]], SEED, len(FAST), http=True))
    scores = [one for one in run(jobs, 1) if isinstance(one, Score)]
    assert len(scores) == len(jobs), "a case broke"
    wrong = [f"{one.key}: {one.why}" for one in scores if one.why]
    assert sum(one.right for one in scores) >= len(scores) - 1, wrong
    assert not [one.key for one in scores if one.false_cause or one.forbidden], wrong
    cured = [bool(one.cured) for one in scores if one.curable]
    assert sum(cured) >= len(cured) - 1, wrong
    assert all(one.sound for one in scores)
    assert statistics.median(one.onset_error for one in scores if one.onset_error is not None) <= 1
    assert all(one.evidence is None or one.evidence >= 0.75 for one in scores), wrong
    here, there = scores[0], scores[-1]
    assert (here.said, here.cured) == (there.said, there.cured)
