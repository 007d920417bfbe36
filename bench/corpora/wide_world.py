"""A seeded application whose every second is computed: load, latency, errors, resource use.

Requests enter at service 0 and follow a random call graph. A service is slower when it is busier
and waits for what it calls; clients send less when answers take longer. Everything that a monitor
would record follows from that, so a fault reaches other services the way it does in life.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]

FAULTS = ("cpu", "mem", "disk", "delay", "loss")


@dataclass(frozen=True)
class Fault:
    """What is broken, where, from which second on, and how badly (1 is typical)."""

    kind: str
    service: int
    at: int
    strength: float
    ramp: int


@dataclass
class World:
    """The signals of every service, each an array of seconds x services."""

    calls: Floats
    rate: Floats
    latency: Floats
    error: Floats
    cpu: Floats
    mem: Floats
    disk: Floats
    extra: dict[str, Floats] = field(default_factory=dict)


def autocorrelated(rng: np.random.Generator, rows: int, many: int, rho: Floats) -> Floats:
    """Unit-variance noise of first order, one column per process."""
    white = rng.standard_normal((rows + 200, many))
    columns = [
        lfilter([np.sqrt(1 - r * r)], [1, -r], white[:, j])
        for j, r in enumerate(np.atleast_1d(rho))
    ]
    return np.column_stack(columns)[200:]


def call_graph(rng: np.random.Generator, many: int) -> Floats:
    """Calls per request: row calls column; every service is reached from service 0."""
    calls = np.zeros((many, many))
    for child in range(1, many):
        parents = rng.choice(child, size=min(child, 1 + int(rng.random() < 0.35)), replace=False)
        calls[parents, child] = rng.uniform(0.3, 1.5, len(parents))
    return calls


def simulate(rng: np.random.Generator, many: int, rows: int, fault: Fault | None) -> World:
    """Runs the application for `rows` seconds."""
    calls = call_graph(rng, many)
    active = _activity(fault, rows)
    own = rng.lognormal(2.2, 0.7, many)
    shape = np.exp(
        autocorrelated(rng, rows, many, rng.uniform(0, 0.8, many)) * rng.uniform(0.04, 0.25, many)
    )
    spikes = (rng.random((rows, many)) < 0.004) * rng.pareto(1.8, (rows, many)) * 2.0
    slow = own * shape * (1.0 + spikes)
    wander = autocorrelated(rng, rows, 1, np.array([0.995]))[:, 0]
    drift = rng.uniform(-0.15, 0.15) * np.linspace(0, 1, rows)
    entry = rng.uniform(20, 200) * (1 + 0.07 * wander + drift)
    entry *= 1 + 0.03 * rng.standard_normal(rows)
    drop = np.zeros((rows, many))
    fail = (rng.random((rows, many)) < 0.002) * rng.uniform(0, 0.1, (rows, many))
    burden = np.zeros((rows, many))
    if fault is not None:
        _break(rng, fault, active, own, slow, drop, fail, burden)
    latency, error = _upwards(calls, slow, fail)
    usual = np.median(latency[: rows // 3, 0])
    patience = rng.uniform(0.3, 1.0)
    entry = entry * (usual / np.maximum(latency[:, 0], usual * 0.5)) ** patience
    rate = _downwards(calls, entry, drop)
    cost = rng.uniform(0.0005, 0.004, many)
    idle = rng.uniform(0.005, 0.05, many)
    cpu = (idle + rate * cost) * (
        1 + 0.08 * autocorrelated(rng, rows, many, rng.uniform(0, 0.9, many))
    )
    cpu += burden
    mem = _memory(rng, rows, many, rate)
    disk = _disk(rng, rows, many, rate)
    if fault is not None and fault.kind == "mem":
        grown = mem[:, fault.service] * rng.uniform(0.3, 2.0) * fault.strength
        mem[:, fault.service] += grown * active
    if fault is not None and fault.kind == "disk":
        disk[:, fault.service] += (
            rng.uniform(5, 60) * fault.strength * active * rng.lognormal(0, 0.4, rows) * 100
        )
    return World(calls, rate, latency, error, cpu, mem, disk)


def _activity(fault: Fault | None, rows: int) -> Floats:
    if fault is None:
        return np.zeros(rows)
    return np.clip((np.arange(rows) - fault.at + 1) / max(fault.ramp, 1), 0.0, 1.0)


def _break(rng, fault, active, own, slow, drop, fail, burden) -> None:
    """Changes the service's own behaviour while the fault is active."""
    at, strong = fault.service, fault.strength
    jitter = rng.lognormal(0, 0.25, len(active))
    slower = {"cpu": (0.4, 2.0), "mem": (0.0, 0.4), "disk": (0.0, 0.6)}.get(fault.kind, (0.0, 0.0))
    slow[:, at] += own[at] * rng.uniform(*slower) * strong * active * jitter
    if fault.kind == "cpu":
        burden[:, at] += (
            rng.uniform(0.3, 1.5) * strong * active * (1 + 0.03 * rng.standard_normal(len(active)))
        )
    if fault.kind in ("mem", "disk"):
        burden[:, at] += rng.uniform(0.0, 0.1) * strong * active * jitter
    if fault.kind == "delay":
        slow[:, at] += (
            rng.uniform(30, 400) * strong * active * (1 + 0.1 * rng.standard_normal(len(active)))
        )
    if fault.kind == "loss":
        part = rng.uniform(0.05, 0.3) * strong
        slow[:, at] += part * rng.uniform(100, 600) * active * rng.lognormal(0, 0.6, len(active))
        drop[:, at] = np.clip(part * active * rng.uniform(0.3, 1.0), 0, 0.9)
        fail[:, at] = np.clip(fail[:, at] + part * active * rng.uniform(0.0, 0.3), 0, 1)


def _upwards(calls: Floats, slow: Floats, fail: Floats) -> tuple[Floats, Floats]:
    """What callers see: their own time and that of what they call, a few seconds later."""
    latency, error = slow.copy(), fail.copy()
    for caller in range(len(calls) - 1, -1, -1):
        for callee in np.flatnonzero(calls[caller]):
            late = smoothed(latency[:, callee], 2)
            latency[:, caller] += min(calls[caller, callee], 1.0) * late
            error[:, caller] += (
                0.7 * min(calls[caller, callee], 1.0) * smoothed(error[:, callee], 2)
            )
    return latency, np.clip(error, 0, 1)


def _downwards(calls: Floats, entry: Floats, drop: Floats) -> Floats:
    rate = np.zeros_like(drop)
    rate[:, 0] = entry * (1 - drop[:, 0])
    for callee in range(1, len(calls)):
        wanted = rate @ calls[:, callee]
        rate[:, callee] = wanted * (1 - drop[:, callee])
    return rate


def _memory(rng: np.random.Generator, rows: int, many: int, rate: Floats) -> Floats:
    base = rng.lognormal(18.5, 0.8, many)
    walk = np.cumsum(rng.standard_normal((rows, many)), axis=0) * base * rng.uniform(0, 2e-4, many)
    period = rng.uniform(40, 400, many)
    saw = (np.arange(rows)[:, None] % period) / period * rng.choice([0, 0.02, 0.15], many)
    leak = np.linspace(0, 1, rows)[:, None] * rng.choice([0, 0, 0.05], many)
    return base * (1 + saw + leak) + walk + 2e3 * rate


def _disk(rng: np.random.Generator, rows: int, many: int, rate: Floats) -> Floats:
    flushes = (rng.random((rows, many)) < 0.03) * rng.lognormal(5, 1, (rows, many))
    writes = rng.uniform(0, 2, many) * rate * (rng.random(many) < 0.5)
    return flushes * (rng.random(many) < 0.6) + writes * rng.lognormal(0, 0.2, (rows, many))


def smoothed(values: Floats, seconds: int) -> Floats:
    """The mean of the last seconds, as a scraper's window gives it."""
    padded = np.concatenate([np.full(seconds - 1, values[0]), values])
    return np.convolve(padded, np.ones(seconds) / seconds, mode="valid")
