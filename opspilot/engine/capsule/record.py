"""Holds the rows of a capsule against its audit chain, which cannot be rewritten unseen.

Whoever can change a file can change the manifest's hashes too. The chain is signed, and it recorded
what was read, what was concluded, what was proposed and who agreed; and, when the capsule was made,
the hash of each of its parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from opspilot import __version__
from opspilot.domain.audit import AuditEntry, sha256_hex
from opspilot.domain.capsule import Capsule, Manifest, Member
from opspilot.domain.evidence import Evidence
from opspilot.domain.investigation import Investigation
from opspilot.domain.model import Json
from opspilot.domain.plan import Plan
from opspilot.engine.diagnose import verdict_summary
from opspilot.engine.ledger import detail_hash
from opspilot.remediation import digest

EXPORTED = "capsule.exported"
"""Audit entry of an export; its result holds the hashes of the parts that went out."""


def hashes_of(members: Sequence[Member]) -> dict[str, Json]:
    """SHA-256 by part, of all that the audit trail can speak of: not of itself."""
    return {one.name: one.sha256 for one in members if one.name != "audit"}


@dataclass(frozen=True)
class Chain:
    """The entries of an incident's chain, looked up by what they tell of."""

    entries: tuple[AuditEntry, ...]

    @cached_property
    def collected(self) -> Mapping[str, Mapping[str, Json]]:
        """Id of a ledger entry to what was recorded of it."""
        return {
            entry.subject: _fields(entry.result)
            for entry in self.entries
            if entry.action_type == "evidence.collected"
        }

    def export(self, manifest: Manifest) -> AuditEntry | None:
        """The record of the export that this capsule comes from; None when there is none."""
        parts = hashes_of(manifest.members)
        return next(
            (
                one
                for one in reversed(self.told(EXPORTED, manifest.incident_id))
                if _fields(one.result).get("parts") == parts
            ),
            None,
        )

    def told(self, action_type: str, subject: str) -> list[AuditEntry]:
        """Entries of one kind about one thing, oldest first."""
        return [
            one for one in self.entries if one.action_type == action_type and one.subject == subject
        ]

    def absent(self, capsule: Capsule) -> tuple[str, ...]:
        """Ledger entries that were recorded before the export and are not there."""
        export = self.export(capsule.manifest)
        before = {
            entry.subject
            for entry in self.entries
            if entry.subject in self.collected and (export is None or entry.seq < export.seq)
        }
        return tuple(sorted(before - {item.id for item in capsule.evidence}))

    def unbound(self, evidence: Sequence[Evidence]) -> tuple[str, ...]:
        """Ledger entries whose detail was recorded without a hash."""
        return tuple(
            item.id for item in evidence if "detail_hash" not in self.collected.get(item.id, {})
        )


def disagreement(capsule: Capsule, chain: Chain) -> str:
    """Where the parts do not belong together, in words; empty when they do."""
    return next(_disagreements(capsule, chain), "")


def _disagreements(capsule: Capsule, chain: Chain) -> Iterator[str]:
    yield from _strangers(capsule)
    for item in capsule.evidence:
        yield from _evidence(item, chain)
    if capsule.investigation is not None:
        yield from _verdict(capsule.investigation, chain)
    for plan in capsule.plans:
        yield from _plan(plan, chain, same_product=_same_product(capsule))
    # Last, since whatever was found before says better what was changed.
    if chain.export(capsule.manifest) is None:
        yield "its parts are not those that its audit trail recorded when it was exported"


def _strangers(capsule: Capsule) -> Iterator[str]:
    """Rows of another incident, and rows that are there twice."""
    incident_id = capsule.manifest.incident_id
    beside = [capsule.investigation] if capsule.investigation else []
    review = [capsule.postmortem] if capsule.postmortem else []
    ids = {
        capsule.incident.id,
        *(one.incident_id for one in (*beside, *capsule.evidence, *capsule.plans)),
        *(one.incident_id for one in (*capsule.notes, *review, *capsule.conversations)),
        *(one.incident_id for one in capsule.turns),
    }
    if ids != {incident_id}:
        yield f"it holds rows of {', '.join(sorted(ids - {incident_id}))[:100]}"
    for kind in (capsule.evidence, capsule.plans, capsule.notes, capsule.conversations):
        if len({one.id for one in kind}) != len(kind):
            yield "it holds a row twice"
    places = {(one.conversation_id, one.number) for one in capsule.turns}
    if len(places) != len(capsule.turns):
        yield "it holds a turn twice"


def _evidence(item: Evidence, chain: Chain) -> Iterator[str]:
    recorded = chain.collected.get(item.id)
    if recorded is None:
        yield f"its audit trail knows of no ledger entry {item.id}"
        return
    if sha256_hex(item.snapshot) != item.data_hash:
        yield f"the data of {item.id} is not that of its hash"
    now = {"finding": item.finding, "data_hash": item.data_hash, "status": item.status}
    if "detail_hash" in recorded:
        now["detail_hash"] = detail_hash(item)
    differing = [name for name, value in now.items() if recorded.get(name) != value]
    if differing:
        yield f"the {differing[0].replace('_', ' ')} of {item.id} is not what its trail recorded"


def _verdict(investigation: Investigation, chain: Chain) -> Iterator[str]:
    if investigation.verdict is None:
        return
    reached = chain.told("verdict.reached", investigation.incident_id)
    now = verdict_summary(investigation.verdict)
    recorded = _fields(reached[-1].result) if reached else {"status": None}
    if any(now.get(name) != value for name, value in recorded.items()):
        yield "its verdict is not the one that its audit trail recorded"


def _plan(plan: Plan, chain: Chain, *, same_product: bool) -> Iterator[str]:
    proposed = [_fields(one.result).get("digest") for one in chain.told("plan.proposed", plan.id)]
    if proposed[-1:] != [plan.digest] or (same_product and digest(plan) != plan.digest):
        yield f"{plan.id} is not the plan that its audit trail recorded"
    agreed = {
        (one.actor.id, str(one.input.get("digest"))) for one in chain.told("plan.approved", plan.id)
    }
    if any(
        one.decision == "approved" and (one.by.id, one.digest) not in agreed
        for one in plan.approvals
    ):
        yield f"{plan.id} carries an approval that its audit trail did not record"


def _same_product(capsule: Capsule) -> bool:
    """Whether a digest can be computed again: its fields may be others in another version."""
    return capsule.manifest.product_version == __version__


def _fields(value: Json) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", value) if isinstance(value, dict) else {}
