"""How sure the rules are of the leading explanation, and which others stand beside it."""

from collections.abc import Sequence

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.competition import competes, independent
from opspilot.diagnosis.settling import tier
from opspilot.domain.hypothesis import VerdictStatus

CONFIRMED_FROM = 0.85
LIKELY_FROM = 0.5
CLEAR_LEAD = 0.25
"""The runner-up stays this far behind a likely or confirmed cause."""

_CAUSES_FROM = 3
"""Tier below which a class is an effect or a circumstance: no second cause without a change."""


def standing(case: Case, one: Assessment, assessed: Sequence[Assessment]) -> VerdictStatus:
    """Confirmed: the change, its mechanism in metrics and in logs, and no rival near. Or less."""
    if one.confidence < LIKELY_FROM:
        return VerdictStatus.INCONCLUSIVE
    rivals = [
        other
        for other in assessed
        if other is not one and not other.ruled_out and competes(case, one, other)
    ]
    nearest = max((rival.confidence for rival in rivals), default=0.0)
    if one.confidence - nearest < CLEAR_LEAD:
        return VerdictStatus.INCONCLUSIVE
    proven = one.change_found and one.in_metrics and one.in_logs
    if proven and one.confidence >= CONFIRMED_FROM and nearest < LIKELY_FROM:
        return VerdictStatus.CONFIRMED
    return VerdictStatus.LIKELY


def chosen(case: Case, assessed: Sequence[Assessment]) -> list[tuple[Assessment, VerdictStatus]]:
    """The explanations that are settled, best first; each of harm that the others do not explain.

    Two faults at once are two causes. What competes with one of them for the same harm is no
    second cause, however likely.
    """
    found: list[tuple[Assessment, VerdictStatus]] = []
    for one in assessed:
        if found and tier(one.hypothesis.cause_class) < _CAUSES_FROM and not one.change:
            continue
        if one.ruled_out or not independent(case, [taken for taken, _ in found], one):
            continue
        status = standing(case, one, assessed)
        if status is not VerdictStatus.INCONCLUSIVE:
            found.append((one, status))
    return found


__all__ = ["CLEAR_LEAD", "CONFIRMED_FROM", "LIKELY_FROM", "chosen", "standing"]
