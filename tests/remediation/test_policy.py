"""Who must agree, to what, until when; and how much a plan may do."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.domain.identity import SYSTEM, Actor, Role
from opspilot.domain.plan import Plan, PlanStatus, Risk
from opspilot.domain.resource import lambda_function
from opspilot.errors import ApprovalDenied, PolicyViolation
from opspilot.remediation import (
    MOST_MUTATIONS,
    approval_state,
    check_approval,
    check_policy,
    highest_risk,
    required_approvals,
)
from tests.remediation.plans import (
    APPROVER,
    LEDGER,
    NOW,
    RESPONDER,
    THIRD,
    VIEWER,
    alias_moved,
    approval,
    approved,
    memory_raised,
    plan,
    timeout_raised,
)

LATER = timedelta(minutes=31)


def denied(made: Plan, actor: Actor, **given_: object) -> str:
    """Why an approval is refused."""
    fields: dict = {"seen_digest": made.digest, "now": NOW} | given_
    with pytest.raises(ApprovalDenied) as refused:
        check_approval(made, actor, **fields)
    assert refused.value.hint == "Nothing was approved and nothing ran."
    return refused.value.message


@pytest.mark.parametrize("action", [memory_raised(), timeout_raised()])
def test_low_and_medium_risk_take_one_approver_who_may_be_the_requester(action: object) -> None:
    made = plan(action)
    for actor in (RESPONDER, APPROVER):
        check_approval(made, actor, made.digest, NOW)
        assert approval_state(approved(made, actor), NOW).satisfied


def test_high_risk_takes_another_person_than_the_requester() -> None:
    made = plan(alias_moved())
    assert "another person must approve" in denied(made, RESPONDER)
    check_approval(made, APPROVER, made.digest, NOW)
    assert approval_state(approved(made, APPROVER), NOW).satisfied
    own = approval_state(approved(made, RESPONDER), NOW)
    assert not own.satisfied
    assert own.missing == "an approval by a second person (not Ada)"


def test_destructive_takes_two_people_neither_of_them_the_requester() -> None:
    made = plan(alias_moved(), risk=Risk.DESTRUCTIVE)
    assert approval_state(made, NOW).missing == "approval by two people (not Ada)"
    one = approved(made, APPROVER)
    assert approval_state(one, NOW).missing == "approval by one more person (not Ada)"
    assert not approval_state(approved(made, APPROVER, RESPONDER), NOW).satisfied
    check_approval(one, THIRD, made.digest, NOW)
    assert approval_state(approved(made, APPROVER, THIRD), NOW).satisfied


def test_nobody_counts_twice() -> None:
    made = plan(alias_moved(), risk=Risk.DESTRUCTIVE)
    assert "somebody else" in denied(approved(made, APPROVER), APPROVER)
    assert not approval_state(approved(made, APPROVER, APPROVER), NOW).satisfied


def test_only_a_person_with_the_role_approves() -> None:
    made = plan(memory_raised())
    assert "is not an approver" in denied(made, VIEWER)
    assert "is not a person" in denied(made, SYSTEM)
    check_approval(made, Actor(id="root", name="Root", roles=(Role.ADMIN,)), made.digest, NOW)


def test_an_approval_of_another_digest_is_refused() -> None:
    made = plan(memory_raised())
    assert "the plan on screen is another" in denied(made, APPROVER, seen_digest="0" * 64)
    assert "the plan on screen is another" in denied(made, APPROVER, seen_digest="")
    assert "the plan on screen is another" in denied(made, APPROVER, seen_digest="é")


def test_a_plan_that_was_changed_behind_its_digest_is_refused() -> None:
    made = plan(memory_raised())
    changed = made.model_copy(update={"actions": (timeout_raised(),)})
    assert "its content was changed" in denied(changed, APPROVER)


@pytest.mark.parametrize("status", [status for status in PlanStatus if status != "proposed"])
def test_only_a_proposed_plan_can_be_approved(status: PlanStatus) -> None:
    assert f"is {status}, not proposed" in denied(plan(memory_raised(), status=status), APPROVER)


def test_a_plan_expires() -> None:
    made = plan(memory_raised())
    assert "expired at 15:00:00 UTC" in denied(made, APPROVER, now=made.expires_at)
    late = approval_state(approved(made, APPROVER), NOW + LATER)
    assert not late.satisfied
    assert "expired" in late.missing


def test_a_rejected_plan_is_dead() -> None:
    made = plan(memory_raised())
    rejected = made.model_copy(
        update={"approvals": (approval(THIRD, made, decision="rejected", reason="no"),)}
    )
    assert "was rejected" in denied(rejected, APPROVER)
    both = rejected.model_copy(
        update={"approvals": (*rejected.approvals, approval(APPROVER, made))}
    )
    assert not approval_state(both, NOW).satisfied


SPOILT: dict[str, dict[str, object]] = {
    "spent": {"used_at": NOW},
    "expired": {"expires_at": NOW},
    "from the future": {"decided_at": NOW + timedelta(seconds=1)},
    "of another digest": {"digest": "f" * 64},
    "by the system": {"by": SYSTEM},
    "by a viewer": {"by": VIEWER},
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_approval_in_doubt_does_not_count(how: str) -> None:
    made = plan(memory_raised())
    spoilt = approval(APPROVER, made).model_copy(update=SPOILT[how])
    state = approval_state(made.model_copy(update={"approvals": (spoilt,)}), NOW)
    assert not state.satisfied
    assert state.missing == "an approval"


PEOPLE = st.lists(st.sampled_from([RESPONDER, APPROVER, THIRD, VIEWER, SYSTEM]), max_size=4)


@given(people=PEOPLE, risk=st.sampled_from(list(Risk)), minutes=st.integers(0, 60))
def test_a_satisfied_plan_always_has_its_people(
    people: list[Actor], risk: Risk, minutes: int
) -> None:
    made = approved(plan(alias_moved(), risk=risk), *people)
    state = approval_state(made, NOW + timedelta(minutes=minutes))
    rule = required_approvals(risk)
    able = {one.id for one in people if Role.APPROVER in one.roles and one.kind == "person"}
    others = able if rule.requester_counts else able - {RESPONDER.id}
    assert state.satisfied is (len(others) >= rule.people and minutes < 30)
    assert bool(state.missing) is not state.satisfied


def test_the_risk_of_a_plan_is_that_of_its_riskiest_action() -> None:
    assert highest_risk([memory_raised()]) is Risk.LOW
    assert highest_risk([memory_raised(), alias_moved(), timeout_raised()]) is Risk.HIGH
    with pytest.raises(PolicyViolation, match="at least one action"):
        highest_risk([])


def several(count: int) -> list:
    """Actions on as many functions."""
    return [
        timeout_raised(lambda_function("123456789012", "eu-west-1", f"f{number}"))
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "before"), [(1, 0), (5, 0), (1, 4), (2, 3)])
def test_five_changes_over_all_plans_are_allowed(count: int, before: int) -> None:
    check_policy(several(count), before)


@pytest.mark.parametrize(("count", "before"), [(6, 0), (1, 5), (3, 3)])
def test_a_sixth_change_is_refused(count: int, before: int) -> None:
    with pytest.raises(PolicyViolation, match=f"at most {MOST_MUTATIONS}"):
        check_policy(several(count), before)


def test_two_actions_on_the_same_part_of_one_resource_are_refused() -> None:
    with pytest.raises(PolicyViolation, match=r"two actions on one resource: .*\$LATEST"):
        check_policy([timeout_raised(), memory_raised()], 0)
    with pytest.raises(PolicyViolation, match=r"two actions on one resource: .*alias live"):
        check_policy([alias_moved(), alias_moved()], 0)


def test_a_setting_and_the_alias_that_follows_it_may_be_one_plan() -> None:
    check_policy([memory_raised(LEDGER), alias_moved(LEDGER)], 0)


def test_a_plan_without_actions_is_refused() -> None:
    with pytest.raises(PolicyViolation, match="at least one action"):
        check_policy([], 0)
