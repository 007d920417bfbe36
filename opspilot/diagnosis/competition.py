"""Which explanations compete, which a more specific one settles, which stand side by side."""

from collections.abc import Sequence
from dataclasses import replace

from opspilot.diagnosis.assessment import ANY, RULED_OUT, Assessment, Harm
from opspilot.diagnosis.cascade import passed_on, reach
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.settling import settles, tier

SETTLED_FROM = 0.5
_FAR_BEHIND = 0.25
_NOTHING_LEFT = 0.06


def settled(case: Case, assessed: Sequence[Assessment]) -> list[Assessment]:
    """The same with those ruled out that a more specific explanation makes needless.

    A table that throttles explains why its function became slow; that the function is slow then
    explains nothing further. The explanation that settles has to carry weight itself.
    """
    strong = sorted(_settlers(case, assessed), key=lambda one: -one.confidence)
    result: list[Assessment] = []
    for one in assessed:
        better = next(
            (
                other
                for other in strong
                if other is not one and settles(other, one) and competes(case, other, one)
            ),
            None,
        )
        result.append(_ruled_out(one, better) if better and not one.ruled_out else one)
    return result


def _settlers(case: Case, assessed: Sequence[Assessment]) -> list[Assessment]:
    """Those of weight that no other of weight settles: what is an effect itself explains nothing.

    A function that is killed for memory calls again what it calls; who fails there by itself is
    not explained by the calls, unless the memory explains it.
    """
    found: list[Assessment] = []
    weighty = (one for one in assessed if not one.ruled_out and one.confidence >= SETTLED_FROM)
    for one in sorted(
        weighty, key=lambda one: (-tier(one.hypothesis.cause_class), -one.confidence)
    ):
        if not any(settles(other, one) and competes(case, other, one) for other in found):
            found.append(one)
    return found


def _ruled_out(one: Assessment, better: Assessment) -> Assessment:
    hypothesis = one.hypothesis.model_copy(
        update={
            "status": "ruled_out",
            "confidence": min(one.confidence, RULED_OUT),
            "cap": "",
            "ruled_out_because": f"explained further: {better.hypothesis.summary}",
        }
    )
    return replace(one, hypothesis=hypothesis)


def weeded(
    case: Case, assessed: Sequence[Assessment], leading: Sequence[Assessment]
) -> list[Assessment]:
    """The same with those ruled out that the evidence speaks against, where a better one leads.

    A rival far behind a settled cause of the same harm is out by its strongest counter-argument,
    and so is one of which the evidence leaves next to nothing; without such an argument it stays
    possible.
    """
    return [
        _spoken_against(one, next((other for other in leading if _beats(case, other, one)), None))
        if one.confidence >= _NOTHING_LEFT
        else _spoken_against(one)
        for one in assessed
    ]


def _beats(case: Case, leader: Assessment, one: Assessment) -> bool:
    if leader is one or leader.confidence - one.confidence < _FAR_BEHIND:
        return False
    only_it_changed = leader.change_found and not one.change_found
    weak = one.confidence < SETTLED_FROM or only_it_changed
    return weak and competes(case, leader, one)


def _spoken_against(one: Assessment, leader: Assessment | None = None) -> Assessment:
    """Ruled out by its strongest counter-argument, unless it has none, or is not beaten."""
    against = one.hypothesis.arguments_against
    if one.ruled_out or not against or (leader is None and one.confidence >= _NOTHING_LEFT):
        return one
    better = f"; {leader.hypothesis.cause_class} explains the same better" if leader else ""
    hypothesis = one.hypothesis.model_copy(
        update={"status": "ruled_out", "ruled_out_because": f"{against[0].text}{better}"}
    )
    return replace(one, hypothesis=hypothesis)


def competes(case: Case, one: Assessment, other: Assessment) -> bool:
    """Whether one of two explanations leaves the other nothing of its own to explain.

    Two that each explain harm which the other does not stand side by side. But two that one and the
    same change is behind compete as well: it was one event, told twice.
    """
    if one.change and one.change == other.change:
        return True
    return _covers(case, one, other) or _covers(case, other, one)


def _covers(case: Case, one: Assessment, other: Assessment) -> bool:
    """Whether all harm of the other is that of this one, or comes from it."""
    passed = reach(case, {harm.resource for harm in one.hurts})
    hurt = {harm.resource for harm in one.hurts}
    return all(
        any(harm.meets(mine) for mine in one.hurts)
        or (harm.resource in hurt and harm.kind in _FOLLOWS)
        or (harm.resource in passed and not _by_itself(case, harm))
        for harm in other.hurts
    )


def _by_itself(case: Case, harm: Harm) -> bool:
    """Whether a function higher up fails in a way that nothing below accounts for."""
    return harm.kind in _OWN and not passed_on(case, harm.resource)


_OWN = ("errors", "init", "memory", "4xx")
"""Kinds of harm that a function does to itself; it may wait or be turned away for others."""


_FOLLOWS = ("backlog", "slow", "repeats")
"""Kinds of harm that follow from any other of the same resource."""


def independent(case: Case, chosen: Sequence[Assessment], one: Assessment) -> bool:
    """Whether an explanation is of harm that none of those chosen explains."""
    return not any(competes(case, other, one) for other in chosen)


__all__ = ["ANY", "SETTLED_FROM", "competes", "independent", "settled", "weeded"]
