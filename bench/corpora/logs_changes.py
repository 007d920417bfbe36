"""Pairs of windows of one system with known changes: new, gone, up and down, and what only varies.

The windows have the same length in time. Everything else stays as it was, apart from chance: lines
that come in bursts, rare statements that happen to fall into one window only, and, in a third of
the cases, traffic that is higher or lower as a whole.
"""

import random
from dataclasses import dataclass

from bench.corpora.logs import Corpus, System, rendered

_MEAN_LINES = 1_500
_OFTEN = 15.0


@dataclass(frozen=True, slots=True)
class Change:
    """Windows and the truth about them: number of the statement to kind of change."""

    baseline: Corpus
    incident: Corpus
    truth: dict[int, str]


def changed(system: System, seed: int, *, bursts: bool = False, quiet: bool = False) -> Change:
    """A case; `quiet` changes nothing, `bursts` repeats lines in runs."""
    rng = random.Random(f"{system.name}-{seed}-{bursts}-{quiet}")
    draws = [10 ** rng.uniform(0, 3) for _ in system.statements]
    scale = _MEAN_LINES / sum(draws)
    before = [draw * scale for draw in draws]
    traffic = rng.choice([1.0, 1.0, rng.uniform(0.5, 2.0)])
    during = [rate * traffic for rate in before]
    truth: dict[int, str] = {}
    if not quiet:
        _change(rng, before, during, truth)
    return Change(
        rendered(system, _draw(rng, before, bursts=bursts), rng),
        rendered(system, _draw(rng, during, bursts=bursts), rng),
        truth,
    )


def _change(
    rng: random.Random, before: list[float], during: list[float], truth: dict[int, str]
) -> None:
    often = [at for at, rate in enumerate(before) if rate >= _OFTEN]
    rng.shuffle(often)
    rest = [at for at in range(len(before)) if at not in often]
    rng.shuffle(rest)
    for at in rest[: rng.randint(1, 2)]:
        before[at], during[at], truth[at] = 0.0, rng.uniform(8, 60), "new"
    for at, kind in zip(often, ("up", "gone", "down", "up")[: len(often) // 2], strict=False):
        factor = rng.uniform(2.5, 10)
        truth[at] = kind
        during[at] = {"up": before[at] * factor, "down": before[at] / factor, "gone": 0.0}[kind]


def _draw(rng: random.Random, rates: list[float], *, bursts: bool) -> list[int]:
    """Statements in order of time; bursty ones come in runs of about four."""
    events: list[tuple[float, int]] = []
    for at, rate in enumerate(rates):
        run = rng.uniform(1, 8) if bursts else 1.0
        for _ in range(_poisson(rng, rate / run)):
            moment = rng.random()
            several = 1 + _poisson(rng, run - 1)
            events.extend((moment + rng.random() * 1e-3, at) for _ in range(several))
    return [at for _, at in sorted(events)]


def _poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count += 1
        left += rng.expovariate(1.0)
    return count
