"""The audit trail: anchoring and signing it, verifying it, handing it out."""

from opspilot.engine.audit.browse import AuditFilter, AuditSlice
from opspilot.engine.audit.export_check import verify_export
from opspilot.engine.audit.trail import AuditTrail

__all__ = ["AuditFilter", "AuditSlice", "AuditTrail", "verify_export"]
