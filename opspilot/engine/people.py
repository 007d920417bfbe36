"""Who may act: people of the embedded account, and identities elsewhere."""

from dataclasses import dataclass, field

from opspilot.domain.identity import Actor, Role
from opspilot.errors import InputError, NotAllowed

EMBEDDED_PEOPLE: tuple[Actor, ...] = (
    Actor(id="ada", name="Ada", roles=(Role.RESPONDER,), source="embedded"),
    Actor(id="grace", name="Grace", roles=(Role.RESPONDER, Role.APPROVER), source="embedded"),
    Actor(id="alan", name="Alan", roles=(Role.RESPONDER, Role.APPROVER), source="embedded"),
)
"""Whom a person may act as on the embedded account: one responder, two approvers."""

VIEWER = Actor(id="viewer", name="Viewer", roles=(Role.VIEWER,), source="asserted")
"""Somebody without an established identity: reads, and changes nothing."""


@dataclass(frozen=True)
class People:
    """Establishes who acts.

    Attributes:
        embedded: On the embedded account a person chooses whom to act as.
        caller: ARN of the AWS identity in use elsewhere; empty when there is none.
        trust_actor: Whether a self-asserted name counts as a person of its own.
        role_map: Identity (ARN or asserted name) to role names.
    """

    embedded: bool
    caller: str = ""
    trust_actor: bool = False
    role_map: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def everybody(self) -> tuple[Actor, ...]:
        """Whom one may act as on a screen."""
        return EMBEDDED_PEOPLE if self.embedded else (VIEWER,)

    def named(self, name: str) -> Actor:
        """The person that a name stands for.

        Raises:
            InputError: Nobody of this name is on the embedded account.
            NotAllowed: Names are not trusted here.
        """
        if self.embedded:
            for person in EMBEDDED_PEOPLE:
                if name.lower() in (person.id, person.name.lower()):
                    return person
            known = ", ".join(person.id for person in EMBEDDED_PEOPLE)
            raise InputError(f"nobody here is called {name!r}", hint=f"Act as one of: {known}.")
        if not self.trust_actor:
            raise NotAllowed(
                f"the name {name!r} proves nothing on this account",
                hint="Leave --actor out to act as your AWS identity; or OPSPILOT_TRUST_ACTOR=1.",
            )
        roles = self._roles(name, (Role.RESPONDER, Role.APPROVER))
        return Actor(id=f"asserted:{name}", name=name, roles=roles, source="asserted")

    def myself(self, *, wanted: Role) -> Actor:
        """Who acts when no name is given.

        On the embedded account: the first person who holds the wanted role. Elsewhere: the AWS
        identity, as a responder unless the role map says otherwise.

        Raises:
            NotAllowed: There is no identity.
        """
        if self.embedded:
            return next(person for person in EMBEDDED_PEOPLE if wanted in person.roles)
        if not self.caller:
            raise NotAllowed(
                "there is no AWS identity to act as",
                hint="Configure AWS credentials, or set OPSPILOT_TRUST_ACTOR=1 and give --actor.",
            )
        name = self.caller.rsplit("/", 1)[-1]
        roles = self._roles(self.caller, (Role.RESPONDER,))
        return Actor(id=self.caller, name=name, roles=roles, source="sts")

    def _roles(self, identity: str, default: tuple[Role, ...]) -> tuple[Role, ...]:
        named = self.role_map.get(identity)
        if named is None:
            return default
        try:
            return tuple(Role(name) for name in named)
        except ValueError as error:
            known = ", ".join(Role)
            raise InputError(
                f"OPSPILOT_ROLE_MAP gives {identity} an unknown role: {error}",
                hint=f"Roles are: {known}.",
            ) from error
