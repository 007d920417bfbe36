"""Who calls: access keys of the embedded account and the users they belong to."""

from __future__ import annotations

import re

from opspilot.embedded.events import Caller

PRODUCT_USER = "opspilot"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]+/([^/]+)/([^/]+)/")


def caller_of(authorization: str, agent: str, address: str) -> Caller:
    """The caller of a signed request: every key belongs to the product's user."""
    found = _CREDENTIAL.search(authorization)
    return Caller(PRODUCT_USER, found[1] if found else "", agent, address)


def service_of(authorization: str) -> str:
    """The service that a request was signed for; empty when it is not signed."""
    found = _CREDENTIAL.search(authorization)
    return found[3] if found else ""


def user_arn(account_id: str, user: str) -> str:
    """ARN of a user."""
    return f"arn:aws:iam::{account_id}:user/{user}"


def principal_id(user: str) -> str:
    """Unique id of a user."""
    return f"AIDA{user.upper().replace('-', '')[:12]:X<12}00Q7"
