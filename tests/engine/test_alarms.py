"""Alarms: one transition opens or joins exactly one incident, however often and by whom polled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.memory import MemoryStore
from opspilot.adapters.sqlite import open_store
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.domain.job import Job, JobKind
from opspilot.domain.resource import http_api
from opspilot.domain.signals import query_named, query_of, signal_named
from opspilot.domain.telemetry import MetricQuery
from opspilot.engine.alarms import resource_of
from opspilot.entrypoints.worker import run_safely
from opspilot.errors import AwsDenied, AwsError, AwsThrottled, AwsUnavailable
from opspilot.ports.store import Changeset
from tests.engine.account import (
    ACCOUNT_ID,
    CHECKOUT,
    MAIL,
    MAIL_QUEUE,
    PAYMENTS,
    REGION,
    SHOP_API,
)
from tests.engine.crashing import Fuse, FusedStore, Killed
from tests.engine.scene import BACK_TO_17, ROSA, Scene, scene

API_ERRORS = query_of(signal_named("api.5xx"), SHOP_API)
MAIL_ERRORS = query_of(signal_named("lambda.errors"), MAIL)
FOREIGN = MetricQuery(
    namespace="AWS/EC2", metric="CPU", dimensions=(("InstanceId", "i-1"),), statistic="Average"
)


@pytest.fixture
def quiet(tmp_path: Path) -> Scene:
    """The scene where an alarm's incident waits for a person."""
    return scene(tmp_path, auto_investigate=False)


def incidents(stage: Scene) -> list[str]:
    return [one.id for one in stage.store.incidents().items]


def poll_again(stage: Scene, times: int = 1) -> None:
    for _ in range(times):
        stage.pass_time(seconds=5)
        stage.poll_alarms()


def test_an_alarm_opens_an_incident_with_its_metric_and_its_words(quiet: Scene) -> None:
    move = quiet.account.ring()
    quiet.poll_alarms()
    (incident,) = quiet.store.incidents().items
    assert (incident.resource, incident.status) == (CHECKOUT, IncidentStatus.OPEN)
    assert incident.symptom.query == move.alarm.query
    assert incident.symptom.alarm_arn == move.alarm.arn
    assert (incident.alarms, incident.severity) == (("checkout-errors",), Severity.HIGH)
    assert incident.opened_by == SYSTEM
    receipt = quiet.store.receipt(move.key)
    assert receipt is not None
    assert receipt.incident_id == incident.id
    assert quiet.said() == ["incident.opened"]


def test_an_alarm_that_is_polled_again_and_again_opens_one_incident(quiet: Scene) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    poll_again(quiet, 20)
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.said() == ["incident.opened"]


def test_the_policy_investigates_an_alarms_incident_in_the_commit_that_opens_it(
    stage: Scene,
) -> None:
    stage.account.ring()
    stage.poll_alarms()
    assert stage.status() is IncidentStatus.INVESTIGATING
    found = stage.store.investigation("INC-0001")
    assert found is not None
    assert found.requested_by == SYSTEM
    assert stage.said() == ["incident.opened", "investigation.started"]


@pytest.mark.parametrize("tick", range(1, 5))
def test_a_poll_that_is_killed_leaves_an_investigated_incident_or_none(
    tmp_path: Path, tick: int
) -> None:
    store = MemoryStore()
    whole = scene(tmp_path, store=store)
    whole.account.ring()
    job = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=whole.clock.now())
    store.commit(Changeset(puts=(job,)))
    fused = replace(whole, store=FusedStore(store, Fuse(tick))).reopened()
    with pytest.raises(Killed):
        fused.step(JobKind.ALARMS, owner="first")
    whole.pass_time(seconds=16)
    second = whole.reopened()
    assert second.step(JobKind.ALARMS, owner="second")
    assert incidents(second) == ["INC-0001" if tick > 1 else "INC-0002"]
    assert [one.status for one in store.incidents().items] == [IncidentStatus.INVESTIGATING]
    second.assert_sound()


def test_two_workers_polling_at_once_open_one_incident(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    stage = scene(tmp_path, store=store, auto_investigate=False)
    job = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=stage.clock.now())
    store.commit(Changeset(puts=(job,)))
    for number in range(1, 6):
        stage.account.ring(f"alarm-{number}", at=stage.clock.account_now())
        stage.pass_time(seconds=5)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda owner: stage.step(JobKind.ALARMS, owner=owner), ("a", "b")))
    assert incidents(stage) == ["INC-0001"]
    assert stage.incident().alarms == tuple(f"alarm-{number}" for number in range(1, 6))
    assert stage.said() == ["incident.opened", *["incident.joined"] * 4]
    store.close()


def test_two_handlers_of_one_poll_do_not_both_open(tmp_path: Path) -> None:
    """A worker that lost its lease still has the transitions in hand."""
    stage = scene(tmp_path, auto_investigate=False)
    stage.account.ring()
    job = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=stage.clock.now())
    stage.store.commit(Changeset(puts=(job,)))
    slow = stage.claim(JobKind.ALARMS, owner="slow")
    assert slow is not None

    def overtaken() -> None:
        stage.pass_time(seconds=16)
        assert stage.step(JobKind.ALARMS, owner="quick")

    stage.account.after("transitions", overtaken)
    stage.account.before("transitions", overtaken)
    run_safely(stage.bench.runner("slow"), slow)
    assert len(incidents(stage)) == 1
    assert stage.said().count("incident.opened") == 1


def test_a_second_alarm_on_the_same_resource_joins(quiet: Scene) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    quiet.account.ring("checkout-slow", at=quiet.clock.account_now())
    poll_again(quiet, 3)
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.incident().alarms == ("checkout-errors", "checkout-slow")
    assert quiet.said() == ["incident.opened", "incident.joined"]


def test_an_alarm_joins_the_incident_that_a_person_opened(quiet: Scene) -> None:
    quiet.opened()
    quiet.account.ring()
    quiet.poll_alarms()
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.incident().alarms == ("checkout-errors",)


@pytest.mark.parametrize("status", ["awaiting_approval", "remediating", "verifying"])
def test_an_alarm_that_joins_does_not_move_an_incident_that_is_under_way(
    quiet: Scene, status: str
) -> None:
    quiet.put_incident(IncidentStatus(status))
    quiet.account.ring()
    quiet.poll_alarms()
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.status() is IncidentStatus(status)


def test_an_alarm_of_a_neighbour_joins(quiet: Scene) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    quiet.account.ring("api-5xx", API_ERRORS, at=quiet.clock.account_now())
    poll_again(quiet)
    assert incidents(quiet) == ["INC-0001"]


def test_an_alarm_of_the_entry_joins_the_incident_of_a_function_two_calls_below(
    quiet: Scene,
) -> None:
    quiet.account.ring("payments-errors", query_of(signal_named("lambda.errors"), PAYMENTS))
    quiet.poll_alarms()
    quiet.account.ring("api-5xx", API_ERRORS, at=quiet.clock.account_now())
    poll_again(quiet)
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.incident().resource == PAYMENTS


def test_of_two_alarms_at_one_moment_the_one_behind_the_entry_opens(quiet: Scene) -> None:
    now = quiet.clock.account_now()
    quiet.account.ring("api-5xx", API_ERRORS, at=now)
    quiet.account.ring(at=now)
    quiet.poll_alarms()
    assert incidents(quiet) == ["INC-0001"]
    assert quiet.incident().resource == CHECKOUT


def test_an_alarm_of_a_stranger_opens_an_incident_of_its_own(quiet: Scene) -> None:
    quiet.account.ring()
    quiet.account.ring("mail-errors", MAIL_ERRORS)
    quiet.poll_alarms()
    assert incidents(quiet) == ["INC-0002", "INC-0001"]


def test_an_alarm_of_the_entry_is_critical(quiet: Scene) -> None:
    quiet.account.ring("api-5xx", API_ERRORS)
    quiet.poll_alarms()
    assert quiet.incident().severity is Severity.CRITICAL


DENIED = AwsDenied("not allowed", iam_action="lambda:ListFunctions")


@pytest.mark.parametrize("error", [DENIED, AwsThrottled("slow down")], ids=lambda error: error.code)
def test_neighbours_that_cannot_be_read_cost_nothing_but_the_joining(
    quiet: Scene, error: AwsError
) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    quiet.account.ring("api-5xx", API_ERRORS, at=quiet.clock.account_now())
    quiet.account.fail("topology", error, times=4)
    quiet.work(lambda: len(incidents(quiet)) == 2, at_most=timedelta(minutes=1))
    assert len(incidents(quiet)) == 2


@pytest.mark.parametrize("partly", [True, False], ids=["in part", "altogether"])
def test_neighbours_that_are_silent_for_a_moment_are_asked_again(
    quiet: Scene, partly: bool
) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    quiet.account.ring("api-5xx", API_ERRORS, at=quiet.clock.account_now())
    if partly:
        quiet.account.unlisted = ["REST APIs could not be listed"] * 3
    else:
        quiet.account.fail("topology", AwsUnavailable("restarting"), times=3)
    quiet.work(lambda: len(quiet.incident().alarms) == 2, at_most=timedelta(minutes=1))
    assert incidents(quiet) == ["INC-0001"]


def test_an_alarm_that_returns_reopens_its_resolved_incident(quiet: Scene) -> None:
    quiet.account.ring()
    quiet.poll_alarms()
    quiet.started(BACK_TO_17, incident=quiet.put_incident(IncidentStatus.DIAGNOSED))
    quiet.reach(IncidentStatus.RESOLVED, incident_id="INC-0002")
    quiet.bench.intake.close("INC-0001", actor=ROSA, reason="the other one is the same")
    quiet.pass_time(minutes=10)
    quiet.account.ring(at=quiet.clock.account_now())
    poll_again(quiet, 3)
    reopened = quiet.incident("INC-0002")
    assert incidents(quiet) == ["INC-0002", "INC-0001"]
    assert (reopened.status, reopened.resolved_at) == (IncidentStatus.OPEN, None)
    assert quiet.said("INC-0002")[-2:] == ["incident.joined", "incident.alarm_returned"]


def test_a_reopened_incident_is_investigated_where_the_policy_says_so(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.RESOLVED)
    stage.pass_time(minutes=1)
    stage.account.ring(at=stage.clock.account_now())
    stage.poll_alarms()
    assert stage.status() is IncidentStatus.INVESTIGATING


def test_an_alarm_from_before_the_resolution_does_not_reopen(quiet: Scene) -> None:
    quiet.started(BACK_TO_17)
    incident = quiet.reach(IncidentStatus.RESOLVED)
    assert incident.resolved_at is not None
    quiet.account.ring(at=incident.resolved_at - timedelta(minutes=1))
    quiet.poll_alarms()
    assert quiet.status() is IncidentStatus.RESOLVED
    assert incidents(quiet) == ["INC-0001"]


def test_an_alarm_long_after_the_resolution_is_a_new_incident(quiet: Scene) -> None:
    quiet.started(BACK_TO_17)
    quiet.reach(IncidentStatus.RESOLVED)
    quiet.pass_time(hours=2)
    quiet.account.ring(at=quiet.clock.account_now())
    quiet.poll_alarms()
    assert quiet.status() is IncidentStatus.RESOLVED
    assert incidents(quiet) == ["INC-0002", "INC-0001"]


def test_an_alarm_soon_after_a_failure_joins_the_failed_incident(quiet: Scene) -> None:
    failed = quiet.put_incident(IncidentStatus.FAILED)
    quiet.account.ring()
    quiet.poll_alarms()
    assert incidents(quiet) == [failed.id]


def test_an_alarm_long_after_a_failure_is_a_new_incident(quiet: Scene) -> None:
    failed = quiet.put_incident(IncidentStatus.FAILED)
    quiet.pass_time(hours=2)
    quiet.account.ring()
    quiet.poll_alarms()
    assert len(incidents(quiet)) == 2
    assert quiet.status(failed.id) is IncidentStatus.FAILED


@pytest.mark.parametrize("query", [FOREIGN, None], ids=["a foreign metric", "an expression"])
def test_an_alarm_on_nothing_that_we_read_is_ignored_once_and_on_record(
    quiet: Scene, query: MetricQuery | None
) -> None:
    move = quiet.account.ring("foreign", FOREIGN)
    alarm = move.alarm.model_copy(update={"query": query})
    quiet.account.moves[-1] = move.model_copy(update={"alarm": alarm})
    quiet.poll_alarms()
    poll_again(quiet, 3)
    assert incidents(quiet) == []
    assert quiet.said(SYSTEM_CHAIN) == ["alarm.ignored"]
    assert quiet.store.receipt(move.key) is not None


def test_a_first_look_leaves_alone_what_is_over_already(quiet: Scene) -> None:
    hour_ago = quiet.clock.account_now() - timedelta(hours=1)
    quiet.account.ring("over", at=hour_ago, state="OK")
    quiet.account.ring("mail-errors", MAIL_ERRORS, at=hour_ago)
    quiet.poll_alarms()
    (incident,) = quiet.store.incidents().items
    assert incident.resource == MAIL


def test_an_alarm_that_came_and_went_between_two_looks_is_not_missed(quiet: Scene) -> None:
    quiet.poll_alarms()
    quiet.account.ring(at=quiet.clock.account_now(), state="OK")
    poll_again(quiet)
    assert incidents(quiet) == ["INC-0001"]


def test_a_poll_that_fails_is_made_up_for(quiet: Scene) -> None:
    quiet.poll_alarms()
    quiet.account.fail("transitions", AwsUnavailable("down"), times=4)
    quiet.account.ring(at=quiet.clock.account_now(), state="OK")
    quiet.work(lambda: bool(incidents(quiet)), at_most=timedelta(minutes=5))
    assert incidents(quiet) == ["INC-0001"]


def test_a_resource_is_known_by_the_dimension_of_its_metric() -> None:
    def found(**dimensions: str) -> object:
        query = FOREIGN.model_copy(update={"dimensions": tuple(dimensions.items())})
        return resource_of(query, ACCOUNT_ID, REGION)

    assert found(FunctionName="checkout") == CHECKOUT
    assert found(FunctionName="payments:live", Resource="payments:live") == PAYMENTS
    assert found(ApiName="shop-api", Stage="prod") == SHOP_API
    assert found(ApiId="w4q7", Stage="prod") == http_api(REGION, "w4q7")
    assert found(QueueName="mail-queue") == MAIL_QUEUE
    assert found(InstanceId="i-1") is None


def test_an_alarm_on_a_websocket_api_is_on_nothing_that_we_read() -> None:
    query = MetricQuery(
        namespace="AWS/ApiGateway",
        metric="ConnectCount",
        dimensions=(("ApiId", "s1"),),
        statistic="Sum",
    )
    assert resource_of(query, ACCOUNT_ID, REGION) is None


def test_an_alarm_on_an_http_api_opens_an_incident_on_it_though_its_name_cannot_be_told(
    quiet: Scene,
) -> None:
    api = http_api(REGION, "w4q7")
    quiet.account.ring("web-5xx", query_named("api.5xx", api))
    quiet.poll_alarms()
    (incident,) = quiet.store.incidents().items
    assert incident.resource == api
    assert incident.symptom.query is not None
    assert incident.symptom.query.metric == "5xx"
    assert incident.severity is Severity.CRITICAL
