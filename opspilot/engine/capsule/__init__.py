"""Capsules: an incident as one file, read with suspicion, and replayed."""

from opspilot.engine.capsule.pack import Capsules
from opspilot.engine.capsule.read import read_capsule
from opspilot.engine.capsule.replay import replay

__all__ = ["Capsules", "read_capsule", "replay"]
