"""What the AWS ports promise on any endpoint: AWS itself, the embedded account, an emulator.

A new endpoint joins by one more entry in `SCENES`.
"""

import itertools
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from opspilot.adapters.aws import REQUIRED_ACTIONS, AwsAccount, Buckets, SessionOptions, connect
from opspilot.adapters.aws.operations import OPERATIONS
from opspilot.adapters.memory import HandClock
from opspilot.domain.plan import Instruction, PreState
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.telemetry import InsightsQuery, LogQuery, MetricQuery
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.engine.explore_bars import tone_of
from opspilot.engine.explore_volume import VolumeCounter
from opspilot.errors import (
    AwsConflict,
    AwsNotFound,
    AwsRejected,
    InvalidWindow,
    UnknownResource,
)
from tests.adapters.aws.stubs import Hourglass


@dataclass(frozen=True)
class Scene:
    """An account with traffic, in which a release went out and an alarm fired within the hour.

    Attributes:
        caller: A function with traffic, an alarm of its own, and an alias of `callee` in its
            environment.
        callee: A function whose alias `alias` was moved to its newest version within the hour.
        api: The name of the REST API in front of `caller`.
        pass_time: Lets account seconds go by.
        reached: Names of the operations called so far, "lambda:GetAlias".
    """

    account: AwsAccount
    caller: Resource
    callee: Resource
    alias: str
    table: str
    api: str
    now: Callable[[], datetime]
    pass_time: Callable[[float], None]
    reached: set[str]

    @property
    def hour(self) -> Window:
        """The last hour, on whole minutes."""
        end = self.now().replace(second=0, microsecond=0)
        return Window(start=end - timedelta(hours=1), end=end)


@dataclass(frozen=True)
class EmbeddedClock:
    """Account time as the embedded account has it, in this process."""

    world: EmbeddedAccount

    def now(self) -> datetime:
        """Account time as well: the clock is moved by hand."""
        return self.world.account_now()

    def account_now(self) -> datetime:
        """Account time."""
        return self.world.account_now()

    def wall_at(self, account: datetime) -> datetime:
        """The moment itself."""
        return account


def watch(account: AwsAccount) -> set[str]:
    """Note every operation that any client of the account calls from now on."""
    reached: set[str] = set()
    clients = account.clients
    for client in (
        clients.cloudwatch,
        clients.logs,
        clients.functions,
        clients.cloudtrail,
        clients.dynamodb,
        clients.sqs,
        clients.apigateway,
        clients.sts,
    ):
        service = client.meta.service_model.service_name
        client.meta.events.register(
            "before-call",
            lambda model, service=service, **_: reached.add(f"{service}:{model.name}"),
        )
    return reached


# Queues, tables and APIs of an account outlive it in this process: each gets an id of its own.
_ACCOUNT_IDS = itertools.count(100_000_000_001)


@contextmanager
def embedded() -> Generator[Scene]:
    """The web shop, fourteen minutes after a slow release of payments."""
    with EmbeddedAccount(
        clock=ManualClock(),
        fault="slow-dependency",
        fault_age_s=840,
        account_id=f"{next(_ACCOUNT_IDS):012}",
    ) as world:
        region, account_id = world.account.region, world.account.account_id
        options = SessionOptions(
            region=region, endpoint_url=world.url, access_key_id="a", secret_access_key="b"
        )
        account = connect(
            options,
            clock=EmbeddedClock(world),
            account_id=account_id,
            timer=Hourglass().timer,
            buckets=Buckets(),
        )
        functions = f"arn:aws:lambda:{region}:{account_id}:function"
        yield Scene(
            account,
            caller=Resource(arn=f"{functions}:checkout"),
            callee=Resource(arn=f"{functions}:payments"),
            alias="live",
            table="orders",
            api="shop-api",
            now=world.account_now,
            pass_time=world.advance,
            reached=watch(account),
        )


SCENES: dict[str, Callable[[], AbstractContextManager[Scene]]] = {"embedded": embedded}


@pytest.fixture(scope="module", params=SCENES)
def scene(request: pytest.FixtureRequest) -> Generator[Scene]:
    """An account to read from."""
    with SCENES[request.param]() as found:
        yield found


@pytest.fixture(params=SCENES)
def own(request: pytest.FixtureRequest) -> Generator[Scene]:
    """An account to change, for one test alone."""
    with SCENES[request.param]() as found:
        yield found


def signal(resource: Resource, name: str, period: int = 60) -> MetricQuery:
    return query_of(
        next(each for each in signals_of(resource) if each.name == name), resource, period
    )


# Metrics


def test_every_signal_is_answered_in_order_with_aligned_ascending_times(scene):
    queries = [query_of(each, scene.caller) for each in signals_of(scene.caller)]
    series = scene.account.metrics.fetch(queries, scene.hour)
    assert [each.query for each in series] == queries
    for each in series:
        assert each.status in {"complete", "failed"}
        assert list(each.times) == sorted(set(each.times))
        assert all(at.timestamp() % 60 == 0 and scene.hour.contains(at) for at in each.times)
        assert len(each.times) == len(each.values)


def test_plain_statistics_are_always_answered_with_the_ids_of_their_calls(scene):
    plain = [signal(scene.caller, "lambda.errors"), signal(scene.caller, "lambda.invocations")]
    for series in scene.account.metrics.fetch(plain, scene.hour):
        assert (series.status, series.messages) == ("complete", ())
        assert len(series.values) > 50
        assert series.request_ids


def test_longer_periods_add_up_to_the_same_sum(scene):
    end = scene.hour.end - timedelta(minutes=scene.hour.end.minute % 5)
    window = Window(start=end - timedelta(minutes=30), end=end)
    minutes, fives = scene.account.metrics.fetch(
        [signal(scene.caller, "lambda.invocations", period) for period in (60, 300)], window
    )
    assert len(fives.values) == 6
    assert sum(minutes.values) == sum(fives.values) > 0


def test_a_window_that_begins_within_a_period_starts_with_that_whole_period(scene):
    query = signal(scene.caller, "lambda.invocations", 300)
    start = scene.hour.start - timedelta(minutes=scene.hour.start.minute % 5)
    aligned = Window(start=start, end=scene.hour.end)
    ragged = Window(start=start + timedelta(seconds=130), end=scene.hour.end)
    (whole,) = scene.account.metrics.fetch([query], aligned)
    (cut,) = scene.account.metrics.fetch([query], ragged)
    assert (cut.times, cut.values) == (whole.times, whole.values)


def test_a_metric_that_nobody_published_is_an_empty_series(scene):
    unknown = MetricQuery(namespace="AWS/Lambda", metric="Nothing", statistic="Sum")
    (series,) = scene.account.metrics.fetch([unknown], scene.hour)
    assert (series.status, series.values) == ("complete", ())


def test_the_dimension_set_must_be_the_published_one(scene):
    bare = signal(scene.caller, "lambda.invocations").model_copy(
        update={"dimensions": (("FunctionName", scene.caller.name), ("Nonsense", "x"))}
    )
    (series,) = scene.account.metrics.fetch([bare], scene.hour)
    assert series.values == ()


def test_old_data_comes_in_the_period_that_it_still_has(scene):
    window = scene.hour.before(timedelta(days=20))
    window = Window(start=window.start, end=window.start + timedelta(hours=1))
    (series,) = scene.account.metrics.fetch([signal(scene.caller, "lambda.invocations")], window)
    assert series.period_seconds == 300
    assert series.status == "complete"
    assert all(at.timestamp() % 300 == 0 for at in series.times)


def test_a_window_past_retention_is_refused(scene):
    long_ago = Window(
        start=scene.now() - timedelta(days=500), end=scene.now() - timedelta(days=499)
    )
    with pytest.raises(InvalidWindow):
        scene.account.metrics.fetch([signal(scene.caller, "lambda.errors")], long_ago)


# Logs


def minutes(scene: Scene, length: int = 2) -> Window:
    end = scene.hour.end
    return Window(start=end - timedelta(minutes=length), end=end)


def lines(scene: Scene, **more: object) -> LogQuery:
    default = {"log_group": f"/aws/lambda/{scene.caller.name}", "window": minutes(scene)}
    return LogQuery(**{**default, **more})


def test_lines_come_oldest_first_and_only_of_the_window(scene):
    found = scene.account.logs.search(lines(scene))
    assert len(found.lines) > 10
    assert all(found.query.window.contains(line.at) for line in found.lines)
    assert [line.at for line in found.lines] == sorted(line.at for line in found.lines)
    assert (found.truncated, found.status) == (False, "complete")
    assert found.request_ids


def test_a_pattern_leaves_only_lines_that_match(scene):
    everything = scene.account.logs.search(lines(scene))
    matching = scene.account.logs.search(lines(scene, pattern="REPORT"))
    expected = [line.message for line in everything.lines if "REPORT" in line.message]
    assert [line.message for line in matching.lines] == expected
    assert 0 < len(expected) < len(everything.lines)


def test_a_pattern_that_nothing_matches_finds_nothing_and_is_no_error(scene):
    found = scene.account.logs.search(lines(scene, pattern='"no such words anywhere"'))
    assert (found.lines, found.truncated) == ((), False)


def test_a_cut_answer_is_labelled_and_whole_up_to_where_it_says(scene):
    everything = scene.account.logs.search(lines(scene)).lines
    cut = scene.account.logs.search(lines(scene, limit=7))
    assert (len(cut.lines), cut.truncated) == (7, True)
    whole = [line for line in everything if line.at < cut.searched_until]
    assert [line for line in cut.lines if line.at < cut.searched_until] == whole


def test_a_limit_that_is_just_enough_is_not_called_cut(scene):
    everything = scene.account.logs.search(lines(scene)).lines
    exact = scene.account.logs.search(lines(scene, limit=len(everything)))
    assert (len(exact.lines), exact.truncated) == (len(everything), False)


def test_a_log_group_that_does_not_exist_is_said_to_be_missing(scene):
    with pytest.raises(AwsNotFound):
        scene.account.logs.search(lines(scene, log_group="/aws/lambda/no-such-function"))


def insights(scene: Scene, text: str) -> InsightsQuery:
    group = f"/aws/lambda/{scene.caller.name}"
    return InsightsQuery(log_groups=(group,), window=minutes(scene, 5), text=text, limit=100)


def test_an_insights_query_runs_until_it_is_done_and_counts_what_a_search_finds(own):
    text = "filter @message like /REPORT/ | stats count(*) as n by bin(1m)"
    question = insights(own, text)
    query_id = own.account.logs.start(question)
    result = own.account.logs.poll(query_id)
    for _ in range(30):
        if result.done:
            break
        own.pass_time(1)
        result = own.account.logs.poll(query_id)
    assert (result.done, result.failure, result.query_id) == (True, "", query_id)
    counted = sum(float(row["n"]) for row in result.rows)
    # Insights includes its end, to the second or to the millisecond.
    longer = Window(start=question.window.start, end=question.window.end + timedelta(seconds=1))
    least, most = (
        len(own.account.logs.search(lines(own, window=window, pattern="REPORT")).lines)
        for window in (question.window, longer)
    )
    assert 0 < least <= counted <= most
    assert "@ptr" not in result.rows[0]
    own.account.logs.stop(query_id)


def test_the_lines_of_a_log_are_counted_whole_with_those_of_an_error(own):
    """By the query of the investigate page."""
    counter = VolumeCounter(own.account.logs, HandClock(own.now()))
    span = minutes(own, 10)
    counting = counter.begin(f"/aws/lambda/{own.caller.name}", span)
    volume = counter.look(counting)
    for _ in range(30):
        if volume.done:
            break
        own.pass_time(1)
        volume = counter.look(counting)
    assert volume.known, volume.gap
    found = own.account.logs.search(lines(own, window=span, limit=50_000)).lines
    assert volume.lines == len(found)
    assert sum(bar.errors for bar in volume.bars) == sum(tone_of(one.message)[0] for one in found)
    counter.stop(counting)


def test_an_insights_query_that_does_not_parse_is_rejected(scene):
    with pytest.raises(AwsRejected):
        scene.account.logs.start(insights(scene, "stats stats stats ("))


# Workloads


def test_a_function_is_found_by_name_by_arn_and_by_alias(scene):
    for text in (scene.callee.name, scene.callee.arn, f"{scene.callee.arn}:{scene.alias}"):
        assert scene.account.workloads.resolve(text) == scene.callee


def test_tables_and_apis_are_found_by_name(scene):
    assert scene.account.workloads.resolve(scene.table).kind is ResourceKind.TABLE
    assert scene.account.workloads.resolve(scene.api).kind is ResourceKind.API


def test_everything_that_can_be_listed_is_listed_once_and_can_be_resolved(scene):
    listed = scene.account.workloads.resources()
    assert len(listed) == len(set(listed))
    assert {scene.callee.name, scene.table, scene.api} <= {one.name for one in listed}
    assert scene.account.workloads.resolve(scene.callee.arn) in listed


def test_a_misspelt_name_is_unknown_with_the_close_one_named(scene):
    with pytest.raises(UnknownResource) as caught:
        scene.account.workloads.resolve(scene.callee.name[:-1] + "x")
    assert scene.callee.name in caught.value.hint


def test_a_function_is_described_with_versions_newest_first_and_aliases_on_them(scene):
    found = scene.account.workloads.describe(scene.callee)
    numbers = [int(version.version) for version in found.versions]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) >= 2
    alias = found.alias(scene.alias)
    assert alias is not None
    assert found.version(alias.version) is not None
    assert (found.state, found.update_status, found.gaps) == ("Active", "Successful", ())
    assert found.code_sha256
    assert found.request_ids


def test_describing_a_function_that_does_not_exist_is_an_error(scene):
    with pytest.raises(AwsNotFound):
        scene.account.workloads.describe(Resource(arn=scene.callee.arn + "-x"))


def test_the_neighbourhood_holds_the_callee_with_its_alias(scene):
    topology = scene.account.workloads.topology(scene.caller)
    edges = [edge for edge in topology.callees(scene.caller) if edge.callee == scene.callee]
    assert [(edge.relation, edge.qualifier) for edge in edges] == [("invokes", scene.alias)]
    assert any(
        edge.callee.name == scene.table and edge.relation == "reads_writes"
        for edge in topology.callees(scene.caller)
    )
    assert list(topology.edges) == sorted(
        topology.edges, key=lambda edge: (edge.caller.arn, edge.callee.arn)
    )


def test_the_api_in_front_is_a_caller(scene):
    callers = scene.account.workloads.topology(scene.caller).callers(scene.caller)
    assert scene.api in {edge.caller.name for edge in callers}


def test_a_callee_knows_its_callers(scene):
    callers = scene.account.workloads.topology(scene.callee).callers(scene.callee)
    assert scene.caller in [edge.caller for edge in callers]


# Changes


def test_the_release_of_the_hour_is_told_with_the_versions_before_and_after(scene):
    feed = scene.account.changes.changes([scene.caller, scene.callee], scene.hour)
    live = scene.account.workloads.describe(scene.callee).alias(scene.alias)
    (move,) = [
        change
        for change in feed.changes
        if change.kind == "release" and change.after.get("alias") == scene.alias
    ]
    assert live is not None
    assert (move.resource, move.after["version"]) == (scene.callee, live.version)
    assert move.before["version"] != live.version
    assert move.actor
    assert list(feed.changes) == sorted(feed.changes, key=lambda change: change.at)
    assert all(scene.hour.contains(change.at) for change in feed.changes)


def test_no_change_is_told_twice(scene):
    feed = scene.account.changes.changes([scene.callee], scene.hour)
    published = [change for change in feed.changes if change.summary.endswith("published")]
    assert len({change.after["version"] for change in published}) == len(published)
    assert len({change.event_id for change in feed.changes}) == len(feed.changes)


def test_the_feed_does_not_claim_to_know_the_last_minutes(scene):
    feed = scene.account.changes.changes([scene.callee], scene.hour)
    assert feed.complete_until < scene.hour.end


def test_a_quiet_window_is_an_empty_feed(scene):
    end = scene.hour.start
    quiet = Window(start=end - timedelta(minutes=5), end=end)
    feed = scene.account.changes.changes([scene.callee], quiet)
    assert (feed.changes, feed.gaps, feed.complete_until) == ((), (), quiet.end)


# Alarms


def test_the_alarm_that_fired_is_told_with_its_metric(scene):
    found = scene.account.alarms.transitions(scene.hour.start)
    fired = [
        each
        for each in found
        if each.after == "ALARM"
        and each.alarm.query
        and ("FunctionName", scene.caller.name) in each.alarm.query.dimensions
    ]
    assert len(fired) == 1
    assert fired[0].alarm.state == "ALARM"
    assert fired[0].at >= scene.hour.start
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_a_transition_has_the_same_key_however_often_it_is_read(scene):
    first, second = (scene.account.alarms.transitions(scene.hour.start) for _ in range(2))
    assert [each.key for each in first] == [each.key for each in second]
    assert len({each.key for each in first}) == len(first)


def test_nothing_has_happened_since_now(scene):
    assert scene.account.alarms.transitions(scene.now() + timedelta(seconds=1)) == []


def test_the_alarms_of_a_function_watch_that_function(scene):
    alarms = scene.account.alarms.alarms_of(scene.caller)
    assert alarms
    for alarm in alarms:
        assert alarm.query is not None
        assert ("FunctionName", scene.caller.name) in alarm.query.dimensions


# The actuator


def timeout(scene: Scene, seconds: int) -> Instruction:
    return Instruction(
        type="lambda.set_timeout", resource=scene.caller, parameters={"timeout_seconds": seconds}
    )


def memory(scene: Scene, megabytes: int) -> Instruction:
    return Instruction(
        type="lambda.set_memory", resource=scene.caller, parameters={"memory_mb": megabytes}
    )


def move(scene: Scene, version: str) -> Instruction:
    return Instruction(
        type="lambda.move_alias",
        resource=scene.callee,
        parameters={"alias": scene.alias, "version": version},
    )


def settle(scene: Scene, instruction: Instruction) -> None:
    """Let account time pass until the change is in force, a minute at most."""
    for _ in range(60):
        settling = scene.account.actuator.settling(instruction)
        assert not settling.failed, settling.detail
        if settling.settled:
            return
        scene.pass_time(1)
    pytest.fail("the change did not settle")


def test_a_setting_is_changed_settles_and_is_taken_back(own):
    actuator, workloads = own.account.actuator, own.account.workloads
    before = workloads.describe(own.caller)
    changed = before.timeout_seconds + 4
    receipt = actuator.apply(timeout(own, changed), actuator.read(timeout(own, changed)))
    settle(own, timeout(own, changed))
    assert workloads.describe(own.caller).timeout_seconds == changed
    undo = timeout(own, before.timeout_seconds)
    actuator.apply(undo, actuator.read(undo))
    settle(own, undo)
    after = workloads.describe(own.caller)
    assert (after.timeout_seconds, after.environment) == (
        before.timeout_seconds,
        before.environment,
    )
    assert receipt.request_ids


def test_one_setting_changes_and_the_others_stay(own):
    before = own.account.workloads.describe(own.caller)
    instruction = memory(own, before.memory_mb + 128)
    own.account.actuator.apply(instruction, own.account.actuator.read(instruction))
    settle(own, instruction)
    after = own.account.workloads.describe(own.caller)
    assert (after.memory_mb, after.timeout_seconds) == (
        before.memory_mb + 128,
        before.timeout_seconds,
    )
    assert (after.environment, after.versions) == (before.environment, before.versions)


def test_an_alias_is_moved_back_and_forth(own):
    actuator = own.account.actuator
    described = own.account.workloads.describe(own.callee)
    newest, older = (version.version for version in described.versions[:2])
    for version in (older, newest):
        actuator.apply(move(own, version), actuator.read(move(own, version)))
        settle(own, move(own, version))
        alias = own.account.workloads.describe(own.callee).alias(own.alias)
        assert alias is not None
        assert alias.version == version


def stale(state: PreState, **values: object) -> PreState:
    return state.model_copy(update={"values": {**state.values, **values}})


def test_a_change_planned_on_another_state_is_refused_and_nothing_happens(own):
    actuator = own.account.actuator
    before = own.account.workloads.describe(own.caller)
    first, second = (
        timeout(own, before.timeout_seconds + 1),
        timeout(own, before.timeout_seconds + 2),
    )
    read = actuator.read(first)
    actuator.apply(first, read)
    settle(own, first)
    with pytest.raises(AwsConflict) as caught:
        actuator.apply(second, read)
    assert caught.value.hint
    assert actuator.read(first).values["timeout_seconds"] == before.timeout_seconds + 1


def test_an_alias_that_moved_since_it_was_read_is_left_alone(own):
    actuator = own.account.actuator
    older = own.account.workloads.describe(own.callee).versions[1].version
    read = actuator.read(move(own, older))
    with pytest.raises(AwsConflict):
        actuator.apply(move(own, older), stale(read, version="1"))
    assert actuator.read(move(own, older)).values == read.values


def test_moving_an_alias_to_a_version_that_does_not_exist_fails_and_nothing_happens(own):
    actuator = own.account.actuator
    read = actuator.read(move(own, "99999"))
    with pytest.raises((AwsNotFound, AwsRejected)):
        actuator.apply(move(own, "99999"), read)
    assert actuator.read(move(own, "99999")).values == read.values


def test_reading_a_function_that_does_not_exist_is_an_error(scene):
    gone = timeout(scene, 9).model_copy(update={"resource": Resource(arn=f"{scene.caller.arn}-x")})
    with pytest.raises(AwsNotFound):
        scene.account.actuator.read(gone)


# Permissions


def use_actuator(scene: Scene) -> None:
    actuator = scene.account.actuator
    for instruction in (timeout(scene, 30), move(scene, "1")):
        actuator.read(instruction)
        actuator.settling(instruction)


USES: dict[str, Callable[[Scene], object]] = {
    "metrics": lambda scene: scene.account.metrics.fetch(
        [signal(scene.caller, "lambda.errors")], scene.hour
    ),
    "logs": lambda scene: scene.account.logs.search(lines(scene)),
    "workloads": lambda scene: (
        scene.account.workloads.describe(scene.caller),
        scene.account.workloads.topology(scene.caller),
        scene.account.workloads.resolve(scene.api),
    ),
    "changes": lambda scene: scene.account.changes.changes([scene.callee], scene.hour),
    "alarms": lambda scene: (
        scene.account.alarms.transitions(scene.hour.start),
        scene.account.alarms.alarms_of(scene.caller),
    ),
    "actuator": use_actuator,
    "identity": lambda scene: scene.account.identity(),
}


@pytest.mark.parametrize("port", USES)
def test_a_port_needs_no_permission_beyond_those_it_names(scene, port):
    scene.reached.clear()
    USES[port](scene)
    actions = {
        operation.iam_action
        for operation in OPERATIONS
        if operation.name in scene.reached and operation.iam_action
    }
    assert scene.reached <= {operation.name for operation in OPERATIONS}
    assert actions <= set(REQUIRED_ACTIONS[port])
    assert scene.reached
