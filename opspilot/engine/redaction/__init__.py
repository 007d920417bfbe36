"""Secrets are taken out here, before anything is hashed, stored, shown or sent to a model."""

from opspilot.engine.redaction.marker import MARKER
from opspilot.engine.redaction.names import secret_kind
from opspilot.engine.redaction.text import redact_text
from opspilot.engine.redaction.values import redact, redact_model

__all__ = ["MARKER", "redact", "redact_model", "redact_text", "secret_kind"]
