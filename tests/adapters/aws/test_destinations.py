"""Destinations of asynchronous invocations, over HTTP."""

from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from opspilot.adapters.aws import Buckets, SessionOptions, connect
from opspilot.domain.asynchronous import AsyncSettings
from opspilot.domain.evidence import ConfigurationDetail
from opspilot.domain.graph import known_edges
from opspilot.domain.resource import lambda_function
from opspilot.domain.workload import FunctionConfiguration
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.adapters.aws.stubs import FixedClock


def test_a_failed_events_destination_is_configuration_and_an_edge_and_the_change_is_told():
    with EmbeddedAccount(clock=ManualClock()) as world:
        place = world.account.account_id, world.account.region
        queue = f"arn:aws:sqs:{place[1]}:{place[0]}:order-events-dlq"
        functions = boto3.client(
            "lambda", region_name=place[1], endpoint_url=world.url,
            aws_access_key_id="a", aws_secret_access_key="b",
        )  # fmt: skip
        functions.put_function_event_invoke_config(
            FunctionName="notify",
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": queue}},
        )
        with pytest.raises(ClientError, match="no others"):
            functions.put_function_event_invoke_config(
                FunctionName="notify", DestinationConfig={"OnSuccess": {"Destination": queue}}
            )
        world.advance(timedelta(minutes=20).total_seconds())
        options = SessionOptions(
            region=place[1], endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        account = connect(
            options, clock=FixedClock(world.account_now()), account_id=place[0], buckets=Buckets()
        )
        notify = lambda_function(*place, "notify")
        found = account.workloads.describe(notify)
    assert isinstance(found, FunctionConfiguration)
    assert found.asynchronous == (
        AsyncSettings(max_retries=1, max_age_seconds=21600, on_failure=queue),
    )
    (edge,) = known_edges([ConfigurationDetail(function=found)])
    assert (edge.relation, edge.callee.name) == ("gives_up_to", "order-events-dlq")
