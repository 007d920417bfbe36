"""Ports kept in memory, for tests and the virtual clock."""
