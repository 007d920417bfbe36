"""Who acts: people of the embedded account, proven identities elsewhere, names where trusted."""

import pytest

from opspilot.domain.identity import Role
from opspilot.engine.people import People
from opspilot.errors import InputError, NotAllowed

ARN = "arn:aws:sts::123456789012:assumed-role/oncall/rosa"


def test_the_embedded_account_has_two_responders_two_approvers_an_admin_and_a_viewer() -> None:
    people = People(embedded=True).everybody()
    assert [(one.id, one.roles) for one in people] == [
        ("ada", (Role.RESPONDER,)),
        ("grace", (Role.APPROVER, Role.RESPONDER)),
        ("alan", (Role.APPROVER, Role.RESPONDER)),
        ("linus", (Role.RESPONDER,)),
        ("margaret", (Role.ADMIN,)),
        ("vera", (Role.VIEWER,)),
    ]


def test_a_person_of_the_embedded_account_is_found_by_name_in_any_case() -> None:
    people = People(embedded=True)
    assert people.named("GRACE").id == "grace"
    with pytest.raises(InputError, match="mallory"):
        people.named("mallory")


def test_elsewhere_a_name_proves_nothing_unless_it_is_trusted() -> None:
    with pytest.raises(NotAllowed, match="proves nothing"):
        People(embedded=False, caller=ARN).named("grace")
    trusted = People(embedded=False, trust_actor=True).named("grace")
    assert (trusted.id, trusted.source) == ("asserted:grace", "asserted")
    assert Role.APPROVER in trusted.roles


def test_a_trusted_name_is_one_person_however_it_is_spelled() -> None:
    people = People(embedded=False, trust_actor=True)
    ids = {people.named(name).id for name in ("grace hopper", "Grace  Hopper", " GRACE HOPPER ")}
    assert ids == {"asserted:grace hopper"}
    with pytest.raises(InputError, match="empty"):
        people.named(" ")


def test_an_asserted_name_is_never_the_person_of_a_proven_identity() -> None:
    people = People(embedded=False, caller=ARN, trust_actor=True)
    assert people.named("rosa").id != people.myself(wanted=Role.RESPONDER).id


def test_an_aws_identity_is_a_responder_unless_the_map_says_otherwise() -> None:
    assert People(embedded=False, caller=ARN).myself(wanted=Role.APPROVER).roles == (
        Role.RESPONDER,
    )
    mapped = People(embedded=False, caller=ARN, role_map={ARN: ["approver", "viewer"]})
    person = mapped.myself(wanted=Role.APPROVER)
    assert (person.id, person.name, person.source) == (ARN, "rosa", "sts")
    assert person.roles == (Role.APPROVER, Role.VIEWER)


def test_without_an_identity_nobody_acts_and_everybody_may_look() -> None:
    with pytest.raises(NotAllowed, match="no AWS identity"):
        People(embedded=False).myself(wanted=Role.RESPONDER)
    (viewer,) = People(embedded=False).everybody()
    assert viewer.roles == (Role.VIEWER,)


def test_an_unknown_role_in_the_map_is_named() -> None:
    people = People(embedded=False, caller=ARN, role_map={ARN: ["king"]})
    with pytest.raises(InputError, match="king"):
        people.myself(wanted=Role.RESPONDER)
