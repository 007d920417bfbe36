"""Where the message begins in a line: timestamp, level, process and logger are its header.

Two sources agree on it: the shape of a field (a time, a level, a bracket, a name with a colon), and
its consistency: a field is of the header when nearly all *different* messages have one of its kind
at that place. Counting different messages, not lines, keeps a statement that fills the log from
passing its own first word off as a header.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.analysis.logs.masking import plain, variables_marked, without_runs, zeroed

Kind = str
"""time, level, colon, bracket, dash, number, id, gap (followed by a wide blank), or word."""

_CONSISTENT = 0.9
_SAMPLE = 2_000
_FIELDS = 16
_FEWEST = 8
_STRONG = frozenset({"time", "level", "colon", "bracket", "dash", "gap"})
_ANCHORS = frozenset({"time", "level"})

_TIME = re.compile(
    r"""[\[("]*(?:
      [IWEFD]?0000[-/.]00?[-/.]00?(?:[T_:,-]?00?[:.]00.*)?
    | 00[-/.]00[-/.]00(?:00)?(?:[T_:,-]?00?:00.*)?
    | 00?[:.]00[:.]00(?:[.,:]0+)?(?:Z|[+-]00:?00)?,? | 0{8}-00?:00:00\S* | 0{10}(?:\.0+|000)?
    | (?:(?:[A-Z][a-z][a-z])[ ])?[A-Z][a-z][a-z][ ]+00?[ ]00:00:00.* | [IWEF]0000 | 00-00
    | 00[./]00[ ]00:00:00.* | 00/[A-Z][a-z][a-z]/0000:00.*
    | 00:00:00\S*[ ][A-Z]{3,5}
    )[\])",]*""",
    re.VERBOSE,
)
_STAMP = re.compile(r"\W?0000-00-00[T ]00:00")
_MONTH = frozenset(
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
)
_LEVEL = re.compile(
    r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|SEVERE|FAILURE|CRITICAL|CRIT|EMERG"
    r"|INF|WRN|DBG|FTL|VRB|D|I|W|E|V|F"
)
_ID = re.compile(r"(?=.*0)[0-9a-fA-F-]{16,}|0x0?[0-9a-fA-F]+")
_NAMED_VALUE = re.compile(r"[\[(]\w+[:=] ")
_CLOSING = {"[": "]", "(": ")"}


@dataclass(frozen=True, slots=True)
class HeaderPlan:
    """How the lines of one log begin.

    Attributes:
        last: Kinds of a line's first two fields to the place and kind of its header's last field.
        headed: Whether most lines have a header at all.
        bars: Number of `|` that separate fields; 0 when blanks do.
    """

    last: dict[tuple[Kind, Kind], tuple[int, Kind]]
    headed: bool
    bars: int = 0

    def message_of(self, line: str) -> str:
        """The zeroed line without its header."""
        if not self.headed and not _STAMP.match(line):
            return line
        if self.bars:
            line = line.replace("|", " | ", self.bars)
        fields = _fields(line)
        end = self._end(fields)
        return line[fields[end - 1].end :] if end else line

    def raw_message_of(self, line: str) -> str:
        """The line itself without its header."""
        line = plain(line)
        if not self.headed and not _STAMP.match(zeroed(line[:20])):
            return line
        if self.bars:
            line = line.replace("|", " | ", self.bars)
        fields = _fields(zeroed(line))
        end = self._end(fields)
        return line[fields[end - 1].end :] if end else line

    def _end(self, fields: list["_Field"]) -> int:
        if len(fields) < 2:
            return 0
        planned = self.last.get((fields[0].kind, fields[1].kind))
        if planned is None:
            return _own_end(fields)
        place, kind = planned
        for at in (place, place + 1, place + 2):
            if at < len(fields) and fields[at].kind == kind:
                return at + 1
        return _own_end(fields)


@dataclass(frozen=True, slots=True)
class _Field:
    kind: Kind
    end: int


_WORD = re.compile(r"(\S+)(\s*)")


def _fields(line: str, most: int = _FIELDS) -> list[_Field]:
    """The first fields of a line; what a bracket holds is one field."""
    found: list[_Field] = []
    at = len(line) - len(line.lstrip())
    while len(found) < most and (match := _WORD.match(line, at)):
        word, end = match[1], match.end(1)
        close = _CLOSING.get(word[0])
        if close and close not in word:
            until = line.find(close, end, end + 120)
            if until > 0:
                end = until + len(re.match(r"\S*", line[until:])[0]) + until - until  # type: ignore[index]
                word = line[at:end]
        gap = len(line) - end if end >= len(line) else len(line[end:]) - len(line[end:].lstrip())
        wide = gap >= 2 or line[end : end + 1] == "\t"
        found.append(_Field(_kind(word, wide=wide), end))
        at = end + gap
    return found


def _kind(word: str, *, wide: bool) -> Kind:
    if _TIME.fullmatch(word) or word in _MONTH:
        return "time"
    if _LEVEL.fullmatch(word.strip("[]<>():,|*").upper()) and (
        len(word.strip("[]<>():,|")) > 1 or len(word) == 1
    ):
        return "level"
    if word in {"-", "|", "--", "---", ":"}:
        return "dash"
    if word[0] in "[(<" and word.rstrip(":").endswith(("]", ")", ">")):
        return "word" if _NAMED_VALUE.match(word) else "bracket"
    if word.endswith((":", "]")) and len(word) > 1:
        return "colon"
    if word.strip("0") == "" or (word[0] == "-" and word[1:].strip("0") == ""):
        return "number"
    if _ID.fullmatch(word):
        return "id"
    return "gap" if wide else "word"


def _own_end(fields: list[_Field]) -> int:
    """The end of a header told by shape alone: a time, and what surely belongs to it."""
    end = 0
    for at, field in enumerate(fields[:8]):
        if field.kind == "time" or (end and field.kind in {"level", "id", "dash"}):
            end = at + 1
        elif field.kind not in {"level", "bracket", "number"}:
            break
    return end


def learned_headers(lines: Sequence[str]) -> HeaderPlan:
    """The plan of a log, learned from a sample that is spread evenly over it."""
    step = max(1, len(lines) // _SAMPLE)
    sample = [zeroed(plain(line)[:400]) for line in lines[::step]]
    bars = _bars(sample)
    if bars:
        sample = [line.replace("|", " | ", bars) for line in sample]
    split = [(line, _fields(line)) for line in sample if line.strip()]
    headed = sum(
        any(field.kind == "time" for field in fields[:8])
        or any(field.kind == "level" for field in fields[:5])
        for _, fields in split
    )
    if not split or headed < 0.5 * len(split):
        return HeaderPlan({}, headed=False)
    classes: dict[tuple[Kind, Kind], list[tuple[str, list[_Field]]]] = defaultdict(list)
    for line, fields in split:
        if len(fields) > 1:
            classes[fields[0].kind, fields[1].kind].append((line, fields))
    last = {
        name: found
        for name, members in classes.items()
        if len(members) >= _FEWEST and (found := _last_field(members)) is not None
    }
    return HeaderPlan(last, headed=True, bars=bars)


def _bars(sample: Sequence[str]) -> int:
    counts = Counter(line.split(maxsplit=1)[0].count("|") for line in sample if line.strip())
    counts = Counter({n: c for n, c in counts.items() if n >= 2})
    number, lines = max(counts.items(), key=lambda item: item[1], default=(0, 0))
    return (
        number
        if lines >= _CONSISTENT * len(sample)
        else min(counts, default=0)
        if sum(counts.values()) >= _CONSISTENT * len(sample)
        else 0
    )


def _last_field(members: list[tuple[str, list[_Field]]]) -> tuple[int, Kind] | None:
    """Place and kind of the last field that nearly all different messages have."""
    best: tuple[int, Kind] | None = None
    anchored = False
    for place in range(_FIELDS):
        kinds: dict[str, Kind] = {}
        for line, fields in members:
            if place < len(fields):
                kinds[_begin(line, fields[place].end)] = fields[place].kind
            elif fields:
                kinds.setdefault("", "none")
        if not kinds:
            break
        kind, often = Counter(kinds.values()).most_common(1)[0]
        if often < _CONSISTENT * len(kinds) or len(kinds) < min(3, len(members)):
            continue
        anchored = anchored or kind in _ANCHORS
        follows = best is not None and best[0] == place - 1
        if kind in _STRONG or (kind == "number" and follows):
            best = (place, kind)
    return _to_dash(members, best) if anchored else None


def _begin(line: str, at: int) -> str:
    """What a message begins with: enough to tell different messages by."""
    words = line[at : at + 80].split()[:4]
    return without_runs(" ".join(variables_marked(word) for word in words))


def _to_dash(
    members: list[tuple[str, list[_Field]]], best: tuple[int, Kind] | None
) -> tuple[int, Kind] | None:
    """On to a dash that nearly all messages have soon after, if not always at the same place."""
    after = best[0] + 1 if best else 0
    places: dict[str, int] = {}
    for line, fields in members:
        if len(fields) < after:
            continue
        near = [at for at in range(after, min(after + 3, len(fields))) if fields[at].kind == "dash"]
        message = _begin(line, fields[near[0] if near else after - 1 if after else 0].end)
        places[message] = near[0] if near else -1
    found = [place for place in places.values() if place >= 0]
    if len(found) >= _CONSISTENT * len(places) and len(found) >= 3:
        return min(found), "dash"
    return best
