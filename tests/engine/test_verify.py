"""Verification: the original signal decides, and silence is never recovery."""

from datetime import timedelta

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Instruction, Measurement, VerificationOutcome
from opspilot.engine.verify import combined
from opspilot.errors import AwsDenied, AwsUnavailable
from tests.engine.account import CHECKOUT, PAYMENTS
from tests.engine.scene import BACK_TO_17, LONGER, MORE_MEMORY, Scene

PLAN = "INC-0001-P1"
DENIED = AwsDenied("not allowed", iam_action="cloudwatch:GetMetricData")


def outcome(stage: Scene) -> VerificationOutcome | None:
    verification = stage.store.plan(PLAN).verification
    assert verification is not None
    return verification.outcome


@pytest.mark.parametrize("cure", [BACK_TO_17, LONGER], ids=["release taken back", "longer timeout"])
def test_a_change_that_cures_is_seen_to_recover(stage: Scene, cure: Instruction) -> None:
    stage.started(cure)
    incident = stage.reach(IncidentStatus.RESOLVED)
    verification = stage.store.plan(PLAN).verification
    assert outcome(stage) is VerificationOutcome.RECOVERED
    assert verification is not None
    assert (incident.outcome, incident.resolved_at) == ("recovered", verification.ended_at)
    assert verification.measurements[0].periods_held >= 3


def test_a_wrong_change_is_not_said_to_recover(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    incident = stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.NO_EFFECT
    assert incident.resolved_at is None
    verification = stage.store.plan(PLAN).verification
    assert verification is not None
    assert verification.ended_at is not None
    late = verification.ended_at - verification.deadline_at
    assert timedelta(minutes=3) <= late < timedelta(minutes=4)


@pytest.mark.parametrize("silence", ["no traffic", "no datapoints"])
def test_no_traffic_is_too_little_data_and_never_recovery(stage: Scene, silence: str) -> None:
    stage.started(BACK_TO_17)
    if silence == "no traffic":
        stage.account.traffic = 0
    else:
        stage.account.quiet_since = stage.clock.account_now()
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.TOO_LITTLE_DATA


def test_too_little_traffic_is_too_little_data(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.account.traffic = 2
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.TOO_LITTLE_DATA


def test_a_clear_worsening_ends_the_observation_early(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    stage.account.failing_share = 0.9
    stage.reach(IncidentStatus.FAILED)
    verification = stage.store.plan(PLAN).verification
    assert verification is not None
    assert verification.outcome is VerificationOutcome.WORSE
    assert verification.ended_at is not None
    assert verification.ended_at < verification.deadline_at - timedelta(minutes=8)


def test_an_improvement_that_is_not_enough_is_called_improving(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    stage.account.failing_share = 0.1
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.IMPROVING


def test_datapoints_from_before_the_change_do_not_count(stage: Scene) -> None:
    stage.account.change(PAYMENTS, "version", "17")
    stage.pass_time(minutes=20)
    stage.started(LONGER)
    stage.reach(IncidentStatus.VERIFYING)
    stage.step()
    stage.pass_time(minutes=2)
    stage.step()
    verification = stage.store.plan(PLAN).verification
    assert verification is not None
    assert verification.outcome is None
    assert verification.measurements[0].periods_seen <= 1


def test_a_relapse_while_it_is_observed_is_no_recovery(stage: Scene) -> None:
    stage.started(LONGER)
    stage.reach(IncidentStatus.VERIFYING)
    stage.pass_time(minutes=2)
    stage.step()
    stage.account.change(CHECKOUT, "timeout_seconds", 3)
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is not VerificationOutcome.RECOVERED


def test_a_signal_that_may_not_be_read_is_too_little_data_at_the_deadline(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.unread = "denied"
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.TOO_LITTLE_DATA


@pytest.mark.parametrize("error", [DENIED, AwsUnavailable("down")], ids=lambda error: error.code)
def test_a_source_that_never_answers_ends_the_observation_at_its_deadline(
    stage: Scene, error: Exception
) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.fail("fetch", error, times=500)
    stage.reach(IncidentStatus.FAILED)
    assert outcome(stage) is VerificationOutcome.TOO_LITTLE_DATA
    verification = stage.store.plan(PLAN).verification
    assert verification is not None
    assert str(error) in verification.measurements[0].sentence


def test_a_source_that_answers_again_in_time_still_shows_the_recovery(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    stage.account.fail("fetch", AwsUnavailable("down"), times=4)
    stage.reach(IncidentStatus.RESOLVED)


def test_a_failed_observation_leaves_undo_and_a_fresh_look_open(stage: Scene) -> None:
    stage.started(MORE_MEMORY)
    incident = stage.reach(IncidentStatus.FAILED)
    refusals = stage.bench.queries.incident(incident.id, incident.opened_by).refusals
    assert refusals["undo_plan"] == ""
    assert refusals["investigate"] == ""
    assert refusals["close_incident"] == ""


def test_only_all_criteria_recovered_is_recovered_and_the_worst_is_told() -> None:
    def measured(*outcomes: VerificationOutcome) -> VerificationOutcome:
        return combined(
            tuple(
                Measurement(criterion_id="C", at="2026-03-04T12:00Z", outcome=one, sentence="")
                for one in outcomes
            )
        )

    words = VerificationOutcome
    assert measured() is words.TOO_LITTLE_DATA
    assert measured(words.RECOVERED, words.RECOVERED) is words.RECOVERED
    assert measured(words.RECOVERED, words.TOO_LITTLE_DATA) is words.TOO_LITTLE_DATA
    assert measured(words.RECOVERED, words.IMPROVING) is words.IMPROVING
    assert measured(words.TOO_LITTLE_DATA, words.NO_EFFECT) is words.NO_EFFECT
    assert measured(words.WORSE, words.RECOVERED, words.NO_EFFECT) is words.WORSE
