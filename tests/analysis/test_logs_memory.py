"""What mining holds beside the lines, as Python's allocator saw it."""

import random
import tracemalloc
from collections.abc import Callable, Sequence

import pytest

from opspilot.analysis import mine_templates


def words(rng: random.Random, several: int) -> list[str]:
    return ["".join(rng.choices("etaoinshrdlu", k=rng.randint(3, 9))) for _ in range(several)]


def peak_share(lines: Sequence[str]) -> float:
    """Peak of what was allocated while mining, per byte of the lines; not for the first time."""
    mine_templates(lines)
    tracemalloc.start()
    mine_templates(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / sum(len(line.encode()) for line in lines)


def names(rng: random.Random) -> str:
    one, two = words(rng, 2)
    return f"window {one} moved behind {two} by user {rng.choice(words(rng, 1))}"


def prose(rng: random.Random) -> str:
    return " ".join(words(rng, 12))


def record(rng: random.Random) -> str:
    one, two, three = words(rng, 3)
    return f'{{"level":"info","{one}":"{two}","size":{rng.randint(1, 9_999)},"for":"{three}"}}'


def long(rng: random.Random) -> str:
    return " ".join(words(rng, 300))


@pytest.mark.parametrize(
    ("line", "several"), [(names, 3_000), (prose, 2_000), (record, 2_000), (long, 80)]
)
def test_mining_takes_at_most_twice_the_bytes_of_lines_that_are_all_different(
    line: Callable[[random.Random], str], several: int
) -> None:
    rng = random.Random(7)
    assert peak_share([line(rng) for _ in range(several)]) < 2.0


def test_equal_lines_take_less_than_their_bytes() -> None:
    lines = [f"2026-11-22T11:00:00Z order {at} was paid in {at % 90} ms" for at in range(6_000)]
    assert peak_share(lines) < 1.0
