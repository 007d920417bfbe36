"""Seeded corpora of wide metrics with a known culprit, in the raw form in which they are exported.

One row per second, a `time` column, columns named `<service>_<metric>` in mixed units, constant,
near-constant, cumulative, duplicate and empty columns, missing values, and things that happen by
themselves: a rolling load change, nightly jobs on services that are healthy, collections of
garbage.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from bench.corpora.wide_world import FAULTS, Fault, Floats, World, simulate, smoothed


@dataclass(frozen=True)
class Case:
    """One incident: two windows, who is the culprit, and the call graph where it is known."""

    name: str
    baseline: pd.DataFrame
    incident: pd.DataFrame
    culprit: str | None
    fault: str
    graph: dict[str, list[str]]


SYSTEMS = {
    "small": (11, 600, "plain"),
    "medium": (14, 1_200, "many"),
    "large": (40, 600, "plain"),
    "wide": (27, 720, "many"),
}


def corpus(seed: int, per_fault: int) -> Iterator[Case]:
    """Cases over all systems and faults."""
    for system in SYSTEMS:
        for fault in FAULTS:
            for turn in range(per_fault):
                yield case(system, fault, seed * 1_000 + turn)


def quiet(seed: int, many: int) -> Iterator[Case]:
    """Cases in which nothing is broken."""
    for turn in range(many):
        system = list(SYSTEMS)[turn % len(SYSTEMS)]
        yield case(system, "none", seed * 1_000 + turn)


def case(system: str, fault: str, seed: int) -> Case:
    """One incident of a system; the same arguments give the same data."""
    many, side, form = SYSTEMS[system]
    key = [seed, list(SYSTEMS).index(system), len(fault), *fault.encode()]
    rng = np.random.default_rng(key)
    culprit = int(rng.integers(0 if many < 20 else 1, many))
    at = side + int(rng.integers(0, 8))
    broken = Fault(fault, culprit, at, float(rng.uniform(0.4, 1.5)), int(rng.integers(1, 25)))
    world = simulate(rng, many, 2 * side, None if fault == "none" else broken)
    names = [f"{word}-service" if many > 20 else word for word in _names(rng, many)]
    table = _plain(rng, world) if form == "plain" else _many(rng, world)
    wide = _exported(rng, table, names)
    if form == "many":
        _happenings(rng, wide, names[culprit], side)
    _flaws(rng, wide)
    wide.insert(0, "time", np.arange(2 * side, dtype=np.float64) + 1.69e9)
    graph = {names[i]: [names[j] for j in np.flatnonzero(world.calls[i])] for i in range(many)}
    return Case(
        f"{system}/{fault}/{seed}",
        wide.iloc[:side].reset_index(drop=True),
        wide.iloc[side:].reset_index(drop=True),
        None if fault == "none" else names[culprit],
        fault,
        graph,
    )


def _names(rng: np.random.Generator, many: int) -> list[str]:
    first = ["ord", "pay", "cat", "ship", "mail", "seat", "rou", "trav", "bas", "use", "ad", "con"]
    last = ["er", "ment", "alog", "ping", "out", "ler", "te", "el", "ket", "r", "s", "tact"]
    every = [f"{a}{b}" for a in first for b in last]
    return [every[i] for i in rng.choice(len(every), many, replace=False)]


def _plain(rng: np.random.Generator, world: World) -> dict[str, Floats]:
    noise = partial(rng.lognormal, 0, size=world.latency.shape)
    return {
        "cpu": world.cpu * 100,
        "mem": world.mem / 2**20,
        "disk": world.disk + 300 * rng.lognormal(0, 0.15, world.disk.shape),
        "socket": np.round(
            3 + world.rate * world.latency / 1_000 + rng.poisson(1, world.rate.shape)
        ),
        "workload": world.rate,
        "latency-50": world.latency / 1_000,
        "latency-90": world.latency / 1_000 * 1.7 * noise(sigma=0.1),
        "error": rng.poisson(world.rate * world.error).astype(float),
    }


def _many(rng: np.random.Generator, world: World) -> dict[str, Floats]:
    table = _plain(rng, world)
    shape = world.latency.shape
    noise = partial(rng.lognormal, 0, size=shape)
    return table | {
        "cpu-system": world.cpu * 0.2 * noise(sigma=0.2),
        "cpu-user": world.cpu * 0.8 * noise(sigma=0.05),
        "cpu-throttled": np.maximum(world.cpu - np.quantile(world.cpu, 0.98, axis=0), 0) * 10,
        "mem-rss": world.mem * 0.8 + 4_096 * rng.integers(0, 3, shape),
        "mem-cache": np.round(2e7 + np.cumsum(world.disk, axis=0) * 0.01, -3),
        "mem-limit": np.full(shape, 2.0**29),
        "mem-failures": rng.poisson(0.001, shape).astype(float),
        "fs-writes-total": np.cumsum(np.round(world.disk), axis=0),
        "fs-usage": 1e9 + 4_096 * np.round(np.cumsum(rng.random(shape) < 0.002, axis=0)),
        "net-rx": world.rate * 900 * noise(sigma=0.08),
        "net-tx-total": np.cumsum(world.rate * 2_000 * noise(sigma=0.1), axis=0),
        "threads": np.round(8 + 0.02 * world.rate + (rng.random(shape) < 0.01)),
        "latency-95": world.latency / 1_000 * 2.2 * noise(sigma=0.2),
        "latency-99": world.latency / 1_000 * 3.5 * noise(sigma=0.4),
        "restarts": np.zeros(shape),
    }


def _exported(rng: np.random.Generator, table: dict[str, Floats], names: list[str]) -> pd.DataFrame:
    """Scraped over a window of its own per family, in a random order of services."""
    columns: dict[str, Floats] = {}
    for family, values in table.items():
        window = int(rng.choice([1, 1, 5, 15])) if family in ("cpu", "workload", "net-rx") else 1
        for j in rng.permutation(len(names)):
            columns[f"{names[j]}_{family}"] = smoothed(values[:, j], window)
    return pd.DataFrame(columns)


def _happenings(rng: np.random.Generator, wide: pd.DataFrame, culprit: str, side: int) -> None:
    """What healthy services do by themselves, in either window."""
    others = [name for name in wide.columns if not name.startswith(f"{culprit}_")]
    for family, size in (("disk", 40.0), ("cpu", 0.5), ("mem", 0.05), ("threads", 0.3)):
        able = [name for name in others if name.endswith(f"_{family}")]
        for name in rng.choice(able, size=min(2, len(able)), replace=False):
            start = int(rng.integers(0, 2 * side - 60))
            rows = slice(start, start + int(rng.integers(15, 60)))
            level = float(np.abs(wide[name]).mean()) + 1e-9
            wide.loc[wide.index[rows], name] += level * size * float(rng.uniform(0.3, 1.0))


def _flaws(rng: np.random.Generator, wide: pd.DataFrame) -> None:
    for name in rng.choice(wide.columns, size=len(wide.columns) // 8, replace=False):
        lost = rng.random(len(wide)) < rng.choice([0.01, 0.1, 0.4])
        wide.loc[lost, name] = np.nan
    names = list(rng.choice(wide.columns, size=3, replace=False))
    wide[f"{names[0].split('_')[0]}_empty"] = np.nan
    wide[f"{names[1].split('_')[0]}_copy"] = wide[names[1]]
    first = f"{names[2].split('_')[0]}_version"
    wide[first] = np.where(np.arange(len(wide)) < len(wide) * 0.7, 17.0, 18.0)
