"""What would refute a cause: named per class, asked, and demanded before anything is confirmed."""

import pytest

from opspilot.diagnosis import CATALOGUE
from opspilot.diagnosis.attacks import ATTACKS, UNREFUTED_CAP, open_attacks
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.refute import refutations
from opspilot.diagnosis.standing import CONFIRMED_FROM
from opspilot.domain.evidence import ConfigurationRequest, MetricRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.signals import query_of, signal_named
from opspilot.engine.inquiry import put
from tests.diagnosis.scene import (
    FRONT,
    GATEWAY,
    LEDGER,
    NOW,
    SIDE,
    Scene,
    failing_front,
    failing_side,
    hypothesis,
)

CLASS = "lambda.code_error_after_release"


def released() -> Scene:
    return failing_side(errors={"KeyError": 790}).release(SIDE).feed()


def unconfigured(scene: Scene) -> Scene:
    scene.evidence = [one for one in scene.evidence if one.request.source != "configuration"]
    return scene


def test_every_class_of_cause_names_what_would_refute_it() -> None:
    assert set(ATTACKS) == set(CATALOGUE)
    assert all(ATTACKS.values())


def test_a_cause_is_confirmed_only_when_what_could_refute_it_was_read() -> None:
    assert released().verdict().status is VerdictStatus.CONFIRMED
    scene = unconfigured(released())
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.LIKELY
    lead = hypothesis(verdict, CLASS)
    assert lead.confidence == pytest.approx(UNREFUTED_CAP)
    assert UNREFUTED_CAP < CONFIRMED_FROM
    assert lead.cap == "not read, and could refute it: the configuration of side; at most likely"


def test_an_attack_that_is_denied_is_not_put_again_and_confirms_nothing() -> None:
    scene = unconfigured(released())
    asked = {(one.resource, one.source) for one in refutations(scene.incident(), scene.read(), NOW)}
    assert (SIDE, "configuration") in asked
    scene.gap(SIDE, ConfigurationRequest(resource=SIDE))
    asked = {(one.resource, one.source) for one in refutations(scene.incident(), scene.read(), NOW)}
    assert (SIDE, "configuration") not in asked
    assert scene.verdict().status is VerdictStatus.LIKELY


def test_that_there_is_no_data_is_an_answer_to_an_attack() -> None:
    scene = released()
    lead = hypothesis(scene.verdict(), CLASS)
    assert not list(open_attacks(Case(scene.incident(), tuple(scene.read()), NOW), lead))


def test_the_metric_that_would_refute_the_leader_is_asked_for_alone() -> None:
    scene = released()
    signal = "dynamodb.write_throttles"
    query = query_of(signal_named(signal), LEDGER)
    scene.evidence = [
        one
        for one in scene.read()
        if not (isinstance(one.request, MetricRequest) and one.request.metric == query)
    ]
    scene.whole = False
    attack = next(
        one for one in refutations(scene.incident(), scene.evidence, NOW) if one.source == "metrics"
    )
    assert (attack.resource, attack.signals) == (LEDGER, (signal,))
    (question,) = put(attack, scene.incident())
    assert question.request == MetricRequest(metric=query)
    assert question.why == f"{attack.hypothesis}: ledger may turn its users away"


def test_a_confidence_at_the_ceiling_says_so() -> None:
    scene = failing_front(errors={"KeyError": 790}).release(FRONT).feed()
    lead = scene.verdict().hypotheses[0]
    assert (lead.confidence, lead.cap) == (0.97, "no rule is surer than 97 %")


def test_the_next_question_separates_the_two_nearest_rivals() -> None:
    scene = failing_side(errors={"KeyError": 790}).release(SIDE)
    scene.metric(GATEWAY, "api.count", 100.0, 260.0).metric(
        SIDE, "lambda.invocations", 100.0, 260.0
    )
    scene.whole = False
    verdict = scene.feed().verdict()
    lead, rival = [one for one in verdict.hypotheses if one.status == "possible"][:2]
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.next_query.endswith(f"it tells {lead.cause_class} from {rival.cause_class}")
