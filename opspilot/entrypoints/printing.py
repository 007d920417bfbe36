"""Answers for a person at a terminal, as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from opspilot.domain.audit_report import AuditReport
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.inbox import Inbox
from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.plan import Plan
from opspilot.domain.views import Attack, IncidentPage, IncidentView, attacks_of
from opspilot.engine.doctor import DoctorReport

_SHOWN_HYPOTHESES = 4


def list_lines(page: IncidentPage) -> list[str]:
    """One line per incident."""
    if not page.rows:
        return ["No incidents."]
    return [
        f"{row.incident.id}  {row.incident.status:<18} {row.incident.severity:<9} "
        f"{row.incident.resource.name:<20} {row.verdict or '-':<48} {row.incident.title}"
        for row in page.rows
    ]


def inbox_lines(inbox: Inbox) -> list[str]:
    """One line for each thing that waits; what the asker can take on is marked."""
    if not inbox.items:
        return ["Nothing waits for a person."]
    lines = [
        f"{'*' if item.mine else ' '} {item.incident_id or 'workbench':<10} {item.what}; "
        f"waits for {item.waits_for} since {_time(item.since)}"
        for item in inbox.items
    ]
    return [*lines, "More incidents are active than were looked at."] if inbox.more else lines


def investigation_lines(
    incident: Incident, investigation: Investigation, evidence: Sequence[Evidence]
) -> list[str]:
    """The verdict, its hypotheses, evidence and gaps."""
    lines = [f"{incident.id}  {incident.resource.name}  {incident.status}", ""]
    if investigation.cut_short:
        lines.append(f"Judged on a part of the evidence: {investigation.cut_short}")
    if investigation.verdict:
        lines += list(_verdict(investigation.verdict))
    lines += list(_attacks(attacks_of(investigation, evidence)))
    lines += ["", "Evidence"]
    lines += [f"  {item.id:<4} {item.finding}" for item in evidence if item.status != "gap"]
    gaps = [f"  {item.id:<4} {item.finding}" for item in evidence if item.status == "gap"]
    if gaps:
        lines += ["", "Could not be read", *gaps]
    usage = investigation.usage
    lines += [
        "",
        f"{usage.api_calls} AWS calls, {usage.bytes_scanned / 1e6:.1f} MB of logs, "
        f"about {usage.usd:.4f} USD, {usage.wall_seconds:.1f} s",
    ]
    if incident.status is IncidentStatus.DIAGNOSED:
        lines.append(f"Next: opspilot plan {incident.id}")
    return lines


def plan_lines(plan: Plan) -> list[str]:
    """Actions with before, after and undo, criteria, and how to approve."""
    lines = [f"{plan.id}  {plan.status}  risk {plan.risk}  digest {plan.digest}", ""]
    for action in plan.actions:
        lines += [
            f"  {action.id} {action.summary}",
            f"     before {_pairs(action.before)}   after {_pairs(action.after)}",
            f"     undo   {action.undo.type} {_pairs(action.undo.parameters)}",
            f"     risk   {action.risk}: {action.risk_reason}",
            f"     why    {action.rationale} [{' '.join(action.evidence)}]",
        ]
        if action.blast_radius:
            lines.append(f"     reach  {action.blast_radius}")
    lines += ["", "Recovered when"]
    lines += [f"  {criterion.text}" for criterion in plan.criteria]
    if plan.alternatives:
        lines += ["", "Weighed and not proposed"]
        lines += [f"  {other.summary}: {other.why_not}" for other in plan.alternatives]
    expiry = f"Expires {_time(plan.expires_at)} by the wall clock"
    lines += ["", f"{expiry}; asked by {plan.requested_by.name}"]
    if plan.status == "proposed":
        lines.append(f"Next: opspilot approve {plan.id} --digest {plan.digest} --actor NAME")
    return lines


def execution_lines(incident: Incident, plan: Plan) -> list[str]:
    """What ran, and what the original signal says."""
    lines = [f"{incident.id}  {incident.status}  ({plan.id} {plan.status})"]
    for action in plan.actions:
        run = plan.run_of(action.id)
        lines.append(f"  {action.id} {action.summary}: {run.status if run else 'not started'}")
        undone = plan.run_of(action.id, undo=True)
        if undone:
            lines.append(f"     undo: {undone.status} {undone.error}".rstrip())
    if plan.verification:
        outcome = plan.verification.outcome or "observing"
        when = ", measured before the undo" if any(run.undo for run in plan.runs) else ""
        lines.append(f"  verification: {outcome}{when}")
        lines += [f"     {one.sentence}" for one in plan.verification.measurements]
    if incident.last_error:
        lines.append(f"  {incident.last_error}")
    return lines


def view_lines(view: IncidentView) -> list[str]:
    """One incident whole."""
    incident = view.incident
    lines = [
        f"{incident.id}  {incident.title}",
        f"  {incident.status}, {incident.severity}, {incident.resource.arn}",
        f"  opened {_time(incident.opened_at)} by "
        + (f"alarm {', '.join(incident.alarms)}" if incident.alarms else incident.opened_by.name),
    ]
    if incident.owner:
        lines.append(f"  owner {incident.owner.name}")
    if incident.waits_for:
        lines.append(f"  waits for {incident.waits_for}")
    lines += [
        f"  {note.id} {_time(note.at)} {note.author.name}: {note.text}" for note in view.notes
    ]
    if view.job_error:
        lines.append(f"  last step failed and will be tried again: {view.job_error}")
    if view.investigation:
        lines += ["", *investigation_lines(incident, view.investigation, view.evidence)]
    if view.plan:
        lines += ["", *plan_lines(view.plan), "", *execution_lines(incident, view.plan)]
    return lines


def audit_lines(report: AuditReport) -> list[str]:
    """Whether the chains verify, the first damage, and the uncovered tail."""
    state = "intact" if report.ok else "DAMAGED"
    lines = [
        f"{report.entries} entries in {len(report.chains)} chains: {state}",
        f"{report.checkpoints} signed checkpoints, key {report.key_id or 'none'}",
    ]
    lines += [f"  {problem.kind}: {problem.message}" for problem in report.problems]
    if report.uncovered:
        since = f", the oldest of {_time(report.uncovered_since)}" if report.uncovered_since else ""
        lines.append(f"{report.uncovered} entries are not covered by a checkpoint yet{since}")
    return lines


def doctor_lines(report: DoctorReport) -> list[str]:
    """The account, its sources, and whether a worker runs."""
    account = report.account
    kind = "embedded account" if account.embedded else "account"
    lines = [
        f"{kind} {account.account_id or 'unknown'} in {account.region or 'no region'}",
        f"  as {account.caller or 'nobody'}",
    ]
    if account.problem:
        lines.append(f"  {account.problem}")
    for source in report.sources:
        mark = "ok  " if source.ok else "FAIL"
        missing = f"  (missing: {source.iam_action})" if source.iam_action else ""
        lines.append(f"  {mark} {source.source:<14} {source.detail}{missing}")
    running = "runs" if report.worker.alive else "does not run; start it with opspilot worker"
    lines.append(f"  worker {running}")
    return lines


def _verdict(verdict: Verdict) -> Iterator[str]:
    sure = f" ({verdict.confidence:.0%})" if verdict.cause else ""
    yield f"Verdict: {verdict.status}{sure}"
    if verdict.cause:
        since = f" since {_time(verdict.cause.onset)}" if verdict.cause.onset else ""
        yield f"  cause          {verdict.cause.summary}{since}  {_cited(verdict.cause.evidence)}"
    for cause in verdict.causes[1:]:
        since = f" since {_time(cause.onset)}" if cause.onset else ""
        yield f"  and            {cause.summary}{since}  {_cited(cause.evidence)}"
    if verdict.recovered_at:
        yield f"  recovered      at {_time(verdict.recovered_at)}"
    if verdict.first_failure:
        failure = verdict.first_failure
        yield f"  first failure  {failure.summary}  {_cited(failure.evidence)}"
    if verdict.impact:
        yield f"  impact         {verdict.impact.summary}  {_cited(verdict.impact.evidence)}"
    if verdict.next_query:
        yield f"  ask next       {verdict.next_query}"
    yield ""
    yield "Hypotheses"
    for one in verdict.hypotheses[:_SHOWN_HYPOTHESES]:
        told = one.ruled_out_because or (f"capped: {one.cap}" if one.cap else "")
        note = f" ({told})" if told else ""
        yield f"  {one.confidence:4.0%}  {one.status:<9} {one.summary}{note}"


def _attacks(attacks: Sequence[Attack]) -> Iterator[str]:
    """What was asked because it might refute an explanation, and what it brought."""
    if attacks:
        yield ""
        yield "Asked to refute"
    for one in attacks:
        yield f"  {one.hypothesis}: {one.why}"
        found = one.evidence
        yield f"       {found.id:<4} {found.finding}" if found else f"       {one.task.status}"


def _cited(evidence: Sequence[str]) -> str:
    return f"[{' '.join(evidence)}]" if evidence else ""


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
