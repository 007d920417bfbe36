"""One remediation action per module."""
