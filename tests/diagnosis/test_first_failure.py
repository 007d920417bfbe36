"""Which component failed first: of two faults, where hardly a function fails, where none does."""

from datetime import timedelta

from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    FRONT,
    GATEWAY,
    LEDGER,
    MIDDLE,
    MINUTE,
    ONSET,
    SIDE,
    WRITES,
    Scene,
    settled,
)


def two_faults(side_first: bool) -> Scene:
    """Back and side each fail by a release of their own, twelve minutes apart."""
    scene = Scene(resource=SIDE).topology().healthy(FRONT, MIDDLE)
    onsets = {SIDE: ONSET, BACK: ONSET + timedelta(minutes=12)}
    if not side_first:
        onsets = {BACK: ONSET, SIDE: ONSET + timedelta(minutes=12)}
    for one, onset in onsets.items():
        scene.metric(one, "lambda.errors", 0.0, 40.0, onset=onset)
        scene.metric(one, "lambda.invocations", 100.0).metric(one, "lambda.duration_p99", 300.0)
        scene.configuration(one, alias="live").log(one, errors={"KeyError": 700})
        scene.release(one, ago=ONSET - onset + MINUTE)
    return scene.feed()


def test_of_two_faults_the_component_that_failed_earlier_is_told() -> None:
    for side_first in (True, False):
        verdict = two_faults(side_first).verdict()
        assert {one.resource for one in verdict.causes} == {SIDE, BACK}
        assert verdict.first_failure is not None
        assert verdict.first_failure.resource == (SIDE if side_first else BACK)
        assert verdict.first_failure.at == ONSET


def test_where_no_function_fails_the_api_whose_answers_turned_bad_failed_first() -> None:
    scene = Scene(resource=GATEWAY).topology().healthy(FRONT, MIDDLE, BACK, SIDE)
    scene.metric(GATEWAY, "api.count", 100.0).metric(GATEWAY, "api.5xx", 0.0)
    scene.metric(GATEWAY, "api.4xx", 0.0, 60.0).feed()
    assert settled(scene) == ("api.client_errors", GATEWAY)
    first = scene.verdict().first_failure
    assert first is not None
    assert (first.resource, first.at) == (GATEWAY, ONSET)
    assert first.summary == "gateway answered 4xx first at 14:10 UTC"


def contended(**log: object) -> Scene:
    """Writes to the ledger are refused, and so seldom for good that side hardly fails."""
    scene = Scene(resource=SIDE).topology(CHAIN, WRITES).healthy(FRONT, MIDDLE, BACK, SIDE)
    scene.table().metric(LEDGER, "dynamodb.writes", 600.0)
    scene.metric(LEDGER, "dynamodb.conditional_failures", 0.0, 80.0)
    return scene.log(SIDE, **log).feed()


def test_a_writer_that_is_refused_failed_first_though_few_of_its_calls_did() -> None:
    refused = contended(errors={"ConditionalCheckFailedException": 2}, conditional_failures=2)
    assert settled(refused) == ("dynamodb.conditional_check_storm", LEDGER)
    first = refused.verdict().first_failure
    assert first is not None
    assert (first.resource, first.at) == (SIDE, ONSET)


def test_a_table_that_refuses_writes_of_which_no_log_tells_made_nothing_fail() -> None:
    assert contended().verdict().first_failure is None
