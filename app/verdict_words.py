"""Which rule bounded a confidence, and why a cause is called likely and not confirmed.

The rules stand in `opspilot.diagnosis.standing`. A verdict keeps what they decided, and of what
they asked for only what its arguments cite: so that is what is told here.
"""

from collections.abc import Iterator, Sequence

from app.formatting import cause_words
from opspilot.diagnosis.assessment import CEILING
from opspilot.diagnosis.standing import CONFIRMED_FROM, LIKELY_FROM
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Hypothesis, Verdict, VerdictStatus
from opspilot.domain.wording import share

CONFIRMED_ASKS = (
    "Confirmed asks for the change, for its effect in metrics and in a log, for "
    f"{share(CONFIRMED_FROM)} or more, and for no other explanation from {share(LIKELY_FROM)} up."
)
_PROOFS = (
    (frozenset({"changes", "comparison"}), "no record of a change is cited for it"),
    (frozenset({"metrics"}), "no metric is cited for it"),
    (frozenset({"logs"}), "no log is cited for it"),
)
_NOT_PROVEN = (
    "a change, a metric and a log are cited for it, but not as proof that this change did it"
)


def capped_by(hypothesis: Hypothesis) -> str:
    """The rule that bounds the confidence, in words; empty where none bites."""
    if hypothesis.cap:
        return hypothesis.cap
    return f"no rule is surer than {share(CEILING)}" if hypothesis.confidence >= CEILING else ""


def why_likely(verdict: Verdict, evidence: Sequence[Evidence]) -> str:
    """What keeps a likely cause from being confirmed; empty for any other verdict."""
    leading = next((one for one in verdict.hypotheses if one.status == "leading"), None)
    if verdict.status is not VerdictStatus.LIKELY or leading is None:
        return ""
    reasons = [*_doubts(leading), *_rivals(verdict), *_unproven(leading, evidence)]
    return "; ".join(reasons) or _NOT_PROVEN


def _doubts(leading: Hypothesis) -> Iterator[str]:
    if leading.confidence < CONFIRMED_FROM:
        capped = f" ({leading.cap})" if leading.cap else ""
        yield f"its confidence is below {share(CONFIRMED_FROM)}{capped}"


def _rivals(verdict: Verdict) -> Iterator[str]:
    for one in verdict.hypotheses:
        if one.status == "possible" and one.confidence >= LIKELY_FROM:
            name = f"{cause_words(one.cause_class)} in {one.resource.name}"
            yield f"{name} stands at {share(one.confidence)} beside it"


def _unproven(leading: Hypothesis, evidence: Sequence[Evidence]) -> Iterator[str]:
    """The first proof that is lacking: without a change, the rules may do without a log as well."""
    cited = {one for argument in leading.arguments_for for one in argument.evidence}
    sources = {item.request.source for item in evidence if item.id in cited}
    yield from [said for proof, said in _PROOFS if not proof & sources][:1]
