"""Which questions were asked to refute an explanation, and what their answers did to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.answered import NO_DATA, standing
from app.formatting import capital, cause_words
from opspilot.domain.evidence import GapDetail
from opspilot.domain.hypothesis import Argument, Hypothesis
from opspilot.domain.views import Attack

_UNEXPLAINED = "unexplained"
_OPEN = {"waiting": "not asked yet", "running": "being read", "skipped": "left out"}

Tone = Literal["breach", "waiting", "quiet"]


@dataclass(frozen=True)
class Outcome:
    """What an answer did to the explanation under attack, in words."""

    said: str
    tone: Tone = "quiet"


def reason(why: str) -> str:
    """Why a question was asked, from what the task keeps: "To refute slow dependency: ..."."""
    named, _, told = why.partition(": ")
    if named == _UNEXPLAINED:
        return capital(told)
    return f"To refute {cause_words(named)}: {told}"


def against(
    attacks: Sequence[Attack], hypothesis: Hypothesis, board: Sequence[Hypothesis]
) -> list[Attack]:
    """Those on one explanation.

    A question names the class that it attacks. Of two explanations of one class the one whose own
    resource was asked about is meant; a question about a third resource stands at both.
    """
    alike = [one.resource for one in board if one.cause_class == hypothesis.cause_class]
    return [
        one
        for one in attacks
        if one.hypothesis == hypothesis.cause_class
        and (
            one.evidence is None
            or one.evidence.resource == hypothesis.resource
            or one.evidence.resource not in alike
        )
    ]


def on_no_card(attacks: Sequence[Attack], board: Sequence[Hypothesis]) -> list[Attack]:
    """Those on harm that nothing explained, and on explanations that are not on the board."""
    classes = {one.cause_class for one in board}
    return [one for one in attacks if one.hypothesis not in classes]


def outcome(attack: Attack, hypothesis: Hypothesis | None) -> Outcome:
    """What the answer did: to the explanation whose arguments may cite it; None knows none."""
    item = attack.evidence
    if item is None:
        return Outcome(_OPEN.get(attack.task.status, "no answer"), "waiting")
    if isinstance(item.detail, GapDetail):
        return Outcome("could not be read, so it refutes nothing", "waiting")
    if hypothesis is not None and _cites(hypothesis.arguments_against, item.id):
        return Outcome("speaks against it", "breach")
    if hypothesis is not None and _cites(hypothesis.arguments_for, item.id):
        return Outcome("speaks for it")
    if standing(item) == NO_DATA:
        return Outcome("held no data, so it refutes nothing", "waiting")
    return Outcome("does not refute it" if hypothesis else "read")


def _cites(arguments: Sequence[Argument], evidence_id: str) -> bool:
    return any(evidence_id in one.evidence for one in arguments)
