"""Drafts a post-mortem from the record: code states the facts, people draw the lessons.

The headings follow the example post-mortem of Google's SRE book (appendix D). Every figure comes
from a verdict, a measurement or an audit entry; sentences that rest on the ledger cite its entries.
What only people can tell is left to them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opspilot.domain.audit import AuditEntry
from opspilot.domain.evidence import Evidence, GapDetail
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.plan import Plan, PlanStatus
from opspilot.domain.wording import plural, share
from opspilot.engine.review.markdown import bullets, plain
from opspilot.engine.timeline import timeline

SECTIONS = (
    "Summary",
    "Impact",
    "Cause",
    "Detection",
    "Response",
    "Timeline (UTC)",
    "What went well",
    "What went wrong",
    "Where we got lucky",
    "Action items",
    "Supporting evidence",
)
"""Headings in their order."""

_FOR_PEOPLE = "_To be written by those who were there._"
_SLOW_TO_NOTICE = timedelta(minutes=5)


@dataclass(frozen=True)
class Record:
    """What is on record about one incident; all times of the account's clock."""

    incident: Incident
    investigation: Investigation | None
    evidence: Sequence[Evidence]
    plans: Sequence[Plan]
    audit: Sequence[AuditEntry]

    @property
    def verdict(self) -> Verdict | None:
        """What the investigation came to."""
        return self.investigation.verdict if self.investigation else None

    @property
    def began(self) -> datetime | None:
        """The first failure; else the onset of the cause; None where neither is known."""
        verdict = self.verdict
        if verdict is None:
            return None
        if verdict.first_failure and verdict.first_failure.at:
            return verdict.first_failure.at
        return verdict.cause.onset if verdict.cause else None

    @property
    def executed(self) -> list[Plan]:
        """Plans of which something ran."""
        return [plan for plan in self.plans if plan.runs]


def draft(record: Record) -> dict[str, str]:
    """Heading to Markdown, in the order of `SECTIONS`."""
    bodies = (
        _summary(record),
        _impact(record),
        _cause(record),
        _detection(record),
        _response(record),
        _timeline(record),
        _FOR_PEOPLE,
        _FOR_PEOPLE,
        _FOR_PEOPLE,
        bullets(f"[ ] {item} (owner: , due: )" for item in _action_items(record)),
        _supporting(record),
    )
    return dict(zip(SECTIONS, bodies, strict=True))


def _summary(record: Record) -> str:
    incident, verdict = record.incident, record.verdict
    opened = f"{incident.opened_at:%d %B %Y, %H:%M:%S} UTC"
    parts = [f"{plain(incident.title)}. Opened {opened}, severity {incident.severity}."]
    if verdict is None:
        parts.append("There is no verdict.")
    elif verdict.cause:
        cited = _cited(verdict.cause.evidence)
        parts.append(f"Cause ({verdict.status}): {_sentence(verdict.cause.summary)}{cited}")
    else:
        parts.append(f"The verdict is {verdict.status.replace('_', ' ')}: no cause is named.")
    parts += [f"Response: {plain(_done(plan))}." for plan in record.executed]
    parts.append(_ended(record))
    return " ".join(parts)


def _impact(record: Record) -> str:
    verdict = record.verdict
    impact = verdict.impact if verdict else None
    lines: list[str] = []
    if impact:
        lines.append(f"{_sentence(impact.summary)}{_cited(impact.evidence)}")
        if impact.failed is not None and impact.total:
            counted = f"{impact.failed:,.0f} of {plural(impact.total, 'call')}"
            lines.append(f"{counted} failed ({share(impact.failed / impact.total)}).")
    if record.began and record.incident.resolved_at:
        lines.append(f"It lasted {_length(record.incident.resolved_at - record.began)}.")
    return bullets(lines) or "No impact was measured."


def _cause(record: Record) -> str:
    verdict = record.verdict
    if verdict is None:
        return "There is no verdict."
    lines: list[str] = []
    if verdict.cause:
        cause = verdict.cause
        onset = f" from {_moment(cause.onset)}" if cause.onset else ""
        lines.append(
            f"Cause: {_sentence(cause.summary)}{_cited(cause.evidence)} "
            f"({plain(cause.cause_class)} in {plain(cause.resource.name)}{onset}; "
            f"{verdict.status}, confidence {share(verdict.confidence)}, "
            f"rules {plain(verdict.rules_version)})"
        )
    else:
        lines.append(f"Not established: the verdict is {verdict.status.replace('_', ' ')}.")
    if verdict.first_failure:
        first = verdict.first_failure
        lines.append(f"First failure: {_sentence(first.summary)}{_cited(first.evidence)}")
    lines += [
        f"Ruled out: {_sentence(one.summary)} {_sentence(one.ruled_out_because)}"
        for one in verdict.hypotheses
        # Suspicions that nothing spoke for are on the record; a post-mortem tells those that were.
        if one.status == "ruled_out" and one.arguments_for
    ]
    return bullets(lines)


def _detection(record: Record) -> str:
    incident = record.incident
    if incident.alarms:
        what = f"By the alarm {plain(incident.alarms[0])}"
    else:
        what = f"Reported by {plain(incident.opened_by.name)}"
    late = _unnoticed(record)
    after = f", {_length(late)} after the first failure" if late else ""
    said = f" {_sentence(incident.symptom.summary)}" if incident.symptom.summary else ""
    return f"{what} at {_moment(incident.opened_at)}{after}.{said}"


def _response(record: Record) -> str:
    lines: list[str] = []
    for plan in record.plans:
        changes = "; ".join(plain(_change(plan, number)) for number in range(len(plan.actions)))
        lines.append(
            f"Plan {plan.number} ({plan.risk} risk, {plan.status}): {changes}. "
            f"Asked for by {plain(plan.requested_by.name)}; {_decided(plan, record.audit)}."
        )
        if plan.reason:
            lines.append(f"Why plan {plan.number} ended: {_sentence(plan.reason)}")
        verification = plan.verification
        if verification:
            outcome = (verification.outcome or "still observed").replace("_", " ")
            told = " ".join(_sentence(one.sentence) for one in verification.measurements)
            lines.append(f"Measured on the original signal: {outcome}. {told}".strip())
    return bullets(lines) or "No plan was made."


def _decided(plan: Plan, audit: Sequence[AuditEntry]) -> str:
    """Who approved it, or who dropped it: a rejection is an entry of the trail, no approval."""
    told = [
        f"{plain(one.by.name)} ({one.decision} {_moment(one.decided_at)})" for one in plan.approvals
    ]
    told += [
        f"{plain(one.actor.name)} ({plan.status} {_moment(one.wall)})"
        for one in audit
        if one.subject == plan.id and one.action_type in ("plan.rejected", "plan.withdrawn")
    ]
    return f"decided by {', '.join(told)}" if told else "nobody decided on it"


def _timeline(record: Record) -> str:
    return bullets(
        f"{_moment(one.at)}: {plain(one.who)}: {plain(one.what)}"
        f"{_cited((one.evidence_id,)) if one.evidence_id else ''}"
        for one in timeline(record.evidence, record.audit)
    )


def _action_items(record: Record) -> Iterator[str]:
    verdict = record.verdict
    if verdict and verdict.cause:
        name = plain(verdict.cause.resource.name)
        yield f"Mend the cause in {name} for good: {_sentence(verdict.cause.summary)}"
    elif verdict and verdict.next_query:
        yield f"Find the cause; the next question was: {_sentence(verdict.next_query)}"
    for plan in record.executed:
        kept = plan.status is not PlanStatus.UNDONE
        if kept and plan.verification and plan.verification.outcome == "recovered":
            yield f"Decide whether this stays or is taken back: {plain(_done(plan))}."
    late = _unnoticed(record)
    if not record.incident.alarms:
        name = plain(record.incident.resource.name)
        yield f"Set an alarm on {name}: a person had to report this."
    elif late and late > _SLOW_TO_NOTICE:
        yield f"Make the alarm faster: it came {_length(late)} after the first failure."
    gaps = {
        item.detail.iam_action or item.detail.message: item
        for item in record.evidence
        if isinstance(item.detail, GapDetail)
    }
    for missing, item in gaps.items():
        yield f"Close a gap of the investigation: {plain(missing)}{_cited((item.id,))}"


def _supporting(record: Record) -> str:
    return bullets(
        f"{item.id}: {_sentence(item.finding)} "
        f"({item.request.source} of {plain(item.resource.arn)}, {_moment(item.window.start)} to "
        f"{_moment(item.window.end)}, SHA-256 of the data {item.data_hash})"
        for item in record.evidence
    )


def _unnoticed(record: Record) -> timedelta | None:
    """From the first failure to the incident; None where the failure is not dated, or later."""
    if record.began is None or record.began >= record.incident.opened_at:
        return None
    return record.incident.opened_at - record.began


def _ended(record: Record) -> str:
    incident = record.incident
    if incident.resolved_at:
        outcome = incident.outcome.replace("_", " ") or "resolved"
        return f"Ended {_moment(incident.resolved_at)}: {plain(outcome)}."
    return f"The incident is {incident.status.replace('_', ' ')}."


def _done(plan: Plan) -> str:
    return "; ".join(_change(plan, number) for number in range(len(plan.actions)))


def _change(plan: Plan, number: int) -> str:
    return plan.actions[number].summary.rstrip(".")


def _cited(evidence: Sequence[str]) -> str:
    return f" \\[{', '.join(evidence)}\\]" if evidence else ""


def _sentence(text: str) -> str:
    shown = plain(text[:1].upper() + text[1:])
    return shown if not shown or shown.endswith((".", "?")) else f"{shown}."


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _length(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    return f"{length.total_seconds():.0f} s" if minutes < 1 else f"{minutes:.0f} min"
