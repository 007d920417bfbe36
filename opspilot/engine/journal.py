"""Audit drafts, redacted before anything is hashed or stored."""

from dataclasses import dataclass

from opspilot.domain.audit import AuditDraft
from opspilot.domain.identity import Actor
from opspilot.domain.model import Json
from opspilot.engine.redaction import redact
from opspilot.ports.clock import Clock


@dataclass(frozen=True)
class Journal:
    """Writes drafts with both times.

    Attributes:
        key: Fingerprints of redacted secrets are made under it; without one there are none.
    """

    clock: Clock
    key: bytes = b""

    def redact(self, value: Json) -> Json:
        """The value without secrets; the same secret leaves the same fingerprint in one store."""
        return redact(value, key=self.key)

    def entry(
        self,
        chain: str,
        actor: Actor,
        action_type: str,
        subject: str,
        *,
        input: dict[str, Json] | None = None,
        result: Json = None,
        error: str = "",
        request_ids: tuple[str, ...] = (),
    ) -> AuditDraft:
        """One draft; `input`, `result` and `error` are redacted here."""
        return AuditDraft(
            chain=chain,
            actor=actor,
            action_type=action_type,
            subject=subject,
            input=self.redact(input or {}),
            result=self.redact(result),
            error=str(self.redact(error)),
            aws_request_ids=request_ids,
            at=self.clock.account_now(),
            wall=self.clock.now(),
        )
