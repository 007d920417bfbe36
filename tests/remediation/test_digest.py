"""The digest covers everything that would run and what it is judged by, and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.domain.plan import Plan, PlanStatus, Risk
from opspilot.remediation import digest
from tests.remediation.plans import (
    APPROVER,
    BILLING,
    LEDGER,
    NOW,
    alias_moved,
    approved,
    criterion,
    memory_raised,
    plan,
    timeout_raised,
)


def with_action(change: Callable[[dict], None]) -> Callable[[Plan], Plan]:
    """A plan with one thing about its first action changed."""

    def changed(made: Plan) -> Plan:
        data = made.model_dump(mode="json")
        change(data["actions"][0])
        return Plan.model_validate(data)

    return changed


COVERED: dict[str, Callable[[Plan], Plan]] = {
    "incident": lambda made: made.model_copy(update={"incident_id": "INC-0002"}),
    "plan id": lambda made: made.model_copy(update={"id": "INC-0001-P2"}),
    "policy": lambda made: made.model_copy(update={"policy_version": "0"}),
    "order": lambda made: made.model_copy(update={"actions": made.actions[::-1]}),
    "an action less": lambda made: made.model_copy(update={"actions": made.actions[:1]}),
    "type": with_action(lambda action: action["change"].update(type="lambda.set_memory")),
    "resource": with_action(lambda action: action["change"].update(resource={"arn": BILLING.arn})),
    "parameter": with_action(lambda action: action["change"]["parameters"].update(version="16")),
    "undo": with_action(lambda action: action["undo"]["parameters"].update(version="99")),
    "captured value": with_action(
        lambda action: action["pre_state"]["values"].update(version="17")
    ),
    "captured revision": with_action(
        lambda action: action["pre_state"].update(revision_id="other")
    ),
    "risk": with_action(lambda action: action.update(risk="low")),
    "limit": lambda made: made.model_copy(update={"criteria": (criterion(limit=0.5),)}),
    "no criteria": lambda made: made.model_copy(update={"criteria": ()}),
    "hold": lambda made: made.model_copy(update={"criteria": (criterion(hold_periods=1),)}),
}


@pytest.mark.parametrize("what", COVERED)
def test_a_change_of_what_was_approved_changes_the_digest(what: str) -> None:
    made = plan(alias_moved(LEDGER), timeout_raised(BILLING))
    assert digest(COVERED[what](made)) != made.digest


NOT_COVERED: dict[str, Callable[[Plan], Plan]] = {
    "approvals": lambda made: approved(made, APPROVER),
    "status": lambda made: made.model_copy(update={"status": PlanStatus.EXECUTED}),
    "the stored digest": lambda made: made.model_copy(update={"digest": "0"}),
    "expiry": lambda made: made.model_copy(update={"expires_at": NOW + timedelta(hours=1)}),
    "when it was read": with_action(
        lambda action: action["pre_state"].update(
            read_at=(NOW + timedelta(seconds=5)).isoformat(), request_ids=["abc"]
        )
    ),
}


@pytest.mark.parametrize("what", NOT_COVERED)
def test_what_becomes_of_a_plan_does_not_change_its_digest(what: str) -> None:
    made = plan(alias_moved(LEDGER), timeout_raised(BILLING))
    assert digest(NOT_COVERED[what](made)) == made.digest


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(first=JSON, second=JSON)
def test_two_values_of_a_parameter_share_a_digest_only_if_they_are_equal(
    first: object, second: object
) -> None:
    def with_value(value: object) -> str:
        change = with_action(lambda action: action["change"]["parameters"].update(extra=value))
        return digest(change(plan()))

    same = type(first) is type(second) and first == second
    assert (with_value(first) == with_value(second)) is same


@given(before=st.integers(1, 900), after=st.integers(1, 900), limit=st.floats(0.001, 1.0))
def test_every_number_of_a_plan_is_under_its_digest(before: int, after: int, limit: float) -> None:
    made = plan(memory_raised(), risk=Risk.LOW)
    changed = with_action(
        lambda action: (
            action["pre_state"]["values"].update(memory_mb=before),
            action["change"]["parameters"].update(memory_mb=after),
        )
    )(made).model_copy(update={"criteria": (criterion(limit=limit),)})
    same = (before, after, limit) == (256, 512, 0.01)
    assert (digest(changed) == made.digest) is same


def test_a_digest_is_sixty_four_hex_digits_and_the_same_every_time() -> None:
    made = plan()
    assert len(made.digest) == 64
    assert int(made.digest, 16) > 0
    assert digest(Plan.model_validate_json(made.model_dump_json())) == made.digest
