"""From the symptom down the call graph to the deepest resources that misbehave.

A caller that waits for a bad callee is bad because of it; so blame goes down the edges whose callee
stands out in the same metric, as far as it goes (Kim, Sumbaly and Shah, "Root Cause Detection in a
Service-Oriented Architecture", SIGMETRICS 2013, walk the same graph at random). Fronts are folded
first: a load balancer or a remote endpoint is recorded beside the service behind it, calls nothing,
and shows the service's trouble plus its own share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Family = tuple[str, str]
Graph = Mapping[str, Sequence[str]]

_EXPLAINED = 0.5
_ASIDE = 0.5
BESIDE = 0.25
_LEAST_SHARE = 0.1
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Trouble:
    """How one resource misbehaves.

    Attributes:
        usual: (quantity, family) -> its usual value, in its own unit.
        rise: (quantity, family) -> signed change in the incident, of families that stand out.
    """

    usual: dict[Family, float]
    rise: dict[Family, float]


def weights(
    troubled: Mapping[str, Trouble], graph: Graph, start: str | None, quantity: str | None
) -> dict[str, float]:
    """What part of each resource's evidence speaks against itself.

    Args:
        troubled: The resources that stand out.
        graph: {caller: [callee, ...]}.
        start: The resource on which the symptom was seen; None if nobody said.
        quantity: What the symptom measures.
    """
    edges = {caller: [c for c in dict.fromkeys(graph[caller]) if c != caller] for caller in graph}
    for front, inner in _fronts(troubled, edges).items():
        edges[front] = [*edges.get(front, []), *inner]
    blamed = {name: _blamed(name, troubled, edges, quantity) for name in troubled}
    everyone = set(troubled)
    within = everyone if start is None else reached(blamed, start)
    near = everyone if start is None else reached(edges, start) & everyone
    return {
        name: (_EXPLAINED if blamed[name] else 1.0)
        * (1.0 if name in within else _ASIDE if name in near else BESIDE)
        for name in troubled
    }


def _blamed(
    name: str, troubled: Mapping[str, Trouble], edges: Graph, quantity: str | None
) -> list[str]:
    """The callees that explain why a resource misbehaves."""
    return [
        callee
        for callee in edges.get(name, ())
        if callee in troubled and _explains(troubled[callee], troubled[name], quantity)
    ]


def reached(edges: Graph, start: str) -> set[str]:
    """All that a resource calls, directly or through others, and itself."""
    seen, ahead = {start}, [start]
    while ahead:
        for callee in edges.get(ahead.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                ahead.append(callee)
    return seen


def _explains(callee: Trouble, caller: Trouble, quantity: str | None) -> bool:
    """Whether the callee's change is of the same kind and a fair part of the caller's.

    Looked at in the symptom's own quantity where the caller shows it, else in any.
    """
    shown = {name for name, _ in caller.rise}
    asked = {quantity} if quantity in shown else shown
    return any(_share(callee, caller, name) >= _LEAST_SHARE for name in asked)


def _share(callee: Trouble, caller: Trouble, quantity: str) -> float:
    """The callee's part of the caller's change over all statistics of one quantity."""
    whole = {family: change for family, change in caller.rise.items() if family[0] == quantity}
    part = sum(np.sign(change) * callee.rise.get(family, 0.0) for family, change in whole.items())
    return part / sum(abs(change) for change in whole.values())


def _fronts(troubled: Mapping[str, Trouble], edges: Graph) -> dict[str, list[str]]:
    """Leaf -> the siblings that it stands in front of."""
    found: dict[str, list[str]] = {}
    for callees in edges.values():
        leaves = [name for name in callees if name in troubled and not edges.get(name)]
        others = [name for name in callees if name in troubled and edges.get(name)]
        for leaf in leaves:
            hidden = [name for name in others if _contains(troubled[leaf], troubled[name])]
            found.setdefault(leaf, []).extend(hidden)
    return {leaf: names for leaf, names in found.items() if names}


def _contains(front: Trouble, inner: Trouble) -> bool:
    """Whether most shared families are as bad on the front as behind it, in both windows."""
    votes: list[bool] = []
    for family in front.rise.keys() & inner.rise.keys():
        one, two = front.rise[family], inner.rise[family]
        slower = one < 0 or front.usual[family] >= _NEARLY * inner.usual[family]
        votes.append(one * two > 0 and abs(one) >= _NEARLY * abs(two) and slower)
    return sum(votes) * 2 > len(votes)
