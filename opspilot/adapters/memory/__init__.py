"""Ports kept in memory: nothing outlives the process."""

from opspilot.adapters.memory.clock import HandClock
from opspilot.adapters.memory.frozen import FrozenStore
from opspilot.adapters.memory.model import ScriptedModel
from opspilot.adapters.memory.store import MemoryStore

__all__ = ["FrozenStore", "HandClock", "MemoryStore", "ScriptedModel"]
