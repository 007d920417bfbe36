"""Peak memory of mining beside the lines themselves, per byte of the lines.

The seeded corpora, as messages and with their headers, in a small and in a larger log; and lines
made to be hard: no two of them equal after masking. The allocator of Python is asked, numpy's
arrays included. What a process allocates once, as it mines for the first time, is left out.
"""

import random
import tracemalloc
from collections.abc import Callable, Iterator, Sequence

from bench.corpora.logs import generate
from bench.corpora.logs_develop import DEVELOP
from bench.corpora.logs_holdout import HOLDOUT
from opspilot.analysis.logs import mine_templates

Figures = dict[str, float]

_SEED = 5
_SMALL, _LARGE = 2_000, 20_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOCABULARY = 5_000


def measured() -> dict[str, dict[str, Figures]]:
    """Title to corpus to ratios, the worst corpus first and named in the title."""
    own, hard = dict(_own()), dict(_hard())
    return {_titled("Memory of the corpora", own): own, _titled("Memory, hard lines", hard): hard}


def _titled(title: str, rows: dict[str, Figures]) -> str:
    name, figures = next(iter(rows.items()))
    return f"{title}: peak / bytes of lines, worst {max(figures.values()):.2f} ({name})"


def _own() -> list[tuple[str, Figures]]:
    rows: list[tuple[str, Figures]] = []
    for system in (*DEVELOP, *HOLDOUT):
        figures: Figures = {}
        for several in (_SMALL, _LARGE):
            corpus = generate(system, _SEED, several)
            figures[f"messages, {several:,}"] = _peak(corpus.content)
            figures[f"with headers, {several:,}"] = _peak(corpus.raw)
        rows.append((system.name, figures))
    return _worst_first(rows)


def _hard() -> list[tuple[str, Figures]]:
    return _worst_first([(name, {"ratio": _peak(lines)}) for name, lines in _hard_lines()])


def _worst_first(rows: list[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    return sorted(rows, key=lambda row: -max(row[1].values()))


def _peak(lines: Sequence[str]) -> float:
    mine_templates(lines[:_SMALL])
    tracemalloc.start()
    mine_templates(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / sum(len(line.encode("utf-8", "surrogatepass")) for line in lines)


def _hard_lines() -> Iterator[tuple[str, list[str]]]:
    rng = random.Random(_SEED)
    vocabulary = [_word(rng) for _ in range(_VOCABULARY)]
    weights = [1 / (rank + 3) for rank in range(_VOCABULARY)]

    def prose(size: int) -> str:
        return " ".join(rng.choices(vocabulary, weights, k=size // 5))[:size]

    def names() -> str:
        return f"task {_word(rng)} moved to {_word(rng)} by {_word(rng)}"

    def record() -> str:
        return f'{{"level":"info","user":"{_word(rng)}","did":"{_word(rng)}","{_word(rng)}":1}}'

    kinds: tuple[tuple[str, Callable[[], str], int], ...] = (
        ("prose of 80 bytes", lambda: prose(80), _LARGE),
        ("prose of 20 bytes", lambda: prose(20), _LARGE),
        ("prose of 2,000 bytes", lambda: prose(2_000), _LARGE // 20),
        ("prose of 20,000 bytes", lambda: prose(20_000), _LARGE // 100),
        ("made-up names", names, _LARGE),
        ("records", record, _LARGE),
    )
    for name, line, several in kinds:
        yield f"{several:,} lines, {name}", [line() for _ in range(several)]


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(_LETTERS, k=max(2, round(rng.gauss(6, 2.5)))))
