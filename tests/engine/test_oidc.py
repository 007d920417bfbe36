"""Claims of an identity provider as people with roles; whatever is in doubt leaves a viewer."""

from datetime import UTC, datetime, timedelta

import pytest

from opspilot.domain.identity import Role
from opspilot.domain.model import Json
from opspilot.engine.oidc import OidcRules, identify
from opspilot.engine.people import People
from opspilot.errors import InputError

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
MAP = {
    "oncall": ["responder"],
    "leads": ["responder", "approver"],
    "payments on call": ["approver"],
    "Grace@Example.com": ["approver"],
}
VIEWS, RESPONDS = (Role.VIEWER,), (Role.RESPONDER,)


def claims(**more: Json) -> dict[str, Json]:
    """Of somebody who signed in a minute ago."""
    said: dict[str, Json] = {
        "iss": "https://id.example.com",
        "sub": "248289",
        "name": "Grace Hopper",
        "iat": (NOW - timedelta(minutes=1)).timestamp(),
    }
    return said | more


def roles(said: dict[str, Json], claim: str = "groups") -> tuple[Role, ...]:
    return identify(said, OidcRules(claim, MAP), NOW).actor.roles


def test_a_person_is_issuer_and_subject_and_not_a_name_or_an_address() -> None:
    found = identify(claims(email="grace@example.com"), OidcRules(), NOW).actor
    assert (found.id, found.name, found.source) == (
        "oidc:https://id.example.com|248289",
        "Grace Hopper",
        "oidc",
    )
    elsewhere = identify(claims(iss="https://other.example.com"), OidcRules(), NOW).actor
    assert elsewhere.id != found.id


@pytest.mark.parametrize(
    "value",
    [["oncall"], "oncall", "staff oncall", "staff,oncall", ["staff", 7, None, "oncall"]],
    ids=str,
)
def test_a_role_claim_may_be_a_list_or_separated_text(value: Json) -> None:
    assert roles(claims(groups=value)) == RESPONDS


def test_a_group_whose_name_holds_spaces_is_found() -> None:
    assert roles(claims(groups=["payments on call"])) == (Role.APPROVER,)
    assert roles(claims(groups="payments on call")) == (Role.APPROVER,)


def test_roles_of_several_groups_add_up() -> None:
    assert roles(claims(groups=["oncall", "leads"])) == (Role.APPROVER, Role.RESPONDER)


def test_a_dotted_path_reaches_into_nested_claims_and_a_name_with_dots_is_found_first() -> None:
    nested = claims(realm_access={"roles": ["oncall"]})
    assert roles(nested, "realm_access.roles") == RESPONDS
    spaced = claims(**{"https://example.com/roles": ["oncall"]})
    assert roles(spaced, "https://example.com/roles") == RESPONDS
    both = claims(realm_access={"roles": ["leads"]}, **{"realm_access.roles": "oncall"})
    assert roles(both, "realm_access.roles") == RESPONDS


@pytest.mark.parametrize(
    "value",
    [None, "", [], {}, 7, True, ["strangers"], {"oncall": True}, ["Oncall"], ["responder"]],
    ids=str,
)
def test_a_claim_that_is_missing_unknown_or_no_text_gives_a_viewer(value: Json) -> None:
    found = identify(claims(groups=value), OidcRules("groups", MAP), NOW)
    assert found.actor.roles == VIEWS
    assert "groups" in found.remark
    assert found.actor.id == "oidc:https://id.example.com|248289"


def test_a_missing_claim_of_any_depth_gives_a_viewer() -> None:
    for path in ("groups", "a.b.c", "name.first", "."):
        assert roles(claims(), path) == VIEWS


@pytest.mark.parametrize("verified", [True, "true"])
def test_a_verified_address_gives_its_roles_in_any_case(verified: Json) -> None:
    said = claims(email="grace@EXAMPLE.com", email_verified=verified)
    assert roles(said) == (Role.APPROVER,)


def test_an_address_that_nobody_vouches_for_gives_no_role() -> None:
    assert roles(claims(email="grace@example.com")) == VIEWS


@pytest.mark.parametrize("verified", [False, "false", None, 0, 1, "yes"], ids=str)
def test_an_unverified_address_never_gives_more_than_looking(verified: Json) -> None:
    said = claims(email="grace@example.com", email_verified=verified, groups=["leads"])
    found = identify(said, OidcRules("groups", MAP), NOW)
    assert found.actor.roles == VIEWS
    assert "not verified" in found.remark


@pytest.mark.parametrize(
    "issued",
    [
        NOW - timedelta(hours=12),
        NOW - timedelta(days=29),
        NOW + timedelta(minutes=6),
    ],
)
def test_a_sign_in_of_too_long_ago_or_of_the_future_gives_a_viewer(issued: datetime) -> None:
    assert roles(claims(groups=["leads"], iat=issued.timestamp())) == VIEWS


@pytest.mark.parametrize(
    "issued", [None, "1732284000", True, float("inf"), float("nan"), 10**30, []], ids=str
)
def test_a_sign_in_of_no_known_time_gives_a_viewer(issued: Json) -> None:
    assert roles(claims(groups=["leads"], iat=issued)) == VIEWS


@pytest.mark.parametrize("subject", [None, "", "  ", 7, ["x"]], ids=str)
def test_without_a_subject_there_is_nobody(subject: Json) -> None:
    found = identify(claims(sub=subject, groups=["leads"]), OidcRules("groups", MAP), NOW)
    assert (found.actor.id, found.actor.roles) == ("viewer", VIEWS)
    assert "sub" in found.remark


def test_a_name_is_found_where_there_is_one_and_is_kept_short() -> None:
    assert identify(claims(name="x" * 999), OidcRules(), NOW).actor.name == "x" * 100
    nameless = claims(name=None, preferred_username="gh", email="g@example.com")
    assert identify(nameless, OidcRules(), NOW).actor.name == "gh"
    assert identify(claims(name=7), OidcRules(), NOW).actor.name == "248289"


def test_a_name_holds_no_markup() -> None:
    hostile = "![x](https://evil.example/p.png) <b>Eve</b> :material/home: `$a$`\u202e\n"
    name = identify(claims(name=hostile), OidcRules(), NOW).actor.name
    assert not set("<>[]`$:!\u202e\n") & set(name)
    assert "Eve" in name
    assert identify(claims(name="***", sub="[]"), OidcRules(), NOW).actor.name == "Somebody"


def test_an_unknown_role_in_the_map_is_named_with_its_setting() -> None:
    with pytest.raises(InputError, match=r"OPSPILOT_OIDC_ROLE_MAP gives oncall .*king"):
        identify(claims(groups="oncall"), OidcRules("groups", {"oncall": ["king"]}), NOW)


def test_where_nobody_can_sign_in_everybody_looks_and_reads_how_to_set_it_up() -> None:
    people = People(embedded=False)
    nowhere = people.visitor(None, NOW)
    assert nowhere.actor.roles == VIEWS
    assert "OPSPILOT_OIDC_ROLE_MAP" in nowhere.remark
    assert "Sign in" in people.visitor({}, NOW).remark


def test_a_signed_in_visitor_has_the_roles_of_the_map() -> None:
    people = People(embedded=False, oidc=OidcRules("groups", MAP))
    found = people.visitor(claims(groups=["oncall"]), NOW)
    assert (found.actor.roles, found.remark) == (RESPONDS, "")
