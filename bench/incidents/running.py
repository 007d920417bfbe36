"""Runs cases: which are drawn, in how many processes, and what becomes of one that breaks."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.incidents.drawing import REGIONS, draw
from bench.incidents.playing import investigate, remedy
from bench.incidents.problems import BenchmarkError
from bench.incidents.scenario import Scenario
from bench.incidents.scoring import Score, score
from bench.incidents.stage import Hall, staged
from opspilot.entrypoints.collector import settle, settled

HTTP_EVERY = 10
_BATCH = 4
_FOREIGN = ("OPSPILOT_", "AWS_")


@dataclass(frozen=True)
class Job:
    """One case to run; `http` over a loopback socket."""

    scenario: Scenario
    seed: int
    number: int
    http: bool = False


@dataclass(frozen=True)
class Broken:
    """A case that could not be run to its end: a fault of ours, never a score."""

    key: str
    http: bool
    why: str
    trace: str = ""


Result = Score | Broken


def jobs_of(
    scenarios: Sequence[Scenario], seed: int, cases: int | None, *, http: bool = False
) -> list[Job]:
    """The cases of a run: each scenario once, or `cases` of them in turn with seeds of their own.

    Unless all go over HTTP, every tenth runs a second time over HTTP, to be compared.

    Raises:
        BenchmarkError: No case is asked for.
    """
    total = len(scenarios) if cases is None else cases
    if total < 1:
        raise BenchmarkError("no case is asked for", "Give --cases a number from 1 on.")
    jobs = [
        Job(scenarios[index % len(scenarios)], seed + index // len(scenarios), index, http)
        for index in range(total)
    ]
    if not http:
        jobs += [replace(one, http=True, number=total + one.number) for one in jobs[::HTTP_EVERY]]
    return jobs


def run(
    jobs: Sequence[Job], processes: int, told: Callable[[Result, int], None] | None = None
) -> list[Result]:
    """Run all jobs; the results in the jobs' order.

    Args:
        jobs: What to run.
        processes: How many side by side; 1 runs here.
        told: Called with each result and how many are done.
    """
    results: dict[int, Result] = {}
    for index, result in _results(jobs, processes):
        results[index] = result
        if told is not None:
            told(result, len(results))
    return [results[index] for index in range(len(jobs))]


def _results(jobs: Sequence[Job], processes: int) -> Iterator[tuple[int, Result]]:
    # What is slow to import and to build is so once, here; a fork has it at once.
    prepare(REGIONS if len(jobs) > len(REGIONS) else ())
    if processes <= 1 or len(jobs) < 2:
        with settled():
            for index, job in enumerate(jobs):
                yield index, run_one(job)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=settle) as pool:
        waiting = {
            pool.submit(_run_batch, list(jobs[first : first + _BATCH])): first
            for first in range(0, len(jobs), _BATCH)
        }
        for future in as_completed(waiting):
            for offset, result in enumerate(future.result()):
                yield waiting[future] + offset, result


def _run_batch(jobs: list[Job]) -> list[Result]:
    return [run_one(job) for job in jobs]


_hall: Hall | None = None


def prepare(regions: Sequence[str] = ()) -> None:
    """Import what a case needs and is slow to import, and build the clients of these regions."""
    import moto.apigateway.models
    import moto.apigatewayv2.models
    import moto.dynamodb.models
    import moto.moto_server.werkzeug_app
    import moto.sqs.models  # noqa: F401 - imported for their weight

    with _sealed():
        for region in regions:
            _the_hall().clients_of(region)


def _the_hall() -> Hall:
    """What this process keeps between cases."""
    global _hall
    if _hall is None:
        _hall = Hall.opened()
    return _hall


@contextmanager
def _sealed() -> Generator[None]:
    """No setting and no account of this machine reaches a case, and no expected error the log."""
    foreign = {name: text for name, text in os.environ.items() if name.startswith(_FOREIGN)}
    for name in foreign:
        del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    log = logging.getLogger("opspilot")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
        del os.environ["AWS_EC2_METADATA_DISABLED"]
        os.environ.update(foreign)


def run_one(job: Job) -> Result:
    """Run one case to its score."""
    begun = time.perf_counter()
    try:
        with _sealed():
            result = _played(job, _the_hall())
    except BenchmarkError as exc:
        return Broken(f"{job.scenario.name}@{job.seed}", job.http, exc.message)
    except Exception as exc:  # noqa: BLE001 - one case must not end a run of hundreds
        trace = traceback.format_exc(limit=-8)
        return Broken(
            f"{job.scenario.name}@{job.seed}", job.http, f"{type(exc).__name__}: {exc}", trace
        )
    return replace(result, case_seconds=time.perf_counter() - begun)


def _played(job: Job, hall: Hall) -> Score:
    case = draw(job.scenario, job.seed, job.number)
    with staged(case, hall, http=job.http) as stage:
        found = investigate(stage)
        remedied = remedy(stage, found)
        return score(case, found, remedied, http=job.http)


def cores() -> int:
    """How many processes run side by side unless told otherwise."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def write(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        BenchmarkError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise BenchmarkError(f"the report cannot be written to {path}: {exc.strerror}") from exc
