"""The JSON documents of the command line; their shapes are a contract with the outside."""

from collections.abc import Sequence
from datetime import datetime

from opspilot.domain.evidence import Evidence, GapDetail
from opspilot.domain.hypothesis import Argument, Cause, FirstFailure, Hypothesis, Impact, Verdict
from opspilot.domain.inbox import Inbox
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.model import Json
from opspilot.domain.note import Note
from opspilot.domain.plan import Action, ActionRun, Plan
from opspilot.domain.views import Attack, IncidentView, attacks_of

Document = dict[str, Json]

_LISTS = ("hypotheses", "evidence", "gaps", "attacks")


def error_document(code: str, message: str, hint: str) -> Document:
    """What every failing verb prints."""
    return {"error": {"code": code, "message": message, "hint": hint}}


def incident_document(incident: Incident) -> Document:
    """One incident, in short."""
    return {
        "incident_id": incident.id,
        "title": incident.title,
        "resource": incident.resource.arn,
        "status": incident.status,
        "severity": incident.severity,
        "owner": incident.owner.id if incident.owner else None,
        "window": incident.window.model_dump(mode="json"),
        "baseline": incident.baseline.model_dump(mode="json"),
        "opened_at": _iso(incident.opened_at),
        "opened_by": incident.opened_by.id,
        "alarms": list(incident.alarms),
        "symptom": incident.symptom.summary,
        "waits_for": incident.waits_for,
        "last_error": incident.last_error,
        "plan_id": incident.plan_id,
        "outcome": incident.outcome,
    }


def investigation_document(
    incident: Incident, investigation: Investigation, evidence: Sequence[Evidence]
) -> Document:
    """The answer of `opspilot investigate`."""
    verdict = investigation.verdict
    return {
        "incident_id": incident.id,
        "status": incident.status,
        "window": incident.window.model_dump(mode="json"),
        "baseline": incident.baseline.model_dump(mode="json"),
        "verdict": verdict_document(verdict) if verdict else None,
        "hypotheses": [hypothesis_document(one) for one in verdict.hypotheses] if verdict else [],
        "evidence": [evidence_document(item) for item in evidence if item.status != "gap"],
        "gaps": [_gap(one, one.detail) for one in evidence if isinstance(one.detail, GapDetail)],
        "cut_short": investigation.cut_short,
        "attacks": [_attack(one) for one in attacks_of(investigation, evidence)],
        "usage": investigation.usage.model_dump(mode="json"),
    }


def evidence_document(item: Evidence) -> Document:
    """One ledger entry without its snapshot."""
    return {
        "id": item.id,
        "kind": item.detail.kind,
        "resource": item.resource.arn,
        "finding": item.finding,
        "status": item.status,
        "window": item.window.model_dump(mode="json"),
        "request": item.request.model_dump(mode="json"),
        "detail": item.detail.model_dump(mode="json"),
        "data_hash": item.data_hash,
        "request_ids": list(item.request_ids),
        "collected_at": _iso(item.collected_at),
    }


def plan_document(plan: Plan) -> Document:
    """The answer of `opspilot plan`."""
    return {
        "plan_id": plan.id,
        "incident_id": plan.incident_id,
        "status": plan.status,
        "digest": plan.digest,
        "risk": plan.risk,
        "requested_by": plan.requested_by.id,
        "expires_at": _iso(plan.expires_at),
        "actions": [_action(action, plan.run_of(action.id)) for action in plan.actions],
        "criteria": [one.model_dump(mode="json") for one in plan.criteria],
        "alternatives": [
            {
                "type": one.change.type,
                "resource": one.change.resource.arn,
                "parameters": one.change.parameters,
                "summary": one.summary,
                "why_not": one.why_not,
                "then": [{"type": step.type, "parameters": step.parameters} for step in one.then],
            }
            for one in plan.alternatives
        ],
        "approvals": [
            {
                "by": one.by.id,
                "decision": one.decision,
                "decided_at": _iso(one.decided_at),
                "expires_at": _iso(one.expires_at),
                "used_at": _iso(one.used_at),
            }
            for one in plan.approvals
        ],
        "reason": plan.reason,
    }


def execution_document(incident: Incident, plan: Plan) -> Document:
    """The answer of `opspilot execute` and `opspilot undo`."""
    verification = plan.verification
    return {
        "status": incident.status,
        "incident_id": incident.id,
        "plan_id": plan.id,
        "plan_status": plan.status,
        "actions": [_action(action, plan.run_of(action.id)) for action in plan.actions],
        "undo": [run.model_dump(mode="json") for run in plan.runs if run.undo],
        "verification": {
            "outcome": verification.outcome,
            "started_at": _iso(verification.started_at),
            "deadline_at": _iso(verification.deadline_at),
            "ended_at": _iso(verification.ended_at),
            "measurements": [one.model_dump(mode="json") for one in verification.measurements],
        }
        if verification
        else None,
        "error": incident.last_error or None,
    }


def view_document(view: IncidentView) -> Document:
    """The answer of `opspilot incident show`."""
    investigation = view.investigation
    found: Document = {"verdict": None, "cut_short": "", "usage": {}}
    found |= {name: [] for name in _LISTS}
    if investigation:
        found = investigation_document(view.incident, investigation, view.evidence)
    return {
        **incident_document(view.incident),
        **{key: found[key] for key in ("verdict", "cut_short", *_LISTS, "usage")},
        "plans": [plan_document(plan) for plan in view.plans],
        "execution": execution_document(view.incident, view.plan) if view.plan else None,
        "notes": [note_document(note) for note in view.notes],
        "audit_entries": len(view.audit),
    }


def note_document(note: Note) -> Document:
    """One remark on an incident."""
    return {
        "note_id": note.id,
        "incident_id": note.incident_id,
        "author": note.author.id,
        "text": note.text,
        "at": _iso(note.at),
        "wall": _iso(note.wall),
    }


def inbox_document(inbox: Inbox) -> Document:
    """The answer of `opspilot inbox`."""
    return {
        "items": [
            {**item.model_dump(mode="json"), "since": _iso(item.since)} for item in inbox.items
        ],
        "more": inbox.more,
    }


def verdict_document(verdict: Verdict) -> Document:
    """A verdict without its hypotheses."""
    return {
        "status": verdict.status,
        "cause": _cause(verdict.cause) if verdict.cause else None,
        "causes": [_cause(one) for one in verdict.causes],
        "recovered_at": _iso(verdict.recovered_at),
        "first_failure": _first_failure(verdict.first_failure) if verdict.first_failure else None,
        "impact": _impact(verdict.impact) if verdict.impact else None,
        "confidence": verdict.confidence,
        "next_query": verdict.next_query,
        "rules_version": verdict.rules_version,
    }


def _cause(cause: Cause) -> Document:
    return {
        "class": cause.cause_class,
        "resource": cause.resource.arn,
        "resource_name": cause.resource.name,
        "summary": cause.summary,
        "also": [one.arn for one in cause.also],
        "onset": _iso(cause.onset),
        "onset_uncertainty_seconds": cause.onset_uncertainty_seconds,
        "evidence": list(cause.evidence),
    }


def _first_failure(failure: FirstFailure) -> Document:
    return {
        "resource": failure.resource.arn,
        "resource_name": failure.resource.name,
        "summary": failure.summary,
        "at": _iso(failure.at),
        "uncertainty_seconds": failure.uncertainty_seconds,
        "evidence": list(failure.evidence),
    }


def _impact(impact: Impact) -> Document:
    return {
        "resource": impact.resource.arn,
        "resource_name": impact.resource.name,
        "summary": impact.summary,
        "failed": impact.failed,
        "total": impact.total,
        "evidence": list(impact.evidence),
    }


def hypothesis_document(one: Hypothesis) -> Document:
    """One explanation with what speaks for and against it."""
    return {
        "class": one.cause_class,
        "resource": one.resource.arn,
        "summary": one.summary,
        "status": one.status,
        "confidence": one.confidence,
        "cap": one.cap,
        "onset": _iso(one.onset),
        "for": [_argument(argument) for argument in one.arguments_for],
        "against": [_argument(argument) for argument in one.arguments_against],
        "missing": [_argument(argument) for argument in one.missing],
        "ruled_out_because": one.ruled_out_because,
    }


def _argument(argument: Argument) -> Document:
    return {
        "text": argument.text,
        "evidence": list(argument.evidence),
        "weight": round(argument.weight, 3),
    }


def _attack(one: Attack) -> Document:
    return {
        "hypothesis": one.hypothesis,
        "why": one.why,
        "question": one.task.title,
        "status": one.task.status,
        "evidence": one.task.evidence_id,
    }


def _gap(item: Evidence, detail: GapDetail) -> Document:
    return {
        "id": item.id,
        "resource": item.resource.arn,
        "reason": detail.reason,
        "message": item.finding,
        "iam_action": detail.iam_action,
    }


def _action(action: Action, run: ActionRun | None) -> Document:
    return {
        "id": action.id,
        "type": action.change.type,
        "resource": action.change.resource.arn,
        "parameters": action.change.parameters,
        "before": action.before,
        "after": action.after,
        "undo": {"type": action.undo.type, "parameters": action.undo.parameters},
        "pre_state": action.pre_state.model_dump(mode="json"),
        "risk": action.risk,
        "risk_reason": action.risk_reason,
        "summary": action.summary,
        "blast_radius": action.blast_radius,
        "rationale": action.rationale,
        "evidence": list(action.evidence),
        "run": run.model_dump(mode="json") if run else None,
    }


def _iso(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
