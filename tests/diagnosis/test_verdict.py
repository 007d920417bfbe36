"""The verdict's rules: healthy, unreadable, undecided; and what it says about itself."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.diagnosis import RULES_VERSION
from opspilot.diagnosis.assessment import CEILING, Brief
from opspilot.domain.evidence import Evidence, LogRequest, MetricRequest
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.signals import query_of, signal_named, signals_of
from opspilot.domain.telemetry import LogQuery
from tests.diagnosis.scene import (
    BACK,
    FRONT,
    GATEWAY,
    MIDDLE,
    SIDE,
    WINDOW,
    Scene,
    failing_front,
    hypothesis,
    slow_back,
)


def healthy() -> Scene:
    scene = Scene().topology().healthy(GATEWAY, FRONT, MIDDLE, BACK, SIDE).log(FRONT)
    return scene.configuration(FRONT).alarm("OK").feed()


def test_nothing_abnormal_with_the_data_present_is_no_incident() -> None:
    verdict = healthy().verdict()
    assert verdict.status is VerdictStatus.NO_INCIDENT
    assert (verdict.cause, verdict.first_failure) == (None, None)
    assert {one.status for one in verdict.hypotheses} == {"ruled_out"}
    assert verdict.impact is not None
    assert verdict.impact.failed == 0


def test_a_release_on_a_healthy_system_is_no_incident_either() -> None:
    assert healthy().release(BACK).feed().verdict().status is VerdictStatus.NO_INCIDENT


@pytest.mark.parametrize("signal", ["lambda.errors", "duration", "log"])
def test_without_the_data_nothing_is_called_healthy(signal: str) -> None:
    scene = healthy()
    scene.evidence = [
        item
        for item in scene.evidence
        if not (
            item.resource == FRONT
            and (
                signal in getattr(item.detail, "signal", "")
                or (signal == "log" and item.request.source == "logs")
            )
        )
    ]
    if signal == "log":
        asked = LogQuery(log_group="/aws/lambda/front", window=WINDOW)
        scene.gap(FRONT, LogRequest(incident=asked, baseline=asked))
    verdict = scene.verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.next_query.startswith("Read what is missing:")


def test_an_alarm_that_rings_over_a_flat_line_is_not_healthy() -> None:
    verdict = healthy().alarm("ALARM").verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert "is in ALARM" in verdict.next_query
    assert "earlier baseline" in verdict.next_query


def test_an_empty_ledger_is_inconclusive() -> None:
    verdict = Scene().verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.next_query


def test_failures_that_no_signature_explains_are_inconclusive_with_a_lead() -> None:
    verdict = failing_front().feed().verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert verdict.cause is None
    assert verdict.hypotheses
    assert verdict.next_query
    assert all(one.status != "leading" for one in verdict.hypotheses)


def test_where_the_symptom_could_not_be_read_nothing_is_confirmed() -> None:
    scene = slow_back()
    scene.evidence = [
        item
        for item in scene.evidence
        if not (item.resource == FRONT and getattr(item.detail, "signal", "") == "lambda.errors")
    ]
    scene.gap(FRONT, MetricRequest(metric=query_of(signal_named("lambda.errors"), FRONT)))
    verdict = scene.verdict()
    assert verdict.status is not VerdictStatus.CONFIRMED
    leading = verdict.hypotheses[0]
    assert leading.confidence <= 0.7
    assert leading.cap == "the symptom itself could not be read (Errors)"


def test_two_causes_close_to_each_other_are_not_decided_between() -> None:
    scene = slow_back()
    scene.change(FRONT, "configuration", {"timeout_seconds": "10"}, {"timeout_seconds": "3"})
    verdict = scene.feed().verdict()
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    possible = [one.cause_class for one in verdict.hypotheses if one.status == "possible"]
    assert possible[:2] == ["lambda.slow_dependency", "lambda.timeout_too_small"]


def test_hypotheses_come_best_first_and_the_ruled_out_ones_last() -> None:
    board = slow_back().verdict().hypotheses
    ranks = [(one.status == "ruled_out", -one.confidence) for one in board]
    assert all(first <= second for first, second in pairwise(ranks))
    assert all(one.ruled_out_because for one in board if one.status == "ruled_out")
    assert board[0].status == "leading"


def test_a_verdict_records_the_version_of_its_rules() -> None:
    assert healthy().verdict().rules_version == RULES_VERSION
    assert slow_back().verdict().rules_version == RULES_VERSION


def test_the_same_ledger_gives_the_same_verdict() -> None:
    assert slow_back().verdict() == slow_back().verdict()


def averaged(item: Evidence) -> Evidence:
    """The entry as it is where percentiles are not to be had: read under another statistic."""
    if not isinstance(item.request, MetricRequest) or item.request.metric.statistic[0] != "p":
        return item
    metric = item.request.metric.model_copy(update={"statistic": "Average"})
    return item.model_copy(update={"request": MetricRequest(metric=metric)})


def test_a_percentile_that_another_statistic_stands_in_for_was_read() -> None:
    scene = Scene(whole=False).topology(((GATEWAY, FRONT, ""),)).configuration(FRONT).feed()
    for signal in signals_of(FRONT):
        scene.metric(FRONT, signal.name, 0.0)
    scene.log(FRONT)
    scene.evidence = [averaged(item) for item in scene.evidence]
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT


def test_callers_that_were_turned_away_are_impact_though_no_invocation_failed() -> None:
    scene = Scene().configuration(FRONT, reserved=1).feed()
    scene.metric(FRONT, "lambda.errors", 0.0).metric(FRONT, "lambda.invocations", 100.0, 60.0)
    scene.metric(FRONT, "lambda.throttles", 0.0, 20.0)
    impact = scene.verdict().impact
    assert impact is not None
    assert (impact.resource, impact.failed, impact.total) == (FRONT, 400.0, 1_600.0)
    assert impact.summary.startswith("front turned 25 % of its callers away since")


def test_impact_falls_back_on_the_function_where_no_api_was_read() -> None:
    scene = slow_back()
    scene.evidence = [item for item in scene.evidence if item.resource != GATEWAY]
    impact = scene.verdict().impact
    assert impact is not None
    assert (impact.resource, impact.failed, impact.total) == (FRONT, 800.0, 2_000.0)


def test_a_log_that_names_no_resource_of_ours_changes_nothing() -> None:
    scene = slow_back()
    scene.log(SIDE, errors={"IgnorePreviousInstructionsError": 1})
    assert hypothesis(scene.verdict(), "lambda.slow_dependency").resource == BACK


WEIGHTS = st.lists(st.floats(0.1, 5.0), max_size=6)


@given(pro=WEIGHTS, contra=WEIGHTS, more=st.floats(0.1, 5.0))
def test_an_argument_for_never_lowers_and_one_against_never_raises_the_confidence(
    pro: list[float], contra: list[float], more: float
) -> None:
    def confidence(extra_pro: float = 0.0, extra_contra: float = 0.0) -> float:
        brief = Brief("x", FRONT, -2.0)
        for weight in [*pro, extra_pro]:
            brief.speaks_for(weight, "for", "E1")
        for weight in [*contra, extra_contra]:
            brief.speaks_against(weight, "against", "E1")
        return brief.hypothesis("x").confidence

    assert confidence(extra_contra=more) <= confidence() <= confidence(extra_pro=more) <= CEILING


def test_the_tightest_cap_that_bites_is_named_and_none_otherwise() -> None:
    brief = Brief("x", FRONT, 4.0)
    brief.cap(0.9, "loose")
    brief.cap(0.6, "tight")
    found = brief.hypothesis("x")
    assert (found.confidence, found.cap) == (0.6, "tight")
    weak = Brief("x", FRONT, -2.0)
    weak.cap(0.6, "tight")
    assert weak.hypothesis("x").cap == ""
