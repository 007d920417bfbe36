"""Packs an incident into a capsule: rows as they are stored, redacted long before."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from opspilot import __version__
from opspilot.domain.capsule import FORMAT, Manifest, MemberName
from opspilot.domain.identity import Actor
from opspilot.domain.model import Record
from opspilot.engine.audit import AuditTrail
from opspilot.engine.capsule.container import line_of, member, packed
from opspilot.engine.capsule.record import EXPORTED, hashes_of
from opspilot.engine.commands import Desk
from opspilot.ports.store import Changeset


@dataclass(frozen=True)
class Capsules:
    """Makes capsules of what a store holds."""

    desk: Desk
    audit: AuditTrail

    def export(self, incident_id: str, *, actor: Actor) -> bytes:
        """An incident as a file; who took it out is on record before it is handed over.

        That record holds the hash of each part and is signed with the rest of the chain, so that
        no part can be rewritten afterwards, not even with a manifest that agrees.

        Whoever may read may export: nothing is in the file that the screens do not show.

        Raises:
            NotFound: There is no such incident.
            CapsuleRefused: It is larger than a capsule may be.
            AuditDamaged: The chain is no longer readable; `opspilot audit verify` tells more.
        """
        parts = self._parts(incident_id)
        members = [member(name, lines) for name, lines in parts.items()]
        entry = self.desk.journal.entry(
            incident_id, actor, EXPORTED, incident_id, result={"parts": hashes_of(members)}
        )
        self.desk.store.commit(Changeset(audit=[entry]))
        self.audit.checkpoint()
        trail = [line.encode() + b"\n" for line in _covered(self.audit.export(incident_id))]
        manifest = Manifest(
            format=FORMAT,
            product_version=__version__,
            rules_version=self._rules_version(incident_id),
            incident_id=incident_id,
            exported_at=self.desk.clock.now(),
            members=(*members, member("audit", trail)),
        )
        return packed(manifest, chain(*parts.values(), trail))

    def _parts(self, incident_id: str) -> dict[MemberName, list[bytes]]:
        """All rows of an incident but its audit trail."""
        store = self.desk.store
        incident = store.incident(incident_id)
        investigation = store.investigation(incident_id)
        conversations = store.conversations(incident_id)
        postmortem = store.postmortem(incident_id)
        return {
            "incident": lines_of([incident]),
            "investigation": lines_of([investigation] if investigation else []),
            "evidence": lines_of(store.evidence(incident_id)),
            "plans": lines_of(store.plans(incident_id)),
            "notes": lines_of(store.notes(incident_id)),
            "postmortem": lines_of([postmortem] if postmortem else []),
            "conversations": lines_of(conversations),
            "turns": lines_of([turn for one in conversations for turn in store.turns(one.id)]),
        }

    def _rules_version(self, incident_id: str) -> str:
        investigation = self.desk.store.investigation(incident_id)
        verdict = investigation.verdict if investigation else None
        return verdict.rules_version if verdict else ""


def lines_of(rows: Sequence[Record]) -> list[bytes]:
    """A line for each row, with the fields that it was stored with.

    Those that a later OpsPilot adds would change what the hashes of the audit trail were made of.
    """
    return [line_of(row.model_dump(mode="json", exclude_unset=True)) for row in rows]


def _covered(lines: Iterator[str]) -> list[str]:
    """An export of one chain with the newest anchor of it only, and that anchor's checkpoint.

    One signed place covers all entries before it, and an anchor may name thousands of chains.
    """
    kept = [(next(iter(json.loads(line))), line) for line in lines]
    anchors = [json.loads(line)["anchor"]["seq"] for kind, line in kept if kind == "anchor"]
    newest = max(anchors, default=0)

    def wanted(kind: str, line: str) -> bool:
        return kind not in ("checkpoint", "anchor") or json.loads(line)[kind]["seq"] == newest

    return [line for kind, line in kept if wanted(kind, line)]
