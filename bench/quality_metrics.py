"""How well `detect_anomalies` finds what is labelled, leaves noise alone, and how fast it is.

    python -m bench.quality_metrics [--data DIR] [--json] [--no-rivals]

DIR (or OPSPILOT_BENCH_DATA) is a folder with a scorer `nab/nabscore.py` and its data; without it,
only the seeded corpora and the noises are measured. Rivals run where they are installed
(bench/requirements-rivals.txt). Every figure is of one configuration; nothing is chosen per series.
"""

import argparse
import importlib.util
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from bench.corpora.metrics import Labelled, labelled_metrics
from bench.rivals.metrics import Scorer, rivals
from opspilot.analysis import AnomalyReport, detect_anomalies, synthetic
from opspilot.analysis.episodes import ALERT_SCORE
from opspilot.analysis.series import Floats

_MERGED_POINTS = 20
_NOISES: dict[str, Callable[..., pd.Series]] = {
    "white": synthetic.white,
    "autocorrelated 0.8": synthetic.autocorrelated,
    "autocorrelated 0.95": partial(synthetic.autocorrelated, rho=0.95),
    "seasonal": synthetic.daily,
    "heavy-tailed (t, 3)": synthetic.heavy_tailed,
    "random walk": synthetic.random_walk,
}
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A detector under measurement: its dense score, and its alerts where it has them."""

    name: str
    scores: Scorer
    starts: Callable[[pd.Series], list[int]] | None = None


def ways(with_rivals: bool) -> list[Way]:
    """OpsPilot's two modes, then the rivals that are installed."""
    found = [
        Way(f"OpsPilot, {name}", partial(_scores, causal=causal), partial(_starts, causal=causal))
        for name, causal in (("causal", True), ("whole window", False))
    ]
    for name, scorer in rivals().items() if with_rivals else ():
        if scorer is None:
            sys.stderr.write(f"{name}: not installed (bench/requirements-rivals.txt)\n")
        else:
            found.append(Way(name, scorer))
    return found


def _scores(series: pd.Series, *, causal: bool) -> Floats:
    return detect_anomalies(series, causal=causal).scores.to_numpy(dtype=np.float64)


def _starts(series: pd.Series, *, causal: bool) -> list[int]:
    return _positions(series, detect_anomalies(series, causal=causal))


def _positions(series: pd.Series, report: AnomalyReport) -> list[int]:
    return [int(series.index.get_indexer([alert.start])[0]) for alert in report.alerts]


def scorer_of(folder: Path) -> ModuleType | None:
    """The labelled corpus' own scorer, or None where the folder has none."""
    path = folder / "nab" / "nabscore.py"
    spec = importlib.util.spec_from_file_location("nabscore", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules["nabscore"] = module
    spec.loader.exec_module(module)
    return module


def nab(scorer: ModuleType, way: Way) -> Figures:
    """NAB's three profiles, event F1 at the best single threshold, alerts, and AUC-PR."""
    corpus = scorer.load()
    inputs = [_as_series(one.name, one.timestamps, one.values) for one in corpus]
    begun = time.process_time()
    scores = [np.clip(np.nan_to_num(way.scores(series)), 0.0, 1.0) for series in inputs]
    took = time.process_time() - begun
    profiles = scorer.Corpus(corpus).nab(scores)
    areas = [
        scorer.auc_pr(one.labels()[one.probation :], found[one.probation :])
        for one, found in zip(corpus, scores, strict=True)
        if one.labels()[one.probation :].any()
    ]
    threshold, best = _best_f1(scorer, corpus, scores)
    figures: Figures = {
        "NAB standard": profiles["standard"][0],
        "low FP": profiles["reward_low_FP_rate"][0],
        "low FN": profiles["reward_low_FN_rate"][0],
        "event F1, one threshold": best,
        "that threshold": threshold,
        "AUC-PR": float(np.mean(areas)),
        "seconds": took,
    }
    if way.starts:
        flags = [np.asarray(way.starts(series), dtype=np.int64) for series in inputs]
        figures["alerts' event F1"] = _events(scorer, corpus, flags)
    return figures


def _as_series(name: str, timestamps: Sequence[str], values: Floats) -> pd.Series:
    """On its own times; where those repeat or go back, on a regular grid instead."""
    index = pd.DatetimeIndex(timestamps)
    if not (index.is_monotonic_increasing and index.is_unique):
        index = pd.date_range(index[0], periods=len(values), freq="5min")
    return pd.Series(values, index=index, name=name)


def _events(scorer: ModuleType, corpus: Sequence[Any], flags: Sequence[Any]) -> float:
    return float(scorer.event_table(corpus, flags, _MERGED_POINTS)["ALL"]["f1"])


def _best_f1(
    scorer: ModuleType, corpus: Sequence[Any], scores: list[Floats]
) -> tuple[float, float]:
    seen = np.concatenate(
        [found[one.probation :] for one, found in zip(corpus, scores, strict=True)]
    )
    tried = np.unique(np.quantile(seen, 1.0 - np.logspace(-4.5, -0.5, 80)))
    found = [
        (_events(scorer, corpus, [np.flatnonzero(one >= threshold) for one in scores]), threshold)
        for threshold in tried[tried > 0]
    ]
    best, threshold = max(found, default=(0.0, 0.0))
    return float(threshold), float(best)


def seeded(way: Way, corpus: list[Labelled]) -> Figures:
    """Event F1 of the alerts (of the score at its best threshold without) on the seeded corpus."""
    if way.starts:
        flags = [np.asarray(way.starts(one.series), dtype=np.int64) for one in corpus]
        hit, missed, false = _hits(corpus, flags)
        return {
            "alerts' event F1": _f1(hit, missed, false),
            "found": hit,
            "missed": missed,
            "false": false,
        }
    scores = [way.scores(one.series) for one in corpus]
    tried = np.unique(np.quantile(np.concatenate(scores), 1.0 - np.logspace(-4.5, -1, 40)))
    counts = [_hits(corpus, [np.flatnonzero(one >= level) for one in scores]) for level in tried]
    hit, missed, false = max(counts, key=lambda count: _f1(*count))
    return {
        "best event F1": _f1(hit, missed, false),
        "found": hit,
        "missed": missed,
        "false": false,
    }


def _hits(corpus: list[Labelled], flags: Sequence[Any]) -> tuple[int, int, int]:
    hit = missed = false = 0
    for one, flagged in zip(corpus, flags, strict=True):
        judged = flagged[flagged >= one.probation]
        inside = np.zeros(len(judged), dtype=np.bool_)
        for first, last in one.windows:
            within = (judged >= first) & (judged <= last)
            hit, missed = hit + bool(within.any()), missed + (not within.any())
            inside |= within
        outside = judged[~inside]
        false += int(len(outside) > 0) + int((np.diff(outside) > _MERGED_POINTS).sum())
    return hit, missed, false


def _f1(hit: int, missed: int, false: int) -> float:
    return 2.0 * hit / max(2 * hit + missed + false, 1)


def noise(points: int = 2_000, seeds: int = 25) -> Figures:
    """False alerts per 2,000 points at the shipped threshold, by noise and mode."""
    figures: Figures = {}
    for name, make in _NOISES.items():
        made = [make(points, seed=seed) for seed in range(seeds)]
        figures[name] = {
            mode: sum(len(detect_anomalies(one, causal=causal).alerts) for one in made)
            * 2_000.0
            / (points * seeds)
            for mode, causal in (("whole window", False), ("causal", True))
        }
    return figures


def speed(repeats: int = 50) -> Figures:
    """Processor seconds, and peak extra memory in multiples of the series' bytes."""
    series = [synthetic.white(1_440, seed=seed) for seed in range(repeats)]
    long = synthetic.white(10_000, seed=0)
    return {
        "500 x 1,440, whole window, s": _seconds(series, causal=False) * 500 / repeats,
        "500 x 1,440, causal, s": _seconds(series, causal=True) * 500 / repeats,
        "10,000 points, causal, s": min(_seconds([long], causal=True) for _ in range(3)),
        "10,000 points, whole window, s": min(_seconds([long], causal=False) for _ in range(3)),
        "peak memory, whole window, x series": _peak(long, causal=False),
        "peak memory, causal, x series": _peak(long, causal=True),
        "peak memory of 1,440 points, whole window, x series": _peak(series[0], causal=False),
        "peak memory of 1,440 points, causal, x series": _peak(series[0], causal=True),
    }


def _seconds(series: Sequence[pd.Series], *, causal: bool) -> float:
    begun = time.process_time()
    for one in series:
        detect_anomalies(one, causal=causal)
    return time.process_time() - begun


def _peak(series: pd.Series, *, causal: bool) -> float:
    detect_anomalies(series, causal=causal)
    tracemalloc.start()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    detect_anomalies(series, causal=causal)
    peak = tracemalloc.get_traced_memory()[1] - held
    tracemalloc.stop()
    return peak / (8.0 * len(series))


def measured(data: Path | None, with_rivals: bool) -> Figures:
    """All figures."""
    figures: Figures = {"threshold": ALERT_SCORE, "speed": speed(), "false alerts": noise()}
    scorer = scorer_of(data) if data else None
    corpus = labelled_metrics(1) + labelled_metrics(2)
    for way in ways(with_rivals):
        if scorer:
            figures.setdefault("NAB development half", {})[way.name] = nab(scorer, way)
        figures.setdefault("seeded corpus", {})[way.name] = seeded(way, corpus)
    return figures


def text(figures: Figures) -> str:
    """Markdown tables."""
    lines = [f"Shipped threshold {figures['threshold']}.", ""]
    lines += ["| speed and memory | |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in figures["speed"].items()]
    for title in ("false alerts", "NAB development half", "seeded corpus"):
        rows: Figures = figures.get(title, {})
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        if rows:
            lines += ["", f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        for name, row in rows.items():
            cells = (f"{row[column]:.4g}" if column in row else "" for column in columns)
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("OPSPILOT_BENCH_DATA"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-rivals", action="store_true", help="OpsPilot alone")
    options = parser.parse_args()
    figures = measured(Path(options.data) if options.data else None, not options.no_rivals)
    sys.stdout.write((json.dumps(figures, indent=1) if options.json else text(figures)) + "\n")


if __name__ == "__main__":
    main()
