"""Words with a colour and a mark: the colour is never the only signal."""

from collections.abc import Sequence
from typing import Literal

from app.formatting import words
from app.markup import Html, el, joined
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.domain.plan import PlanStatus, Risk, VerificationOutcome

Tone = Literal["breach", "waiting", "healthy", "change", "action", "quiet"]

FILLED, HOLLOW, CHECK, DOT = "▲", "◇", "✓", "●"

_SEVERITY: dict[Severity, tuple[Tone, str]] = {
    Severity.CRITICAL: ("breach", FILLED),
    Severity.HIGH: ("breach", FILLED),
    Severity.MEDIUM: ("waiting", HOLLOW),
    Severity.LOW: ("quiet", HOLLOW),
}
_STATUS: dict[IncidentStatus, tuple[Tone, str]] = {
    IncidentStatus.OPEN: ("waiting", HOLLOW),
    IncidentStatus.INVESTIGATING: ("action", DOT),
    IncidentStatus.DIAGNOSED: ("waiting", HOLLOW),
    IncidentStatus.AWAITING_APPROVAL: ("waiting", HOLLOW),
    IncidentStatus.REMEDIATING: ("action", DOT),
    IncidentStatus.VERIFYING: ("action", DOT),
    IncidentStatus.ROLLING_BACK: ("action", DOT),
    IncidentStatus.RESOLVED: ("healthy", CHECK),
    IncidentStatus.FAILED: ("breach", FILLED),
    IncidentStatus.CLOSED: ("quiet", CHECK),
}
_VERDICT: dict[VerdictStatus, tuple[Tone, str]] = {
    VerdictStatus.CONFIRMED: ("action", DOT),
    VerdictStatus.LIKELY: ("action", HOLLOW),
    VerdictStatus.INCONCLUSIVE: ("waiting", HOLLOW),
    VerdictStatus.NO_INCIDENT: ("healthy", CHECK),
}
_RISK: dict[Risk, tuple[Tone, str]] = {
    Risk.LOW: ("quiet", HOLLOW),
    Risk.MEDIUM: ("waiting", HOLLOW),
    Risk.HIGH: ("breach", FILLED),
    Risk.DESTRUCTIVE: ("breach", FILLED),
}
_OUTCOME: dict[VerificationOutcome, tuple[Tone, str]] = {
    VerificationOutcome.RECOVERED: ("healthy", CHECK),
    VerificationOutcome.IMPROVING: ("waiting", HOLLOW),
    VerificationOutcome.NO_EFFECT: ("breach", FILLED),
    VerificationOutcome.WORSE: ("breach", FILLED),
    VerificationOutcome.TOO_LITTLE_DATA: ("waiting", HOLLOW),
}
_PLAN: dict[PlanStatus, tuple[Tone, str]] = {
    PlanStatus.PROPOSED: ("waiting", HOLLOW),
    PlanStatus.APPROVED: ("action", CHECK),
    PlanStatus.EXECUTING: ("action", DOT),
    PlanStatus.EXECUTED: ("healthy", CHECK),
    PlanStatus.FAILED: ("breach", FILLED),
    PlanStatus.UNDOING: ("action", DOT),
}


def badge(text: str, tone: Tone, mark: str = "") -> Html:
    """A word on a tinted ground, with its mark before it."""
    sign = el("span", mark, aria_hidden="true") if mark else None
    return el("span", sign, text, cls=f"op-badge op-{tone}")


def severity(value: Severity) -> Html:
    """How bad it is."""
    return badge(value.upper(), *_SEVERITY[value])


def status(value: IncidentStatus) -> Html:
    """Where the incident stands."""
    return badge(words(value), *_STATUS[value])


def verdict(value: VerdictStatus) -> Html:
    """How far the evidence carries."""
    return badge(words(value), *_VERDICT[value])


def risk(value: Risk) -> Html:
    """How much harm a plan can do."""
    return badge(f"risk: {value.upper()}", *_RISK[value])


def outcome(value: VerificationOutcome) -> Html:
    """What the original signal says."""
    return badge(words(value), *_OUTCOME[value])


def plan_status(value: PlanStatus) -> Html:
    """Where a plan stands."""
    return badge(words(value), *_PLAN.get(value, ("quiet", HOLLOW)))


def sparkline(values: Sequence[float], label: str) -> Html:
    """A small filled line of the values, zero at its foot; a dash when there are none."""
    top = max(values, default=0.0)
    if len(values) < 2:
        return el("span", "not read yet", cls="op-quiet-text")
    step = 100 / (len(values) - 1)
    heights = [100 - (max(value, 0.0) / top * 94 if top > 0 else 0) - 6 for value in values]
    head = ", ".join(f"{index * step:.1f}% {height:.1f}%" for index, height in enumerate(heights))
    shape = f"clip-path: polygon(0% 100%, {head}, 100% 100%)"
    drawn = el("span", "", cls="op-spark-line", style=shape)
    return el("span", drawn, cls="op-spark", role="img", aria_label=label, title=label)


def chip_text(ids: Sequence[str]) -> Html:
    """Evidence ids as plain text chips, where they cannot be buttons."""
    return joined([el("span", one, cls="op-chip") for one in ids], " ")
