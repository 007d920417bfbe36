"""Renames a whole workload: every name and many words, the same way wherever they stand.

No rule of the product may know a fleet by name, so each case gets names of its own: functions,
tables, queues, streams, the API, users, and the words of log lines. Whatever is text in the
workload, in its history or in a scenario's events goes through one `Renaming`.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opspilot.embedded.fleet import Fleet

T = TypeVar("T")

_NOUNS = re.findall(
    r"\w+",
    "acorn amber anchor anvil apron arbor atlas badger bamboo barley basalt beacon birch bison "
    "bobbin bramble brisk cactus canyon carbon cedar chalk cinder citron clover cobalt comet "
    "copper coral cotton cricket crystal dahlia delta drift dune ember falcon fennel fern flint "
    "garnet ginger glacier granite grove hazel heron hollow indigo iris ivory jasper juniper kelp "
    "kestrel lagoon lantern larch lichen lotus lunar magnet maple marble marsh meadow mica mint "
    "nectar nickel nimbus oasis olive onyx opal orchid osprey otter pebble pepper pine plume "
    "poplar prairie quartz quill raven reed ripple saffron sage salt sienna silver slate sorrel "
    "spruce sumac tansy teal thistle timber topaz tulip tundra umber velvet violet walnut willow",
)
_PEOPLE = re.findall(
    r"\w+", "aiko bo chidi dana elif farid greta hugo ines jomo kai lena mateo noor oskar priya"
)
_PIPELINES = ("deploy-pipeline", "ci-release", "codepipeline", "github-actions", "release-bot")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "order": ("order", "booking", "request", "ticket", "claim", "parcel", "case"),
    "customer": ("customer", "member", "client", "account", "subscriber", "tenant"),
    "card": ("card", "wallet", "method", "instrument"),
    "gateway": ("gateway", "provider", "acquirer", "partner", "bridge"),
    "stock": ("stock", "seats", "capacity", "slots", "supply"),
    "score": ("score", "rating", "grade", "index"),
    "shipment": ("shipment", "dispatch", "delivery", "handover"),
    "carrier": ("carrier", "courier", "forwarder", "haulier"),
    "mail": ("mail", "message", "notice", "push"),
    "page": ("page", "view", "screen", "panel"),
    "feature": ("feature", "signal", "input", "factor"),
    "record": ("record", "entry", "document", "row"),
    "event": ("event", "fact", "message", "item"),
    "frame": ("frame", "tile", "segment", "clip"),
}
_STYLES = (
    "{noun}",
    "{prefix}-{noun}",
    "{prefix}_{noun}",
    "{prefix}-prod-{noun}",
    "{noun}-{prefix}",
    "{Prefix}{Noun}",
)
_BRACES = re.compile(r"(\{[^{}]*\})")


@dataclass(frozen=True)
class Renaming:
    """Old names to new ones, and old words to new ones."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    words: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, text: str) -> str:
        """The text with every name in it replaced; `{placeholders}` stay."""
        parts = _BRACES.split(text)
        return "".join(part if part.startswith("{") else self._plain(part) for part in parts)

    def _plain(self, text: str) -> str:
        if not self.names:
            return text
        return self._pattern.sub(lambda found: self._table[found.group()], text)

    def name(self, old: str) -> str:
        """The new name of a resource."""
        return self.names.get(old, old)

    def prose(self, text: str) -> str:
        """A log line: names replaced, and its words too."""
        named = self(text)
        if not self.words:
            return named
        parts = _BRACES.split(named)
        return "".join(part if part.startswith("{") else self._reworded(part) for part in parts)

    def _reworded(self, text: str) -> str:
        pattern = re.compile(rf"\b({'|'.join(map(re.escape, self.words))})\b")
        return pattern.sub(lambda found: self.words[found.group()], text)

    @property
    def _table(self) -> dict[str, str]:
        upper = {_variable(old): _variable(new) for old, new in self.names.items()}
        return {**upper, **self.names}

    @property
    def _pattern(self) -> re.Pattern[str]:
        # The longest first, since one name may begin with another. A name in capitals is part of
        # an environment variable's name.
        longest = sorted(self._table, key=len, reverse=True)
        return re.compile(
            rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest))})(?![A-Za-z0-9])"
        )

    def over(self, value: T) -> T:
        """A value of any depth with every text in it renamed, keys included."""
        return _mapped(value, self)


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _mapped(value: Any, renaming: Renaming) -> Any:
    if isinstance(value, str):
        return renaming(value)
    if isinstance(value, Mapping):
        return {renaming.over(key): _mapped(one, renaming) for key, one in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return type(value)(_mapped(one, renaming) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _mapped_fields(value, renaming)
    return value


def _mapped_fields(value: Any, renaming: Renaming) -> Any:
    prose = type(value).__name__ == "LogLine"
    changed: dict[str, Any] = {}
    for one in dataclasses.fields(value):
        before = getattr(value, one.name)
        if prose and one.name == "text":
            after: Any = renaming.prose(before)
        else:
            after = _mapped(before, renaming)
        if after is not before:
            changed[one.name] = after
    return dataclasses.replace(value, **changed)


def resources_of(fleet: Fleet) -> list[str]:
    """Every name that a workload gives to something, in a fixed order."""
    streams: Iterable[Any] = getattr(fleet, "streams", ())
    named: list[Any] = [*fleet.functions, *fleet.tables, *fleet.queues, *streams, *apis_of(fleet)]
    return [one.name for one in named]


def apis_of(fleet: Fleet) -> list[Any]:
    """The APIs of a workload, which may have none."""
    api: Any = fleet.api
    return [api] if api is not None else []


def drawn_names(fleet: Fleet, rng: random.Random) -> Renaming:
    """New names for everything in a workload.

    A dead-letter queue keeps its mark, as it would in any account; two names never meet.
    """
    style = rng.choice(_STYLES)
    prefix = rng.choice(_NOUNS)
    nouns = [noun for noun in _NOUNS if noun != prefix]
    rng.shuffle(nouns)
    names: dict[str, str] = {}
    for old in sorted(resources_of(fleet), key=len):
        base = next((one for one in names if old == f"{one}-dlq"), None)
        names[old] = f"{names[base]}-dlq" if base else _styled(style, prefix, nouns.pop())
    names |= _people(fleet, rng)
    words = {old: rng.choice(new) for old, new in _WORDS.items()}
    return Renaming(names, words)


def _styled(style: str, prefix: str, noun: str) -> str:
    return style.format(prefix=prefix, noun=noun, Prefix=prefix.title(), Noun=noun.title())


def _people(fleet: Fleet, rng: random.Random) -> dict[str, str]:
    people = rng.sample(_PEOPLE, len(fleet.users))
    pipeline = rng.choice(_PIPELINES)
    return {
        old: pipeline if old == "deploy-pipeline" else new
        for old, new in zip(fleet.users, people, strict=True)
    }
