"""Who acts: people with roles, and the system itself."""

from enum import StrEnum
from typing import Literal

from pydantic import field_validator

from opspilot.domain.model import Model


class Role(StrEnum):
    """What an actor may do; roles are held, not ranked."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    APPROVER = "approver"
    ADMIN = "admin"


class Actor(Model):
    """A person or the system.

    Attributes:
        id: Stable identity; two approvals count as two people only if their ids differ.
        name: Name for people to read.
        kind: Whether a person or the system itself.
        roles: Roles held, sorted, so that an actor has one JSON form (audit entries hash it).
        source: How the identity was established: embedded, sts, oidc, asserted or system.
    """

    id: str
    name: str
    kind: Literal["person", "system"] = "person"
    roles: tuple[Role, ...] = ()
    source: Literal["embedded", "sts", "oidc", "asserted", "system"] = "system"

    @field_validator("roles")
    @classmethod
    def _sorted(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        return tuple(sorted(set(roles)))


SYSTEM = Actor(id="system", name="OpsPilot", kind="system", source="system")
"""The engine acting by itself: alarm polling, steps of a job, checkpoints."""
