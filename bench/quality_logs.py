"""How well log lines are grouped, named and compared, beside drain3 where it is installed.

python -m bench.quality_logs [--data DIR] [--json] [--seeds N]
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_CORRECTIONS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"\b(?:true|false|null|root)\b", re.IGNORECASE), "<*>"),
    (re.compile(r"(?<=[\s,!;:=|\"'\[\](){}])/[^\s,!;:=|\"'\[\](){}]+"), "<*>"),
    (
        re.compile(r"(?<![^\s,!;:=|\"'\[\](){}.+@#$%&-])\d+(?![^\s,!;:=|\"'\[\](){}.+@#$%&-])"),
        "<*>",
    ),
    (re.compile(r"[^\s,!;:=|\"'\[\](){}.+@#$%&/-]*<\*>[^\s,!;:=|\"'\[\](){}.+@#$%&/-]*"), "<*>"),
    (re.compile(r"<\*>(?: [KMGT]?B\b)"), "<*>"),
    (re.compile(r"<\*>(?:[.:,#/+ -]?<\*>)+"), "<*>"),
)


def corrected(template: str) -> str:
    """A template after the usual corrections (Khan et al., ICSE 2022; Jiang et al., ISSTA 2024)."""
    text = f" {template.strip()} "
    for pattern, to in _CORRECTIONS:
        text = pattern.sub(to, text)
    return text.strip()


@dataclass(frozen=True, slots=True)
class Scores:
    """Grouping accuracy by line and by group, template accuracy by line and by group."""

    ga: float
    fga: float
    pa: float
    fta: float


def scores(
    truth: Sequence[int], texts: Sequence[str], found: Sequence[int], said: dict[int, str]
) -> Scores:
    """Figures of one corpus."""
    groups, predicted = _members(truth), _members(found)
    right = {number for number, lines in groups.items() if predicted[found[lines[0]]] == lines}
    named = {
        number
        for number in right
        if corrected(said[found[groups[number][0]]]) == corrected(texts[number])
    }
    lines = len(truth)
    want = {number: corrected(text) for number, text in enumerate(texts)}
    have = {number: corrected(text) for number, text in said.items()}
    return Scores(
        ga=sum(len(groups[number]) for number in right) / lines,
        fga=2 * len(right) / (len(groups) + len(predicted)),
        pa=sum(want[one] == have[two] for one, two in zip(truth, found, strict=True)) / lines,
        fta=2 * len(named) / (len(groups) + len(predicted)),
    )


def _members(numbers: Sequence[int]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for at, number in enumerate(numbers):
        members[number].append(at)
    return members
