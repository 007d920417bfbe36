"""AWS clients that talk to an embedded account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from opspilot.embedded.server import EmbeddedAccount

_SESSION = boto3.Session(
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="testing",
    region_name="eu-west-1",
)
_ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=20)


def client(service: str, url: str) -> Any:
    """A boto3 client of an account, without retries."""
    return _SESSION.client(service, endpoint_url=url, config=_ONCE)


@dataclass
class Aws:
    """An account and its clients."""

    account: EmbeddedAccount

    @cached_property
    def cloudwatch(self) -> Any:
        """CloudWatch."""
        return client("cloudwatch", self.account.url)

    @cached_property
    def functions(self) -> Any:
        """Lambda."""
        return client("lambda", self.account.url)

    @cached_property
    def logs(self) -> Any:
        """CloudWatch Logs."""
        return client("logs", self.account.url)

    @cached_property
    def trail(self) -> Any:
        """CloudTrail."""
        return client("cloudtrail", self.account.url)

    def values(
        self,
        name: str,
        function: str = "checkout",
        *,
        stat: str = "Sum",
        minutes: float = 10,
        until: float = 0,
        period: int = 60,
    ) -> list[float]:
        """Values of a Lambda metric over the last minutes, oldest first."""
        end = self.account.account_now() - timedelta(minutes=until)
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": name,
            "Dimensions": [{"Name": "FunctionName", "Value": function}],
        }
        query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}
        answer = self.cloudwatch.get_metric_data(
            MetricDataQueries=[query],
            StartTime=end - timedelta(minutes=minutes),
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        return list(answer["MetricDataResults"][0]["Values"])

    def alarm(self, name: str) -> str:
        """State of an alarm."""
        found = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(found[0]["StateValue"])

    def milliseconds_ago(self, minutes: float) -> int:
        """A log time so many minutes before now."""
        return int((self.account.account_now().timestamp() - minutes * 60) * 1000)
