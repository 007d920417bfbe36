"""Several causes, and causes whose way out is at somebody else's: all of them are answered for."""

from datetime import timedelta

import pytest

from opspilot.domain.hypothesis import Cause, Verdict, VerdictStatus
from opspilot.domain.resource import Resource
from opspilot.remediation import MOST_MUTATIONS, NoProposal, Proposal, propose
from tests.diagnosis.scene import (
    ACCOUNT,
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    LEDGER,
    MIDDLE,
    ONSET,
    SIDE,
    WRITES,
    Scene,
    slow_back,
)

HELD_UP = ["lambda.async_backlog", "lambda.throttled_by_reserved_concurrency"]
SIDE_ALIASED = (*CHAIN[:3], (FRONT, SIDE, "live"))


def cause(cause_class: str, resource: Resource, **fields: object) -> Cause:
    return Cause.model_validate(
        {"cause_class": cause_class, "resource": resource, "summary": "so", "onset": ONSET} | fields
    )


def settled(scene: Scene, *causes: Cause) -> Verdict:
    return scene.verdict().model_copy(
        update={"status": VerdictStatus.LIKELY, "cause": causes[0], "causes": causes}
    )


def answer(scene: Scene, *causes: Cause) -> Proposal | NoProposal:
    return propose(scene.incident(), settled(scene, *causes), scene.evidence)


def proposed(scene: Scene, *causes: Cause) -> Proposal:
    found = answer(scene, *causes)
    assert isinstance(found, Proposal), found
    return found


def refused(scene: Scene, *causes: Cause) -> str:
    found = answer(scene, *causes)
    assert isinstance(found, NoProposal), found
    return found.reason


def moved(proposal: Proposal) -> list[tuple[str, str]]:
    return [(one.instruction.type, one.instruction.resource.name) for one in proposal.actions]


def released(*functions: Resource) -> Scene:
    """Functions behind their aliases, released a minute before the onset."""
    scene = Scene().topology(SIDE_ALIASED, WRITES, WRITES.model_copy(update={"caller": MIDDLE}))
    for function in functions:
        scene.configuration(function, alias="live").release(function)
    return scene.feed()


# --- several causes ------------------------------------------------------------------------------


def test_two_causes_get_an_action_each() -> None:
    bad = [cause("lambda.code_error_after_release", one) for one in (MIDDLE, SIDE)]
    assert moved(proposed(released(MIDDLE, SIDE), *bad)) == [
        ("lambda.move_alias", "middle"),
        ("lambda.move_alias", "side"),
    ]


def test_a_deployment_goes_back_function_by_function() -> None:
    bad = cause("bad_deployment", MIDDLE, also=(SIDE, BACK))
    assert moved(proposed(released(MIDDLE, SIDE, BACK), bad)) == [
        ("lambda.move_alias", "middle"),
        ("lambda.move_alias", "side"),
        ("lambda.move_alias", "back"),
    ]


def test_a_function_released_minutes_after_the_first_goes_back_too() -> None:
    late = ONSET + timedelta(minutes=4)
    scene = Scene().topology(SIDE_ALIASED)
    scene.configuration(MIDDLE, alias="live").release(MIDDLE)
    scene.configuration(SIDE, alias="live").release(SIDE, ago=-timedelta(minutes=3))
    scene.metric(SIDE, "lambda.errors", 0.0, 20.0, onset=late).feed()
    bad = cause("bad_deployment", MIDDLE, also=(SIDE,))
    assert moved(proposed(scene, bad)) == [
        ("lambda.move_alias", "middle"),
        ("lambda.move_alias", "side"),
    ]


def test_what_a_plan_leaves_to_a_person_is_told_with_the_plan() -> None:
    bad = cause("lambda.code_error_after_release", MIDDLE)
    full = cause("dynamodb.table_throttled", LEDGER)
    (action,) = proposed(released(MIDDLE), bad, full).actions
    assert "dynamodb.table_throttled of ledger stays" in action.rationale
    assert "by hand: raise the capacity of ledger, or bill it on demand" in action.rationale


def test_causes_beyond_what_a_plan_holds_are_told() -> None:
    functions = [
        MIDDLE.model_copy(update={"arn": f"{MIDDLE.arn}-{n}"}) for n in range(MOST_MUTATIONS + 1)
    ]
    scene = released(*functions)
    bad = [cause("lambda.code_error_after_release", one) for one in functions]
    proposal = proposed(scene, *bad)
    assert len(proposal.actions) == MOST_MUTATIONS
    assert f"{functions[-1].name} stays: a plan holds at most 5" in proposal.actions[-1].rationale


def test_each_of_two_causes_has_to_recover() -> None:
    scene = slow_back().configuration(SIDE, alias="live")
    scene.metric(SIDE, "lambda.errors", 0.0, 20.0).metric(SIDE, "lambda.invocations", 100.0)
    slow, bad = cause("lambda.slow_dependency", BACK), cause("lambda.bad_environment", SIDE)
    criteria = proposed(scene, slow, bad).criteria
    assert [(one.id, one.numerator.metric, dict(one.numerator.dimensions)) for one in criteria] == [
        ("C1", "Errors", {"FunctionName": "front"}),
        ("C2", "Duration", {"FunctionName": "back"}),
        ("C3", "Errors", {"FunctionName": "side"}),
    ]
    assert criteria[2].before == 0.2


def test_errors_beyond_the_named_cause_must_not_pass_for_cured() -> None:
    scene = slow_back()
    scene.metric(ACCOUNT, "account.errors", 0.1, 60.0)
    criteria = proposed(scene, cause("lambda.slow_dependency", BACK)).criteria
    assert [one.test for one in criteria] == ["rate_upper_bound", "level"]
    assert criteria[1].numerator.dimensions == ()
    assert criteria[1].text.startswith("Errors of all functions below 1 in each of 3")


def test_errors_that_the_account_always_had_may_stay() -> None:
    scene = slow_back()
    scene.metric(ACCOUNT, "account.errors", 3.0, 60.0)
    (_, everywhere) = proposed(scene, cause("lambda.slow_dependency", BACK)).criteria
    assert 3.0 < everywhere.limit < 60.0


# --- causes at a table, and asynchronous ones ----------------------------------------------------


def test_a_storm_of_conditions_goes_back_with_the_writer_that_was_released() -> None:
    storm = cause("dynamodb.conditional_check_storm", LEDGER)
    assert moved(proposed(released(SIDE), storm)) == [("lambda.move_alias", "side")]


def test_which_of_two_released_writers_is_to_blame_is_not_guessed() -> None:
    storm = cause("dynamodb.conditional_check_storm", LEDGER)
    reason = refused(released(SIDE, MIDDLE), storm)
    assert "released shortly before" in reason
    assert "by hand: spread the writes to ledger over more items" in reason
    assert "released shortly before: none" in refused(released(BACK), storm)


@pytest.mark.parametrize("cause_class", HELD_UP)
def test_a_job_that_holds_its_places_longer_since_its_release_goes_back(cause_class: str) -> None:
    scene = released(SIDE).metric(SIDE, "lambda.duration_p50", 900.0, 12_000.0)
    assert moved(proposed(scene, cause(cause_class, SIDE))) == [("lambda.move_alias", "side")]


@pytest.mark.parametrize("cause_class", HELD_UP)
def test_a_release_of_a_job_that_takes_no_longer_is_left_alone(cause_class: str) -> None:
    scene = released(SIDE).metric(SIDE, "lambda.duration_p50", 900.0)
    reason = refused(scene, cause(cause_class, SIDE))
    assert "side takes no longer than before; by hand: " in reason


@pytest.mark.parametrize("cause_class", HELD_UP)
@pytest.mark.parametrize(
    ("kind", "after"),
    [("capacity", {"reserved_concurrency": "1"}), ("other", {"async_max_retries": "0"})],
)
def test_limits_of_a_job_that_were_changed_are_left_to_a_person(
    cause_class: str, kind: str, after: dict[str, str]
) -> None:
    scene = Scene().topology(SIDE_ALIASED).configuration(SIDE, alias="live").release(SIDE)
    scene.change(SIDE, kind, {}, after, ago=timedelta(minutes=2))  # type: ignore[arg-type]
    scene.feed().metric(SIDE, "lambda.duration_p50", 900.0, 12_000.0)
    reason = refused(scene, cause(cause_class, SIDE))
    assert "limits of side were changed, which no version holds; by hand: " in reason


def test_a_release_long_before_is_not_taken_back() -> None:
    scene = Scene().topology(SIDE_ALIASED, WRITES).configuration(SIDE, alias="live")
    scene.release(SIDE, ago=timedelta(hours=2))
    storm = cause("dynamodb.conditional_check_storm", LEDGER)
    assert "released shortly before: none" in refused(scene.feed(), storm)


def test_memory_lowered_by_a_release_of_the_same_code_goes_back_with_the_alias() -> None:
    scene = released(SIDE)
    scene.evidence = [one for one in scene.evidence if one.request.source != "configuration"]
    scene.configuration(SIDE, alias="live", memory=128, versions=("18", "17"))
    detail = scene.evidence[-1].detail
    function = detail.function  # type: ignore[union-attr]
    now, then = (one.model_copy(update={"code_sha256": "same"}) for one in function.versions)
    versions = (now, then.model_copy(update={"memory_mb": 512}))
    function = function.model_copy(update={"versions": versions, "code_sha256": "same"})
    scene.add(SIDE, scene.evidence[-1].request, detail.model_copy(update={"function": function}))
    proposal = proposed(scene, cause("lambda.memory_too_small", SIDE))
    assert moved(proposal) == [("lambda.move_alias", "side")]
    (other,) = proposal.alternatives
    assert [other.change.type, *(one.type for one in other.then)] == [
        "lambda.set_memory",
        "lambda.publish_memory",
    ]
    assert "where one with the memory stands ready" in other.why_not


def test_an_api_that_fails_at_its_integration_is_left_to_a_person() -> None:
    reason = refused(Scene().topology().feed(), cause("api.integration_timeout", GATEWAY))
    assert "by hand: restore the integration timeout of gateway" in reason
