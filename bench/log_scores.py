"""Figures for log miners: grouping and template accuracy, and how well changes are found."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.corpora.logs_changes import Change

_INNER = r"[^\s,!;:=|\"'\[\](){}.+@#$%&/-]*"
_BEFORE = r"(?<=[\s,!;:=|\"'\[\](){}])"
_CORRECTIONS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"\b(?:true|false|null|root)\b", re.IGNORECASE), "<*>"),
    (re.compile(_BEFORE + r"/[^\s,!;:=|\"'\[\](){}]+"), "<*>"),
    (
        re.compile(r"(?<![^\s,!;:=|\"'\[\](){}.+@#$%&-])\d+(?![^\s,!;:=|\"'\[\](){}.+@#$%&-])"),
        "<*>",
    ),
    (re.compile(_INNER + r"<\*>" + _INNER), "<*>"),
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
    truth: Sequence[int], texts: Sequence[str], found: Sequence[int], said: Mapping[int, str]
) -> Scores:
    """Figures of one corpus."""
    groups, predicted = _members(truth), _members(found)
    want = {number: corrected(texts[number]) for number in groups}
    have = {number: corrected(said[number]) for number in predicted}
    right = [number for number, lines in groups.items() if predicted[found[lines[0]]] == lines]
    named = sum(have[found[groups[number][0]]] == want[number] for number in right)
    lines, parts = len(truth), len(groups) + len(predicted)
    return Scores(
        ga=sum(len(groups[number]) for number in right) / lines,
        fga=2 * len(right) / parts,
        pa=sum(want[one] == have[two] for one, two in zip(truth, found, strict=True)) / lines,
        fta=2 * named / parts,
    )


def _members(numbers: Sequence[int]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for at, number in enumerate(numbers):
        members[number].append(at)
    return members


def diff_scores(case: Change, found: Sequence[tuple[str, str]]) -> tuple[float, float, int]:
    """F1, average precision and number of false changes of a ranked list of (kind, example)."""
    statement: dict[str, int] = {}
    for corpus in (case.baseline, case.incident):
        statement.update(zip(corpus.content, corpus.truth, strict=True))
    seen: set[int] = set()
    hits: list[bool] = []
    for kind, example in found:
        number = statement[example]
        hits.append(case.truth.get(number) == kind and number not in seen)
        seen.add(number)
    true, wanted = sum(hits), len(case.truth)
    precision = sum(sum(hits[:rank]) / rank for rank, hit in enumerate(hits, 1) if hit)
    f1 = 2 * true / (len(hits) + wanted) if hits or wanted else 1.0
    return f1, precision / wanted if wanted else 1.0, len(hits) - true
