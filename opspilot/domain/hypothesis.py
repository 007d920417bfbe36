"""Competing explanations, and the verdict that a rule draws from them."""

from enum import StrEnum
from typing import Literal

from opspilot.domain.model import Instant, Model
from opspilot.domain.resource import Resource


class VerdictStatus(StrEnum):
    """How far the evidence carries."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    INCONCLUSIVE = "inconclusive"
    NO_INCIDENT = "no_incident"


class Argument(Model):
    """One line for, against or missing.

    Attributes:
        evidence: Ids of ledger entries; empty only for what is missing.
        weight: Natural-log likelihood ratio it contributes; 0 for what is missing.
    """

    text: str
    evidence: tuple[str, ...] = ()
    weight: float = 0.0


class Hypothesis(Model):
    """One explanation: this change of state of this resource is the cause.

    Attributes:
        cause_class: From the closed vocabulary, "lambda.slow_dependency"; one per signature.
        resource: Where the cause sits (the callee that changed, not the caller that failed).
        summary: One sentence with numbers.
        confidence: 0 to 1, after the cap.
        cap: The rule that capped it, in words; empty when none did.
        onset: Account time at which the cause began, with its half-width in seconds.
        setting: The setting at fault, "ORDERS_TABLE"; empty where none was singled out.
        also: Further resources that changed with it: the others of one deployment.
        status: "leading", "possible" or "ruled_out".
        ruled_out_because: With "ruled_out".
    """

    cause_class: str
    resource: Resource
    summary: str
    arguments_for: tuple[Argument, ...] = ()
    arguments_against: tuple[Argument, ...] = ()
    missing: tuple[Argument, ...] = ()
    confidence: float
    cap: str = ""
    onset: Instant | None = None
    onset_uncertainty_seconds: float | None = None
    setting: str = ""
    also: tuple[Resource, ...] = ()
    status: Literal["leading", "possible", "ruled_out"] = "possible"
    ruled_out_because: str = ""


class Cause(Model):
    """First box: the change of state that started it; `setting`, `also` as in Hypothesis."""

    cause_class: str
    resource: Resource
    summary: str
    setting: str = ""
    also: tuple[Resource, ...] = ()
    onset: Instant | None = None
    onset_uncertainty_seconds: float | None = None
    evidence: tuple[str, ...] = ()


class FirstFailure(Model):
    """Second box: where and when it first showed as a failure."""

    resource: Resource
    summary: str
    at: Instant | None = None
    uncertainty_seconds: float | None = None
    evidence: tuple[str, ...] = ()


class Impact(Model):
    """Third box: what it costs those outside.

    Attributes:
        failed: Failed calls so far, in the incident window.
        total: Calls in the same window.
    """

    resource: Resource
    summary: str
    failed: float | None = None
    total: float | None = None
    evidence: tuple[str, ...] = ()


class Verdict(Model):
    """What the rules say, before any prose.

    Attributes:
        cause: None when inconclusive (the strongest lead is then the first hypothesis that was not
            ruled out) or no incident.
        causes: All that were settled, `cause` first: another one is there when it explains harm
            that the first does not, and the other way round. Empty where `cause` is None.
        recovered_at: With no incident: account time at which harm that was there had ended; the
            former cause is then the lead. None where nothing was harmed.
        hypotheses: Best first; the ruled-out ones stay. Last come common suspicions that nothing
            spoke for, each with what was read that excludes it.
        next_query: With inconclusive: the question whose answer would tell most.
        rules_version: Version of the rules that decided.
    """

    status: VerdictStatus
    cause: Cause | None = None
    causes: tuple[Cause, ...] = ()
    recovered_at: Instant | None = None
    first_failure: FirstFailure | None = None
    impact: Impact | None = None
    confidence: float = 0.0
    hypotheses: tuple[Hypothesis, ...] = ()
    next_query: str = ""
    rules_version: str = "1"
