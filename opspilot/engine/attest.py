"""Holds a plan against its audit chain: what was recorded is what may be approved and run.

A row's own digest proves only that the row agrees with itself; whoever can write the store can
write both. The chain cannot be rewritten unseen, so the digest is compared with what it recorded.
"""

from collections.abc import Iterator

from opspilot.domain.audit import GENESIS, AuditEntry, recomputed_hash
from opspilot.domain.plan import Plan
from opspilot.ports.store import AuditLog
from opspilot.remediation import digest

_PAGE = 1000


def unlike_record(log: AuditLog, plan: Plan) -> str:
    """Why this plan, or an approval of it, is not what its chain recorded; empty when it is.

    Raises:
        AuditDamaged: An entry is no longer readable.
    """
    if digest(plan) != plan.digest:
        return f"{plan.id} does not match its own digest: its content was changed"
    previous, proposed, approved = GENESIS, "", set[tuple[str, str]]()
    for entry in _chain(log, plan.incident_id):
        if entry.previous_hash != previous or recomputed_hash(entry) != entry.hash:
            return f"the audit chain of {plan.incident_id} is damaged at entry {entry.seq}"
        previous = entry.hash
        if entry.subject == plan.id and entry.action_type == "plan.proposed":
            proposed = str(entry.result["digest"])
        if entry.subject == plan.id and entry.action_type == "plan.approved":
            approved.add((entry.actor.id, str(entry.input["digest"])))
    if proposed != plan.digest:
        return f"{plan.id} is not the plan that its audit chain recorded"
    unrecorded = [one for one in plan.approvals if (one.by.id, one.digest) not in approved]
    if any(one.decision == "approved" for one in unrecorded):
        return f"{plan.id} carries an approval that its audit chain did not record"
    return ""


def _chain(log: AuditLog, chain: str) -> Iterator[AuditEntry]:
    after = 0
    while page := log.entries(chain, after=after, limit=_PAGE):
        yield from page
        after = page[-1].seq
