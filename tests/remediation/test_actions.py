"""Actions: bounds, previews, undo that restores, drift and reconciliation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.domain.plan import Instruction, PreState, Risk
from opspilot.domain.resource import rest_api, sqs_queue
from opspilot.domain.workload import Edge, Topology
from opspilot.errors import InputError, PolicyViolation
from opspilot.remediation import (
    CATALOGUE,
    ProposedAction,
    action_type,
    blast_radius,
    build_action,
    holds,
    in_force,
)
from opspilot.remediation.actions import (
    move_alias,
    publish_memory,
    set_environment,
    set_memory,
    set_timeout,
)
from tests.remediation.plans import (
    BILLING,
    LEDGER,
    alias_moved,
    built,
    memory_raised,
    state,
    timeout_raised,
)


def test_the_vocabulary_is_closed() -> None:
    assert set(CATALOGUE) == {
        "lambda.set_timeout",
        "lambda.set_memory",
        "lambda.set_environment",
        "lambda.move_alias",
        "lambda.publish_memory",
    }
    assert all(name == kind.name for name, kind in CATALOGUE.items())
    with pytest.raises(InputError, match=r"unknown action 'lambda\.delete'"):
        action_type("lambda.delete")


@pytest.mark.parametrize(
    ("type_name", "parameters"),
    [
        ("lambda.set_timeout", {"timeout_seconds": 0}),
        ("lambda.set_timeout", {"timeout_seconds": 901}),
        ("lambda.set_timeout", {"timeout_seconds": "8"}),
        ("lambda.set_timeout", {"timeout_seconds": 8, "memory_mb": 1}),
        ("lambda.set_timeout", {}),
        ("lambda.set_memory", {"memory_mb": 127}),
        ("lambda.set_memory", {"memory_mb": 10_241}),
        ("lambda.move_alias", {"alias": "", "version": "1"}),
        ("lambda.move_alias", {"alias": "a b", "version": "1"}),
        ("lambda.move_alias", {"alias": "live", "version": "v1"}),
        ("lambda.move_alias", {"alias": "live", "version": "1", "weights": {"2": 1.5}}),
        (
            "lambda.move_alias",
            {"alias": "live", "version": "1", "weights": {"2": 0.1, "3": 0.1}},
        ),
        ("lambda.publish_memory", {"alias": "live", "memory_mb": 127}),
        ("lambda.publish_memory", {"alias": "live"}),
        ("lambda.set_environment", {"variable": "TABLE"}),
        ("lambda.set_environment", {"variable": "A=B", "value": "x"}),
        ("lambda.set_environment", {"variable": "TABLE", "value": 1}),
        ("lambda.set_environment", {"variable": "TABLE", "value": "x" * 4_097}),
    ],
)
def test_parameters_out_of_bounds_are_refused(
    type_name: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(InputError, match=type_name):
        action_type(type_name).checked(parameters)


@given(before=st.integers(1, 900), after=st.integers(1, 900))
def test_undoing_a_timeout_restores_what_was_captured(before: int, after: int) -> None:
    change, captured = set_timeout.instruction(BILLING, after), state(timeout_seconds=before)
    if before == after:
        with pytest.raises(PolicyViolation, match="would change nothing"):
            built(change, captured)
        return
    action = built(change, captured)
    assert in_force(action.undo, captured)
    assert not in_force(action.change, captured)
    assert in_force(action.change, state(timeout_seconds=after))


@given(
    before=st.integers(1, 99),
    weights=st.sampled_from([{}, {"7": 0.25}]),
    after=st.integers(1, 99),
)
def test_undoing_an_alias_restores_version_and_weights(
    before: int, weights: dict[str, float], after: int
) -> None:
    captured = state(alias="live", version=str(before), weights=weights)
    change = move_alias.instruction(BILLING, "live", str(after))
    if before == after and not weights:
        with pytest.raises(PolicyViolation, match="would change nothing"):
            built(change, captured)
        return
    assert in_force(built(change, captured).undo, captured)


def test_an_alias_that_splits_its_traffic_is_not_where_it_should_be() -> None:
    change = move_alias.instruction(BILLING, "live", "17")
    split = state(alias="live", version="17", weights={"18": 0.5})
    assert not in_force(change, split)
    assert built(change, split).before == {"alias live": "version 17, 50% to 18"}


def test_undo_of_an_undo_is_the_change() -> None:
    for action in (timeout_raised(), memory_raised(), alias_moved()):
        wanted = action_type(action.change.type)
        after = PreState(
            values=wanted.wanted(action.change.parameters), read_at=action.pre_state.read_at
        )
        again = wanted.undo(action.undo, after)
        assert in_force(again, after)


@pytest.mark.parametrize(
    ("change", "captured", "risk"),
    [
        (set_timeout.instruction(BILLING, 8), state(timeout_seconds=3), Risk.MEDIUM),
        (set_timeout.instruction(BILLING, 2), state(timeout_seconds=3), Risk.HIGH),
        (set_memory.instruction(BILLING, 512), state(memory_mb=256), Risk.LOW),
        (set_memory.instruction(BILLING, 128), state(memory_mb=256), Risk.HIGH),
        (
            move_alias.instruction(BILLING, "live", "17"),
            state(alias="live", version="18", weights={}),
            Risk.HIGH,
        ),
    ],
)
def test_risk_follows_from_what_the_change_can_break(
    change: Instruction, captured: PreState, risk: Risk
) -> None:
    action = built(change, captured)
    assert action.risk is risk
    assert action.risk_reason


def test_an_action_shows_before_after_and_undo_in_words() -> None:
    action = alias_moved()
    assert (action.before, action.after) == (
        {"alias live": "version 18"},
        {"alias live": "version 17"},
    )
    assert action.summary == "Move alias live of ledger: version 18 -> 17"
    assert action.undo.parameters == {"alias": "live", "version": "18", "weights": {}}
    assert timeout_raised().summary == "Set timeout of billing: 3 s -> 8 s"
    assert memory_raised().before == {"memory": "256 MB"}


def test_a_change_whose_state_was_not_captured_whole_is_refused() -> None:
    with pytest.raises(PolicyViolation, match="no undo"):
        built(move_alias.instruction(BILLING, "live", "17"), state(alias="live", version="18"))


@pytest.mark.parametrize(
    ("actual", "same"),
    [
        (state("r1", timeout_seconds=3), True),
        (state("r2", timeout_seconds=3), False),
        (state("r1", timeout_seconds=4), False),
        (state("", timeout_seconds=3), True),
        (state("r1"), False),
    ],
)
def test_drift_is_any_other_value_or_revision(actual: PreState, same: bool) -> None:
    assert holds("lambda.set_timeout", state("r1", timeout_seconds=3), actual) is same


def test_what_else_was_read_beside_the_captured_values_is_no_drift() -> None:
    actual = state("r1", timeout_seconds=3, memory_mb=256)
    assert holds("lambda.set_timeout", state("r1", timeout_seconds=3), actual)


def test_the_blast_radius_names_callers_and_queues() -> None:
    queue = sqs_queue("123456789012", "eu-west-1", "orders")
    topology = Topology(
        edges=(
            Edge(caller=rest_api("eu-west-1", "shop"), callee=LEDGER, relation="invokes"),
            Edge(caller=BILLING, callee=LEDGER, relation="invokes", qualifier="live"),
            Edge(caller=LEDGER, callee=queue, relation="consumes"),
        )
    )
    assert blast_radius(LEDGER, topology) == (
        "1 function, called by API shop, billing, fed by 1 queue (orders)"
    )
    assert blast_radius(BILLING, topology) == "1 function, called by nobody that is known"
    assert blast_radius(BILLING, None) == "1 function; who calls it could not be read"


def test_an_action_keeps_its_rationale_and_its_evidence() -> None:
    proposed = ProposedAction(
        set_timeout.instruction(BILLING, 8), "ledger takes up to 4.4 s now", ("E3", "E7")
    )
    action = build_action("A2", proposed, state(timeout_seconds=3), Topology())
    assert (action.id, action.rationale, action.evidence) == (
        "A2",
        "ledger takes up to 4.4 s now",
        ("E3", "E7"),
    )


SERVED = {
    "alias": "live",
    "version": "7",
    "weights": {"6": 0.1},
    "memory_mb": 256,
    "unpublished": [],
}


def test_published_memory_is_in_force_under_any_version_and_its_undo_names_the_one_before() -> None:
    action = built(publish_memory.instruction(BILLING, "live", 512), state(**SERVED))
    assert action.undo.parameters == {
        "alias": "live",
        "memory_mb": 256,
        "version": "7",
        "weights": {"6": 0.1},
    }
    after = state(**{**SERVED, "version": "8", "weights": {}, "memory_mb": 512})
    assert in_force(action.change, after)
    assert not in_force(action.undo, after)
    assert in_force(action.undo, state(**SERVED))
    assert (action.before, action.after, action.risk) == (
        {"memory behind alias live": "256 MB"},
        {"memory behind alias live": "512 MB"},
        Risk.MEDIUM,
    )


def test_less_published_memory_is_of_high_risk() -> None:
    action = built(publish_memory.instruction(BILLING, "live", 128), state(**SERVED))
    assert action.risk is Risk.HIGH


def test_publishing_what_else_was_changed_meanwhile_is_refused() -> None:
    changed = state(**{**SERVED, "unpublished": ["CodeSha256", "Environment"]})
    with pytest.raises(PolicyViolation, match="differs from version 7 in CodeSha256, Environment"):
        built(publish_memory.instruction(BILLING, "live", 512), changed)


@pytest.mark.parametrize(("before", "after"), [("a", "b"), (None, "b"), ("a", None), ("", "b")])
def test_undoing_a_variable_restores_its_value_or_its_absence(
    before: str | None, after: str | None
) -> None:
    change = set_environment.instruction(BILLING, "TABLE", after)
    action = built(change, state(variable="TABLE", value=before, secret=False))
    assert action.undo.parameters == {"variable": "TABLE", "value": before}
    assert action.risk is Risk.HIGH
    assert in_force(action.change, state(variable="TABLE", value=after))


def test_a_variable_shows_its_name_before_and_after() -> None:
    change = set_environment.instruction(BILLING, "TABLE", None)
    action = built(change, state(variable="TABLE", value="orders", secret=False))
    assert (action.before, action.after) == ({"TABLE": "orders"}, {"TABLE": "not set"})
    assert action.summary == "Set TABLE of billing: orders -> not set"


def test_a_secret_variable_has_no_plan() -> None:
    hidden = state(variable="DB_PASSWORD", value="[redacted:password]", secret=True)
    with pytest.raises(PolicyViolation, match="DB_PASSWORD is a secret"):
        built(set_environment.instruction(BILLING, "DB_PASSWORD", "other"), hidden)
