"""The signing key and the signed checkpoints, in a folder that the store does not hold."""

from opspilot.adapters.signing.checkpoints import FileCheckpoints, open_checkpoints
from opspilot.adapters.signing.keys import open_redaction_key

__all__ = ["FileCheckpoints", "open_checkpoints", "open_redaction_key"]
