"""The store in one SQLite file, for one machine."""

from opspilot.adapters.sqlite.opening import open_store
from opspilot.adapters.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "open_store"]
