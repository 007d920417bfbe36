"""The benchmark as one call, for the command line, `python -m bench` and tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.incidents.loading import FOLDER, chosen, load_scenarios
from bench.incidents.report import Report
from bench.incidents.running import Result, cores, jobs_of, run, write


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        cases: None takes each scenario once.
        only: Pattern over names, tags and cause classes; empty for all.
        level: 0 for every level.
        http: Whether every case goes over HTTP; else a tenth does, besides.
        jobs: Processes; 0 for one a core.
        report: File for the whole report as JSON; None for none.
    """

    seed: int = 1
    cases: int | None = None
    only: str = ""
    level: int = 0
    http: bool = False
    jobs: int = 0
    report: Path | None = None
    folder: Path = FOLDER


def run_benchmark(asked: Asked, told: Callable[[str], None] | None = None) -> Report:
    """Run it.

    Args:
        asked: Which cases.
        told: Called with a line about each case that went wrong, and from time to time.

    Raises:
        BenchmarkError: A scenario is wrong, none fits, or no case is asked for.
    """
    scenarios = chosen(load_scenarios(asked.folder), asked.only, asked.level)
    jobs = jobs_of(scenarios, asked.seed, asked.cases, http=asked.http)
    processes = asked.jobs or cores()
    begun = time.perf_counter()

    def tell(result: Result, done: int) -> None:
        if told is not None and (result.why or done % 25 == 0):
            told(f"[{done}/{len(jobs)}] {result.key}: {result.why or 'right'}")

    results = run(jobs, processes, tell)
    report = Report(tuple(results), asked.seed, processes, time.perf_counter() - begun)
    if asked.report is not None:
        write(asked.report, json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    return report
