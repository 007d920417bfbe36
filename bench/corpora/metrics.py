"""Seeded metrics as a cloud account has them, with labelled breaks of nine sorts.

One or five minutes a point, a few days long: utilization, requests with daily and weekly rhythm,
sparse and bursty counts, disks that are mostly idle, wandering temperatures, latencies. The label
of a break is a window around its onset, a tenth of the series shared among its breaks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from opspilot.analysis.series import Floats
from opspilot.analysis.synthetic import START

_PROBATION = 0.15
_MOST_PROBATION = 750

Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Labelled:
    """One series, its labelled windows (first and last position), and where judging begins."""

    name: str
    series: pd.Series
    windows: list[tuple[int, int]]
    probation: int


def labelled_metrics(seed: int, count: int = 50) -> list[Labelled]:
    """So many series, all sorts in turn."""
    rng = np.random.default_rng(seed)
    sorts = list(_QUIET)
    return [_labelled(sorts[number % len(sorts)], rng, number) for number in range(count)]


def _labelled(sort: str, rng: Generator, number: int) -> Labelled:
    points = 4_032 if rng.random() < 0.7 else int(rng.integers(1_500, 10_000))
    minutes = 5 if rng.random() < 0.7 else 1
    values = _QUIET[sort](rng, points, 1_440 // minutes)
    breaks = int(rng.integers(0, 4))
    half = int(0.05 * points / max(breaks, 1))
    probation = min(int(_PROBATION * points), _MOST_PROBATION)
    onsets: list[int] = []
    for _ in range(50 * breaks):
        onset = int(rng.integers(probation + half + 5, points - half - 50))
        if len(onsets) < breaks and all(abs(onset - other) > 2 * half + 20 for other in onsets):
            onsets.append(onset)
    choices = ["spike", "burst", "step"] if sort in ("sparse", "disk") else list(_BREAKS)
    for onset in sorted(onsets):
        values = _broken(values, onset, str(rng.choice(choices)), rng)
    index = pd.date_range(START, periods=points, freq=f"{minutes}min")
    name = f"{sort}-{number}"
    windows = [(onset - half, onset + half) for onset in sorted(onsets)]
    return Labelled(name, pd.Series(values, index=index, name=name), windows, probation)


def _memory(rng: Generator, points: int, rho: float) -> Floats:
    """First-order autoregression of unit variance."""
    noise = rng.normal(size=points)
    return np.asarray(lfilter([np.sqrt(1.0 - rho**2)], [1.0, -rho], noise), dtype=np.float64)


def _utilization(rng: Generator, points: int, _day: int) -> Floats:
    noise = rng.uniform(0.05, 1.5) * _memory(rng, points, rng.uniform(0.0, 0.7))
    return 2.0 + rng.uniform(0.0, 40.0) + noise


def _batch_jobs(rng: Generator, points: int, _day: int) -> Floats:
    values = 5.0 + 0.5 * rng.normal(size=points)
    every = int(rng.integers(40, 300))
    at = np.arange(int(rng.integers(0, every)), points, every)
    values[at] += rng.uniform(20.0, 40.0) * (1.0 + 0.1 * rng.normal(size=len(at)))
    return values


def _requests(rng: Generator, points: int, day: int) -> Floats:
    at = np.arange(points)
    week = 1.0 - 0.3 * ((at // day) % 7 >= 5)
    wave = 1.0 + 0.6 * np.sin(2.0 * np.pi * at / day + rng.uniform(0.0, 6.0))
    rate = rng.uniform(30.0, 300.0) * wave * week * np.exp(0.15 * _memory(rng, points, 0.8))
    return rng.poisson(np.maximum(rate, 1.0)).astype(np.float64)


def _sparse(rng: Generator, points: int, _day: int) -> Floats:
    happened = rng.random(points) < rng.uniform(0.01, 0.1)
    return (happened * rng.poisson(3.0, points)).astype(np.float64)


def _bursty(rng: Generator, points: int, _day: int) -> Floats:
    waves = rng.uniform(0.4, 1.0) * _memory(rng, points, rng.uniform(0.0, 0.5))
    return rng.uniform(50.0, 500.0) * np.exp(waves)


def _network(rng: Generator, points: int, _day: int) -> Floats:
    values = rng.lognormal(10.0, 0.2, points)
    burst = rng.random(points) < 0.02
    values[burst] *= rng.uniform(3.0, 10.0, int(burst.sum()))
    return values


def _disk(rng: Generator, points: int, _day: int) -> Floats:
    busy = rng.random(points) < rng.uniform(0.02, 0.3)
    return np.where(busy, rng.lognormal(8.0, 0.8, points), 0.0)


def _temperature(rng: Generator, points: int, _day: int) -> Floats:
    drift = 0.05 * np.cumsum(rng.normal(size=points))
    return 70.0 + drift + 0.5 * _memory(rng, points, 0.9) + 3.0 * _memory(rng, points, 0.998)


def _steady(rng: Generator, points: int, _day: int) -> Floats:
    return 20.0 + 0.3 * rng.normal(size=points)


def _latency(rng: Generator, points: int, _day: int) -> Floats:
    slow = (rng.random(points) < 0.01) * rng.exponential(15.0, points)
    return 40.0 * np.exp(0.08 * _memory(rng, points, 0.5)) + slow


_QUIET: dict[str, Callable[[Generator, int, int], Floats]] = {
    "utilization": _utilization,
    "batch jobs": _batch_jobs,
    "requests": _requests,
    "sparse": _sparse,
    "bursty": _bursty,
    "network": _network,
    "disk": _disk,
    "temperature": _temperature,
    "steady": _steady,
    "latency": _latency,
}

_BREAKS = ("spike", "step", "burst", "drop", "flat", "ramp", "variance", "dip", "load lost")


def _broken(quiet: Floats, at: int, sort: str, rng: Generator) -> Floats:
    """The series with one break from position `at` on."""
    values = quiet.copy()
    low, high = (float(bound) for bound in np.quantile(quiet, [0.05, 0.95]))
    middle = float(np.median(quiet))
    size = rng.uniform(0.8, 3.0) * max(high - low, 1e-3 * abs(middle), 1e-3)
    least = min(0.0, float(quiet.min()))
    end = min(len(values), at + int(rng.integers(12, 150)))
    part = slice(at, end)
    if sort == "spike":
        values[at : at + int(rng.integers(1, 4))] = quiet.max() + 0.7 * size
    elif sort == "step":
        values[at:] = np.maximum(values[at:] + 0.8 * size * float(rng.choice([1.0, -0.6])), least)
    elif sort == "burst":
        values[part] += 0.8 * size * np.abs(rng.normal(1.0, 0.3, end - at))
    elif sort == "drop":
        values[part] = np.maximum(values[part] - 0.5 * size, least)
    elif sort == "flat":
        values[at : at + 4 * (end - at)] = values[at - 1]
    elif sort == "ramp":
        values[at : at + 300] += np.linspace(0.0, 1.2 * size, len(values[at : at + 300]))
    elif sort == "variance":
        wider = middle + (values[part] - middle) * rng.uniform(2.5, 5.0)
        values[part] = np.maximum(wider, least)
    elif sort == "dip":
        values[at : at + int(rng.integers(1, 6))] = least if least == 0.0 else low - 0.6 * size
    else:
        values[part] = 0.3 * middle + 0.05 * values[part]
    return values
