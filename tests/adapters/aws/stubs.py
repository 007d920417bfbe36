"""What the tests of the AWS adapters stand on: stubbed clients and a clock that never waits."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import Stubber

from opspilot.adapters.aws.buckets import Buckets
from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.session import client_config
from opspilot.adapters.aws.throttle import Calls, Patience, Timer

NOW = datetime(2026, 11, 22, 14, 15, 20, tzinfo=UTC)
PLACE = Place("123456789012", "us-east-1")


@dataclass
class Hourglass:
    """A monotonic clock that moves only when somebody sleeps on it."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Seconds so far."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Note the wait and move on at once."""
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def timer(self) -> Timer:
        """Always the longest jitter, so that pauses can be foretold."""
        return Timer(self.monotonic, self.sleep, lambda most: most)


@dataclass(frozen=True)
class FixedClock:
    """Account and wall time stand still."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Wall time."""
        return self.at

    def account_now(self) -> datetime:
        """Account time."""
        return self.at

    def wall_at(self, account: datetime) -> datetime:
        """The moment itself."""
        return account


def calls(hourglass: Hourglass | None = None, patience: Patience | None = None) -> Calls:
    """Calls with buckets of their own."""
    return Calls(Buckets(), "test", timer=(hourglass or Hourglass()).timer, patience=patience)


@contextmanager
def stubbed(service: str) -> Generator[tuple[Any, Stubber]]:
    """A client that answers from a list; every answer must have been fetched in the end."""
    client = boto3.client(service, region_name="us-east-1", config=client_config())
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def answer(request_id: str = "r-1", **content: Any) -> dict[str, Any]:
    """A response with its request id."""
    return {**content, "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": 200}}
