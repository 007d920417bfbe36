"""Investigations: what cannot be read is a labelled gap, and a person can stop or start anew."""

from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.domain.evidence import (
    AlarmsDetail,
    ChangesDetail,
    ComparisonRequest,
    Evidence,
    GapDetail,
    GapReason,
)
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.investigation import Investigation
from opspilot.domain.telemetry import CallUsage, LogLine, LogLines, LogQuery
from opspilot.engine.budget import besides, spent_on
from opspilot.engine.ledger import ledger_of
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsThrottled,
    AwsUnavailable,
    IllegalTransition,
)
from opspilot.ports.store import Changeset
from tests.engine.account import CHECKOUT, PAYMENTS, READS, Operation
from tests.engine.scene import HOUR, ROSA, Scene, scene

SOURCES: dict[Operation, str] = {
    "fetch": "metrics",
    "search": "logs",
    "describe": "configuration and limits",
    "topology": "topology",
    "changes": "changes",
    "alarms_of": "alarms",
    "service_graph": "traces",
}
FAILURES: dict[GapReason, AwsError] = {
    GapReason.DENIED: AwsDenied("not allowed", iam_action="logs:FilterLogEvents"),
    GapReason.THROTTLED: AwsThrottled("slow down"),
    GapReason.UNAVAILABLE: AwsUnavailable("time-out", request_id="r-7"),
    GapReason.NOT_FOUND: AwsNotFound("no such thing"),
}


def current(stage: Scene) -> Investigation:
    found = stage.store.investigation("INC-0001")
    assert found is not None
    return found


def verdict(stage: Scene) -> VerdictStatus:
    drawn = current(stage).verdict
    assert drawn is not None
    return drawn.status


def gaps(stage: Scene) -> list[tuple[Evidence, GapDetail]]:
    ledger = stage.store.evidence("INC-0001")
    return [(item, item.detail) for item in ledger if isinstance(item.detail, GapDetail)]


def test_a_healthy_account_has_no_incident(tmp_path: Path) -> None:
    stage = scene(tmp_path, fault=False)
    stage.diagnosed()
    assert verdict(stage) is VerdictStatus.NO_INCIDENT
    assert (gaps(stage), current(stage).cut_short) == ([], "")


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        *((operation, GapReason.DENIED) for operation in SOURCES),
        *(("search", reason) for reason in FAILURES if reason is not GapReason.DENIED),
    ],
)
def test_a_source_that_fails_is_a_gap_with_its_reason_and_no_certainty(
    stage: Scene, operation: Operation, reason: GapReason
) -> None:
    stage.account.fail(operation, FAILURES[reason], times=200)
    stage.diagnosed()
    found = gaps(stage)
    assert found
    assert {item.request.source for item, _ in found} == set(SOURCES[operation].split(" and "))
    for item, detail in found:
        assert (detail.reason, item.status) == (reason, "gap")
        assert FAILURES[reason].message in detail.message
        if reason is GapReason.DENIED:
            assert detail.iam_action == "logs:FilterLogEvents"
        if FAILURES[reason].request_id:
            assert item.request_ids == ("r-7",)
    tasks = [task for task in current(stage).tasks if task.status == "gap"]
    assert {task.evidence_id for task in tasks} == {item.id for item, _ in found}
    if operation in ("fetch", "search", "changes"):
        assert verdict(stage) in (VerdictStatus.LIKELY, VerdictStatus.INCONCLUSIVE)
    stage.assert_sound()


def test_traced_calls_stand_in_for_a_call_graph_that_may_not_be_read(stage: Scene) -> None:
    stage.account.fail("topology", FAILURES[GapReason.DENIED], times=200)
    stage.diagnosed()
    assert {item.resource for item in stage.store.evidence("INC-0001")} >= {CHECKOUT, PAYMENTS}
    assert verdict(stage) is VerdictStatus.CONFIRMED


def test_with_neither_call_graph_nor_traces_there_is_no_certainty(stage: Scene) -> None:
    stage.account.fail("topology", FAILURES[GapReason.DENIED], times=200)
    stage.account.fail("service_graph", FAILURES[GapReason.DENIED], times=200)
    stage.diagnosed()
    assert verdict(stage) in (VerdictStatus.LIKELY, VerdictStatus.INCONCLUSIVE)


def test_traces_that_cannot_be_had_are_a_gap_that_nobody_waits_for(stage: Scene) -> None:
    stage.account.fail("service_graph", AwsUnavailable("nothing listens"), times=50)
    stage.diagnosed()
    assert stage.account.calls.count("service_graph") == 1
    assert [item.request.source for item, _ in gaps(stage)] == ["traces"]
    assert verdict(stage) is VerdictStatus.CONFIRMED


@pytest.mark.parametrize("status", ["denied", "failed"])
def test_series_that_cloudwatch_could_not_read_are_gaps(stage: Scene, status: str) -> None:
    stage.account.unread = status  # type: ignore[assignment]
    stage.diagnosed()
    expected = {"denied": GapReason.DENIED, "failed": GapReason.UNAVAILABLE}[status]
    assert {detail.reason for _, detail in gaps(stage)} == {expected}
    assert verdict(stage) is VerdictStatus.INCONCLUSIVE


def test_a_healthy_account_that_cannot_be_read_whole_is_not_called_healthy(tmp_path: Path) -> None:
    stage = scene(tmp_path, fault=False)
    stage.account.fail("search", FAILURES[GapReason.DENIED], times=10)
    stage.diagnosed()
    assert verdict(stage) is VerdictStatus.INCONCLUSIVE


def test_an_investigation_that_can_read_nothing_fails_and_says_why(stage: Scene) -> None:
    for operation in READS:
        stage.account.fail(operation, FAILURES[GapReason.DENIED], times=200)
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    after = stage.reach(IncidentStatus.FAILED)
    assert after.last_error.startswith("no source could be read")
    assert "not allowed" in after.last_error
    assert current(stage).phase == "stopped"
    (failed,) = [one for one in stage.trail() if one.action_type == "investigation.failed"]
    assert failed.error == after.last_error
    stage.bench.investigations.start(incident.id, actor=ROSA)
    assert current(stage).number == 2


def test_missing_credentials_stop_the_step_and_it_is_tried_again(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.fail("topology", AwsCredentialsMissing("no credentials"), times=2)
    stage.step()
    job = stage.store.job("incident:INC-0001")
    assert job is not None
    assert job.last_error == "no credentials"
    assert stage.bench.queries.incident(incident.id, ROSA).job_error == "no credentials"
    stage.reach(IncidentStatus.DIAGNOSED)
    assert gaps(stage) == []


def test_a_fresh_look_numbers_its_tasks_and_keeps_the_old_ledger(diagnosed: Scene) -> None:
    stage, incident = diagnosed, diagnosed.incident()
    first = stage.store.evidence(incident.id)
    stage.pass_time(minutes=5)
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    both = stage.store.evidence(incident.id)
    assert both[: len(first)] == first
    assert {item.task.partition("/")[0] for item in first} == {"1"}
    assert {item.task.partition("/")[0] for item in both[len(first) :]} == {"2"}
    assert len({item.id for item in both}) == len(both)
    again = ledger_of(both, 2)
    assert {item.task[2:] for item in again} == {item.task[2:] for item in first}
    assert current(stage).number == 2
    assert current(stage).verdict is not None
    later = stage.incident()
    assert (later.window.start, later.baseline) == (incident.window.start, incident.baseline)
    assert later.window.end == incident.window.end + timedelta(minutes=5)


def test_a_window_that_a_person_chose_in_the_past_does_not_grow(stage: Scene) -> None:
    now = stage.clock.account_now()
    chosen = stage.bench.intake.open_incident("checkout", actor=ROSA).window.model_copy(
        update={"start": now - 6 * HOUR, "end": now - 5 * HOUR}
    )
    past = stage.bench.intake.open_incident("payments", actor=ROSA, window=chosen)
    stage.pass_time(minutes=5)
    stage.bench.investigations.start(past.id, actor=ROSA)
    assert stage.incident(past.id).window == chosen


def test_what_x_ray_saw_fail_is_told_from_the_side_of_the_callers_first(diagnosed: Scene) -> None:
    ledger = diagnosed.store.evidence("INC-0001")
    (seen,) = [item for item in ledger if item.request.source == "traces"]
    assert seen.finding.endswith("failed: 20 of 50 from shop-api, 8 of 40 to payments")


def test_a_stop_draws_the_verdict_from_what_there_is(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.before("search", lambda: stage.bench.investigations.stop(incident.id, actor=ROSA))
    stage.reach(IncidentStatus.DIAGNOSED)
    found = current(stage)
    assert found.stop_requested
    assert verdict(stage) is not VerdictStatus.CONFIRMED
    skipped = [task for task in found.tasks if task.status == "skipped"]
    assert skipped
    asked = sum(not task.key.startswith("ahead:") for task in skipped)
    left = f"{asked} planned question" if asked else f"{len(skipped)} step"
    assert found.cut_short.startswith(f"a person stopped it: {left}")
    assert not any(task.status in ("running", "waiting") for task in found.tasks)
    assert stage.said().count("investigation.stopped") == 1
    stage.assert_sound()


def test_a_stop_files_what_came_and_what_was_in_flight_and_begins_nothing(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.before("fetch", lambda: stage.bench.investigations.stop(incident.id, actor=ROSA))
    stage.reach(IncidentStatus.DIAGNOSED)
    ledger = stage.store.evidence(incident.id)
    metrics = [item for item in ledger if item.request.source == "metrics"]
    assert stage.account.calls.count("fetch") == 1
    assert len(metrics) > 10, "all that one request asked for"
    asked = {SOURCES[call].split(" ")[0] for call in stage.account.calls if call in SOURCES}
    assert {item.request.source for item in ledger} == asked
    done = [task for task in current(stage).tasks if task.status == "done"]
    assert {task.evidence_id for task in done} == {item.id for item in ledger}
    assert current(stage).usage.api_calls == sum(item.usage.api_calls for item in ledger)
    stage.assert_sound()


def test_a_source_that_is_silent_when_a_person_stops_is_a_gap_and_not_waited_for(
    stage: Scene,
) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.fail("fetch", AwsUnavailable("nothing listens"))
    stage.account.before("fetch", lambda: stage.bench.investigations.stop(incident.id, actor=ROSA))
    begun = stage.clock.now()
    stage.reach(IncidentStatus.DIAGNOSED, IncidentStatus.FAILED)
    assert stage.clock.now() == begun
    assert {item.request.source for item, _ in gaps(stage)} == {"metrics"}


def test_a_stop_before_anything_was_read_says_so(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.bench.investigations.stop(incident.id, actor=ROSA)
    after = stage.reach(IncidentStatus.FAILED)
    assert "stopped before any source" in after.last_error


def test_there_is_nothing_to_stop_after_the_verdict(diagnosed: Scene) -> None:
    with pytest.raises(IllegalTransition, match="not gathering"):
        diagnosed.bench.investigations.stop("INC-0001", actor=ROSA)


def test_what_the_budget_leaves_unasked_becomes_labelled_gaps(tmp_path: Path) -> None:
    stage = scene(tmp_path, api_call_budget=10)
    stage.diagnosed()
    found = gaps(stage)
    assert found
    assert {detail.reason for _, detail in found} == {GapReason.BUDGET}
    assert "10 AWS calls" in found[0][1].message
    assert current(stage).cut_short == (
        f"the budget of 10 AWS calls is spent: {len(found)} planned questions were not asked"
    )
    asked = [item for item in stage.store.evidence("INC-0001") if item.status != "gap"]
    assert asked
    assert len(current(stage).tasks) == len(asked) + len(found)


def test_a_budget_of_time_counts_work_and_not_the_hours_when_nobody_worked(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.pass_time(hours=7)
    stage.reach(IncidentStatus.DIAGNOSED)
    assert gaps(stage) == []


def test_slow_sources_spend_the_budget_of_time(stage: Scene) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.before("topology", lambda: stage.pass_time(minutes=6))
    stage.reach(IncidentStatus.DIAGNOSED)
    assert {detail.reason for _, detail in gaps(stage)} == {GapReason.BUDGET}
    assert current(stage).usage.wall_seconds >= 360


def test_a_step_begins_nothing_in_the_second_half_of_its_minute_and_the_next_one_goes_on(
    stage: Scene,
) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.account.before("topology", lambda: stage.pass_time(seconds=31))
    stage.step()
    assert {"alarms_of", "search"} - set(stage.account.calls)
    assert current(stage).phase == "gathering"
    stage.reach(IncidentStatus.DIAGNOSED)
    assert (gaps(stage), verdict(stage)) == ([], VerdictStatus.CONFIRMED)


def busy(query: LogQuery) -> LogLines:
    """As many lines as a search may give, of its first minute."""
    at = query.window.start + timedelta(minutes=1)
    line = LogLine(at=at, stream="s", message="END RequestId: 00000000-0000-4000-8000-000000000000")
    return LogLines(query=query, lines=(line,) * query.limit, truncated=True, searched_until=at)


@pytest.mark.parametrize("why", ["stop", "step", "budget"])
def test_a_stop_the_end_of_the_step_and_the_budget_of_time_reach_into_a_long_log(
    stage: Scene, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    end = {
        "stop": lambda: stage.bench.investigations.stop(incident.id, actor=ROSA),
        "step": lambda: stage.pass_time(seconds=61),
        "budget": lambda: stage.pass_time(minutes=6),
    }[why]
    searches = 0

    def search(query: LogQuery) -> LogLines:
        nonlocal searches
        searches += 1
        if searches == 3:
            end()
        return busy(query)

    monkeypatch.setattr(stage.account, "search", search)
    while not any(item.request.source == "logs" for item in stage.store.evidence(incident.id)):
        assert stage.step()
    assert searches == 4, "two parts of the window, and one look at what was before"
    (found,) = [one for one in stage.store.evidence(incident.id) if one.request.source == "logs"]
    assert "parts were not read" in found.finding
    assert found.status == "partial"


def test_every_claim_of_a_verdict_cites_the_ledger_of_its_own_pass(diagnosed: Scene) -> None:
    stage, incident = diagnosed, diagnosed.incident()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    stage.reach(IncidentStatus.DIAGNOSED)
    drawn = current(stage).verdict
    assert drawn is not None
    assert drawn.cause is not None
    cited = {
        *drawn.cause.evidence,
        *(one for found in drawn.hypotheses for arg in found.arguments_for for one in arg.evidence),
    }
    own = {item.id for item in ledger_of(stage.store.evidence(incident.id), 2)}
    assert cited
    assert cited <= own


def test_evidence_keeps_its_query_window_and_the_hash_of_its_snapshot(diagnosed: Scene) -> None:
    stage, incident = diagnosed, diagnosed.incident()
    for item in stage.store.evidence(incident.id):
        assert item.window.start < item.window.end
        assert len(item.data_hash) == 64
        assert item.snapshot is not None
    (log, *_) = [
        item for item in stage.store.evidence(incident.id) if item.request.source == "logs"
    ]
    assert log.request.incident.window == incident.window
    assert log.resource == CHECKOUT


def test_a_source_that_is_silent_for_a_moment_is_asked_again_and_leaves_no_gap(
    stage: Scene,
) -> None:
    stage.account.fail("fetch", AwsUnavailable("nothing listens"), times=2)
    stage.account.fail("search", AwsUnavailable("nothing listens"), times=2)
    incident = stage.opened()
    stage.bench.investigations.start(incident.id, actor=ROSA)
    before = len(stage.account.calls)
    stage.step()
    answered = stage.store.evidence(incident.id)
    assert {item.request.source for item in answered} == {
        "topology", "traces", "alarms", "configuration", "limits",
    }  # fmt: skip
    assert "nothing listens" in stage.bench.queries.incident(incident.id, ROSA).job_error
    stage.reach(IncidentStatus.DIAGNOSED)
    assert gaps(stage) == []
    assert verdict(stage) is VerdictStatus.CONFIRMED
    assert stage.store.evidence(incident.id)[: len(answered)] == answered
    sent = sum(4 if one == "fetch" else 1 for one in stage.account.calls[before:])
    assert current(stage).usage.api_calls == sent, "what was asked again is paid for again"


def test_a_source_that_stays_silent_is_a_gap_after_a_few_tries(stage: Scene) -> None:
    begun = stage.clock.now()
    stage.account.fail("search", AwsUnavailable("nothing listens"), times=50)
    stage.diagnosed()
    assert {detail.reason for _, detail in gaps(stage)} == {GapReason.UNAVAILABLE}
    assert (stage.clock.now() - begun) < timedelta(minutes=1)


def test_a_budget_that_ends_under_way_stops_the_asking_in_the_middle_of_a_round(
    tmp_path: Path,
) -> None:
    stage = scene(tmp_path, api_call_budget=10)
    stage.diagnosed()
    ledger = stage.store.evidence("INC-0001")
    first_gap = next(at for at, item in enumerate(ledger) if item.status == "gap")
    spent = sum(item.usage.api_calls for item in ledger[:first_gap])
    assert spent >= 10
    assert current(stage).usage.api_calls <= 10 + 4, "only what was in flight came on top"


def test_the_looks_at_one_incident_share_a_budget(tmp_path: Path) -> None:
    stage = scene(tmp_path, api_call_budget=17)
    stage.diagnosed()
    for _ in range(7):
        stage.bench.investigations.start("INC-0001", actor=ROSA)
        stage.reach(IncidentStatus.DIAGNOSED, IncidentStatus.FAILED)
    messages = {detail.message for _, detail in gaps(stage)}
    assert "not asked: the budget of 85 AWS calls for all looks at this incident is spent" in (
        messages
    )


def test_a_later_look_knows_what_the_earlier_ones_and_conversations_cost(
    diagnosed: Scene,
) -> None:
    first = current(diagnosed).usage
    (kept, *_) = diagnosed.store.evidence("INC-0001")
    told = kept.model_copy(
        update={"id": "E900", "task": "chat/1.1/x", "usage": CallUsage(api_calls=7), "version": 0}
    )
    diagnosed.store.commit(Changeset(puts=(told,)))
    diagnosed.bench.investigations.start("INC-0001", actor=ROSA)
    assert current(diagnosed).elsewhere == first
    ledger = diagnosed.store.evidence("INC-0001")
    assert besides(current(diagnosed), ledger).api_calls == first.api_calls + 7
    assert spent_on(current(diagnosed), ledger).api_calls == first.api_calls + 7


def test_tasks_wait_run_and_end_and_tell_what_they_cost(stage: Scene) -> None:
    seen: list[set[str]] = []
    titles: list[set[str]] = []

    def look() -> None:
        found = current(stage).tasks
        seen.append({task.status for task in found})
        titles.append({task.title for task in found if task.status == "waiting"})

    stage.account.before("alarms_of", look)
    stage.account.before("changes", look)
    stage.diagnosed()
    assert {"waiting", "running"} <= seen[0]
    assert "What would refute the leading explanation" in titles[0]
    tasks = current(stage).tasks
    assert {task.status for task in tasks} == {"done"}
    assert all(task.started_wall for task in tasks if not task.key.startswith("comparison:"))
    ledger = {item.id: item.usage for item in stage.store.evidence("INC-0001")}
    assert all(task.usage == ledger[task.evidence_id] for task in tasks)


def test_alarms_come_with_how_they_moved(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.account.ring()
    stage.diagnosed()
    (found,) = [
        item.detail
        for item in stage.store.evidence("INC-0001")
        if isinstance(item.detail, AlarmsDetail)
    ]
    assert [one.alarm.name for one in found.history] == [one.name for one in found.alarms]


def test_a_setting_that_an_earlier_incident_saw_otherwise_is_found_by_comparing(
    diagnosed: Scene,
) -> None:
    stage = diagnosed
    stage.pass_time(hours=30)
    stage.account.change(PAYMENTS, "memory_mb", 128)
    stage.pass_time(hours=1)
    stage.bench.intake.close("INC-0001", actor=ROSA, reason="looked at")
    later = stage.diagnosed()
    compared = [
        item
        for item in stage.store.evidence(later.id)
        if isinstance(item.request, ComparisonRequest)
    ]
    changes = [
        change
        for item in compared
        if isinstance(item.detail, ChangesDetail)
        for change in item.detail.changes
    ]
    assert [(one.resource, one.after) for one in changes] == [(PAYMENTS, {"memory_mb": "128"})]
    assert all(item.request.incident_id == "INC-0001" for item in compared)
