"""An endpoint that throttles, denies and fails on demand, over real HTTP."""

from collections.abc import Generator
from datetime import datetime, timedelta

import pytest

from opspilot.adapters.aws import AwsAccount, Buckets, SessionOptions, connect
from opspilot.domain.plan import Instruction
from opspilot.domain.resource import lambda_function
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.telemetry import LogQuery
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import AwsDenied, AwsThrottled, AwsUnavailable
from tests.adapters.aws.stubs import FixedClock, Hourglass


class Failing:
    """The embedded account, with errors to arm."""

    def __init__(self, world: EmbeddedAccount) -> None:
        self._world = world
        options = SessionOptions(
            region=world.account.region,
            endpoint_url=world.url,
            sealed=True,
            access_key_id="a",
            secret_access_key="b",
        )
        self.hourglass = Hourglass()
        self.account: AwsAccount = connect(
            options,
            clock=FixedClock(world.account_now()),
            account_id=world.account.account_id,
            timer=self.hourglass.timer,
            buckets=Buckets(),
        )
        self.checkout = lambda_function(world.account.account_id, world.account.region, "checkout")

    @property
    def now(self) -> datetime:
        """Account time."""
        return self._world.account_now()

    @property
    def window(self) -> Window:
        """The last five minutes."""
        return Window(start=self.now - timedelta(minutes=5), end=self.now)

    def fails(self, operation: str, code: str, times: int = 1) -> None:
        """The next calls of an operation fail."""
        self._world.account.api_faults.arm(operation, code, times)

    def heals(self, *operations: str) -> None:
        """Nothing fails any more."""
        for operation in operations:
            self._world.account.api_faults.arm(operation, "", 0)


@pytest.fixture(scope="module")
def connected() -> Generator[Failing]:
    """One account for all tests: none of them changes it."""
    with EmbeddedAccount(clock=ManualClock(), account_id="200000000001") as running:
        yield Failing(running)


@pytest.fixture
def failing(connected: Failing) -> Generator[Failing]:
    """The account, healed after each test; nothing that it kept is still of use."""
    connected.hourglass.sleep(60)
    yield connected
    connected.heals(
        "GetMetricData",
        "FilterLogEvents",
        "LookupEvents",
        "ListVersionsByFunction",
        "DescribeAlarmHistory",
        "GetPolicy",
        "ListEventSourceMappings",
        "ListAliases",
        "UpdateFunctionConfiguration",
    )


def errors_of(failing: Failing):
    queries = [query_of(each, failing.checkout) for each in signals_of(failing.checkout)]
    return failing.account.metrics.fetch(queries, failing.window)


def test_throttling_that_passes_is_not_seen(failing):
    failing.fails("GetMetricData", "ThrottlingException", 3)
    assert {series.status for series in errors_of(failing)} == {"complete"}


def test_throttling_that_stays_is_an_error(failing):
    failing.fails("GetMetricData", "ThrottlingException", 99)
    with pytest.raises(AwsThrottled):
        errors_of(failing)


def test_a_denied_metric_call_names_the_action(failing):
    failing.fails("GetMetricData", "AccessDeniedException")
    with pytest.raises(AwsDenied) as caught:
        errors_of(failing)
    assert caught.value.iam_action == "cloudwatch:GetMetricData"
    assert caught.value.request_id


def test_a_log_search_that_cannot_begin_is_an_error(failing):
    query = LogQuery(log_group="/aws/lambda/checkout", window=failing.window, limit=20_000)
    whole = failing.account.logs.search(query)
    assert (whole.status, whole.truncated) == ("complete", False)
    failing.fails("FilterLogEvents", "ServiceUnavailableException", 99)
    with pytest.raises(AwsUnavailable):
        failing.account.logs.search(query)


def test_the_versions_stand_in_for_a_denied_trail(failing):
    failing.fails("LookupEvents", "AccessDeniedException", 99)
    window = Window(start=failing.now - timedelta(days=20), end=failing.now)
    feed = failing.account.changes.changes([failing.checkout], window)
    assert {change.source for change in feed.changes} == {"lambda.versions"}
    assert "cloudtrail:LookupEvents" in feed.gaps[0]
    assert feed.complete_until == window.start


def test_without_trail_and_versions_there_is_an_error(failing):
    failing.fails("LookupEvents", "AccessDeniedException", 99)
    failing.fails("ListVersionsByFunction", "AccessDeniedException", 99)
    with pytest.raises(AwsDenied):
        failing.account.changes.changes([failing.checkout], failing.window)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ServiceException"])
def test_a_call_graph_without_policies_and_mappings_says_what_is_missing(failing, code):
    failing.fails("GetPolicy", code, 99)
    failing.fails("ListEventSourceMappings", code, 99)
    topology = failing.account.workloads.topology(failing.checkout)
    assert {edge.callee.name for edge in topology.callees(failing.checkout)} >= {"payments"}
    assert len(topology.gaps) == 2


def test_a_function_is_described_without_what_may_not_be_read(failing):
    failing.fails("ListAliases", "AccessDeniedException", 99)
    found = failing.account.workloads.describe(failing.checkout)
    assert found.timeout_seconds == 3
    assert "lambda:ListAliases" in found.gaps[0]


def test_alarms_that_may_not_be_read_are_an_error(failing):
    failing.fails("DescribeAlarmHistory", "AccessDeniedException")
    with pytest.raises(AwsDenied):
        failing.account.alarms.transitions(failing.now - timedelta(hours=1))


def test_a_change_that_met_a_server_error_is_not_sent_twice(failing):
    instruction = Instruction(
        type="lambda.set_timeout", resource=failing.checkout, parameters={"timeout_seconds": 9}
    )
    before = failing.account.actuator.read(instruction)
    failing.fails("UpdateFunctionConfiguration", "ServiceException")
    with pytest.raises(AwsUnavailable):
        failing.account.actuator.apply(instruction, before)
    assert failing.account.actuator.read(instruction).values == before.values
