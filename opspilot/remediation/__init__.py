"""Typed remediation: actions, risk policy and the digest an approval binds to."""
