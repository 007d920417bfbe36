"""What the investigate page looks at, as its address says it.

Every choice stands in the address, so that a link reopens the same view: lengths ending now on the
account's clock, or start and end in UTC once the view was pinned or narrowed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window

RANGE = "range"
WINDOWS = {
    "15m": ("Last 15 minutes", timedelta(minutes=15)),
    "30m": ("Last 30 minutes", timedelta(minutes=30)),
    "1h": ("Last hour", timedelta(hours=1)),
    "3h": ("Last 3 hours", timedelta(hours=3)),
    "12h": ("Last 12 hours", timedelta(hours=12)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
}
BASELINES = {
    "30m": ("30 minutes before", timedelta(minutes=30)),
    "1h": ("1 hour before", timedelta(hours=1)),
    "3h": ("3 hours before", timedelta(hours=3)),
    "12h": ("12 hours before", timedelta(hours=12)),
    "1d": ("1 day before", timedelta(days=1)),
    "7d": ("7 days before", timedelta(days=7)),
}
LENGTHS = frozenset(length for _, length in BASELINES.values())
"""Of baselines that end where the window begins."""
FIXED = "fixed"
"""Of the baselines: one with a start and an end of its own, as an incident has it."""
NAMES = (
    "resource", "metric", "custom", "window", "start", "end", "baseline", "against", "view",
    "whole",
)  # fmt: skip
"""Of the choices in the address; the first three may stand there several times."""

_USUAL_WINDOW, _USUAL_BASELINE = "30m", "3h"
_MOST = 60
_MINUTE = timedelta(minutes=1)
_STATISTIC = re.compile(
    r"Sum|Average|Minimum|Maximum|SampleCount|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?|p100"
)
_NAMESPACE = re.compile(r"[\w./#:\- ]{1,255}")


@dataclass(frozen=True)
class Choice:
    """The choices of a person.

    Attributes:
        resources: Names or ARNs.
        metrics: Names of signals; none takes the most telling ones.
        custom: Metrics typed by hand, as `custom_text` writes them.
        window: A key of `WINDOWS`, or `RANGE` with `start` and `end`.
        baseline: A key of `BASELINES`: the time before the window; or `FIXED` with `against`.
        against: "start/end" of a fixed baseline.
        whole: What a narrowed view was cut from: a key of `WINDOWS` or "start/end"; may be empty.
    """

    resources: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    window: str = _USUAL_WINDOW
    start: datetime | None = None
    end: datetime | None = None
    baseline: str = _USUAL_BASELINE
    against: str = ""
    raw: bool = False
    whole: str = ""

    def fixed(self) -> Window | None:
        """The baseline that lies where it lies; None for one of a length before the window."""
        return window_of(self.against) if self.baseline == FIXED else None

    def span(self, now: datetime) -> Window | None:
        """The window at this account time; None when a range lacks an end or is reversed."""
        if self.window != RANGE:
            end = whole_minute(now)
            return Window(start=end - WINDOWS[self.window][1], end=end)
        if self.start is None or self.end is None or self.start >= self.end:
            return None
        return Window(start=self.start, end=self.end)


def read(address: Mapping[str, Sequence[str]]) -> tuple[Choice, tuple[str, ...]]:
    """The choices in an address, and what in it cannot be used, as sentences."""
    problems: list[str] = []

    def one(name: str) -> str:
        return address[name][-1] if address.get(name) else ""

    start, end = (_moment(one(name), name, problems) for name in ("start", "end"))
    window = _key(one("window"), "window", WINDOWS, _USUAL_WINDOW, problems)
    if start and end and start >= end:
        problems.append("The start in the address does not lie before the end.")
    elif start and end:
        window = RANGE
    elif one("start") or one("end"):
        problems.append("A window in the address needs both a start and an end.")
    custom = tuple(address.get("custom", ()))[:_MOST]
    for text in custom:
        problem = custom_query(text)
        if isinstance(problem, str):
            problems.append(f"The metric {text!r} in the address cannot be read: {problem}")
    ranged = window == RANGE
    against = one("against")
    if against and window_of(against) is None:
        problems.append(f"The baseline {against!r} in the address is no start/end in UTC.")
        against = ""
    baseline = _key(one("baseline"), "baseline", BASELINES, _USUAL_BASELINE, problems)
    return Choice(
        resources=tuple(dict.fromkeys(address.get("resource", ())))[:_MOST],
        metrics=tuple(dict.fromkeys(address.get("metric", ())))[:_MOST],
        custom=tuple(text for text in custom if not isinstance(custom_query(text), str)),
        window=window,
        start=start if ranged else None,
        end=end if ranged else None,
        baseline=FIXED if against else baseline,
        against=against,
        raw=one("view") == "raw",
        whole=one("whole"),
    ), tuple(problems)


def written(choice: Choice) -> dict[str, list[str]]:
    """The address of the choices; what is usual is left out."""
    ranged = choice.window == RANGE
    start, end = (
        [_stamp(at)] if ranged and at is not None else [] for at in (choice.start, choice.end)
    )
    named = {
        "resource": list(choice.resources),
        "metric": list(choice.metrics),
        "custom": list(choice.custom),
        "window": [] if ranged or choice.window == _USUAL_WINDOW else [choice.window],
        "start": start,
        "end": end,
        "baseline": [] if choice.baseline in (_USUAL_BASELINE, FIXED) else [choice.baseline],
        "against": [choice.against] if choice.baseline == FIXED else [],
        "view": ["raw"] if choice.raw else [],
        "whole": [choice.whole] if choice.whole else [],
    }
    return {name: values for name, values in named.items() if values}


def whole_text(choice: Choice) -> str:
    """The window of a view as text, to go back to; see `of_whole`."""
    if choice.window != RANGE or choice.start is None or choice.end is None:
        return choice.window
    return f"{_stamp(choice.start)}/{_stamp(choice.end)}"


def window_text(window: Window) -> str:
    """A window as it stands in the address: "start/end", in whole minutes begun."""
    return f"{_stamp(window.start)}/{_stamp(window.end)}"


def window_of(text: str) -> Window | None:
    """The window of a text of `window_text`; None when it is none."""
    first, _, last = text.partition("/")
    start, end = (_moment(part, "", []) for part in (first, last))
    return Window(start=start, end=end) if start and end and start < end else None


def of_whole(text: str) -> tuple[str, datetime | None, datetime | None]:
    """Key of the window, start and end of a text of `whole_text`; the usual one if unreadable."""
    if text in WINDOWS:
        return text, None, None
    window = window_of(text)
    return (RANGE, window.start, window.end) if window else (_USUAL_WINDOW, None, None)


def baseline_key(length: timedelta) -> str:
    """The choice of a baseline that is at least this long."""
    longer = [key for key, (_, known) in BASELINES.items() if known >= length]
    return longer[0] if longer else list(BASELINES)[-1]


def whole_minute(at: datetime) -> datetime:
    """The minute that a moment lies in."""
    return at.replace(second=0, microsecond=0)


def minutes_around(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The span widened to whole minutes."""
    last = whole_minute(end)
    return whole_minute(start), last if last == end else last + _MINUTE


def custom_text(query: MetricQuery) -> str:
    """A metric as it stands in the address: "AWS/Lambda|Errors|Sum|FunctionName=checkout"."""
    dimensions = [f"{name}={value}" for name, value in query.dimensions]
    return "|".join([query.namespace, query.metric, query.statistic, *dimensions])


def custom_query(text: str) -> MetricQuery | str:
    """The metric that a text names, or why it names none."""
    parts = text.split("|")
    namespace, metric, statistic = (*parts, "", "")[:3]
    return metric_typed(namespace, metric, statistic, parts[3:])


def metric_typed(
    namespace: str, metric: str, statistic: str, dimensions: Sequence[str]
) -> MetricQuery | str:
    """The metric that a person typed, or what is wrong with it.

    Args:
        namespace: "AWS/Lambda".
        metric: "Errors".
        statistic: As CloudWatch writes it: Sum, Average, p99, tm95.
        dimensions: "Name=value" each; the exact set under which the metric is published.
    """
    if not _NAMESPACE.fullmatch(namespace.strip()):
        return "give the namespace, for example AWS/Lambda."
    if not 1 <= len(metric.strip()) <= 255 or "|" in metric:
        return "give the metric's name, for example Errors."
    if not _STATISTIC.fullmatch(statistic.strip()):
        return "the statistic must be Sum, Average, Minimum, Maximum, SampleCount or like p99."
    pairs = [tuple(part.strip() for part in one.partition("=")[::2]) for one in dimensions]
    if len(pairs) > 30 or any(not name or not value or "|" in value for name, value in pairs):
        return "each dimension must read Name=value."
    return MetricQuery(
        namespace=namespace.strip(),
        metric=metric.strip(),
        statistic=statistic.strip(),
        dimensions=tuple(sorted((name, value) for name, value in pairs)),
    )


def _key(text: str, name: str, known: Mapping[str, object], usual: str, problems: list[str]) -> str:
    if text and text not in known:
        problems.append(
            f"The {name} {text!r} in the address is not one of {', '.join(known)}; "
            f"{usual} is shown."
        )
    return text if text in known else usual


def _moment(text: str, name: str, problems: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        problems.append(f"The {name} {text!r} in the address is no time like 2026-03-04T11:30Z.")
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")
