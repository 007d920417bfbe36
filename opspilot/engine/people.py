"""Who may act: people of the embedded account, and identities elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opspilot.domain.identity import Actor, Role
from opspilot.domain.model import Json
from opspilot.engine.oidc import NOBODY, OidcRules, WebIdentity, identify, roles_named
from opspilot.errors import InputError, NotAllowed


def _embedded(name: str, *roles: Role) -> Actor:
    return Actor(id=name.lower(), name=name, roles=roles, source="embedded")


EMBEDDED_PEOPLE: tuple[Actor, ...] = (
    _embedded("Ada", Role.RESPONDER),
    _embedded("Grace", Role.RESPONDER, Role.APPROVER),
    _embedded("Alan", Role.RESPONDER, Role.APPROVER),
    _embedded("Linus", Role.RESPONDER),
    _embedded("Margaret", Role.ADMIN),
    _embedded("Vera", Role.VIEWER),
)
"""Whom a person may act as on the embedded account: two responders, two approvers, an admin and a
viewer."""

SIGN_IN_MISSING = (
    "Nobody can sign in here yet, so everybody may only look. Configure OpenID Connect: an [auth] "
    "section in .streamlit/secrets.toml, and OPSPILOT_OIDC_ROLE_MAP (docs/identity.md). The "
    "command line acts as your AWS identity meanwhile."
)


@dataclass(frozen=True)
class People:
    """Establishes who acts.

    Attributes:
        embedded: On the embedded account a person chooses whom to act as.
        caller: ARN of the AWS identity in use elsewhere; empty when there is none.
        trust_actor: Whether a self-asserted name counts as a person of its own.
        role_map: Identity (ARN or asserted name) to role names.
        oidc: What the claims of a signed-in web visitor mean.
    """

    embedded: bool
    caller: str = ""
    trust_actor: bool = False
    role_map: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    oidc: OidcRules = field(default_factory=OidcRules)

    def everybody(self) -> tuple[Actor, ...]:
        """Whom one may act as on a screen."""
        return EMBEDDED_PEOPLE if self.embedded else (NOBODY,)

    def visitor(self, claims: Mapping[str, Json] | None, now: datetime) -> WebIdentity:
        """Who looks at the screens of an account that is not the embedded one.

        Args:
            claims: Of a visitor who signed in; empty before, None where nobody can sign in.
            now: Wall time.

        Raises:
            InputError: The role map names a role that there is not.
        """
        if claims is None:
            return WebIdentity(NOBODY, SIGN_IN_MISSING)
        if not claims:
            return WebIdentity(NOBODY, "Sign in to do more than look.")
        return identify(claims, self.oidc, now)

    def named(self, name: str) -> Actor:
        """The person that a name stands for.

        Raises:
            InputError: The name is empty, or nobody's on the embedded account.
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
        # Grace and "grace " are one person: nobody approves their own plan by spelling it anew.
        known_as = " ".join(name.split()).casefold()
        if not known_as:
            raise InputError("the name is empty", hint="Say who acts: --actor grace.")
        return Actor(id=f"asserted:{known_as}", name=name, roles=roles, source="asserted")

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
        return roles_named(named, identity, "OPSPILOT_ROLE_MAP")
