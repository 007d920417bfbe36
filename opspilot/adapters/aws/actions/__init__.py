"""One AWS change per module: read the pre-state, apply, wait."""
