"""The words of the field as immutable values; no I/O, no clock."""
