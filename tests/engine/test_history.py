"""Incidents that ended teach: what looked alike, what was done, how often it worked."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from opspilot.diagnosis import diagnose
from opspilot.domain.fingerprint import Fingerprint, SuccessRate, Treatment
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import VerificationOutcome
from opspilot.engine.history import LEAST_SIMILARITY, likeness, rates_of
from opspilot.engine.ledger import ledger_of
from opspilot.ports.store import Changeset
from tests.engine.account import PAYMENTS
from tests.engine.scene import GRACE, LONGER, ROSA, T0, Scene

RECOVERED, NO_EFFECT = VerificationOutcome.RECOVERED, VerificationOutcome.NO_EFFECT
ROLL_BACK, TIMEOUT = "lambda.move_alias", "lambda.set_timeout"
SLOW = "lambda.slow_dependency"


def fingerprint(
    number: int = 7,
    *,
    cause: str = SLOW,
    signals: Sequence[str] = ("own lambda.errors up",),
    treatments: Sequence[Treatment] = (),
    **more: object,
) -> Fingerprint:
    fields: dict[str, object] = {
        "incident_id": f"INC-7{number:05}",
        "title": "payments: errors",
        "resource": PAYMENTS,
        "kind": "lambda.function",
        "cause_class": cause,
        "cause_kind": "lambda.function",
        "signals": tuple(signals),
        "treatments": tuple(treatments),
        "opened_at": T0 - timedelta(days=number),
        "kept_at": T0 - timedelta(days=number),
    }
    return Fingerprint.model_validate(fields | more)


def treated(action: str, outcome: VerificationOutcome | None, cause: str = SLOW) -> Treatment:
    return Treatment(plan_id="P", cause_class=cause, actions=(action,), outcome=outcome)


def remember(stage: Scene, *kept: Fingerprint) -> None:
    stage.store.commit(Changeset(puts=kept))


def cured(stage: Scene) -> None:
    """The scene's incident from its verdict to its recovery."""
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.reach(IncidentStatus.AWAITING_APPROVAL)
    plan = stage.store.plan("INC-0001-P1")
    stage.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    stage.bench.executions.start(plan.id, actor=ROSA)
    stage.reach(IncidentStatus.RESOLVED)


# --- what is kept ---------------------------------------------------------------------------------


def test_a_resolved_incident_leaves_how_it_looked_and_what_cured_it(diagnosed: Scene) -> None:
    cured(diagnosed)
    (kept,) = diagnosed.store.fingerprints()
    assert (kept.cause_class, kept.kind) == (SLOW, "lambda.function")
    assert "own lambda.errors up" in kept.signals
    assert "near lambda.duration_p50 up" in kept.signals
    assert kept.patterns
    (plan,) = kept.treatments
    assert (plan.actions, plan.outcome, plan.cause_class) == ((ROLL_BACK,), RECOVERED, SLOW)
    assert plan.worked


def test_a_plan_that_did_not_help_is_learnt_from_too(diagnosed: Scene) -> None:
    diagnosed.filed(LONGER, incident=diagnosed.incident(), deadline_periods=5)
    plan = diagnosed.store.plan("INC-0001-P1")
    diagnosed.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    diagnosed.account.traffic = 0
    diagnosed.bench.executions.start(plan.id, actor=ROSA)
    diagnosed.reach(IncidentStatus.FAILED)
    (kept,) = diagnosed.store.fingerprints()
    assert [(one.outcome, one.worked) for one in kept.treatments] == [
        (VerificationOutcome.TOO_LITTLE_DATA, False)
    ]


def test_a_plan_that_was_taken_back_says_so(diagnosed: Scene) -> None:
    cured(diagnosed)
    diagnosed.bench.executions.undo("INC-0001-P1", actor=ROSA)
    diagnosed.reach(IncidentStatus.DIAGNOSED)
    (kept,) = diagnosed.store.fingerprints()
    assert (kept.version, kept.treatments[0].undone) == (2, True)


def test_closing_keeps_what_was_learnt_and_nothing_of_what_taught_nothing(
    diagnosed: Scene,
) -> None:
    diagnosed.bench.intake.close("INC-0001", actor=ROSA, reason="it went by itself")
    other = diagnosed.opened("payments")
    diagnosed.bench.intake.close(other.id, actor=ROSA, reason="a false alarm")
    (kept,) = diagnosed.store.fingerprints()
    assert (kept.incident_id, kept.outcome, kept.treatments) == ("INC-0001", "closed", ())


# --- what looked alike ----------------------------------------------------------------------------


def test_the_same_trouble_again_finds_the_former_one_and_what_cured_it(diagnosed: Scene) -> None:
    cured(diagnosed)
    (before,) = diagnosed.store.fingerprints()
    again = before.model_copy(update={"incident_id": "INC-0900", "version": 0})
    remember(diagnosed, again, fingerprint(3, cause="lambda.out_of_memory"))
    found = diagnosed.bench.history.similar("INC-0001")
    assert [(one.fingerprint.incident_id, one.similarity) for one in found] == [("INC-0900", 1.0)]
    assert f"cause {SLOW}" in found[0].shared
    assert found[0].fingerprint.treatments[0].worked


def test_an_incident_is_not_similar_to_itself_and_needs_no_verdict(stage: Scene) -> None:
    incident = stage.opened()
    remember(stage, fingerprint(1))
    assert stage.bench.history.similar(incident.id) == ()


def test_likeness_is_symmetric_and_whole_for_the_same() -> None:
    one = fingerprint(errors=("A", "B"), stacks=("A@1",))
    other = fingerprint(errors=("B",), setting="TABLE")
    assert likeness(one, one) == 1.0
    assert 0 < likeness(one, other) == likeness(other, one) < 1


def test_a_cause_that_one_does_not_know_does_not_count_against_it() -> None:
    known, unknown = fingerprint(), fingerprint(cause="")
    assert likeness(known, unknown) > LEAST_SIMILARITY
    assert likeness(known, fingerprint(cause="sqs.backlog")) < likeness(known, unknown)


def test_one_of_two_causes_in_common_is_half_the_cause() -> None:
    both = fingerprint(also=("sqs.backlog",))
    assert likeness(both, both) == 1.0
    assert likeness(both, fingerprint()) < 1.0
    assert likeness(both, fingerprint()) > likeness(both, fingerprint(cause="api.client_errors"))


def test_the_kind_alone_makes_nothing_alike() -> None:
    assert likeness(fingerprint(cause="", signals=()), fingerprint(cause="", signals=())) == 0.0


# --- how often it worked --------------------------------------------------------------------------


def test_rates_count_measured_plans_by_cause_and_action() -> None:
    rates = rates_of(
        [
            fingerprint(1, treatments=[treated(ROLL_BACK, RECOVERED), treated(TIMEOUT, None)]),
            fingerprint(2, treatments=[treated(ROLL_BACK, NO_EFFECT)]),
            fingerprint(3, treatments=[treated(ROLL_BACK, RECOVERED, cause="")]),
        ]
    )
    assert rates == (SuccessRate(cause_class=SLOW, action_type=ROLL_BACK, worked=1, tried=2),)


@pytest.mark.parametrize(
    ("worked", "tried", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)],
)
def test_the_interval_is_wilsons(worked: int, tried: int, low: float, high: float) -> None:
    rate = SuccessRate(cause_class="c", action_type="a", worked=worked, tried=tried)
    assert rate.bounds == pytest.approx((low, high), abs=5e-5)


# --- what it moves, and what it does not ----------------------------------------------------------


def a_record(against_rolling_back: int) -> list[Fingerprint]:
    return [
        fingerprint(
            number,
            treatments=[treated(ROLL_BACK, NO_EFFECT), treated(TIMEOUT, RECOVERED)],
        )
        for number in range(against_rolling_back)
    ]


def planned(stage: Scene) -> tuple[str, list[str], str]:
    stage.bench.plans.request("INC-0001", actor=ROSA)
    stage.reach(IncidentStatus.AWAITING_APPROVAL)
    plan = stage.store.plan("INC-0001-P1")
    others = [one.change.type for one in plan.alternatives]
    return plan.actions[0].change.type, others, " ".join(one.why_not for one in plan.alternatives)


def test_without_a_record_the_rules_order_the_ways_out(diagnosed: Scene) -> None:
    assert planned(diagnosed)[:2] == (ROLL_BACK, [TIMEOUT])


def test_a_thin_record_is_told_and_moves_nothing(diagnosed: Scene) -> None:
    remember(diagnosed, *a_record(2))
    first, others, why = planned(diagnosed)
    assert (first, others) == (ROLL_BACK, [TIMEOUT])
    assert "worked in 2 of 2 earlier plans" in why


def test_a_clear_record_moves_a_way_ahead_and_says_why(diagnosed: Scene) -> None:
    remember(diagnosed, *a_record(12))
    first, others, why = planned(diagnosed)
    assert (first, others) == (TIMEOUT, [ROLL_BACK])
    assert "worked in 0 of 12 earlier plans against this cause (95 % interval 0 % to 24 %)" in why


def test_no_history_moves_the_verdict(stage: Scene, diagnosed: Scene) -> None:
    def verdict_of(scene: Scene) -> Verdict:
        investigation = scene.store.investigation("INC-0001")
        assert investigation is not None
        assert investigation.verdict is not None
        return investigation.verdict

    remember(stage, *[fingerprint(number, cause="lambda.out_of_memory") for number in range(40)])
    remember(stage, *[one.model_copy(update={"incident_id": f"INC-8{index}"})
                      for index, one in enumerate(a_record(12))])  # fmt: skip
    stage.diagnosed()
    # Answers come in parallel, so the ids of what they cite may differ.
    told, untold = verdict_of(stage), verdict_of(diagnosed)
    assert (told.status, told.confidence) == (untold.status, untold.confidence)
    assert [(one.cause_class, one.confidence, one.status) for one in told.hypotheses] == [
        (one.cause_class, one.confidence, one.status) for one in untold.hypotheses
    ]
    ledger = ledger_of(diagnosed.store.evidence("INC-0001"), 1)
    judged = diagnosed.store.investigation("INC-0001").judged  # type: ignore[union-attr]
    assert judged is not None
    assert diagnose(diagnosed.incident(), ledger, judged.at) == verdict_of(diagnosed)
