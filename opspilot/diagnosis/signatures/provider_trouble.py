"""AWS itself is in trouble: functions that share nothing else fail on the same service at once.

Mechanism: several functions' logs tell of internal errors or unavailability of an AWS service,
within minutes of each other, and none of them was changed. One function alone may be to blame
itself.
"""

from collections.abc import Iterator
from itertools import combinations

from opspilot.diagnosis.account import account_of
from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import CLOSE, changes_behind
from opspilot.diagnosis.families import Family
from opspilot.diagnosis.symptoms import failing
from opspilot.diagnosis.telling import Failure, argue_told, failure_told
from opspilot.domain.change import Change

CAUSE_CLASS = "provider_trouble"
_PRIOR = -2.5
_CAP = 0.9
_ALONE_CAP = 0.45


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it where a log tells of an AWS service's own errors."""
    told = [
        failure
        for function in failing(case)
        if (failure := failure_told(case, function, Family.PROVIDER))
    ]
    if told:
        yield _weigh(case, sorted(told, key=_when))


def _when(failure: Failure) -> tuple[bool, float, str]:
    onset = failure.onset
    return onset is None, onset.at.timestamp() if onset else 0.0, failure.function.name


def _weigh(case: Case, told: list[Failure]) -> Assessment:
    account = account_of(case)
    brief = Brief(CAUSE_CLASS, account, _PRIOR)
    first = told[0]
    argue_told(brief, first, GOOD)
    names = ", ".join(one.function.name for one in told)
    if len(told) < 2:
        brief.cap(_ALONE_CAP, "only one function tells of it")
    elif _at_once(told):
        ids = [one.told.log.id for one in told]
        apart = _unrelated(case, told)
        text = f"{names} fail on AWS at once" + (", and do not call each other" if apart else "")
        brief.speaks_for(STRONG if apart else GOOD, text, *ids)
    else:
        text = f"{names} began to fail at different times"
        brief.speaks_against(FAIR, text, *(one.told.log.id for one in told))
    _argue_unchanged(brief, case, told)
    brief.cap(_CAP, "AWS's own state was not read: see its health dashboard")
    return brief.assessment(
        f"An AWS service fails for {names}" + (f": {first.told.text}" if first.told.text else ""),
        first.onset,
        harm=[Harm(one.function) for one in told],
        change_found=len(told) > 1,
        in_metrics=any(one.errors for one in told),
        in_logs=True,
        failing=first.function,
    )


def _at_once(told: list[Failure]) -> bool:
    moments = [one.onset.at for one in told if one.onset]
    return bool(moments) and max(moments) - min(moments) <= CLOSE


def _unrelated(case: Case, told: list[Failure]) -> bool:
    return any(
        one.function not in case.callees(other.function)
        and other.function not in case.callees(one.function)
        for one, other in combinations(told, 2)
    )


def _argue_unchanged(brief: Brief, case: Case, told: list[Failure]) -> None:
    for one in told:
        found = changes_behind(case, one.function, one.onset, _could_fail) if one.onset else None
        if found:
            text = f"{one.function.name} was changed shortly before: {found.change.summary}"
            brief.speaks_against(FAIR, text, *found.ids)
            return
    feeds = [feed for one in told if (feed := case.feed_of(one.function))]
    if feeds:
        ids = dict.fromkeys(identity for feed in feeds for identity in feed.ids)
        brief.speaks_for(WEAK, "none of them was changed shortly before", *ids)


def _could_fail(change: Change) -> bool:
    return change.kind in ("release", "configuration", "permission")
