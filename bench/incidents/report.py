"""The report: measures by level for engine, model and both, the worst scenarios, and what broke."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.incidents.measures import MEASURES, Figure, Measure, figures_of
from bench.incidents.running import Broken, Result
from bench.incidents.scoring import Score

NO_MODEL = (
    "no language model is configured: the embedded account's local analyst is a rule-based "
    "stand-in and does not count as one"
)
COLUMNS = ("engine", "model", "both")
_WORST = 8


@dataclass(frozen=True)
class Report:
    """A run and its results.

    Attributes:
        seconds: Wall time of the whole run.
    """

    results: tuple[Result, ...]
    seed: int
    processes: int
    seconds: float

    @property
    def scores(self) -> list[Score]:
        """Of the cases that count: those in process, or over HTTP when there are no others."""
        scores = [one for one in self.results if isinstance(one, Score)]
        return [one for one in scores if not one.http] or scores

    @property
    def broken(self) -> list[Broken]:
        """Cases that could not be run to their end."""
        return [one for one in self.results if isinstance(one, Broken)]

    def differing(self) -> tuple[int, list[str]]:
        """How many cases ran both ways, and those whose verdict or cure differ over HTTP."""
        plain = {one.key: one for one in self.scores if not one.http}
        pairs = [
            (plain[one.key], one)
            for one in self.results
            if isinstance(one, Score) and one.http and one.key in plain
        ]
        return len(pairs), [
            f"{here.key}: {here.said} here, {there.said} over HTTP"
            for here, there in pairs
            if (here.said, here.cured, here.right) != (there.said, there.cured, there.right)
        ]

    @property
    def failed(self) -> bool:
        """Whether the run itself went wrong: a case broke, or came out differently over HTTP."""
        return bool(self.broken or self.differing()[1])

    def levels(self) -> dict[str, list[Score]]:
        """The scores by level, and all of them."""
        groups: dict[str, list[Score]] = defaultdict(list)
        for one in sorted(self.scores, key=lambda score: score.level):
            groups[str(one.level)].append(one)
        return {**groups, "all": self.scores}

    def worst(self) -> list[dict[str, Any]]:
        """The scenarios with the most cases gone wrong, each with one reason."""
        wrong: dict[str, list[Score]] = defaultdict(list)
        for one in self.scores:
            if one.why:
                wrong[one.scenario].append(one)
        drawn = Counter(one.scenario for one in self.scores)
        ordered = sorted(wrong.items(), key=lambda item: -_badness(item[1]) / drawn[item[0]])
        return [
            {
                "scenario": name,
                "level": bad[0].level,
                "wrong": len(bad),
                "of": drawn[name],
                "seeds": [one.seed for one in bad][:10],
                "why": max(bad, key=lambda one: _badness([one])).why,
                "note": str(bad[0].details.get("note", "")),
            }
            for name, bad in ordered
        ]

    def to_json(self) -> dict[str, Any]:
        """The whole report as one JSON document."""
        both, differing = self.differing()
        return {
            "seed": self.seed,
            "cases": len(self.scores),
            "scenarios": len({one.scenario for one in self.scores}),
            "processes": self.processes,
            "seconds": round(self.seconds, 2),
            "columns": {
                "engine": {
                    level: {name: one.to_json() for name, one in figures_of(scores).items()}
                    for level, scores in self.levels().items()
                },
                "model": None,
                "both": None,
            },
            "columns_missing": {"model": NO_MODEL, "both": NO_MODEL},
            "http": {"compared": both, "differing": differing},
            "by_tag": self._tags(),
            "worst": self.worst(),
            "broken": [{"case": one.key, "http": one.http, "why": one.why} for one in self.broken],
            "results": [one.to_json() for one in self.results if isinstance(one, Score)],
        }

    def _tags(self) -> dict[str, dict[str, float | int]]:
        groups: dict[str, list[Score]] = defaultdict(list)
        for one in self.scores:
            for tag in one.tags or ("plain",):
                groups[tag].append(one)
        return {
            tag: {
                "cases": len(scores),
                "right": round(sum(o.right for o in scores) / len(scores), 4),
            }
            for tag, scores in sorted(groups.items())
        }

    def lines(self) -> Iterator[str]:
        """The report as text."""
        scores = self.scores
        yield (
            f"{len(scores)} cases of {len({one.scenario for one in scores})} scenarios, seed "
            f"{self.seed}, {self.processes} processes, {self.seconds:.0f} s"
        )
        yield ""
        yield from self._table()
        yield ""
        yield f"model alone, both: empty, {NO_MODEL}."
        yield from self._http_lines()
        yield from self._worst_lines()
        for one in self.broken:
            yield f"BROKEN {one.key}{' over HTTP' if one.http else ''}: {one.why}"

    def _table(self) -> Iterator[str]:
        levels = self.levels()
        taken = {level: figures_of(scores) for level, scores in levels.items()}
        heads = [f"level {name}" if name != "all" else "engine alone" for name in levels]
        yield _row("", [*heads, "model", "both"], "reach for")
        yield _row("cases", [*(str(len(scores)) for scores in levels.values()), "-", "-"], "")
        for measure in MEASURES:
            cells = [
                _cell(measure, taken[level][measure.name], whole=level == "all") for level in levels
            ]
            yield _row(measure.title, [*cells, "-", "-"], measure.goal)

    def _http_lines(self) -> Iterator[str]:
        both, differing = self.differing()
        if both:
            yield f"Over HTTP as well: {both} cases, {len(differing)} of them came out differently."
            yield from (f"  {one}" for one in differing)

    def _worst_lines(self) -> Iterator[str]:
        worst = self.worst()
        if worst:
            yield ""
            yield f"Worst scenarios ({len(worst)} with anything wrong):"
        for one in worst[:_WORST]:
            seeds = ", ".join(map(str, one["seeds"][:5]))
            head = f"{one['scenario']} (level {one['level']})"
            yield f"  {head}: {one['wrong']} of {one['of']}, seeds {seeds}"
            yield f"    {one['why']}"
            if one["note"]:
                yield f"    note: {one['note']}"


def _badness(scores: Sequence[Score]) -> float:
    """A forbidden action or a false cause weighs most, then a wrong verdict, then no cure."""
    return sum(
        8.0 * bool(one.forbidden)
        + 8.0 * bool(one.false_cause)
        + 4.0 * (not one.right)
        + 2.0 * (one.curable is True and not one.cured)
        + 1.0
        for one in scores
    )


def _row(title: str, cells: Sequence[str], goal: str) -> str:
    *levels, whole, model, both = cells
    return (
        f"{title:<29}"
        + "".join(f"{cell:>11}" for cell in levels)
        + f"{whole:>30}{model:>7}{both:>6}   {goal}"
    ).rstrip()


def _cell(measure: Measure, figure: Figure, *, whole: bool) -> str:
    if figure.value is None:
        return "-"
    text = _number(measure.unit, figure.value)
    if not whole:
        return text
    if figure.interval is None:
        return f"{text} of {figure.of}"
    low, high = (_number(measure.unit, one, bare=True) for one in figure.interval)
    return f"{text} [{low}, {high}] of {figure.of}"


def _number(unit: str, value: float, *, bare: bool = False) -> str:
    if unit == "share":
        return f"{100 * value:.0f}" if bare else f"{100 * value:.1f} %"
    if unit == "bytes":
        return f"{value / 1024:.0f}" if bare else f"{value / 1024:.0f} KiB"
    if unit == "count":
        return f"{value:.0f}"
    suffix = {"seconds": " s"}.get(unit, "")
    return f"{value:.2f}" if bare else f"{value:.2f}{suffix}"
