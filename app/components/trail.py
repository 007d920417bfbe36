"""The audit page's parts: filters in the address, the entries found, verification, export."""

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from app import queries
from app.components.history import audit_table, told
from app.state import put_notice
from app.wiring import Desk
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.wording import plural
from opspilot.engine.audit import AuditFilter, AuditSlice

_ANY = "any"
_KINDS = ("incident", "investigation", "evidence", "verdict", "plan", "action", "verification")
_MORE_KINDS = ("chat", "tool", "function", "postmortem", "note", "alarm", "command", "audit")


def verify_button(desk: Desk, place: str) -> None:
    """Verify every chain against its anchors and checkpoints."""
    if st.button("Verify all chains", type="primary", key="verify-all"):
        put_notice(place, told(desk.bench.audit.verify()))


def filters(desk: Desk) -> AuditFilter:
    """What the person wants to see; every choice stands in the address."""
    chains = [SYSTEM_CHAIN, *(row.incident.id for row in queries.incidents(desk, (), 100).rows)]
    people = [person.id for person in desk.bench.people]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chain = _choice("Chain", "chain", chains)
        kind = _choice("About", "about", [*_KINDS, *_MORE_KINDS])
        actor = _choice("Actor", "actor", ["system", *people])
        text = st.text_input(
            "Containing", key="containing", bind="query-params", max_chars=200, width=220
        )
        failed = st.toggle("Refused or failed only", key="failed", bind="query-params")
    with st.container(horizontal=True):
        since = st.date_input("From day (UTC)", None, key="since", bind="query-params", width=220)
        until = st.date_input("To day (UTC)", None, key="until", bind="query-params", width=220)
    return AuditFilter(
        chain=chain,
        action=f"{kind}." if kind else "",
        actor=actor,
        text=(text or "").strip(),
        failed=failed,
        since=_midnight(since) if isinstance(since, date) else None,
        until=_midnight(until) + timedelta(days=1) if isinstance(until, date) else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _choice(label: str, key: str, options: list[str]) -> str:
    chosen = st.selectbox(label, [_ANY, *options], key=key, bind="query-params", width=180)
    return "" if chosen == _ANY else chosen


def found_table(found: AuditSlice) -> None:
    """The entries, newest first, and what was left out."""
    if not found.entries:
        st.caption(
            "No entry fits. Loosen the filter, or open an incident: its first entry is made then."
        )
        return
    cut = "; older ones were left out: choose a chain or narrow the filter" if found.cut else ""
    st.caption(
        f"{plural(len(found.entries), 'entry', 'entries')} of "
        f"{plural(found.chains, 'chain')}, newest first{cut}."
    )
    audit_table(found.entries, chains=True)


def export_buttons(desk: Desk, chain: str) -> None:
    """The trail, or the chosen chain, as lines that `opspilot audit verify --file` checks."""
    label = f"chain {chain}" if chain else "the whole trail"
    ready = f"opspilot-audit{f'-{chain}' if chain else ''}.jsonl"
    st.download_button(
        f"Export {label}",
        data=lambda: "\n".join(desk.bench.audit.export(chain or None)) + "\n",
        file_name=ready,
        mime="application/jsonl",
        key="export-trail",
        help="JSON lines with checkpoints; opspilot audit verify --file checks them offline.",
    )
