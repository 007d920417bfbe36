"""Statistics over series and log lines: pure functions, no I/O and no clock."""
