"""From a verdict to the way out that is open, with a criterion that can be met."""

from datetime import timedelta

import pytest

from opspilot.analysis.recovery_rate import upper_bound
from opspilot.diagnosis import CATALOGUE
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.plan import Criterion
from opspilot.domain.resource import Resource
from opspilot.remediation import NoProposal, Proposal, propose
from opspilot.remediation.advice import ADVISED
from opspilot.remediation.planners import PLANNED
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    MIDDLE,
    ONSET,
    SIDE,
    Scene,
    failing_front,
    slow_back,
)

ALIASED = ((GATEWAY, FRONT, "live"), *CHAIN[1:])
KILLED = {"out_of_memory": 800, "memory_size_mb": 256, "memory_used_max_mb": 256}
TIMED_OUT = {"timeouts": 800, "timeout_seconds": 3.0, "first_timeout": ONSET}


def proposed(scene: Scene, symptom: str = "lambda.errors") -> Proposal:
    """The proposal for a scene; there must be one."""
    found = propose(scene.incident(symptom), scene.verdict(), scene.evidence)
    assert isinstance(found, Proposal), found
    return found


def refused(scene: Scene) -> str:
    """Why there is no proposal."""
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, NoProposal)
    return found.reason


def without(scene: Scene, source: str, resource: Resource | None = None) -> Scene:
    """The scene less some of its evidence."""
    scene.evidence = [
        item
        for item in scene.evidence
        if item.request.source != source or (resource and item.resource != resource)
    ]
    return scene


def aliased(scene: Scene) -> Scene:
    """The scene with callers of front that come through its alias."""
    return without(scene, "topology").topology(ALIASED)


def the_action(proposal: Proposal) -> tuple[str, str, dict]:
    """(type, function, parameters) of the one action."""
    (action,) = proposal.actions
    change = action.instruction
    return change.type, change.resource.name, change.parameters


def test_a_slow_release_goes_back_and_the_longer_timeout_is_the_alternative() -> None:
    proposal = proposed(slow_back())
    assert the_action(proposal) == (
        "lambda.move_alias",
        "back",
        {"alias": "live", "version": "17"},
    )
    (action,) = proposal.actions
    assert action.rationale.startswith("back changed its behaviour when alias live moved")
    assert set(action.evidence) <= {item.id for item in slow_back().evidence}
    assert action.evidence
    (other,) = proposal.alternatives
    assert (other.change.type, other.change.resource) == ("lambda.set_timeout", FRONT)
    assert other.change.parameters == {"timeout_seconds": 6}
    assert "leaves back slow" in other.why_not


def test_without_an_alias_the_longer_timeout_is_the_proposal() -> None:
    scene = without(slow_back(), "configuration", BACK)
    scene.configuration(BACK)
    proposal = proposed(scene)
    assert the_action(proposal) == ("lambda.set_timeout", "front", {"timeout_seconds": 6})
    assert proposal.alternatives == ()
    assert "back takes up to 4 s now, front waits 3 s for it" in proposal.actions[0].rationale


def test_the_version_before_is_looked_up_when_the_feed_does_not_tell_it() -> None:
    scene = Scene().topology()
    scene.change(BACK, "release", {}, {"alias": "live", "version": "18"}).feed()
    scene.evidence += without(slow_back(), "changes").evidence
    assert the_action(proposed(scene))[2] == {"alias": "live", "version": "17"}


def test_a_release_that_the_feed_tells_in_part_goes_back_to_what_the_log_saw_before() -> None:
    scene = Scene().topology().change(BACK, "other", {}, {"version": "18"}).feed()
    scene.evidence += without(slow_back(), "changes").evidence
    assert the_action(proposed(scene))[2] == {"alias": "live", "version": "17"}
    scene.log(BACK, versions={"16": ONSET - timedelta(minutes=20), "18": ONSET})
    assert the_action(proposed(scene))[2] == {"alias": "live", "version": "16"}


def test_an_alias_that_was_moved_again_meanwhile_is_left_alone() -> None:
    scene = without(slow_back(), "configuration", BACK)
    scene.configuration(BACK, alias="live", version="19", versions=("19", "18", "17"))
    assert the_action(proposed(scene))[0] == "lambda.set_timeout"


def test_a_version_that_is_gone_is_not_proposed() -> None:
    scene = without(slow_back(), "configuration", BACK)
    scene.configuration(BACK, alias="live", versions=("18",))
    assert the_action(proposed(scene))[0] == "lambda.set_timeout"


def test_a_timeout_beyond_what_api_gateway_waits_is_not_proposed() -> None:
    scene = without(slow_back(), "configuration", BACK)
    scene.evidence = [
        item
        for item in scene.evidence
        if item.resource != BACK or getattr(item.detail, "signal", "") != "lambda.duration_p99"
    ]
    scene.metric(BACK, "lambda.duration_p99", 200.0, 40_000.0).configuration(BACK)
    assert "API Gateway allows 29 s" in refused(scene)


def test_a_setting_that_callers_through_an_alias_would_not_see_is_not_proposed() -> None:
    scene = slow_back()
    scene.topology([(GATEWAY, FRONT, "live"), (FRONT, MIDDLE, "live"), (MIDDLE, BACK, "live")])
    scene.evidence = [
        item for item in scene.evidence if item.request.source != "topology"
    ] + scene.evidence[-1:]
    proposal = proposed(scene)
    assert the_action(proposal)[0] == "lambda.move_alias"
    assert proposal.alternatives == ()


def test_a_lowered_timeout_goes_back_to_what_it_was() -> None:
    scene = failing_front(**TIMED_OUT)
    scene.change(FRONT, "configuration", {"timeout_seconds": "10"}, {"timeout_seconds": "3"})
    assert the_action(proposed(scene.feed())) == (
        "lambda.set_timeout",
        "front",
        {"timeout_seconds": 10},
    )


def test_a_release_that_takes_more_memory_goes_back_before_memory_is_added() -> None:
    proposal = proposed(aliased(failing_front(**KILLED)).release(FRONT).feed())
    assert the_action(proposal)[0] == "lambda.move_alias"
    (other,) = proposal.alternatives
    assert other.change.parameters == {"memory_mb": 512}


def test_lowered_memory_goes_back_to_what_it_was() -> None:
    scene = failing_front(**KILLED)
    scene.change(FRONT, "configuration", {"memory_mb": "1024"}, {"memory_mb": "256"})
    assert the_action(proposed(scene.feed())) == (
        "lambda.set_memory",
        "front",
        {"memory_mb": 1_024},
    )


def test_a_code_error_goes_back_to_the_version_before() -> None:
    scene = aliased(failing_front(errors={"KeyError": 800})).release(FRONT).feed()
    assert the_action(proposed(scene)) == (
        "lambda.move_alias",
        "front",
        {"alias": "live", "version": "17"},
    )


def test_a_code_error_without_an_alias_has_no_way_out_here() -> None:
    scene = failing_front(errors={"KeyError": 800})
    scene = without(scene, "configuration").configuration(FRONT)
    scene.release(FRONT).feed()
    assert refused(scene) == (
        "no way out is open: front has no alias, so there is nothing to move back; by hand: deploy"
        " the code of front again that served before"
    )


def test_no_cause_no_proposal() -> None:
    assert "not settled" in refused(failing_front().feed())
    healthy = Scene().topology().healthy(GATEWAY, FRONT, MIDDLE, BACK, SIDE).log(FRONT).feed()
    assert "nothing abnormal" in refused(healthy)


def test_a_cause_without_an_action_says_so() -> None:
    verdict = slow_back().verdict()
    assert verdict.cause is not None
    other = verdict.cause.model_copy(update={"cause_class": "traffic_surge"})
    found = propose(
        slow_back().incident(), verdict.model_copy(update={"cause": other}), slow_back().evidence
    )
    assert isinstance(found, NoProposal)
    assert found.reason.startswith("no action is known yet for traffic_surge; by hand: ")


def test_every_cause_has_an_action_or_says_what_a_person_does() -> None:
    assert set(CATALOGUE) <= PLANNED | ADVISED


@pytest.mark.parametrize("cause_class", sorted(CATALOGUE))
def test_no_cause_falls_through(cause_class: str) -> None:
    scene = slow_back()
    verdict = scene.verdict()
    assert verdict.cause is not None
    other = verdict.cause.model_copy(update={"cause_class": cause_class, "resource": SIDE})
    found = propose(
        scene.incident(),
        verdict.model_copy(update={"cause": other, "causes": (other,)}),
        scene.evidence,
    )
    assert isinstance(found, Proposal) or found.reason


def test_advice_tells_what_the_setting_was_before() -> None:
    scene = slow_back()
    scene.change(SIDE, "capacity", {"reserved_concurrency": "50"}, {"reserved_concurrency": "2"})
    verdict = scene.feed().verdict()
    assert verdict.cause is not None
    cause = verdict.cause.model_copy(
        update={
            "cause_class": "lambda.throttled_by_reserved_concurrency",
            "resource": SIDE,
            "setting": "reserved_concurrency",
        }
    )
    found = propose(scene.incident(), verdict.model_copy(update={"cause": cause}), scene.evidence)
    assert isinstance(found, NoProposal)
    assert found.reason.endswith("; reserved_concurrency was 50 before")


def test_a_likely_cause_may_be_planned_for() -> None:
    scene = without(slow_back(), "logs")
    assert scene.verdict().status is VerdictStatus.LIKELY
    assert the_action(proposed(scene))[0] == "lambda.move_alias"


def the_criterion(scene: Scene, symptom: str = "lambda.errors") -> Criterion:
    """The one criterion of a scene's proposal."""
    (criterion,) = proposed(scene, symptom).criteria
    return criterion


def test_the_criterion_is_on_the_signal_that_opened_the_incident() -> None:
    criterion = the_criterion(slow_back())
    assert criterion.test == "rate_upper_bound"
    assert (criterion.numerator.metric, criterion.denominator and criterion.denominator.metric) == (
        "Errors",
        "Invocations",
    )
    assert criterion.numerator.dimensions == (("FunctionName", "front"),)
    assert criterion.limit == 0.01
    assert criterion.before == pytest.approx(0.4)
    assert criterion.hold_periods == 3
    assert criterion.text == (
        "95 % upper bound of the failure rate of front (Errors / Invocations) below 1 % for"
        f" 3 periods of 60 s, at least {criterion.min_events} calls"
    )


def test_the_fewest_calls_suffice_to_show_the_limit() -> None:
    criterion = the_criterion(slow_back())
    assert upper_bound(0, criterion.min_events) < criterion.limit
    assert upper_bound(0, criterion.min_events * 0.8) > criterion.limit


def with_traffic(calls: float, errors: float, failing: float) -> Scene:
    """Slow back, with another traffic and error rate at front."""
    scene = slow_back()
    scene.evidence = [
        item
        for item in scene.evidence
        if item.resource != FRONT
        or getattr(item.detail, "signal", "") not in ("lambda.errors", "lambda.invocations")
    ]
    scene.metric(FRONT, "lambda.invocations", calls)
    return scene.metric(FRONT, "lambda.errors", errors, failing)


def test_the_limit_is_no_stricter_than_twice_the_usual_rate() -> None:
    criterion = the_criterion(with_traffic(1_000.0, 20.0, 300.0))
    assert criterion.limit == 0.04
    assert upper_bound(0.02 * criterion.min_events, criterion.min_events) < 0.04


def test_the_limit_lies_between_the_usual_rate_and_that_of_the_incident() -> None:
    criterion = the_criterion(with_traffic(1_000.0, 20.0, 32.0))
    assert 0.02 < criterion.limit < 0.032


def test_with_little_traffic_the_limit_is_one_that_can_be_shown_in_time() -> None:
    criterion = the_criterion(with_traffic(2.0, 0.0, 1.0))
    assert criterion.deadline_periods <= 60
    assert criterion.min_events <= 2.0 * criterion.deadline_periods
    assert upper_bound(0, criterion.min_events) < criterion.limit
    assert criterion.before is not None
    assert criterion.limit < criterion.before


def test_observation_ends_only_after_the_calls_can_have_come() -> None:
    criterion = the_criterion(with_traffic(20.0, 0.0, 10.0))
    assert criterion.deadline_periods * 20.0 >= 2 * criterion.min_events


def test_a_symptom_that_is_a_level_is_judged_as_one() -> None:
    criterion = the_criterion(slow_back(), "lambda.duration_p99")
    assert (criterion.test, criterion.comparator, criterion.denominator) == ("level", "<", None)
    assert 600.0 < criterion.limit < 3_000.0
    assert criterion.text.startswith("Duration p99 of front below 1.34 s in each of 3")


def test_without_an_alarms_metric_the_component_that_failed_first_is_measured() -> None:
    criterion = the_criterion(slow_back(), "")
    assert criterion.numerator.dimensions == (("FunctionName", "front"),)
    assert criterion.numerator.metric == "Errors"


def test_a_slow_function_that_does_not_fail_is_judged_by_whoever_fails_through_it() -> None:
    scene = slow_back()
    scene.resource = BACK
    criterion = the_criterion(scene)
    assert criterion.numerator.dimensions == (("FunctionName", "front"),)
    assert criterion.before == pytest.approx(0.4)


def test_where_nobody_fails_the_slowness_of_the_cause_is_judged() -> None:
    scene = slow_back()
    scene.resource = BACK
    scene.evidence = [
        item
        for item in scene.evidence
        if item.request.source != "logs"
        and getattr(item.detail, "signal", "") not in ("lambda.errors", "api.5xx")
    ]
    for resource in (FRONT, MIDDLE, BACK):
        scene.metric(resource, "lambda.errors", 0.0)
    criterion = the_criterion(scene)
    assert criterion.test == "level"
    assert criterion.numerator.dimensions == (("FunctionName", "back"),)
    assert criterion.before == 4_000.0


def test_an_api_symptom_keeps_the_dimensions_of_its_alarm() -> None:
    scene = slow_back()
    scene.resource = GATEWAY
    incident = scene.incident("api.5xx")
    assert incident.symptom.query is not None
    staged = incident.symptom.query.model_copy(
        update={"dimensions": (("ApiName", "gateway"), ("Stage", "prod"))}
    )
    symptom = incident.symptom.model_copy(update={"query": staged})
    found = propose(
        incident.model_copy(update={"symptom": symptom}), scene.verdict(), scene.evidence
    )
    assert isinstance(found, Proposal)
    (criterion,) = found.criteria
    assert criterion.denominator is not None
    assert criterion.denominator.dimensions == staged.dimensions
    assert criterion.denominator.metric == "Count"
    assert criterion.before == pytest.approx(0.2)


def test_a_proposal_does_not_depend_on_the_order_of_the_evidence() -> None:
    scene, reverse = slow_back(), slow_back()
    reverse.evidence.reverse()
    assert proposed(scene).actions[0].instruction == proposed(reverse).actions[0].instruction
    assert proposed(scene).criteria == proposed(reverse).criteria
