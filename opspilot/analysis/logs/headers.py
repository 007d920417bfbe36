"""Where the message begins in a line: timestamp, level, process and logger are its header.

Two sources agree on it: the shape of a field (a time, a level, a bracket, a name with a colon), and
its consistency: a field is of the header when nearly all *different* messages have one of its kind
at that place. Counting different messages, not lines, keeps a statement that fills the log from
passing its own first word off as a header.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opspilot.analysis.logs.entries import entry_text, record_text
from opspilot.analysis.logs.fields import FIELD, MOST_FIELDS, Fields, Kind, Kinds, first_fields
from opspilot.analysis.logs.masking import plain, variables_marked, without_runs, zeroed

_CONSISTENT = 0.9
_SAMPLE = 400
_LINES_PER_REMEMBERED = 20
_FEWEST_REMEMBERED = 100
_FEWEST_LINES = 8
_FEWEST_MESSAGES = 3
_LONGEST_GAP = 4
_LONGEST = 400
_STRONG = frozenset({"time", "level", "colon", "bracket", "dash", "gap"})
_ANCHORS = frozenset({"time", "level"})
_STAMP = re.compile(r"\W?0000-00-00[T ]00:00")

Place = tuple[int, Kind]
"""Number and kind of a header's last field."""
_Parsed = tuple[str, Fields]


@dataclass(frozen=True, slots=True)
class HeaderPlan:
    """How the lines of one log begin.

    Attributes:
        steps: Ways in which a header ends, the most frequent first: an expression for the fields,
            whose first group is the last field, and the kind that this must be.
        headed: Whether most lines have a header at all.
        bars: Number of `|` that separate fields; 0 when blanks do.
    """

    steps: tuple[tuple[re.Pattern[str], Kind], ...] = ()
    headed: bool = False
    bars: int = 0
    kinds: Kinds = field(default_factory=Kinds, compare=False)

    def spaced(self, line: str) -> str:
        """The line with its field separators as blanks."""
        return line.replace("|", " | ", self.bars) if self.bars else line

    def end_of_header(self, line: str) -> int:
        """Where the header of a zeroed and spaced line ends; 0 when it has none."""
        for pattern, kind in self.steps:
            found = pattern.match(line)
            if found and (kind == "gap" or self.kinds[found[1]] == kind):
                return found.end(1)
        if self.headed or _STAMP.match(line):
            return _own_end(first_fields(line[:_LONGEST], self.kinds))
        return 0

    def message_of(self, entry: str) -> str:
        """What the entry says, without its header; a record behind a header is read as well."""
        text = self.spaced(entry_text(entry))
        message = text[self.end_of_header(zeroed(text)) :]
        if message.lstrip()[:1] == "{" and "\n" not in entry:
            said = record_text(entry[entry.find("{") :])
            return message if said is None else plain(said)
        return message


def learned_headers(lines: Sequence[str]) -> HeaderPlan:
    """The plan of a log, learned from a sample that is spread evenly over it."""
    kinds = Kinds(max(_FEWEST_REMEMBERED, len(lines) // _LINES_PER_REMEMBERED))
    step = -(-len(lines) // _SAMPLE) or 1
    texts = (zeroed(entry_text(line)[:_LONGEST]) for line in lines[::step])
    sample = [text for text in dict.fromkeys(texts) if text.strip()]
    bars = _bars(sample)
    parsed = list(_parsed(sample, bars, kinds))
    if not parsed or sum(_has_anchor(fields) for _, fields in parsed) < 0.5 * len(parsed):
        return HeaderPlan()
    classes: dict[tuple[Kind, ...], list[_Parsed]] = defaultdict(list)
    for line, fields in parsed:
        classes[fields.kinds[:2]].append((line, fields))
    ends = Counter[Place]()
    for members in classes.values():
        if len(members) >= _FEWEST_LINES and (end := _last_field(members)) is not None:
            ends[end] += len(members)
    return HeaderPlan(_steps([end for end, _ in ends.most_common()]), True, bars, kinds)


def _parsed(sample: Sequence[str], bars: int, kinds: Kinds) -> Iterator[_Parsed]:
    """Each line with its fields; what lines begin with recurs, so it is kept once."""
    once: dict[tuple[Kind, ...], tuple[Kind, ...]] = {}
    for line in sample:
        spaced = line.replace("|", " | ", bars) if bars else line
        found, ends = first_fields(spaced, kinds)
        yield spaced, Fields(once.setdefault(found, found), ends)


def _has_anchor(fields: Fields) -> bool:
    return "time" in fields.kinds[:8] or "level" in fields.kinds[:5]


def _steps(ends: Sequence[Place]) -> tuple[tuple[re.Pattern[str], Kind], ...]:
    """Each end at its place, then one and two fields later: a name may hold a blank."""
    later = [(place + more, kind) for more in (0, 1, 2) for place, kind in ends if kind != "gap"]
    places = [*ends, *(end for end in later if end not in ends)]
    return tuple((_fields_up_to(place, kind), kind) for place, kind in places)


def _fields_up_to(place: int, kind: Kind) -> re.Pattern[str]:
    behind = r"(?=[ ]{2}|\t)" if kind == "gap" else ""
    return re.compile(rf"\s*(?:{FIELD}\s+){{{place}}}({FIELD}){behind}")


def _bars(sample: Sequence[str]) -> int:
    """How many bars divide the header, when bars and not blanks do."""
    counts = [line.split(maxsplit=1)[0].count("|") for line in sample]
    fewest = min((count for count in counts if count >= 2), default=0)
    barred = sum(count >= 2 for count in counts)
    return fewest if barred >= _CONSISTENT * len(counts) else 0


def _last_field(members: Sequence[_Parsed]) -> Place | None:
    """The last field that nearly all different messages have, if a time or level is before it."""
    best: Place | None = None
    anchored, reached = False, MOST_FIELDS
    for place in range(MOST_FIELDS):
        if place > reached + _LONGEST_GAP:
            break
        kind, messages = _usual_kind(members, place)
        if kind in _STRONG:
            reached = place
        if messages < _FEWEST_MESSAGES and kind not in _ANCHORS:
            continue
        anchored = anchored or kind in _ANCHORS
        follows = best is not None and best[0] == place - 1
        if kind in _STRONG or (kind == "number" and follows):
            best = (place, kind)
    return _to_dash(members, best) if anchored else None


def _usual_kind(members: Sequence[_Parsed], place: int) -> tuple[Kind, int]:
    """The kind that nearly all different messages have there ("" if none), and their number."""
    kinds: dict[str, Kind] = {}
    for line, fields in members:
        at = min(place, len(fields.kinds) - 1)
        kinds[_begin(line, fields.ends[at])] = fields.kinds[at] if at == place else ""
    kind, often = Counter(kinds.values()).most_common(1)[0]
    return (kind if often >= _CONSISTENT * len(kinds) else ""), len(kinds)


def _begin(line: str, at: int) -> str:
    """What a message begins with: enough to tell different messages by."""
    words = line[at : at + 80].split()[:2]
    return without_runs(" ".join([variables_marked(word) for word in words]))


def _to_dash(members: Sequence[_Parsed], best: Place | None) -> Place | None:
    """On to a dash that nearly all messages have soon after, if not always at the same place."""
    after = best[0] + 1 if best else 0
    places: dict[str, int] = {}
    for line, fields in members:
        there = fields.kinds[after : after + 3]
        near = after + there.index("dash") if "dash" in there else -1
        last = near if near >= 0 else min(after, len(fields.kinds)) - 1
        places[_begin(line, fields.ends[last] if last >= 0 else 0)] = near
    found = [place for place in places.values() if place >= 0]
    if len(found) >= max(_CONSISTENT * len(places), _FEWEST_MESSAGES):
        return min(found), "dash"
    return best


def _own_end(fields: Fields) -> int:
    """The end of a header told by shape alone: a time, and what surely belongs to it."""
    end = 0
    for kind, its_end in zip(fields.kinds[:8], fields.ends, strict=False):
        if kind == "time" or (end and kind in {"level", "id", "dash"}):
            end = its_end
        elif kind not in {"level", "bracket", "number"}:
            break
    return end
