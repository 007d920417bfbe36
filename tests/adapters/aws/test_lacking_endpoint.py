"""An endpoint that lacks a service, however it says so: a gap soon, and never an empty account."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from opspilot.adapters.aws import AwsAccount, Buckets, SessionOptions, connect
from opspilot.domain.resource import (
    Resource,
    dynamodb_table,
    lambda_account,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.telemetry import LogQuery
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import AwsError
from tests.adapters.aws.lacking import ANSWERS, lacking
from tests.adapters.aws.stubs import FixedClock, Hourglass

MUTE = {"200 empty", "200 nothing"}
"""Answers that some operations may give on AWS as well."""


@dataclass
class Shop:
    """The embedded account and its ports."""

    world: EmbeddedAccount
    account: AwsAccount
    hourglass: Hourglass

    @property
    def window(self) -> Window:
        """The last half hour."""
        now = self.world.account_now()
        return Window(start=now - timedelta(minutes=30), end=now)

    def named(self, make: Callable[..., Resource], *name: str) -> Resource:
        """A resource of this account."""
        return make(self.account.account_id, self.account.region, *name)


@pytest.fixture(scope="module")
def running() -> Generator[EmbeddedAccount]:
    """One account for all tests: none of them changes it."""
    with EmbeddedAccount(clock=ManualClock()) as world:
        yield world


@pytest.fixture
def shop(running: EmbeddedAccount) -> Shop:
    """Fresh ports, which have kept nothing yet, on the account."""
    options = SessionOptions(
        region=running.account.region, endpoint_url=running.url, sealed=True,
        access_key_id="a", secret_access_key="b",
    )  # fmt: skip
    hourglass = Hourglass()
    account = connect(
        options,
        clock=FixedClock(running.account_now()),
        account_id=running.account.account_id,
        timer=hourglass.timer,
        buckets=Buckets(),
    )
    return Shop(running, account, hourglass)


def metrics(shop: Shop) -> bool:
    checkout = shop.named(lambda_function, "checkout")
    found = shop.account.metrics.fetch(
        [query_of(one, checkout) for one in signals_of(checkout)], shop.window
    )
    return all(series.status in ("failed", "denied") for series in found)


def log_lines(shop: Shop) -> bool:
    query = LogQuery(log_group="/aws/lambda/checkout", window=shop.window, limit=100)
    return shop.account.logs.search(query).status != "complete"


def traces(shop: Shop) -> bool:
    shop.account.traces.service_graph(shop.window)
    return False


def function(shop: Shop) -> bool:
    return bool(shop.account.workloads.describe(shop.named(lambda_function, "checkout")).gaps)


def table(shop: Shop) -> bool:
    return bool(shop.account.workloads.describe(shop.named(dynamodb_table, "orders")).gaps)


def queue(shop: Shop) -> bool:
    return bool(shop.account.workloads.describe(shop.named(sqs_queue, "order-events")).gaps)


def limits(shop: Shop) -> bool:
    return bool(shop.account.workloads.describe(shop.named(lambda_account)).gaps)


def topology(shop: Shop) -> bool:
    checkout = shop.named(lambda_function, "checkout")
    return bool(shop.account.workloads.topology(checkout).gaps)


def api(shop: Shop) -> bool:
    return bool(shop.account.workloads.topology(rest_api(shop.account.region, "shop-api")).gaps)


def changes(shop: Shop) -> bool:
    feed = shop.account.changes.changes([shop.named(lambda_function, "checkout")], shop.window)
    return bool(feed.gaps) and feed.complete_until == shop.window.start


def alarms(shop: Shop) -> bool:
    return bool(shop.account.alarms.alarms_of(shop.named(lambda_function, "checkout")))


READERS: list[tuple[Callable[[Shop], bool], str]] = [
    (metrics, "monitoring"),
    (alarms, "monitoring"),
    (log_lines, "logs"),
    (traces, "xray"),
    (function, "lambda"),
    (limits, "lambda"),
    (topology, "lambda"),
    (table, "dynamodb"),
    (topology, "dynamodb"),
    (queue, "sqs"),
    (topology, "kinesis"),
    (topology, "apigateway"),
    (api, "apigateway"),
    (changes, "cloudtrail"),
]
MAY_BE_EMPTY = {(alarms, "monitoring"), (topology, "apigateway"), (api, "apigateway")}
"""Where AWS itself may answer with nothing."""
CASES = [
    (reader, service, answer)
    for reader, service in READERS
    for answer in ANSWERS
    if answer not in MUTE or (reader, service) not in MAY_BE_EMPTY
]


@pytest.mark.parametrize(
    ("reader", "service", "answer"),
    CASES,
    ids=[f"{reader.__name__}-{service}-{answer}" for reader, service, answer in CASES],
)
def test_what_is_lacking_is_an_error_or_said_and_asked_for_twice_at_most(
    shop: Shop, reader: Callable[[Shop], bool], service: str, answer: str
) -> None:
    with lacking(shop.world, answer, service) as server:
        try:
            said = reader(shop)
        except AwsError:
            said = True
    assert said
    assert 1 <= max(server.repeated.values()) <= 2
    assert sum(shop.hourglass.slept) < 5
