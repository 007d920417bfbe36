"""Who a signed-in web visitor is: the claims of an identity provider, turned into an actor.

The provider proves who it is (Streamlit and Authlib check the token's signature, audience and
expiry at sign-in); what that person may do is said here, by a map that the operator wrote. Whatever
is missing or in doubt leaves a viewer: reading is all that is given without a reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from opspilot.domain.identity import Actor, Role
from opspilot.domain.model import Json
from opspilot.errors import InputError

Claims = Mapping[str, Json]

_MOST_NAME = 100
_MARKUP = frozenset("<>[]`$*_~|\\:#!")
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class OidcRules:
    """What claims mean here.

    Attributes:
        role_claim: The claim that tells groups or roles; a dotted path reaches into nested claims
            ("realm_access.roles"). Its value is a list, or text separated by spaces or commas.
        role_map: A value of that claim, or a verified e-mail address, to role names.
        longest: How long a sign-in counts: Streamlit's cookie alone would keep the roles of the
            day of sign-in for a month.
    """

    role_claim: str = "groups"
    role_map: Mapping[str, Sequence[str]] = field(default_factory=dict[str, list[str]])
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class WebIdentity:
    """A visitor.

    Attributes:
        remark: Why the visitor may only look, and what would help; empty for everybody else.
    """

    actor: Actor
    remark: str = ""


NOBODY = Actor(id="viewer", name="Viewer", roles=(Role.VIEWER,), source="asserted")
"""Somebody without an established identity: reads, and changes nothing."""


def identify(claims: Claims, rules: OidcRules, now: datetime) -> WebIdentity:
    """The person that claims stand for.

    Args:
        claims: Of a token whose signature, audience and expiry were checked.
        rules: What they mean here.
        now: Wall time.

    Raises:
        InputError: The role map names a role that there is not.
    """
    subject = _text(claims.get("sub"))
    if not subject:
        return WebIdentity(NOBODY, "The identity provider did not say who you are (claim sub).")
    doubt = _doubt(claims, rules, now)
    roles = () if doubt else tuple(_roles(claims, rules))
    actor = Actor(
        id=f"oidc:{_text(claims.get('iss'))}|{subject}",
        name=_name(claims, subject),
        roles=roles or (Role.VIEWER,),
        source="oidc",
    )
    without = "" if roles else f"Your claim {rules.role_claim} gives you no role here."
    return WebIdentity(actor, doubt or without)


def roles_named(names: Sequence[str], whose: str, setting: str) -> tuple[Role, ...]:
    """The roles of these names.

    Raises:
        InputError: There is no such role; the message names the setting that says so.
    """
    try:
        return tuple(Role(name) for name in names)
    except ValueError as error:
        raise InputError(
            f"{setting} gives {whose} an unknown role: {error}",
            hint=f"Roles are: {', '.join(Role)}.",
        ) from error


def _doubt(claims: Claims, rules: OidcRules, now: datetime) -> str:
    """Why these claims give no role whatever they say; empty when nothing speaks against them."""
    if "email_verified" in claims and not _is_true(claims["email_verified"]):
        return "Your e-mail address is not verified at the identity provider; verify it there."
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return "The identity provider did not say when you signed in (claim iat)."
    try:
        at = datetime.fromtimestamp(issued, UTC)
    except (OverflowError, OSError, ValueError):
        return "The identity provider did not say when you signed in (claim iat)."
    if not -_CLOCK_SKEW <= now - at < rules.longest:
        return "You signed in too long ago; sign out, and in again."
    return ""


def _roles(claims: Claims, rules: OidcRules) -> Iterator[Role]:
    known = {_folded(key): names for key, names in rules.role_map.items()}
    for value in (*_values(_found(claims, rules.role_claim)), *_verified_address(claims)):
        if names := known.get(_folded(value)):
            yield from roles_named(names, value, "OPSPILOT_OIDC_ROLE_MAP")


def _folded(key: str) -> str:
    """Addresses are the same in any case; names of groups are not."""
    return key.lower() if "@" in key else key


def _found(claims: Claims, path: str) -> Json:
    """The claim of this very name, which may hold dots itself, else the one at the dotted path."""
    if path in claims:
        return claims[path]
    found: Json = claims
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = cast("Mapping[str, Json]", found).get(part)
    return found


def _values(found: Json) -> Iterator[str]:
    if isinstance(found, str):
        yield from found.replace(",", " ").split()
        yield found.strip()  # a group whose name holds spaces
    elif isinstance(found, list | tuple):
        yield from (one for one in cast("Sequence[Json]", found) if isinstance(one, str))


def _verified_address(claims: Claims) -> Iterator[str]:
    address = _text(claims.get("email"))
    if address and _is_true(claims.get("email_verified")):
        yield address


def _is_true(value: Json) -> bool:
    """Some providers write the word."""
    return value is True or value == "true"


def _name(claims: Claims, subject: str) -> str:
    told = (claims.get(key) for key in ("name", "preferred_username", "email"))
    named = (_plain(_text(value)) for value in (*told, subject))
    return next(filter(None, named), "Somebody")[:_MOST_NAME]


def _plain(name: str) -> str:
    """A name without what buttons and hovers would take for markup."""
    return "".join(one for one in name if one.isprintable() and one not in _MARKUP).strip()


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""
