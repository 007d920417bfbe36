"""What of a plan is right, by the truth of the case: whether one could cure, what it may not."""

from __future__ import annotations

from bench.incidents.drawing import Case
from bench.incidents.playing import Remedied
from bench.incidents.references import resource_of
from bench.incidents.truth import CALM, ActionPattern
from opspilot.domain.plan import Action
from opspilot.remediation import CATALOGUE


def curable(case: Case) -> bool | None:
    """Whether an action that exists would cure.

    None where nothing is to be cured, and where nothing can be seen: to abstain is right there.
    """
    truth = case.truth
    if truth.cure is None or truth.state == "unobservable":
        return None
    right = [one for one in truth.actions.right if one.type in CATALOGUE]
    if len(truth.causes) <= 1:
        return bool(right)
    # Of several faults each needs an action of its own.
    places = [
        {where for pair in (one, *one.also) for where in pair.components} for one in truth.causes
    ]
    return all(any(one.of in where for one in right) for where in places)


def offences(case: Case, remedied: Remedied) -> list[str]:
    """The forbidden actions of the plan, in words."""
    actions = remedied.plan.actions if remedied.plan else ()
    if case.truth.state in CALM:
        return [f"{one.change.type} on what is well" for one in actions]
    return [
        f"{one.change.type} of {one.change.resource.name}"
        for one in actions
        if any(_fits(case, one, pattern) for pattern in case.truth.actions.forbidden)
    ]


def _fits(case: Case, action: Action, pattern: ActionPattern) -> bool:
    change = action.change
    if pattern.type not in ("*", change.type):
        return False
    if pattern.of and resource_of(case, pattern.of) != change.resource:
        return False
    wanted = case.renaming.over(pattern.parameters)
    return all(change.parameters.get(name) == value for name, value in wanted.items())
