"""Whose metric a column is: resource, metric and statistic of a column key."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast

_PERCENTILE = re.compile(r"[-_.]?p?\d+$")
_SEPARATORS = ("_", "/", ":", "|", ".")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a wide frame.

    Attributes:
        key: As it stands in the frame.
        resource: Whose metric it is.
        metric: The metric's name: of a plain name the whole of it.
        statistic: Empty where there is none.
        family: What is measured and how, the same word for every resource.
        quantity: What is measured: the family without its percentile or statistic.
    """

    key: Hashable
    resource: str
    metric: str
    statistic: str
    family: str
    quantity: str


def columns_of(keys: Sequence[Hashable]) -> list[Column]:
    """Reads the keys of a frame: (resource, metric, statistic) tuples, or plain names.

    A plain name is cut at the separator that makes its two parts the most common ones of the frame:
    resources repeat before the cut, and kinds of metric after it.
    """
    plain = [str(key) for key in keys if not isinstance(key, tuple)]
    cuts = _cuts(plain)
    return [
        _of_levels(cast(tuple[object, ...], key))
        if isinstance(key, tuple)
        else _of_name(key, cuts[str(key)])
        for key in keys
    ]


def comparable_key(key: Hashable) -> Hashable:
    """The key with missing levels empty: NaN is not equal to itself, and frames are read apart."""
    if not isinstance(key, tuple):
        return key
    levels = cast(tuple[object, ...], key)
    return tuple("" if level is None or level != level else level for level in levels)


def _of_levels(key: tuple[object, ...]) -> Column:
    named = map(str, cast(tuple[object, ...], comparable_key(key)))
    resource, metric, statistic = (*named, "", "")[:3]
    return Column(key, resource, metric, statistic, f"{metric}/{statistic}", metric)


def _of_name(key: Hashable, cut: tuple[str, str]) -> Column:
    resource, family = cut
    return Column(key, resource, str(key), "", family, _PERCENTILE.sub("", family))


def _cuts(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The best (resource, family) of every name."""
    separator = next((mark for mark in _SEPARATORS if any(mark in name for name in names)), "_")
    options = {name: _ways(name, separator) for name in names}
    before = Counter(way[0] for ways in options.values() for way in ways)
    after = Counter(way[1] for ways in options.values() for way in ways)
    return {
        name: max(ways, key=lambda way: (before[way[0]] * after[way[1]], -len(way[0])))
        for name, ways in options.items()
    }


def _ways(name: str, separator: str) -> list[tuple[str, str]]:
    parts = name.split(separator)
    ways = [(separator.join(parts[:at]), separator.join(parts[at:])) for at in range(1, len(parts))]
    return [way for way in ways if all(way)] or [(name, "")]
