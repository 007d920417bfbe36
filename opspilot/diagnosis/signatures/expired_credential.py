"""A secret, token, key or certificate that a function uses has expired or was withdrawn.

Mechanism: the log names it (ExpiredToken, "certificate has expired", "password authentication
failed", 401). Nobody has to change anything for that: time passing is the change of state, and the
text tells it. A denial by policy is another cause.
"""

import re
from collections.abc import Iterator

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Assessment, Brief, Harm
from opspilot.diagnosis.cascade import origins
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.change_search import changes_behind, is_release
from opspilot.diagnosis.families import Family
from opspilot.diagnosis.telling import Failure, argue_told, failure_told

CAUSE_CLASS = "expired_credential"
_PRIOR = -2.0
_SAYS_EXPIRED = re.compile(r"expire|NotAfter|CERT_HAS_EXPIRED", re.IGNORECASE)
_REFUSED_CAP = 0.8


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function whose credential is refused."""
    for function in origins(case):
        failure = failure_told(case, function, Family.EXPIRED)
        if failure:
            yield _weigh(case, failure)


def _weigh(case: Case, failure: Failure) -> Assessment:
    function, onset, said = failure.function, failure.onset, failure.told
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    says = _SAYS_EXPIRED.search(f"{said.text} {' '.join(said.types)}") is not None
    argue_told(brief, failure, STRONG if says else GOOD)
    if not says:
        brief.cap(_REFUSED_CAP, "the log tells of a refusal, not of an expiry: at most likely")
    release = changes_behind(case, function, onset, is_release) if onset else None
    feed = case.feed_of(function)
    if release:
        text = f"{function.name} was released shortly before: it may use another credential since"
        brief.speaks_against(WEAK, text, *release.ids)
    elif feed and onset and feed.whole_until >= onset.latest:
        brief.speaks_for(FAIR, f"{function.name} itself was not released before", *feed.ids)
    else:
        brief.misses(f"whether {function.name} was released shortly before is not known")
    return brief.assessment(
        f"A credential or certificate that {function.name} uses is no longer accepted"
        + (f": {said.text}" if said.text else ""),
        onset,
        harm=[Harm(function, "errors")],
        change_found=says,
        in_metrics=failure.errors is not None,
        in_logs=True,
        failing=function,
    )
