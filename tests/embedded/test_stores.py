"""Tables, queues and streams of the simulator: what they refuse, hold up, and what shows of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from opspilot.embedded.changes import Stamp, apply
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import (
    ApiSpec,
    Build,
    Fleet,
    FunctionSpec,
    IndexSpec,
    Put,
    QueueSpec,
    Route,
    Send,
    StreamSpec,
    TableCall,
    TableSpec,
    Traffic,
    Work,
)
from opspilot.embedded.origin import Origin
from opspilot.embedded.seeding import initial_configuration
from opspilot.embedded.server import EmbeddedAccount
from opspilot.embedded.simulator.chunks import Simulation
from opspilot.embedded.telemetry.metrics import Metrics
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import parse_statistic
from tests.embedded.aws import client

CHUNK = 492_396
START = CHUNK * 3600.0
NOON = START + 3600.0
ORIGIN = Origin(seed=5, epoch=NOON)

QUEUE_URL = "https://sqs.{region}.amazonaws.com/{account}/jobs"
FLEET = Fleet(
    name="stores",
    functions=(
        FunctionSpec(
            "front", "front-1", 512, 10, {"TABLE": "book", "JOBS": QUEUE_URL, "S": "feed"}
        ),
        FunctionSpec("worker", "worker-1", 512, 30, {}),
        FunctionSpec("reader", "reader-1", 512, 30, {}),
    ),
    builds={
        "front-1": Build(
            "front-1",
            (
                Work(1.0),
                TableCall("TABLE", "GetItem", units=2.0),
                TableCall("TABLE", "UpdateItem", units=4.0, conditional_share=0.02, retries=2),
                Send("JOBS"),
                Put("S"),
            ),
            work_ms=20,
        ),
        "worker-1": Build("worker-1", (Work(1.0),), work_ms=900, work_sigma=0.1),
        "reader-1": Build("reader-1", (Work(1.0),), work_ms=40),
    },
    api=ApiSpec("edge", "abc", "prod", (Route("POST", "/book", 1.0, "front"),)),
    traffic=Traffic(per_minute=120.0, daily_amplitude=0.0, weekend_factor=1.0),
    tables=(
        TableSpec(
            "book",
            "id",
            "provisioned",
            read_capacity=20,
            write_capacity=40,
            indexes=(IndexSpec("by-day", "day", 20, 40),),
        ),
    ),
    queues=(
        QueueSpec("jobs", "worker", dead_letter="jobs-dead", visibility_timeout_s=60.0),
        QueueSpec("jobs-dead"),
    ),
    streams=(StreamSpec("feed", "reader", shards=2),),
    history_days=1,
)

Change = tuple[float, str, dict[str, object]]


class Seen:
    """Metrics of the hour under these changes, long after it."""

    def __init__(self, *changes: Change, fleet: Fleet = FLEET) -> None:
        line = Timeline(initial_configuration(fleet, ORIGIN))
        for number, (second, kind, params) in enumerate(changes):
            stamp = Stamp(START + second, 5, str(number))
            line.append(stamp.at, apply(kind, line.current, params, stamp))
        simulation = Simulation(fleet, fleet.builds, line, 5, START - 7200.0)
        self._metrics = Metrics(simulation, START - 3600.0)

    def minutes(self, service: str, name: str, statistic: str, **dimensions: str) -> np.ndarray:
        """Values of the hour's 60 minutes; NaN where there is no datapoint."""
        metric = MetricId.of(f"AWS/{service}", name, dimensions)
        at, values = self._metrics.query(
            metric, parse_statistic(statistic), 60, (START, NOON), NOON + 7200.0
        )
        series = np.full(60, np.nan)
        series[((at - START) // 60).astype(int)] = values
        return series

    def total(self, service: str, name: str, **dimensions: str) -> float:
        """Sum over the hour."""
        return float(np.nansum(self.minutes(service, name, "Sum", **dimensions)))


def errors(seen: Seen, function: str) -> np.ndarray:
    return np.nan_to_num(seen.minutes("Lambda", "Errors", "Sum", FunctionName=function))


def test_a_table_with_capacity_to_spare_refuses_nothing() -> None:
    seen = Seen()
    assert seen.total("DynamoDB", "WriteThrottleEvents", TableName="book") == 0
    assert seen.total("DynamoDB", "ReadThrottleEvents", TableName="book") == 0
    assert errors(seen, "front").sum() < 10
    provisioned = seen.minutes(
        "DynamoDB", "ProvisionedWriteCapacityUnits", "Average", TableName="book"
    )
    assert np.isfinite(provisioned).sum() == 12
    assert np.nanmax(provisioned) == 40


def test_less_capacity_than_is_used_throttles_once_the_burst_is_spent() -> None:
    lowered = (1200.0, "dynamodb.update_table", {"table": "book", "write_capacity": 3})
    seen = Seen(lowered)
    throttled = np.nan_to_num(
        seen.minutes("DynamoDB", "WriteThrottleEvents", "Sum", TableName="book")
    )
    assert throttled[:20].sum() == 0
    assert throttled[40:].min() > 100
    assert errors(seen, "front")[40:].min() > 10
    assert seen.total("DynamoDB", "ReadThrottleEvents", TableName="book") == 0
    used = seen.minutes("DynamoDB", "ConsumedWriteCapacityUnits", "Sum", TableName="book")
    assert np.median(used[45:]) <= 3 * 60 * 1.1


def test_an_index_without_capacity_holds_back_the_writes_of_the_table() -> None:
    lowered = {"table": "book", "indexes": {"by-day": {"write_capacity": 2}}}
    seen = Seen((1200.0, "dynamodb.update_table", lowered))
    of_index = {"TableName": "book", "GlobalSecondaryIndexName": "by-day"}
    assert seen.total("DynamoDB", "WriteThrottleEvents", **of_index) > 1000
    assert seen.total("DynamoDB", "WriteThrottleEvents", TableName="book") == 0
    assert errors(seen, "front")[45:].min() > 10


def test_a_hot_key_throttles_far_below_what_is_provisioned() -> None:
    (table,) = FLEET.tables
    index = replace(table.indexes[0], write_capacity=40_000)
    wide = replace(table, write_capacity=40_000, indexes=(index,))
    step = TableCall("TABLE", "UpdateItem", units=900.0)
    front = replace(FLEET.builds["front-1"], steps=(Work(1.0), step))
    fleet = replace(FLEET, tables=(wide,), builds={**FLEET.builds, "front-1": front})
    assert Seen(fleet=fleet).total("DynamoDB", "WriteThrottleEvents", TableName="book") == 0
    seen = Seen((1200.0, "condition.hot_key", {"table": "book", "share": 0.9}), fleet=fleet)
    assert seen.total("DynamoDB", "WriteThrottleEvents", TableName="book") > 1000
    used = seen.minutes("DynamoDB", "ConsumedWriteCapacityUnits", "Sum", TableName="book")
    assert np.nanmax(used[25:]) < 0.1 * 40_000 * 60


def test_a_hot_key_makes_conditional_writes_lose_the_race() -> None:
    seen = Seen((1200.0, "condition.hot_key", {"table": "book", "share": 0.9}))
    failed = np.nan_to_num(
        seen.minutes("DynamoDB", "ConditionalCheckFailedRequests", "Sum", TableName="book")
    )
    assert failed[20:].mean() > 10 * max(failed[:20].mean(), 1.0)
    assert errors(seen, "front")[25:].mean() > 5


def test_autoscaling_follows_a_surge_some_minutes_later() -> None:
    (table,) = FLEET.tables
    scaled = replace(
        table, write_capacity=4, autoscaling={("table", "write"): (4, 400, 70)}, indexes=()
    )
    quiet = replace(FLEET.traffic, per_minute=40.0)
    fleet = replace(FLEET, tables=(scaled,), traffic=quiet)
    seen = Seen((1200.0, "condition.traffic", {"factor": 10.0}), fleet=fleet)
    throttled = np.nan_to_num(
        seen.minutes("DynamoDB", "WriteThrottleEvents", "Sum", TableName="book")
    )
    assert throttled[:20].sum() == 0
    assert throttled.sum() > 100
    assert throttled[55:].sum() == 0
    provisioned = seen.minutes(
        "DynamoDB", "ProvisionedWriteCapacityUnits", "Average", TableName="book"
    )
    assert np.nanmax(provisioned[40:]) > 20


def test_a_visibility_timeout_below_the_duration_delivers_again_what_succeeds() -> None:
    short = {"queue": "jobs", "visibility_timeout_s": 0.6}
    seen = Seen((1200.0, "sqs.set_attributes", short))
    sent = seen.minutes("SQS", "NumberOfMessagesSent", "Sum", QueueName="jobs")
    received = seen.minutes("SQS", "NumberOfMessagesReceived", "Sum", QueueName="jobs")
    assert np.allclose(received[:18].sum(), sent[:18].sum(), rtol=0.02)
    assert received[25:].sum() > 2.5 * sent[25:].sum()
    assert errors(seen, "worker").sum() == 0
    dead = seen.minutes(
        "SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName="jobs-dead"
    )
    assert dead[-1] > 1000


def test_messages_that_nobody_can_digest_end_in_the_dead_letter_queue() -> None:
    seen = Seen((1200.0, "condition.poison", {"queue": "jobs", "share": 0.05}))
    failed = errors(seen, "worker")
    assert failed[:20].sum() == 0
    assert 10 < failed[25:].mean() < 25
    dead = seen.minutes(
        "SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName="jobs-dead"
    )
    assert 150 < dead[-1] < 300
    held = seen.minutes("SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName="jobs")
    assert np.nanmax(held[:20]) < 5
    assert np.nanmedian(held[40:]) > 60


def test_fewer_consumers_than_the_work_needs_let_messages_pile_up() -> None:
    bounded = {"source": "jobs", "function": "worker", "maximum_concurrency": 1}
    seen = Seen((1200.0, "lambda.update_mapping", bounded))
    waiting = seen.minutes("SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName="jobs")
    assert np.nanmax(waiting[:20]) < 20
    assert waiting[59] > waiting[40] > waiting[25] > 50
    running = seen.minutes("Lambda", "ConcurrentExecutions", "Maximum", FunctionName="worker")
    assert np.nanmax(running[30:]) <= 2


def test_a_disabled_mapping_leaves_messages_where_they_are() -> None:
    off = {"source": "jobs", "function": "worker", "enabled": False}
    seen = Seen((1200.0, "lambda.update_mapping", off))
    waiting = seen.minutes("SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName="jobs")
    assert waiting[59] > 35 * 100
    calls = np.nan_to_num(seen.minutes("Lambda", "Invocations", "Sum", FunctionName="worker"))
    assert calls[25:].sum() == 0


def test_a_stream_is_read_soon_and_in_batches() -> None:
    seen = Seen()
    age = seen.minutes("Lambda", "IteratorAge", "Maximum", FunctionName="reader")
    assert 0 < np.nanmedian(age) < 5_000
    records = seen.total("Kinesis", "IncomingRecords", StreamName="feed")
    calls = seen.total("Lambda", "Invocations", FunctionName="reader")
    assert 6_000 < records < 8_500
    assert calls < records


def test_a_bad_record_blocks_its_shard_until_batches_are_split_and_given_up() -> None:
    bad = (1200.0, "condition.poison", {"stream": "feed", "share": 0.004})
    blocked = Seen(bad)
    age = blocked.minutes("Lambda", "IteratorAge", "Maximum", FunctionName="reader")
    assert age[59] > age[45] > age[35] > 300_000
    assert errors(blocked, "reader")[25:].sum() > 20
    given_up = {"source": "feed", "function": "reader", "bisect_on_error": True}
    cure = (2400.0, "lambda.update_mapping", {**given_up, "maximum_retries": 2})
    cured = Seen(bad, cure)
    age = cured.minutes("Lambda", "IteratorAge", "Maximum", FunctionName="reader")
    assert np.nanmax(age[55:]) < 60_000


def test_what_the_world_holds_of_its_stores_shows_in_the_api_and_can_be_changed_there() -> None:
    (table,) = FLEET.tables
    scaled = replace(table, autoscaling={("by-day", "write"): (40, 90, 70)})
    fleet = replace(FLEET, tables=(scaled,))
    with EmbeddedAccount(clock=ManualClock(), fleet=fleet) as account:
        dynamodb, sqs = client("dynamodb", account.url), client("sqs", account.url)
        shown = dynamodb.describe_table(TableName="book")["Table"]
        assert "BillingModeSummary" not in shown
        assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 40
        assert [one["IndexName"] for one in shown["GlobalSecondaryIndexes"]] == ["by-day"]
        wanted = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 60}
        update = dynamodb.update_table(TableName="book", ProvisionedThroughput=wanted)
        assert update["TableDescription"]["TableStatus"] == "UPDATING"
        assert account.account.world.timeline.current.tables["book"].write_capacity == 60
        url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["VisibilityTimeout"] == "7"
        kinesis = client("kinesis", account.url)
        assert kinesis.list_streams()["StreamNames"] == ["feed"]
        summary = kinesis.describe_stream_summary(StreamName="feed")["StreamDescriptionSummary"]
        assert summary["OpenShardCount"] == 2
        scaling = client("application-autoscaling", account.url)
        (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")[
            "ScalableTargets"
        ]
        assert (target["ResourceId"], target["MaxCapacity"]) == ("table/book/index/by-day", 90)
        (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")[
            "ScalingPolicies"
        ]
        assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70
