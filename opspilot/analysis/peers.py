"""A metric among its like: what all resources show is no lead, what a resource shows twice is."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from opspilot.analysis.series import Floats
from opspilot.analysis.traversal import Graph, reached

_FEWEST_PEERS = 4


def apart_from_peers(
    level: Floats,
    families: Sequence[Hashable],
    resources: Sequence[str],
    graph: Graph | None = None,
) -> Floats:
    """How far each level lies from the median of its peers, in units of one plus their spread.

    A change of load moves the same metric of every resource; the culprit moves more than the rest.
    The unit never falls below one robust sigma of the metric's own baseline. Who calls a resource,
    directly or not, is no peer of it: it moves because of it, and in a small system most do.
    """
    rows: dict[Hashable, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for at, (family, resource) in enumerate(zip(families, resources, strict=True)):
        rows[family][resource].append(at)
    callers = _callers(graph or {})
    apart: Floats = np.abs(level)
    for shown in rows.values():
        usual: dict[frozenset[str], tuple[float, float]] = {}
        for name, own in shown.items():
            others = frozenset(callers.get(name, set[str]()) & shown.keys())
            if others not in usual:
                usual[others] = _usual(level, shown, others)
            center, spread = usual[others]
            apart[own] = np.abs(level[own] - center) / (1.0 + spread)
    return apart


def _usual(
    level: Floats, shown: dict[str, list[int]], callers: frozenset[str]
) -> tuple[float, float]:
    """Median and median deviation of all but the callers; zeros where too few are left."""
    peers = level[[at for name, own in shown.items() if name not in callers for at in own]]
    if len(peers) < _FEWEST_PEERS:
        return 0.0, 0.0
    center = float(np.median(peers))
    return center, float(np.median(np.abs(peers - center)))


def _callers(graph: Graph) -> dict[str, set[str]]:
    """Who calls each resource, directly or through others."""
    found: dict[str, set[str]] = defaultdict(set)
    for caller in graph:
        for callee in reached(graph, caller) - {caller}:
            found[callee].add(caller)
    return found


def supported(own: Floats, resources: Sequence[str], families: Sequence[Hashable]) -> Floats:
    """For each column the strongest evidence of another family on the same resource.

    One supporter and no more, so that a resource does not win by its number of columns.
    """
    best: dict[str, dict[Hashable, float]] = {}
    for value, resource, family in zip(own, resources, families, strict=True):
        shown = best.setdefault(resource, {})
        shown[family] = max(shown.get(family, 0.0), float(value))
    return np.array(
        [
            max((value for other, value in best[resource].items() if other != family), default=0.0)
            for resource, family in zip(resources, families, strict=True)
        ]
    )
