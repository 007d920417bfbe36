"""How well and how fast log lines are grouped, named and compared, beside drain3 in the same run.

    python -m bench.quality_logs [--data DIR] [--seeds N] [--json]

Without `--data` the seeded corpora of `bench/corpora/logs*.py` are measured: `develop` are systems
that constants were chosen on, `hold-out` those that only measure. With it, every
`*_structured.csv` below DIR (columns Content, EventId, EventTemplate; the raw log beside it) is
measured as well. Memory is told for each corpus, and for lines made to be hard, the worst first.
drain3 is measured where bench/requirements-rivals.txt is installed.
"""

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import log_memory
from bench.corpora.logs import Corpus, System, generate
from bench.corpora.logs_changes import changed
from bench.corpora.logs_develop import DEVELOP
from bench.corpora.logs_holdout import HOLDOUT
from bench.log_scores import diff_scores, scores
from bench.rivals import drain
from opspilot.analysis.logs import compare_logs, mine_templates

Miner = Callable[[Sequence[str]], tuple[Sequence[int], dict[int, str]]]
Differ = Callable[[Sequence[str], Sequence[str]], list[tuple[str, str]]]
Figures = dict[str, float]

_SPEED_LINES = 20_000
_SETS: dict[str, tuple[System, ...]] = {"develop": DEVELOP, "hold-out": HOLDOUT}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    results = measured(chosen.seeds, chosen.data)
    if chosen.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n\n".join(_table(title, rows) for title, rows in results.items()))


def measured(seeds: int, data: Path | None) -> dict[str, dict[str, Figures]]:
    """Table to row to figures."""
    miners: dict[str, Miner] = {"OpsPilot": _mine}
    differs: dict[str, Differ] = {"OpsPilot": _diff}
    if drain.installed():
        miners["drain3"], differs["drain3"] = drain.mine, drain.compare
    corpora = {
        title: [generate(system, seed) for system in systems for seed in range(seeds)]
        for title, systems in _SETS.items()
    }
    if data is not None:
        corpora[data.name] = [_structured(path) for path in sorted(data.rglob("*_structured.csv"))]
    return {
        "Templates": {
            f"{title}, {name}": _quality(miner, several)
            for title, several in corpora.items()
            for name, miner in miners.items()
        },
        "Diff": {
            f"{title}, {name}{', bursts' if bursts else ''}": _changes(differ, systems, bursts)
            for title, systems in _SETS.items()
            for bursts in (False, True)
            for name, differ in differs.items()
        },
        "Speed": _speed(),
        **log_memory.measured(),
    }


def _mine(lines: Sequence[str]) -> tuple[Sequence[int], dict[int, str]]:
    mined = mine_templates(lines)
    return mined.assignments, mined.templates


def _diff(baseline: Sequence[str], incident: Sequence[str]) -> list[tuple[str, str]]:
    return [(one.kind, one.examples[0]) for one in compare_logs(baseline, incident)]


def _quality(miner: Miner, corpora: Sequence[Corpus]) -> Figures:
    """Means over corpora."""
    rows: list[tuple[float, ...]] = []
    for corpus in corpora:
        content = scores(corpus.truth, corpus.templates, *miner(corpus.content))
        raw = scores(corpus.truth, corpus.templates, *miner(corpus.raw))
        rows.append((content.ga, content.fga, content.pa, content.fta, raw.ga, raw.fga))
    names = ("GA", "FGA", "PA", "FTA", "raw GA", "raw FGA")
    return dict(zip(names, map(statistics.mean, zip(*rows, strict=True)), strict=True))


def _changes(differ: Differ, systems: Sequence[System], bursts: bool) -> Figures:
    cases = [changed(system, seed, bursts=bursts) for system in systems for seed in range(4)]
    quiet = [changed(system, 9, bursts=bursts, quiet=True) for system in systems]
    told = [diff_scores(one, differ(one.baseline.content, one.incident.content)) for one in cases]
    false = [diff_scores(one, differ(one.baseline.content, one.incident.content)) for one in quiet]
    return {
        "F1": statistics.mean(f1 for f1, _, _ in told),
        "mean average precision": statistics.mean(ap for _, ap, _ in told),
        "false changes where nothing changed": statistics.mean(number for _, _, number in false),
    }


def _speed() -> dict[str, Figures]:
    """Medians over the develop systems; drain3 with its usual masks and with none."""
    rows: dict[str, Figures] = {}
    for form in ("content", "raw"):
        figures: dict[str, list[float]] = {}
        for system in DEVELOP:
            lines = list(getattr(generate(system, 5, _SPEED_LINES), form))
            own = _rate(_mine, lines)
            figures.setdefault("lines per second", []).append(own)
            if drain.installed():
                figures.setdefault("times drain3", []).append(own / _rate(drain.mine, lines))
                bare = _rate(lambda some: drain.mine(some, masks=False), lines)
                figures.setdefault("times drain3 without masks", []).append(own / bare)
        rows[form] = {name: statistics.median(values) for name, values in figures.items()}
    return rows


def _rate(miner: Miner, lines: Sequence[str]) -> float:
    begun = time.process_time()
    miner(lines)
    return len(lines) / (time.process_time() - begun)


def _structured(path: Path) -> Corpus:
    """One labelled log: its table, and its raw lines from the file that the table was made of."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as table:
        rows = list(csv.DictReader(table))
    events = list(dict.fromkeys(row["EventId"] for row in rows))
    texts = {row["EventId"]: row["EventTemplate"] for row in rows}
    content = tuple(row["Content"] for row in rows)
    source = path.with_name(path.name.removesuffix("_structured.csv"))
    raw = content
    if source.exists():
        text = source.read_text(encoding="utf-8", errors="surrogateescape")
        read = tuple(line for line in text.split("\n") if line.strip())
        raw = read if len(read) == len(rows) else content
    return Corpus(
        path.stem,
        content,
        raw,
        tuple(events.index(row["EventId"]) for row in rows),
        tuple(texts[event] for event in events),
    )


def _table(title: str, rows: dict[str, Figures]) -> str:
    names = list(next(iter(rows.values())))
    lines = [f"| {title} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for row, figures in rows.items():
        cells = [f"{value:,.0f}" if value > 1000 else f"{value:.3f}" for value in figures.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
