"""Labelled log corpora: lines in the style of many systems, each with the template it came from.

A system is its header and its statements. A statement is text with slots; its truth is the text
with every slot as `<*>`. How often a statement occurs is drawn log-uniformly, so that a few make
most of the lines and many occur once, as in real logs. `logs_develop.py` holds the systems that
constants may be chosen on, `logs_holdout.py` those that only measure.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.corpora.logs_slots import SLOTS

_SLOT = re.compile(r"\{(\w+)\}")
_MOST_FREQUENT = 3.3


@dataclass(frozen=True, slots=True)
class System:
    """Where lines come from.

    Attributes:
        header: Random source and second since the start to the text before the message.
        statements: Message texts with slots in braces.
    """

    name: str
    header: Callable[[random.Random, int], str]
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Lines of one system.

    Attributes:
        content: Messages without headers; `raw` the same lines with them.
        truth: Number of the statement per line.
        templates: Text with `<*>` per statement.
    """

    name: str
    content: tuple[str, ...]
    raw: tuple[str, ...]
    truth: tuple[int, ...]
    templates: tuple[str, ...]


def generate(system: System, seed: int, lines: int = 2000) -> Corpus:
    """A corpus of the system; the same seed gives the same lines."""
    rng = random.Random(f"{system.name}-{seed}")
    weights = [10 ** rng.uniform(0, _MOST_FREQUENT) for _ in system.statements]
    truth = rng.choices(range(len(system.statements)), weights, k=lines)
    return rendered(system, truth, rng)


def rendered(system: System, truth: Sequence[int], rng: random.Random) -> Corpus:
    """Lines of these statements, in this order."""
    content = tuple(_fill(system.statements[number], rng) for number in truth)
    raw = tuple(f"{system.header(rng, at)}{text}" for at, text in enumerate(content))
    return Corpus(
        system.name,
        content,
        raw,
        tuple(truth),
        tuple(_SLOT.sub("<*>", statement) for statement in system.statements),
    )


def _fill(statement: str, rng: random.Random) -> str:
    return _SLOT.sub(lambda slot: SLOTS[slot[1]](rng), statement)
