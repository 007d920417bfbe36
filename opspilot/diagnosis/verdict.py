"""The verdict, settled by rule before any prose is written."""

from collections.abc import Sequence
from datetime import datetime

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.boxes import cause_of, first_failure_of, impact_of, since_of
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.harm import HARM, harmed
from opspilot.diagnosis.signatures import CATALOGUE
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Hypothesis, Verdict, VerdictStatus
from opspilot.domain.incident import Incident
from opspilot.domain.resource import ResourceKind
from opspilot.domain.signals import query_of, signal_of_query, signals_of

RULES_VERSION = "2"
"""Raised with every change of a rule, a weight or a cap: a capsule records which rules decided."""

CONFIRMED_FROM = 0.85
LIKELY_FROM = 0.5
CLEAR_LEAD = 0.25
"""The runner-up stays this far behind a likely or confirmed cause."""

_SYMPTOM_CAP = 0.6


def diagnose(incident: Incident, evidence: Sequence[Evidence], now: datetime) -> Verdict:
    """The verdict that the rules draw from one investigation's ledger.

    Args:
        incident: As it stands.
        evidence: The ledger of the investigation, gaps included.
        now: Account time.
    """
    case = Case(incident, tuple(evidence), now)
    assessed = _ranked([found for assess in CATALOGUE.values() if (found := assess(case))])
    if not harmed(case):
        return _without_harm(case, assessed)
    assessed = [_capped_without_symptom(case, one) for one in assessed]
    leading = next((one for one in assessed if not one.ruled_out), None)
    status = _status(assessed, leading)
    failure = first_failure_of(case, leading)
    settled = leading if status is not VerdictStatus.INCONCLUSIVE else None
    return Verdict(
        status=status,
        cause=cause_of(settled) if settled else None,
        first_failure=failure,
        impact=impact_of(case, since_of(leading, failure)),
        confidence=leading.confidence if leading else 0.0,
        hypotheses=_board(assessed, settled),
        next_query="" if settled else _next_query(case, leading),
        rules_version=RULES_VERSION,
    )


def _ranked(assessed: list[Assessment]) -> list[Assessment]:
    """Best first; the contradicted ones after all others."""
    return sorted(assessed, key=lambda one: (one.ruled_out, -one.confidence))


def _status(assessed: Sequence[Assessment], leading: Assessment | None) -> VerdictStatus:
    """Confirmed: the change, its mechanism in metrics and in logs, and no rival near. Or less."""
    if leading is None or leading.confidence < LIKELY_FROM:
        return VerdictStatus.INCONCLUSIVE
    rivals = [one for one in assessed if one is not leading and not one.ruled_out]
    nearest = max((one.confidence for one in rivals), default=0.0)
    if leading.confidence - nearest < CLEAR_LEAD:
        return VerdictStatus.INCONCLUSIVE
    proven = leading.change_found and leading.in_metrics and leading.in_logs
    if proven and leading.confidence >= CONFIRMED_FROM and nearest < LIKELY_FROM:
        return VerdictStatus.CONFIRMED
    return VerdictStatus.LIKELY


def _capped_without_symptom(case: Case, one: Assessment) -> Assessment:
    """Where the signal that opened the incident could not be read, nothing is surer than a lead."""
    query = case.incident.symptom.query
    signal = signal_of_query(query) if query else None
    if signal is None or one.confidence <= _SYMPTOM_CAP:
        return one
    if case.metric(case.incident.resource, signal.name):
        return one
    rule = f"the symptom itself could not be read ({signal.title})"
    hypothesis = one.hypothesis.model_copy(update={"confidence": _SYMPTOM_CAP, "cap": rule})
    return Assessment(
        hypothesis, one.change_found, one.in_metrics, one.in_logs, failing=one.failing
    )


def _board(assessed: Sequence[Assessment], settled: Assessment | None) -> tuple[Hypothesis, ...]:
    return tuple(
        one.hypothesis.model_copy(update={"status": "leading"})
        if one is settled
        else one.hypothesis
        for one in assessed
    )


def _without_harm(case: Case, assessed: Sequence[Assessment]) -> Verdict:
    """Nothing abnormal that hurts: no incident, if the data to say so is there."""
    missing = _unread(case)
    ringing = [alarm.name for _, alarm in case.alarms if alarm.state == "ALARM"]
    board = tuple(one.hypothesis for one in assessed)
    if missing:
        return Verdict(
            status=VerdictStatus.INCONCLUSIVE,
            hypotheses=board,
            next_query=f"Read what is missing: {missing}",
            rules_version=RULES_VERSION,
        )
    if ringing:
        return Verdict(
            status=VerdictStatus.INCONCLUSIVE,
            hypotheses=board,
            next_query=(
                f"{', '.join(ringing)} is in ALARM, yet nothing differs from the baseline: compare"
                " with an earlier baseline, the trouble may be older"
            ),
            rules_version=RULES_VERSION,
        )
    return Verdict(
        status=VerdictStatus.NO_INCIDENT,
        impact=impact_of(case, None),
        hypotheses=board,
        rules_version=RULES_VERSION,
    )


def _unread(case: Case) -> str:
    """What of the incident's own resource is still to be read to call it healthy; empty if nothing.

    Asked for: its first failure signal, any of its levels (percentiles may not exist), its log.
    """
    own = case.incident.resource
    harmful = [signal for signal in signals_of(own) if signal.name in HARM]
    failures = [signal for signal in harmful if signal.missing_is_zero][:1]
    levels = [signal for signal in harmful if not signal.missing_is_zero]
    unread = [
        " or ".join(signal.title for signal in group)
        for group in (failures, levels)
        if group and not any(case.metric(own, signal.name) for signal in group)
    ]
    if own.kind is ResourceKind.FUNCTION and not any(
        log.evidence.resource == own for log in case.logs
    ):
        unread.append("its log")
    return f"{', '.join(unread)} of {own.name}" if unread else ""


def _next_query(case: Case, lead: Assessment | None) -> str:
    """The question whose answer would tell most."""
    if lead and lead.hypothesis.missing:
        # What was never read tells more than what is only late: the latter cites what was read.
        unread = sorted(lead.hypothesis.missing, key=lambda one: bool(one.evidence))
        return f"Find out: {unread[0].text}"
    if case.gaps:
        gap = case.gaps[0]
        return f"Read {gap.evidence.task}: {gap.detail.message}"
    own = case.incident.resource
    if lead:
        return f"Look for what else would explain it than: {lead.hypothesis.summary}"
    signals = signals_of(own)
    asked = query_of(signals[0], own).metric if signals else "metrics"
    return f"No signature fits; look at {asked} and the log of {own.name} by hand"
