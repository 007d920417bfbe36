"""One deployment brought several functions down: all were released within minutes, and fail.

Mechanism: two or more functions fail by themselves, none because of another, and each was released
just before it began. The first one released stands for the deployment.
"""

from collections.abc import Iterator
from datetime import timedelta

from opspilot.diagnosis.assessment import GOOD, STRONG, WEAK, Assessment, Brief, Harm, Onset
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case, ChangeFound
from opspilot.diagnosis.change_search import NEAR, changes_behind, is_release
from opspilot.diagnosis.symptoms import failure_onset, killed_for_memory, risen_errors, timeouts
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock, plural

CAUSE_CLASS = "bad_deployment"
_PRIOR = -2.5
_TOGETHER = timedelta(minutes=10)

_Released = tuple[Resource, ChangeFound, Onset]


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it where at least two functions fail after releases that belong together."""
    found: list[_Released] = []
    for function in origins(case):
        onset = failure_onset(case, function)
        change = changes_behind(case, function, onset, is_release) if onset else None
        if onset and change and not change.span and onset.at - change.change.at <= NEAR:
            found.append((function, change, onset))
    together = _together(found)
    if len(together) > 1:
        yield _weigh(case, together)


def _together(found: list[_Released]) -> list[_Released]:
    """The largest group whose releases lie within minutes, oldest release first."""
    ordered = sorted(found, key=lambda one: (one[1].change.at, one[0].name))
    groups = [
        [
            other
            for other in ordered
            if timedelta(0) <= other[1].change.at - one[1].change.at <= _TOGETHER
        ]
        for one in ordered
    ]
    return max(groups, key=len) if groups else []


def _weigh(case: Case, released: list[_Released]) -> Assessment:
    first, change, _ = released[0]
    brief = Brief(CAUSE_CLASS, first, _PRIOR)
    for function, one, onset in released:
        what = f"{function.name}: {one.change.summary} at {clock(one.change.at)}"
        text = f"{what}, and it fails since {clock(onset.at)}"
        brief.speaks_for(GOOD, text, *one.ids)
    told = [one for one, _, _ in released if _tells(case, one)]
    logs = [log for one in told if (log := case.log(one))]
    if len(told) == len(released):
        text = "the log of each tells of errors that it did not have before"
        brief.speaks_for(STRONG, text, *(log.id for log in logs))
    else:
        brief.misses("not every one of their logs tells what fails")
    actors = {one.change.actor for _, one, _ in released}
    if len(actors) == 1 and "" not in actors:
        text = f"all were released by {next(iter(actors))}"
        brief.speaks_for(WEAK, text, *dict.fromkeys(i for _, one, _ in released for i in one.ids))
    onsets = [onset for _, _, onset in released]
    errors = [case.risen(one, "lambda.errors") for one, _, _ in released]
    names = ", ".join(one.name for one, _, _ in released)
    return brief.assessment(
        f"A deployment of {plural(len(released), 'function')} fails: {names}",
        min(onsets, key=lambda one: one.at),
        harm=[Harm(one) for one, _, _ in released],
        change=change.key,
        change_found=True,
        in_metrics=any(errors),
        in_logs=bool(told),
        also=[one for one, _, _ in released[1:]],
        failing=min(released, key=lambda one: one[2].at)[0],
    )


def _tells(case: Case, function: Resource) -> bool:
    return bool(
        risen_errors(case, function)
        or timeouts(case, function)
        or killed_for_memory(case, function)
    )
