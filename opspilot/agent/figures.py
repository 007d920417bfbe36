"""Reads figures out of text: numbers with their units, times of day, dates.

A figure in a claim is borne out by a figure on record when rounding the latter to the claim's
digits, in the claim's unit, gives the former. Numbers that are part of a name (p99, v18, E3, 5xx,
us-east-1) are no figures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from unicodedata import normalize

from opspilot.domain.model import Json

_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_TIME = re.compile(r"(?<![\w.:])(?P<time>[0-2]?\d:[0-5]\d(?::[0-5]\d)?)(?![\w:]|\.\d)")
_NUMBER = re.compile(
    r"(?<!\w)(?<!\w-)(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<unit>\s?(?:%|percent\b|ms\b|milliseconds?\b|s\b|sec\b|secs\b|seconds?\b|min\b|mins\b|"
    r"minutes?\b|h\b|hours?\b|hrs?\b|days?\b|kb\b|mb\b|gb\b|x\b|k\b))?(?!\w|[.,]\d|-\w)",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"(?<![\w.-])(?!\d+(?:xx|st|nd|rd|th)\b)(?=\d[\w.]*[^\W\d_])[\w.]+", re.IGNORECASE
)
"""A number that runs into letters (36m, 4M, 1e9); 5xx is a name, and 2nd a place in an order."""

_APART = (
    (re.compile(r"(?<!\w)(?:\d+\.){2,}\d+(?!\w)"), " "),  # a version, an address
    (re.compile(r"(?<=\d),(?!\d{3}(?!\d))(?=\d)"), ", "),  # a list, not thousands
    (re.compile(r"(?<=\d):(?=\d)"), " : "),
    (re.compile(r"(?<![\w-])(\d[\d.,]*)-(?=\d[\d.,]*\s?(?:%|[a-z]{1,3}\b)?(?![\w-]))"), r"\1 to "),
)
"""Numbers that lean on each other are told apart, so that a range or a ratio is two figures."""

_WORDS = {
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1_000,
    "million": 1_000_000, "dozen": 12,
}  # fmt: skip
_SMALL = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_FACTORS: dict[str, tuple[float, ...]] = {
    "": (1.0,),
    "x": (1.0,),
    "%": (1.0, 0.01),
    "ms": (1.0, 0.001),
    "s": (1.0, 1_000.0),
    "min": (1.0, 60.0, 60_000.0),
    "h": (1.0, 60.0, 3_600.0, 3_600_000.0),
    "day": (1.0, 24.0, 86_400.0),
    "kb": (1.0, 1_000.0, 1_024.0),
    "mb": (1.0, 1e6, 1_024.0**2),
    "gb": (1.0, 1_000.0, 1_024.0, 1e9, 1_024.0**3),
    "k": (1_000.0,),
}
"""What a number in this unit may be on record, as multiples."""

_MOST_ROUNDING = 0.025
"""Rounding may not move a figure by more than this share of it."""

_TINY = 1e-9


@dataclass(frozen=True)
class Figure:
    """One number as written.

    Attributes:
        text: With its unit, to name it.
        value: In its own unit.
        half_digit: Half of its last written digit.
    """

    text: str
    value: float
    half_digit: float
    unit: str = ""


@dataclass
class Figures:
    """All figures of some texts or values.

    Attributes:
        times: Times of day, "14:03" and, where known, "14:03:20".
        dates: "2026-03-04".
    """

    numbers: set[float] = field(default_factory=set[float])
    times: set[str] = field(default_factory=set[str])
    dates: set[str] = field(default_factory=set[str])

    def add_text(self, text: str) -> None:
        """Take in every figure of a text."""
        for date, time in moments(text):
            self._add_moment(date, time)
        for figure in numbers(text):
            self.numbers.add(figure.value)

    def add(self, value: Json) -> None:
        """Take in every figure of a JSON value: numbers, numbers in texts, lengths of lists."""
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, int | float):
            self.numbers.add(float(value))
        elif isinstance(value, str):
            self.add_text(value)
            if value.isdigit():
                self.numbers.add(float(value[:15]))
        elif isinstance(value, Mapping):
            for name, one in cast("Mapping[str, Json]", value).items():
                self.add_text(name)
                self.add(one)
        elif isinstance(value, Sequence):
            items = cast("Sequence[Json]", value)
            self.numbers.add(float(len(items)))
            for one in items:
                self.add(one)

    def hold(self, figure: Figure) -> bool:
        """Whether a number on record, rounded as the figure is, gives the figure."""
        if not figure.value:
            return 0.0 in self.numbers
        for factor in _FACTORS[figure.unit]:
            wanted = figure.value * factor
            slack = min(figure.half_digit * factor, abs(wanted) * _MOST_ROUNDING)
            slack = max(slack, min(figure.half_digit * factor, 0.5 * factor)) + _TINY
            if any(abs(abs(known) - abs(wanted)) <= slack for known in self.numbers):
                return True
        return False

    def hold_moment(self, date: str, time: str) -> bool:
        """Whether the time and the date are on record, to the precision given."""
        return (not time or time in self.times) and (not date or date in self.dates)

    def _add_moment(self, date: str, time: str) -> None:
        if date:
            self.dates.add(date)
        if time:
            self.times |= {time, time[:5]}


def numbers(text: str) -> Iterator[Figure]:
    """The numbers of a text, times and dates left out; spelled ones from thirteen on count too."""
    plain = _without_moments(normalize("NFKC", text))
    for pattern, instead in _APART:
        plain = pattern.sub(instead, plain)
    known: set[int] = set()
    for match in _NUMBER.finditer(plain):
        known.add(match.start())
        digits = match["number"].replace(",", "")
        yield Figure(
            text=match.group().strip(),
            value=float(digits),
            half_digit=_half_digit(digits),
            unit=_unit(match["unit"]),
        )
    for match in _GLUED.finditer(plain):
        if match.start() not in known:
            yield from _runs(match.group())
    yield from _spelled(plain)


def moments(text: str) -> Iterator[tuple[str, str]]:
    """The (date, time) pairs of a text; either may be empty."""
    plain = normalize("NFKC", text)
    for match in _ISO.finditer(plain):
        yield match["date"], match["time"] or ""
    for match in _TIME.finditer(_ISO.sub(" ", plain)):
        yield "", match["time"].zfill(5)


def _without_moments(text: str) -> str:
    return _TIME.sub(" ", _ISO.sub(" ", text))


def _runs(token: str) -> Iterator[Figure]:
    """Every run of digits in a token; the same token on record bears all of them out."""
    for digits in re.findall(r"\d{1,15}", token):
        yield Figure(text=token, value=float(digits), half_digit=0.5)


def _half_digit(digits: str) -> float:
    """Half of the last digit that means something: zeros at the end of a whole number may round."""
    if "." in digits:
        return 0.5 * 10.0 ** -len(digits.partition(".")[2])
    zeros = len(digits) - len(digits.rstrip("0")) if digits.strip("0") else 0
    return 0.5 * 10.0**zeros


def _unit(written: str | None) -> str:
    name = (written or "").strip().lower()
    if name in ("%", "percent"):
        return "%"
    if name.startswith("milli"):
        return "ms"
    for unit in ("ms", "kb", "mb", "gb", "min", "day", "s", "h", "x", "k"):
        if name.startswith(unit):
            return unit
    return ""


def _spelled(text: str) -> Iterator[Figure]:
    """Runs of number words that reach thirteen: "two hundred", "forty"; small counts may pass."""
    run: list[str] = []
    for word in [*_WORD.findall(text.lower()), ""]:
        if word in _WORDS or word in _SMALL or (run and word == "and"):
            run.append(word)
            continue
        if any(part in _WORDS for part in run):
            yield Figure(text=" ".join(run), value=_worth(run), half_digit=0.5)
        run = []


def _worth(run: Sequence[str]) -> float:
    total = current = 0
    for word in run:
        value = _WORDS.get(word) or _SMALL.get(word, 0)
        if word in ("thousand", "million"):
            total, current = total + max(current, 1) * value, 0
        elif word in ("hundred", "dozen"):
            current = max(current, 1) * value
        else:
            current += value
    return float(total + current)
