"""How a function does, and trying it: judged by rule, on record before it runs."""

import json

import pytest

from opspilot.domain.audit import SYSTEM_CHAIN, AuditEntry
from opspilot.domain.trial import TrialMode
from opspilot.errors import AwsThrottled, AwsUnavailable, InputError, NotAllowed
from tests.engine.account import CHECKOUT, MAIL_QUEUE
from tests.engine.scene import ROSA, VERA, Scene


def on_record(stage: Scene) -> list[AuditEntry]:
    """What the trail says of tests."""
    entries = stage.store.entries(SYSTEM_CHAIN)
    return [entry for entry in entries if entry.action_type.startswith("function.")]


def test_a_failing_function_is_bad_and_says_with_which_numbers(stage: Scene) -> None:
    stage.pass_time(minutes=30)
    health = stage.bench.functions.health(CHECKOUT)
    assert health.health == "bad"
    errors = next(check for check in health.checks if check.name == "errors")
    assert errors.health == "bad"
    assert "invocations failed in the last hour" in errors.finding
    assert health.checks[0].health == "bad"


def test_metrics_that_cannot_be_read_are_unknown_and_never_good(stage: Scene) -> None:
    stage.account.fail("fetch", AwsUnavailable("CloudWatch does not answer"))
    health = stage.bench.functions.health(CHECKOUT)
    assert health.health == "unknown"
    unread = [check for check in health.checks if check.health == "unknown"]
    assert {check.name for check in unread} == {"errors", "throttles", "duration"}
    assert all("CloudWatch does not answer" in check.finding for check in unread)


def test_a_series_that_was_read_in_part_is_no_total(stage: Scene) -> None:
    stage.account.unread = "partial"
    health = stage.bench.functions.health(CHECKOUT)
    errors = next(check for check in health.checks if check.name == "errors")
    assert errors.health == "unknown"


def test_only_functions_have_a_health(stage: Scene) -> None:
    with pytest.raises(InputError, match="no function"):
        stage.bench.functions.find(MAIL_QUEUE.name)


def test_a_test_gives_the_answer_and_what_the_log_reports(stage: Scene) -> None:
    (trial,) = stage.bench.functions.test(
        CHECKOUT, ['{"id": 1}'], mode=TrialMode.SYNC, actor=ROSA, qualifier="live"
    )
    assert (trial.outcome, trial.payload, trial.version) == ("succeeded", {"id": 1}, "live")
    assert (trial.duration_ms, trial.memory_used_mb, trial.memory_size_mb) == (12.5, 77, 512)


def test_every_test_is_on_record_before_and_after_it_runs(stage: Scene) -> None:
    seen: list[str] = []
    stage.account.before("invoke", lambda: seen.extend(one.action_type for one in on_record(stage)))
    stage.bench.functions.test(CHECKOUT, ['{"id": 1}'], mode=TrialMode.SYNC, actor=ROSA)
    assert seen == ["function.test_intent"]
    intent, outcome = on_record(stage)
    assert (outcome.action_type, outcome.actor, outcome.subject) == (
        "function.tested",
        ROSA,
        CHECKOUT.arn,
    )
    assert intent.input["event"] == {"id": 1}
    assert outcome.result["outcome"] == "succeeded"


def test_a_batch_gives_one_result_for_each_event(stage: Scene) -> None:
    events = ["{}", '{"what": "boom"}', "{}"]
    trials = stage.bench.functions.test(CHECKOUT, events, mode=TrialMode.SYNC, actor=ROSA)
    assert [one.outcome for one in trials] == ["succeeded", "function_error", "succeeded"]
    assert trials[1].error_type == "ValueError"


def test_a_batch_that_cannot_go_on_keeps_what_came(stage: Scene) -> None:
    def refuse() -> None:
        stage.account.fail("invoke", AwsThrottled("no concurrency is left"))

    stage.account.before("invoke", lambda: stage.account.before("invoke", refuse))
    trials = stage.bench.functions.test(CHECKOUT, ["{}"] * 3, mode=TrialMode.SYNC, actor=ROSA)
    assert [one.outcome for one in trials] == ["succeeded", "not_sent"]
    assert trials[1].error == "no concurrency is left"
    assert on_record(stage)[-1].error == "no concurrency is left"


def test_a_first_event_that_cannot_be_sent_is_an_error_on_record(stage: Scene) -> None:
    stage.account.fail("invoke", AwsThrottled("no concurrency is left"))
    with pytest.raises(AwsThrottled):
        stage.bench.functions.test(CHECKOUT, ["{}"], mode=TrialMode.SYNC, actor=ROSA)
    assert [one.action_type for one in on_record(stage)] == [
        "function.test_intent",
        "function.tested",
    ]


@pytest.mark.parametrize(
    ("mode", "outcome"), [(TrialMode.ASYNC, "accepted"), (TrialMode.DRY_RUN, "permitted")]
)
def test_what_is_not_waited_for_claims_no_success(
    stage: Scene, mode: TrialMode, outcome: str
) -> None:
    (trial,) = stage.bench.functions.test(CHECKOUT, ["{}"], mode=mode, actor=ROSA)
    assert trial.outcome == outcome


def test_secrets_of_events_answers_and_logs_are_taken_out(stage: Scene) -> None:
    stage.account.secret = "AKIAIOSFODNN7EXAMPLE"
    event = json.dumps({"password": "hunter2-hunter2", "what": "boom"})
    (trial,) = stage.bench.functions.test(CHECKOUT, [event], mode=TrialMode.SYNC, actor=ROSA)
    kept = trial.model_dump_json() + "".join(one.model_dump_json() for one in on_record(stage))
    assert "AKIAIOSFODNN7EXAMPLE" not in kept
    assert "hunter2-hunter2" not in kept


@pytest.mark.parametrize(
    ("events", "mode", "said"),
    [
        ([], TrialMode.SYNC, "no event"),
        (["{"], TrialMode.SYNC, "no JSON"),
        (["{}", "nonsense"], TrialMode.SYNC, "event 2 is no JSON"),
        (['{"ratio": NaN}'], TrialMode.SYNC, "no JSON: it knows no NaN"),
        (["[" * 20_000 + "]" * 20_000], TrialMode.SYNC, "nested too deep"),
        (["{}"] * 21, TrialMode.SYNC, "21 events"),
        ([json.dumps("x" * 256_000)], TrialMode.ASYNC, "256,002 bytes"),
    ],
)
def test_events_that_cannot_be_sent_are_refused_before_anything_runs(
    stage: Scene, events: list[str], mode: TrialMode, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        stage.bench.functions.test(CHECKOUT, events, mode=mode, actor=ROSA)
    assert "invoke" not in stage.account.calls


def test_a_viewer_tries_nothing(stage: Scene) -> None:
    with pytest.raises(NotAllowed):
        stage.bench.functions.test(CHECKOUT, ["{}"], mode=TrialMode.DRY_RUN, actor=VERA)
    assert "invoke" not in stage.account.calls
    assert stage.store.entries(SYSTEM_CHAIN)[-1].action_type == "command.refused"
