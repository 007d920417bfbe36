"""Who calls the API and when: arrivals of one chunk, from traffic profile and seed alone."""

import math
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from opspilot.embedded.fleet import Fleet, Traffic

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CHUNK_S = 3600
SPILL_S = 3600
"""Nothing that a request causes happens later than this after its chunk has ended."""

_LOAD_SENSITIVITY = 0.08


def generator(seed: int, chunk: int, purpose: str) -> np.random.Generator:
    """The stream of random numbers for one purpose within one chunk."""
    words = [seed & 0xFFFFFFFF, chunk & 0xFFFFFFFF, zlib.crc32(purpose.encode())]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Requests of one layer of one route within one chunk, sorted by time.

    Attributes:
        time: Arrival, epoch seconds.
        wrong: Uniform luck of the client: the lowest send requests that cannot be served.
        load: Factor on the own work of functions: busy hours are a little slower.
    """

    time: Floats
    wrong: Floats
    load: Floats


def arrivals(fleet: Fleet, seed: int, chunk: int, layer: int = 0) -> list[Arrivals]:
    """Arrivals of a chunk, one entry for each route of the API.

    Layer 0 is the usual traffic; others are as much again, each with a luck of its own.
    """
    random = generator(seed, chunk, "traffic" if layer == 0 else f"traffic+{layer}")
    rates = minute_rates(fleet.traffic, seed, chunk)
    counts = random.poisson(rates)
    minute = np.repeat(np.arange(counts.size), counts)
    time = chunk * float(CHUNK_S) + minute * 60.0 + random.random(minute.size) * 60.0
    pick = random.random(minute.size)
    wrong = random.random(minute.size)
    load = 1.0 + _LOAD_SENSITIVITY * (rates[minute] / fleet.traffic.per_minute - 1.0)
    order = np.argsort(time, kind="stable")
    bounds = np.cumsum([0.0, *(route.share for route in fleet.api.routes)])
    chosen: list[Arrivals] = []
    for low, high in pairwise(bounds):
        mine = order[(pick[order] >= low) & (pick[order] < high)]
        chosen.append(Arrivals(time[mine], wrong[mine], load[mine]))
    return chosen


def minute_rates(traffic: Traffic, seed: int, chunk: int) -> Floats:
    """Expected requests in each minute of a chunk: rhythm times slow and fast noise."""
    start = datetime.fromtimestamp(chunk * CHUNK_S, UTC)
    hours = start.hour + np.arange(CHUNK_S // 60) / 60.0
    phase = 2.0 * math.pi * (hours - traffic.peak_hour_utc) / 24.0
    rhythm = 1.0 + traffic.daily_amplitude * (0.85 * np.cos(phase) + 0.15 * np.cos(2 * phase))
    weekend = traffic.weekend_factor if start.weekday() >= 5 else 1.0
    steps = np.linspace(0.0, 1.0, hours.size, endpoint=False)
    slow = (1 - steps) * _anchor(seed, chunk) + steps * _anchor(seed, chunk + 1)
    fast = generator(seed, chunk, "minute-noise").standard_normal(hours.size)
    noise = np.exp(traffic.slow_noise * slow + traffic.minute_noise * fast)
    return traffic.per_minute * weekend * rhythm * noise


def _anchor(seed: int, chunk: int) -> float:
    return float(generator(seed, chunk, "slow-noise").standard_normal())
