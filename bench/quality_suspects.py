"""How often the culprit is named, beside BARO and plain graph traversal in the same run.

    python -m bench.quality_suspects [--data DIR] [--seed N] [--per-fault N] [--json]

`--data` names a folder with `petshop/data` (else `OPSPILOT_BENCH_DATA`); without one only the
seeded corpora are measured. Intervals are 95 % bootstrap intervals over incidents.
"""

import argparse
import json
import os
import random
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.corpora import wide
from bench.rivals import baro, traversal
from opspilot.analysis import rank_suspects

Ranks = list[int]
_NEVER = 10_000


@dataclass(frozen=True)
class Issue:
    """One PetShop incident as a ranker sees it, and the truth."""

    normal: pd.DataFrame
    incident: pd.DataFrame
    graph: dict[str, list[str]]
    symptom: tuple[str, str, str]
    culprit: str


def petshop(folder: Path, blind: bool) -> Iterator[Issue]:
    """The incidents of a folder in PetShop's layout, nodes renamed if `blind`."""
    for turn, (scenario, file) in enumerate(
        (place, file)
        for place in sorted(path for path in folder.iterdir() if path.is_dir())
        for file in sorted((place / "issues").iterdir())
    ):
        label = json.loads((scenario / "issues.json").read_text())[file.name.split(".")[0]]
        table = pd.read_csv(scenario / "graph.csv", index_col=0)
        graph = {u: [v for v in table.columns if table.at[u, v]] for u in table.index}
        normal, incident = _read(scenario / "normal.csv.gz"), _read(file)
        target = label["target"]
        names = sorted({*graph, *normal.columns.levels[0], *incident.columns.levels[0]})
        alias = [f"svc-{at:02d}" for at in range(len(names))] if blind else names
        if blind:
            random.Random(turn).shuffle(alias)
        known = dict(zip(names, alias, strict=True))
        yield Issue(
            normal.rename(columns=known, level=0),
            incident.rename(columns=known, level=0),
            {known[u]: [known[v] for v in callees] for u, callees in graph.items()},
            (known[target["node"]], target["metric"], target["agg"]),
            known[label["root_cause"]["node"]],
        )


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, header=[0, 1, 2], index_col=0)


def rank_of(culprit: str, resources: list[str]) -> int:
    """Place of the culprit among the resources, each counted once."""
    order = list(dict.fromkeys(resources))
    return order.index(culprit) + 1 if culprit in order else _NEVER


def ours(issue: Issue, *, flat: bool) -> int:
    """The culprit's place by `rank_suspects`."""
    graph = None if flat else issue.graph
    found = rank_suspects(issue.normal, issue.incident, graph=graph, symptom=issue.symptom)
    return rank_of(issue.culprit, [suspect.resource for suspect in found])


def summary(ranks: Ranks) -> dict[str, float | list[float]]:
    """Recalls and Avg@5 with 95 % bootstrap intervals."""
    place = np.array(ranks)
    rng = np.random.default_rng(0)
    drawn = place[rng.integers(0, len(place), (2_000, len(place)))]
    row: dict[str, float | list[float]] = {"incidents": len(ranks)}
    for k in (1, 3, 5):
        row[f"recall@{k}"] = round(float((place <= k).mean()), 3)
    row["avg@5"] = round(_average(place), 3)
    averages = np.mean([(drawn <= k).mean(axis=1) for k in range(1, 6)], axis=0)
    for name, values in (("recall@1", (drawn <= 1).mean(axis=1)), ("avg@5", averages)):
        row[f"{name} interval"] = [round(float(v), 3) for v in np.quantile(values, [0.025, 0.975])]
    return row


def _average(place: np.ndarray) -> float:
    return float(np.mean([(place <= k).mean() for k in range(1, 6)]))


def measure_petshop(folder: Path) -> dict[str, dict[str, float | list[float]]]:
    """One row per ranker and form."""
    named, renamed = list(petshop(folder, False)), list(petshop(folder, True))
    return {
        "PetShop, ours": summary([ours(issue, flat=False) for issue in named]),
        "PetShop renamed, ours": summary([ours(issue, flat=False) for issue in renamed]),
        "PetShop without graph, ours": summary([ours(issue, flat=True) for issue in renamed]),
        "PetShop, BARO": summary(
            [
                rank_of(i.culprit, [key[0] for key in baro.rank(i.normal, i.incident)])
                for i in renamed
            ]
        ),
        "PetShop, traversal": summary(
            [
                rank_of(i.culprit, traversal.rank(i.normal, i.incident, i.graph, i.symptom))
                for i in renamed
            ]
        ),
    }


def measure_wide(seed: int, per_fault: int) -> dict[str, dict[str, float | list[float]]]:
    """The seeded corpora, whole and by system and by fault."""
    rankers: dict[str, Callable[[wide.Case], list[str]]] = {
        "ours": lambda case: [s.resource for s in rank_suspects(case.baseline, case.incident)],
        "ours with graph": lambda case: [
            s.resource for s in rank_suspects(case.baseline, case.incident, graph=case.graph)
        ],
        "BARO": lambda case: [
            name.split("_")[0] for name in baro.rank(case.baseline, case.incident)
        ],
    }
    places: dict[str, Ranks] = {}
    for case in wide.corpus(seed, per_fault):
        system = case.name.split("/")[0]
        for name, ranker in rankers.items():
            place = rank_of(case.culprit or "", ranker(case))
            for group in ("all", f"system {system}", f"fault {case.fault}"):
                places.setdefault(f"wide {group}, {name}", []).append(place)
    return {name: summary(places[name]) for name in sorted(places)}


def noise(kind: str, seed: int, rows: int, many: int) -> pd.DataFrame:
    """Columns in which nothing happens."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((rows, many))
    values = {
        "white": white,
        "heavy tails": rng.standard_t(2.5, (rows, many)),
        "spikes": white + (rng.random((rows, many)) < 0.01) * rng.pareto(1.8, (rows, many)) * 10,
        "rare counts": rng.poisson(0.05, (rows, many)).astype(np.float64),
        "walks": np.cumsum(white, axis=0),
    }[kind]
    return pd.DataFrame(values, columns=[f"s{at // 5}_m{at % 5}" for at in range(many)])


def measure_quiet(frames: int) -> dict[str, dict[str, float | list[float]]]:
    """Share of frames of 200 quiet columns in which anybody is named."""
    table: dict[str, dict[str, float | list[float]]] = {}
    for kind in ("white", "heavy tails", "spikes", "rare counts", "walks"):
        row: dict[str, float | list[float]] = {}
        for before, after in ((600, 600), (1_440, 60), (300, 5)):
            both = [noise(kind, seed, before + after, 200) for seed in range(frames)]
            hits = [bool(rank_suspects(b.iloc[:before], b.iloc[before:])) for b in both]
            row[f"{before}/{after} rows"] = round(float(np.mean(hits)), 3)
        table[f"anybody named, {kind}"] = row
    return table


def measure_speed() -> dict[str, dict[str, float | list[float]]]:
    """Seconds for 500 columns x 1,440 rows on each side, best of three."""
    both = noise("white", 1, 2_880, 500)
    times: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        rank_suspects(both.iloc[:1_440], both.iloc[1_440:])
        times.append(time.perf_counter() - begun)
    return {"500 columns x 1,440 rows": {"seconds": round(min(times), 3)}}


def main() -> None:
    """Prints every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("OPSPILOT_BENCH_DATA"))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--per-fault", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    table = measure_speed() | measure_quiet(20) | measure_wide(chosen.seed, chosen.per_fault)
    if chosen.data:
        table = measure_petshop(Path(chosen.data) / "petshop" / "data") | table
    if chosen.json:
        print(json.dumps(table, indent=1))
        return
    for name, row in table.items():
        print(f"{name}: " + "  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
