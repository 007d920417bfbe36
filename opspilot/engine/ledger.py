"""Makes ledger entries: redacted first, hashed then; the ledger never sees a secret."""

from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.domain.audit import AuditDraft, sha256_hex
from opspilot.domain.evidence import Evidence, GapDetail
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident
from opspilot.domain.model import Json
from opspilot.engine.journal import Journal
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reading
from opspilot.ports.clock import Clock


@dataclass(frozen=True)
class Ledger:
    """Turns readings into evidence and their audit entries."""

    clock: Clock
    journal: Journal

    def entry(
        self,
        evidence_id: str,
        origin: int | str,
        question: Question,
        reading: Reading,
        incident: Incident,
    ) -> Evidence:
        """The evidence that a reading becomes; `origin` is the number of the pass, or a turn."""
        snapshot: Json = self.journal.redact(reading.snapshot)
        return Evidence.model_validate(
            {
                "incident_id": incident.id,
                "id": evidence_id,
                "task": f"{origin}/{question.key}",
                "resource": question.resource,
                "finding": self.journal.redact(reading.finding),
                "request": reading.request or question.request,
                "window": reading.window,
                "detail": self.journal.redact(reading.detail.model_dump(mode="json")),
                "data_hash": sha256_hex(snapshot),
                "snapshot": snapshot,
                "status": _status(reading),
                "request_ids": reading.request_ids,
                "usage": reading.usage,
                "collected_at": self.clock.account_now(),
                "collected_wall": self.clock.now(),
            }
        )

    def audit(self, item: Evidence) -> AuditDraft:
        """The audit entry that goes with it."""
        return self.journal.entry(
            item.incident_id,
            SYSTEM,
            "evidence.collected",
            item.id,
            input={
                "request": item.request.model_dump(mode="json"),
                "window": item.window.model_dump(mode="json"),
            },
            result={
                "finding": item.finding,
                "data_hash": item.data_hash,
                "detail_hash": detail_hash(item),
                "status": item.status,
            },
            error=item.detail.message if isinstance(item.detail, GapDetail) else "",
            request_ids=item.request_ids,
        )


def detail_hash(item: Evidence) -> str:
    """SHA-256 of what an entry shows, of the fields that it was written with.

    The snapshot of a log is a sample, from which its detail cannot be computed again; the chain
    keeps this hash, so that the detail cannot be exchanged unseen.
    """
    return sha256_hex(item.detail.model_dump(mode="json", exclude_unset=True))


def ledger_of(evidence: Sequence[Evidence], number: int) -> list[Evidence]:
    """The entries that one investigation collected."""
    return [item for item in evidence if item.task.startswith(f"{number}/")]


def _status(reading: Reading) -> str:
    if isinstance(reading.detail, GapDetail):
        return "gap"
    return "partial" if reading.partial else "complete"
