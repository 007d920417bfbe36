"""The timeline, and the audit chain with its check."""

import json
from collections.abc import Sequence

import streamlit as st

from app import tables
from app.components import badges
from app.formatting import Now, moment, short_digest
from app.guard import guarded, sentence, show_notices
from app.markup import Html, el, show
from app.state import Notice, put_notice
from app.wiring import Desk
from opspilot.domain.audit import AuditEntry
from opspilot.domain.audit_report import AuditReport
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import number, plural
from opspilot.engine.timeline import Happening, Kind, timeline, told_of

_PLACE = "audit"

_LOOKS: dict[Kind, tuple[badges.Tone, str]] = {
    "change": ("change", "|"),
    "breach": ("breach", badges.FILLED),
    "person": ("action", badges.DOT),
    "system": ("quiet", badges.DOT),
}


def timeline_tab(view: IncidentView, now: Now) -> None:
    """What happened when, oldest first."""
    happened = timeline(view.evidence, view.audit)
    if not happened:
        st.caption("Nothing is on record yet.")
        return
    show(el("ol", *[_line(one, now) for one in happened], cls="op-timeline"))


def _line(one: Happening, now: Now) -> Html:
    tone, mark = _LOOKS[one.kind]
    evidence = el("span", one.evidence_id, cls="op-chip") if one.evidence_id else None
    return el(
        "li",
        moment(one.at, now.account, now.zone),
        badges.badge(one.kind, tone, mark),
        el("span", el("b", one.who), ": ", one.what, " ", evidence),
    )


def audit_table(entries: Sequence[AuditEntry], *, chains: bool = False) -> None:
    """Entries as a table; `chains`: they are of several chains."""
    named: list[dict[str, tables.Cell]] = [
        {"chain": one.chain} if chains else {} for one in entries
    ]
    tables.table(
        [name | _table_row(one) for name, one in zip(named, entries, strict=True)],
        key="audit-table",
        widths={"in words": 320, "input": 260, "result": 220, "error": 160},
        empty="The chain is empty.",
    )


def audit_tab(view: IncidentView, desk: Desk) -> None:
    """The chain of this incident, and the check of all chains."""
    st.text(
        "Every entry carries the hash of the one before it. "
        "Signed checkpoints outside the store cover the chain."
    )
    if st.button("Verify the chain", key="verify-audit"):
        with guarded("verifying the audit chain"):
            put_notice(_PLACE, told(desk.bench.audit.verify()))
    show_notices(_PLACE)
    audit_table(view.audit)


def _table_row(entry: AuditEntry) -> dict[str, tables.Cell]:
    return {
        "no.": entry.seq,
        "account time (UTC)": f"{entry.at:%Y-%m-%d %H:%M:%S}",
        "wall time (UTC)": f"{entry.wall:%Y-%m-%d %H:%M:%S}",
        "actor": entry.actor.name,
        "action": entry.action_type,
        "about": entry.subject,
        "in words": told_of(entry),
        "input": _json(entry.input),
        "result": _json(entry.result),
        "error": entry.error,
        "AWS request ids": ", ".join(entry.aws_request_ids),
        "hash": short_digest(entry.hash),
        "previous": short_digest(entry.previous_hash),
    }


def _json(value: object) -> str:
    return "" if value in (None, {}) else json.dumps(value, ensure_ascii=False)


def told(report: AuditReport) -> Notice:
    """What the verifier found, in words; the uncovered tail is no damage, but is said."""
    chains = sum(one.entries > 0 for one in report.chains)
    read = f"{plural(report.entries, 'entry', 'entries')} in {plural(chains, 'chain')}"
    signed = plural(report.checkpoints, "signed checkpoint")
    tail = _tail(report.uncovered)
    details = tuple(problem.message for problem in report.problems[1:])
    key = f"key {report.key_id}" if report.key_id else ""
    if report.ok:
        what = f"The audit chain verifies: {read}, {signed}, nothing changed, missing or reordered."
        return Notice(what, tail, details=(*details, *filter(None, (key,))), tone="healthy")
    first = report.problems[0] if report.problems else None
    where = f"{first.chain or 'the trail'}, entry {first.seq}: " if first and first.seq else ""
    said = sentence(first.message) if first else "no entry is named."
    return Notice(
        f"The audit chain is damaged. {where}{said}",
        f"{read} were read. {tail}",
        "Keep a copy of the store, and compare it with the newest export.",
        (*details, *filter(None, (key,))),
    )


def _tail(uncovered: int) -> str:
    if not uncovered:
        return "Signed checkpoints cover every entry."
    newest = "entry is" if uncovered == 1 else f"{number(uncovered)} entries are"
    return f"The newest {newest} not covered by a signed checkpoint yet."
