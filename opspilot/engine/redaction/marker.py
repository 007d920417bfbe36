"""What stands where a secret stood."""

import hashlib
import hmac
import re

MARKER = re.compile(r"\[redacted:[a-z-]{1,32}(?::[0-9a-f]{4})?\]")
"""`[redacted:password]`, or `[redacted:password:3f9a]` with a fingerprint."""

_PLACEHOLDERS = (
    "null none nil undefined true false n/a na empty unset required missing invalid expired hidden"
    " redacted masked [redacted] <redacted> (redacted) [hidden] [masked] [filtered]"
)
_REFERENCE = re.compile(
    r"\$\{[^{}]*\}|\$[A-Z][A-Z0-9_]+|\{\{[^{}]*\}\}|%[A-Z][A-Z0-9_]+%|<[\w .-]+>"
    r"|arn:aws[\w-]*:[\w:/.+@*-]+"
)


def marker(kind: str, secret: str, key: bytes) -> str:
    """The text that replaces a secret.

    The fingerprint shows whether two secrets of one store are equal without telling what they are.
    It is keyed, because the plain hash of a weak password is found by trying; and it is 16 bits
    short, so that even with the key thousands of candidates fit.

    Args:
        kind: What sort of secret it is, in lower-case letters and hyphens.
        secret: The text that is taken out.
        key: The store's redaction key; empty leaves the fingerprint away.
    """
    if not key:
        return f"[redacted:{kind}]"
    digest = hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"[redacted:{kind}:{digest[:4]}]"


def is_empty_or_reference(value: str) -> bool:
    """Whether a value under a secret's name holds no secret: absent, masked, or a pointer to it."""
    plain = value.strip()
    if not plain.strip("*xX•.-_"):
        return True
    return (
        plain.lower() in _PLACEHOLDERS.split()
        or MARKER.fullmatch(plain) is not None
        or _REFERENCE.fullmatch(plain) is not None
    )
