"""The audit trail: anchoring and signing it, verifying it, handing it out."""

from opspilot.engine.audit.export_check import verify_export
from opspilot.engine.audit.trail import AuditTrail

__all__ = ["AuditTrail", "verify_export"]
