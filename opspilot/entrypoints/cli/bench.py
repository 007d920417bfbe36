"""The verb `bench`: the incident benchmark, which lives beside the package in a checkout.

The benchmark drives the whole product and holds the truth of what it injected, so nothing of the
product may import it. This verb finds it beside the package when it is asked for.
See docs/decisions/0018-where-the-benchmark-lives.md.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

import opspilot
from opspilot.entrypoints.cli.output import answer, note
from opspilot.entrypoints.cli.program import AsJson
from opspilot.errors import InputError

_CHECKOUT = Path(opspilot.__file__).resolve().parents[1]
_BENCHMARK = "bench.incidents.benchmark"


def bench(
    seed: Annotated[int, typer.Option(help="First seed; the same seed gives the same cases.")] = 1,
    cases: Annotated[
        int | None, typer.Option(help="How many cases; each scenario once unless given.")
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            help="Scenarios whose name, tag, state or cause class fits (* is wild); calm: those on"
            " which no cause may be named."
        ),
    ] = "",
    level: Annotated[int, typer.Option(min=0, max=4, help="One level; 0 for all.")] = 0,
    http: Annotated[
        bool, typer.Option("--http", help="Every case over HTTP; a tenth is, besides, anyway.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 for one a core.")] = 0,
    report: Annotated[
        Path | None, typer.Option(help="Write the whole report there as JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure verdicts and cures over scenarios of known truth, on a virtual clock.

    Exits with 1 when a case breaks, or comes out differently over HTTP.
    """
    benchmark = _benchmark()
    asked = benchmark.Asked(
        seed=seed, cases=cases, only=only, level=level, http=http, jobs=jobs, report=report
    )
    problems: Any = importlib.import_module("bench.incidents.problems")
    try:
        done = benchmark.run_benchmark(asked, None if as_json else note)
    except problems.BenchmarkError as exc:
        raise InputError(str(exc.message), hint=str(exc.hint)) from exc
    document: dict[str, Any] = done.to_json() if as_json else {}
    answer(document, list(done.lines()), as_json=as_json)
    if done.failed:
        raise typer.Exit(1)


def _benchmark() -> Any:
    """The benchmark's module.

    Raises:
        InputError: This is an installed package, without the benchmark beside it.
    """
    if not (_CHECKOUT / "bench" / "scenarios").is_dir():
        raise InputError(
            f"the benchmark is not part of the installed package in {_CHECKOUT}",
            hint="Run opspilot bench from a checkout of the repository: it has the scenarios.",
        )
    if str(_CHECKOUT) not in sys.path:
        sys.path.insert(0, str(_CHECKOUT))
    module: ModuleType = importlib.import_module(_BENCHMARK)
    return module


def register(app: typer.Typer) -> None:
    """Hang the verb on the program."""
    app.command()(bench)
