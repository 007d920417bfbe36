"""An emulator that lacks much of AWS: what is missing is said, the rest still works.

moto's own server stands for it. It has no CloudTrail look-ups, no alarm history, gives no revision
of functions, and answers what it does not know with a web page and status 500.
"""

import io
import json
import logging
import zipfile
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from opspilot.adapters.aws import AwsAccount, Buckets, SessionOptions, connect
from opspilot.adapters.system import SystemClock
from opspilot.domain.plan import Instruction
from opspilot.domain.resource import lambda_function
from opspilot.domain.telemetry import LogQuery, MetricQuery
from opspilot.domain.window import Window
from opspilot.errors import AwsConflict, UnknownResource
from tests.adapters.aws.stubs import Hourglass

REGION, ACCOUNT = "ap-southeast-2", "123456789012"
CHECKOUT = lambda_function(ACCOUNT, REGION, "checkout")
PAYMENTS = lambda_function(ACCOUNT, REGION, "payments")


def recently() -> Window:
    now = datetime.now(UTC)
    return Window(start=now - timedelta(minutes=30), end=now + timedelta(minutes=5))


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    """The emulator's address."""
    # It writes a traceback for everything it lacks.
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def client(service: str, url: str) -> Any:
    return boto3.client(service, region_name=REGION, endpoint_url=url)


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def account(url: str) -> AwsAccount:
    """Two functions, the first of which calls the second through its alias."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    functions = client("lambda", url)
    for name, environment in {"checkout": {"PAYMENTS": "payments:live"}, "payments": {}}.items():
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role["Role"]["Arn"],
            Handler="app.handler",
            Code={"ZipFile": package()},
            Timeout=3,
            Environment={"Variables": environment},
        )
    for timeout in (4, 5):
        functions.update_function_configuration(FunctionName="payments", Timeout=timeout)
        functions.publish_version(FunctionName="payments")
    functions.create_alias(FunctionName="payments", Name="live", FunctionVersion="2")
    client("cloudwatch", url).put_metric_alarm(
        AlarmName="checkout-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    options = SessionOptions(
        region=REGION, endpoint_url=url, access_key_id="a", secret_access_key="b", sealed=True
    )
    return connect(
        options,
        clock=SystemClock(),
        account_id=ACCOUNT,
        timer=Hourglass().timer,
        buckets=Buckets(),
    )


def test_without_cloudtrail_the_versions_are_the_feed(account):
    feed = account.changes.changes([CHECKOUT, PAYMENTS], recently())
    assert {change.summary for change in feed.changes} == {
        "version 1 published",
        "version 2 published",
    }
    assert len(feed.gaps) == 1
    assert "<" not in feed.gaps[0]


def test_without_alarm_history_a_firing_alarm_is_still_seen_once(account, url):
    since = recently().start
    assert account.alarms.transitions(since) == []
    client("cloudwatch", url).set_alarm_state(
        AlarmName="checkout-errors", StateValue="ALARM", StateReason="said so"
    )
    (first,), (second,) = (account.alarms.transitions(since) for _ in range(2))
    assert (first.key, first.after) == (second.key, "ALARM")
    assert "present state" in first.alarm.reason
    assert [alarm.name for alarm in account.alarms.alarms_of(CHECKOUT)] == ["checkout-errors"]


def test_without_resource_policies_the_call_graph_still_comes(account):
    topology = account.workloads.topology(PAYMENTS)
    assert [(edge.caller, edge.qualifier) for edge in topology.edges] == [(CHECKOUT, "live")]


def test_names_are_resolved_and_close_ones_offered(account):
    assert account.workloads.resolve("payments:live") == PAYMENTS
    with pytest.raises(UnknownResource) as caught:
        account.workloads.resolve("paymets")
    assert "payments" in caught.value.hint


def test_percentiles_that_the_emulator_cannot_compute_do_not_take_the_sums_along(account, url):
    dimensions = [{"Name": "FunctionName", "Value": "checkout"}]
    client("cloudwatch", url).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Duration",
                "Dimensions": dimensions,
                "Value": 7.0,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=10),
            }
        ],
    )
    queries = [
        MetricQuery(
            namespace="AWS/Lambda",
            metric="Duration",
            dimensions=(("FunctionName", "checkout"),),
            statistic=statistic,
        )
        for statistic in ("Sum", "p99", "Maximum")
    ]
    series = account.metrics.fetch(queries, recently())
    assert [each.status for each in series] == ["complete", "failed", "complete"]
    assert [each.values for each in series] == [(7.0,), (), (7.0,)]


def test_lines_come_by_time_though_the_emulator_goes_stream_after_stream(account, url):
    logs = client("logs", url)
    logs.create_log_group(logGroupName="/aws/lambda/checkout")
    start = round((datetime.now(UTC) - timedelta(minutes=10)).timestamp() * 1000)
    for stream, offset in (("a", 0), ("b", 500)):
        logs.create_log_stream(logGroupName="/aws/lambda/checkout", logStreamName=stream)
        logs.put_log_events(
            logGroupName="/aws/lambda/checkout",
            logStreamName=stream,
            logEvents=[
                {"timestamp": start + offset + 1000 * n, "message": f"{stream}{n}"}
                for n in range(3)
            ],
        )
    query = LogQuery(log_group="/aws/lambda/checkout", window=recently())
    messages = [line.message for line in account.logs.search(query).lines]
    assert messages == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_without_revisions_a_stale_plan_is_still_refused(account):
    instruction = Instruction(
        type="lambda.set_timeout", resource=CHECKOUT, parameters={"timeout_seconds": 9}
    )
    before = account.actuator.read(instruction)
    assert before.revision_id == ""
    account.actuator.apply(instruction, before)
    assert account.actuator.settling(instruction).settled
    with pytest.raises(AwsConflict):
        account.actuator.apply(instruction, before)
    assert account.workloads.describe(CHECKOUT).timeout_seconds == 9


def test_an_alias_whose_revision_the_emulator_does_not_check_is_still_guarded(account):
    back = Instruction(
        type="lambda.move_alias", resource=PAYMENTS, parameters={"alias": "live", "version": "1"}
    )
    before = account.actuator.read(back)
    account.actuator.apply(back, before)
    with pytest.raises(AwsConflict):
        account.actuator.apply(back, before)
    assert account.actuator.settling(back).settled
