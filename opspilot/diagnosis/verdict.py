"""The verdict, settled by rule before any prose is written."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.attacks import capped_unattacked, separating
from opspilot.diagnosis.boxes import cause_of, first_failure_of, impact_of, since_of
from opspilot.diagnosis.cascade import reach
from opspilot.diagnosis.case import DURATIONS, Case
from opspilot.diagnosis.chronic import chronic_failure
from opspilot.diagnosis.competition import competes, settled, weeded
from opspilot.diagnosis.exclusions import excluded
from opspilot.diagnosis.harm import HARM, harmed, unsettled
from opspilot.diagnosis.looked import capped_unlooked
from opspilot.diagnosis.recovery import recovered_at
from opspilot.diagnosis.signatures import CATALOGUE
from opspilot.diagnosis.standing import CLEAR_LEAD, LIKELY_FROM, chosen
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Hypothesis, Verdict, VerdictStatus
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signal_named, signal_of_query, signals_of

RULES_VERSION = "10"
"""Raised with every change of a rule, a weight or a cap: a capsule records which rules decided."""

_SYMPTOM_CAP = 0.7
_LEVELS = (
    *DURATIONS,
    "api.latency_p99",
    "sqs.visible",
    "sqs.oldest_age",
    "stream.iterator_age",
)
"""Any one of a resource's tells that it is not slow or behind; the first may not exist."""


def diagnose(incident: Incident, evidence: Sequence[Evidence], now: datetime) -> Verdict:
    """The verdict that the rules draw from one investigation's ledger.

    Args:
        incident: As it stands.
        evidence: The ledger of the investigation, gaps included, in any order.
        now: Account time.
    """
    case = Case(incident, tuple(evidence), now)
    verdict = _drawn(case)
    board = (*verdict.hypotheses, *excluded(case, verdict))
    return verdict.model_copy(update={"hypotheses": board})


def _drawn(case: Case) -> Verdict:
    """The verdict with the hypotheses that something spoke for."""
    weighed = [found for assess in CATALOGUE.values() for found in assess(case)]
    capped = [_capped(case, one) for one in weighed]
    assessed = _ranked(case, settled(case, capped))
    if not harmed(case):
        return _without_harm(case, assessed)
    ended = recovered_at(case)
    if ended is not None:
        return _recovered(case, assessed, ended)
    return _with_harm(case, assessed)


def _with_harm(case: Case, assessed: Sequence[Assessment]) -> Verdict:
    leading = next((one for one in assessed if not one.ruled_out), None)
    found = chosen(case, assessed)
    if not found or found[0][0] is not leading:
        found = []
    settled_ones = [one for one, _ in found]
    failure = first_failure_of(case, leading, settled_ones)
    causes = tuple(cause_of(one) for one in settled_ones)
    return Verdict(
        status=found[0][1] if found else VerdictStatus.INCONCLUSIVE,
        cause=causes[0] if causes else None,
        causes=causes,
        first_failure=failure,
        impact=impact_of(case, since_of(leading, failure)),
        confidence=leading.confidence if leading else 0.0,
        hypotheses=_board(weeded(case, assessed, settled_ones), settled_ones),
        next_query="" if found else _next_query(case, leading, assessed),
        rules_version=RULES_VERSION,
    )


def _recovered(case: Case, assessed: Sequence[Assessment], ended: datetime) -> Verdict:
    """Harm that has ended is no incident any more; what explained it stays the lead."""
    leading = next((one for one in assessed if not one.ruled_out), None)
    failure = first_failure_of(case, leading)
    return Verdict(
        status=VerdictStatus.NO_INCIDENT,
        recovered_at=ended,
        first_failure=failure,
        impact=impact_of(case, since_of(leading, failure)),
        confidence=leading.confidence if leading else 0.0,
        hypotheses=_board(weeded(case, assessed, []), []),
        rules_version=RULES_VERSION,
    )


def _ranked(case: Case, assessed: Iterable[Assessment]) -> list[Assessment]:
    """Best first, the contradicted ones last; a likely one of the incident's own harm leads."""

    def rank(one: Assessment) -> tuple[bool, bool, float, str, str]:
        mine = one.confidence >= LIKELY_FROM and _is_near(case, one)
        cause = one.hypothesis
        return one.ruled_out, not mine, -one.confidence, cause.cause_class, cause.resource.arn

    return sorted(assessed, key=rank)


def _is_near(case: Case, one: Assessment) -> bool:
    """Whether the incident's own resource is hurt by it, or is what it blames."""
    hurt = {harm.resource for harm in one.hurts} | {one.hypothesis.resource}
    return case.incident.resource in hurt | reach(case, hurt)


def _capped(case: Case, one: Assessment) -> Assessment:
    """Under the rules that hold for every signature: what was not read bounds what is said."""
    return capped_unlooked(case, capped_unattacked(case, _capped_without_symptom(case, one)))


def _capped_without_symptom(case: Case, one: Assessment) -> Assessment:
    """Where the signal that opened the incident could not be read, nothing is surer than a lead."""
    query = case.incident.symptom.query
    signal = signal_of_query(query) if query else None
    if signal is None or case.metric(case.incident.resource, signal.name):
        return one
    return one.capped(_SYMPTOM_CAP, f"the symptom itself could not be read ({signal.title})")


def _board(assessed: Sequence[Assessment], leading: Sequence[Assessment]) -> tuple[Hypothesis, ...]:
    """All hypotheses: the settled causes first, the others by their confidence."""
    others = sorted(
        (one for one in assessed if one not in leading),
        key=lambda one: (one.ruled_out, -one.confidence),
    )
    return (
        *(one.hypothesis.model_copy(update={"status": "leading"}) for one in leading),
        *(one.hypothesis for one in others),
    )


def _without_harm(case: Case, assessed: Sequence[Assessment]) -> Verdict:
    """Nothing abnormal that hurts: no incident, if the data to say so is there."""
    missing = _unread(case)
    ringing = [alarm.name for _, alarm in case.alarms if alarm.state == "ALARM"]
    board = _board(weeded(case, assessed, []), [])
    if missing:
        return Verdict(
            status=VerdictStatus.INCONCLUSIVE,
            hypotheses=board,
            next_query=f"Read what is missing: {missing}",
            rules_version=RULES_VERSION,
        )
    chronic = chronic_failure(case, case.incident.resource)
    if chronic:
        return Verdict(
            status=VerdictStatus.INCONCLUSIVE,
            impact=impact_of(case, None),
            hypotheses=board,
            next_query=f"{chronic}: compare with an earlier baseline, the trouble is older",
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
    rose = unsettled(case, case.incident.resource)
    if rose:
        return Verdict(
            status=VerdictStatus.INCONCLUSIVE,
            impact=impact_of(case, None),
            hypotheses=board,
            next_query=(
                f"{rose[0].evidence.finding.rstrip('.')}: too little to call it harm, and no"
                " everyday value; read it again with some minutes more"
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

    Each of its signals of harm, and the errors of whoever works it off, have to have been asked
    for. Needed are its first failure signal, any of its levels (percentiles may not exist), its
    log. A log that was read whole and reports every call tells of failures and durations by itself.
    """
    own = case.incident.resource
    harmful = [signal for signal in signals_of(own) if signal.name in HARM]
    places = [(signal, own) for signal in harmful]
    places += [(signal_named("lambda.errors"), one) for one in case.consumers_of(own)]
    for signal, place in places:
        if not case.entries.asked("metrics", place, signal.name):
            return f"{signal.title} of {place.name}"
    if _reports_all(case, own):
        return ""
    failures = [signal for signal in harmful if signal.missing_is_zero][:1]
    if own.kind is ResourceKind.QUEUE:
        failures = []  # What waits there, and for how long, tells of every failure to work it off.
    levels = [signal for signal in harmful if signal.name in _LEVELS]
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


def _reports_all(case: Case, own: Resource) -> bool:
    """Whether the log was read whole and holds a report of each call that was counted."""
    log, calls = case.log(own), case.metric(own, "lambda.invocations")
    if log is None or calls is None or log.evidence.status != "complete":
        return False
    return log.detail.invocations >= (calls.detail.total_incident or 1.0)


def _next_query(case: Case, lead: Assessment | None, assessed: Sequence[Assessment]) -> str:
    """The question whose answer would tell most: of two rivals, the one that separates them."""
    rivals = [one for one in assessed if one is not lead and not one.ruled_out]
    near = [one for one in rivals if lead and lead.confidence - one.confidence < CLEAR_LEAD]
    rival = next((one for one in near if lead and competes(case, lead, one)), None)
    if lead and rival and (query := separating(case, lead.hypothesis, rival.hypothesis)):
        return query
    if lead and lead.hypothesis.missing:
        # What was never read tells more than what is only late: the latter cites what was read.
        unread = sorted(lead.hypothesis.missing, key=lambda one: bool(one.evidence))
        return f"Find out: {unread[0].text}"
    # Tracing is switched on by whoever wants it: that there is none is nothing to be read.
    gaps = [one for one in case.gaps if one.evidence.request.source != "traces"]
    if gaps:
        gap = gaps[0]
        return f"Read {gap.evidence.task}: {gap.detail.message}"
    own = case.incident.resource
    if lead:
        return f"Look for what else would explain it than: {lead.hypothesis.summary}"
    signals = signals_of(own)
    asked = query_of(signals[0], own).metric if signals else "metrics"
    return f"No signature fits; look at {asked} and the log of {own.name} by hand"
