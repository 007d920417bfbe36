"""What earlier incidents tell: which looked alike, what was done, and how often that worked.

Likeness is a weighted mean of Jaccard indices (Jaccard, Bull. Soc. Vaud. Sci. Nat. 37, 1901): of
each feature (cause, error types, stacks, log patterns, signals, setting, kinds) the share that both
have of what either has, weighted by how telling the feature is. A feature that neither has does not
count; neither does a cause that one of the two does not know.

History never enters a verdict. It is shown beside one, and it may reorder the ways out of a cause
when the record is clear (see `opspilot.remediation.proposal`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opspilot.domain.fingerprint import Fingerprint, SimilarIncident, SuccessRate
from opspilot.engine.fingerprints import fingerprint_now
from opspilot.ports.store import Store

LEAST_SIMILARITY = 0.35
"""Two incidents of the web shop with different faults stay below it."""

_WEIGHTS = {
    "cause": 4.0,
    "signal": 3.0,
    "error": 2.0,
    "stack": 2.0,
    "pattern": 2.0,
    "setting": 1.0,
    "kind": 1.0,
}
_MOST_SHARED = 6


@dataclass(frozen=True)
class History:
    """Reads the fingerprints of the incidents that ended."""

    store: Store

    def similar(self, incident_id: str, *, most: int = 5) -> tuple[SimilarIncident, ...]:
        """Earlier incidents that looked like this one, the most alike first.

        Raises:
            NotFound: There is no such incident.
        """
        incident = self.store.incident(incident_id)
        kept = self.store.fingerprints()
        if not kept:
            return ()
        asked = fingerprint_now(self.store, incident)
        mine = _features(asked)
        found = [
            (likeness, one.opened_at, one)
            for one in kept
            if one.incident_id != incident_id
            and (likeness := _likeness(mine, _features(one))) >= LEAST_SIMILARITY
        ]
        found.sort(key=lambda each: each[:2], reverse=True)
        return tuple(
            SimilarIncident(
                fingerprint=one,
                similarity=round(likeness, 3),
                shared=tuple(_shared(mine, _features(one)))[:_MOST_SHARED],
            )
            for likeness, _, one in found[:most]
        )

    def success_rates(self) -> tuple[SuccessRate, ...]:
        """How often each type of action cured each class of cause, by class and type."""
        return rates_of(self.store.fingerprints())


def rates_of(fingerprints: Iterable[Fingerprint]) -> tuple[SuccessRate, ...]:
    """Success rates over these incidents.

    A plan counts once for each type of action in it, if it was measured to its end.
    """
    tried, worked = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in fingerprints:
        for plan in one.treatments:
            if plan.outcome is None or not plan.cause_class:
                continue
            for action_type in set(plan.actions):
                tried[plan.cause_class, action_type] += 1
                worked[plan.cause_class, action_type] += plan.worked
    return tuple(
        SuccessRate(cause_class=cause, action_type=kind, worked=worked[cause, kind], tried=count)
        for (cause, kind), count in sorted(tried.items())
    )


Features = dict[str, frozenset[str]]


def _features(one: Fingerprint) -> Features:
    return {
        "cause": frozenset(filter(None, (one.cause_class, *one.also))),
        "signal": frozenset(one.signals),
        "error": frozenset(one.errors),
        "stack": frozenset(one.stacks),
        "pattern": frozenset(one.patterns),
        "setting": frozenset(filter(None, (one.setting,))),
        "kind": frozenset((f"seen on {one.kind}", f"caused by {one.cause_kind}")),
    }


def likeness(one: Fingerprint, other: Fingerprint) -> float:
    """How alike two incidents looked, 0 to 1."""
    return _likeness(_features(one), _features(other))


def _likeness(one: Features, other: Features) -> float:
    if not any(one[name] & other[name] for name in _WEIGHTS if name != "kind"):
        return 0.0
    score = total = 0.0
    for name, weight in _WEIGHTS.items():
        left, right = one[name], other[name]
        if not (left or right) or (name == "cause" and not (left and right)):
            continue
        total += weight
        score += weight * len(left & right) / len(left | right)
    return score / total if total else 0.0


def _shared(one: Features, other: Features) -> Iterator[str]:
    for name in _WEIGHTS:
        both: Sequence[str] = sorted(one[name] & other[name])
        yield from (f"{name} {word}" if name != "kind" else word for word in both)
