"""One failure mode per module."""
