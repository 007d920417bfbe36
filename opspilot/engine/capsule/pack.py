"""Packs an incident into a capsule: rows as they are stored, redacted long before."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opspilot import __version__
from opspilot.domain.capsule import FORMAT, Manifest, MemberName
from opspilot.domain.identity import Actor
from opspilot.domain.model import Record
from opspilot.engine.audit import AuditTrail
from opspilot.engine.capsule.container import line_of, member, packed
from opspilot.engine.commands import Desk
from opspilot.ports.store import Changeset


@dataclass(frozen=True)
class Capsules:
    """Makes capsules of what a store holds."""

    desk: Desk
    audit: AuditTrail

    def export(self, incident_id: str, *, actor: Actor) -> bytes:
        """An incident as a file; who took it out is on record before it is handed over.

        Whoever may read may export: nothing is in the file that the screens do not show.

        Raises:
            NotFound: There is no such incident.
            CapsuleRefused: It is larger than a capsule may be.
            AuditDamaged: The chain is no longer readable; `opspilot audit verify` tells more.
        """
        content = self.content(incident_id)
        taken = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        entry = self.desk.journal.entry(
            incident_id, actor, "capsule.exported", incident_id, result=taken
        )
        self.desk.store.commit(Changeset(audit=[entry]))
        return content

    def content(self, incident_id: str) -> bytes:
        """The bytes of a capsule of what is on record now.

        The audit chain is anchored and signed first, so that what goes out is covered.

        Raises:
            NotFound: There is no such incident.
            CapsuleRefused: It is larger than a capsule may be.
            AuditDamaged: The chain is no longer readable; `opspilot audit verify` tells more.
        """
        store = self.desk.store
        incident = store.incident(incident_id)
        self.audit.checkpoint()
        investigation = store.investigation(incident_id)
        verdict = investigation.verdict if investigation else None
        conversations = store.conversations(incident_id)
        postmortem = store.postmortem(incident_id)
        parts: dict[MemberName, list[bytes]] = {
            "incident": _rows([incident]),
            "investigation": _rows([investigation] if investigation else []),
            "evidence": _rows(store.evidence(incident_id)),
            "plans": _rows(store.plans(incident_id)),
            "notes": _rows(store.notes(incident_id)),
            "postmortem": _rows([postmortem] if postmortem else []),
            "conversations": _rows(conversations),
            "turns": _rows([turn for one in conversations for turn in store.turns(one.id)]),
            "audit": [line.encode() + b"\n" for line in _covered(self.audit.export(incident_id))],
        }
        manifest = Manifest(
            format=FORMAT,
            product_version=__version__,
            rules_version=verdict.rules_version if verdict else "",
            incident_id=incident.id,
            exported_at=self.desk.clock.now(),
            members=tuple(member(name, lines) for name, lines in parts.items()),
        )
        return packed(manifest, (line for lines in parts.values() for line in lines))


def _rows(rows: Sequence[Record]) -> list[bytes]:
    return [line_of(row.model_dump(mode="json")) for row in rows]


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
