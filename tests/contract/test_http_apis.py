"""HTTP APIs through the AWS ports over real HTTP, beside a WebSocket API and one with stages."""

import itertools
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from opspilot.adapters.aws import AwsAccount, Buckets, SessionOptions, connect
from opspilot.domain.resource import Resource
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.events import Caller
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import UnknownResource
from tests.adapters.aws.stubs import FixedClock, Hourglass
from tests.scenarios.http_shop import API_ID, HTTP_SHOP

# What moto holds outlives an account in this process: each gets an id of its own.
_ACCOUNT_IDS = itertools.count(300_000_000_001)


@dataclass
class Shop:
    """The web shop behind an HTTP API, and the ports on it."""

    world: EmbeddedAccount
    account: AwsAccount

    @property
    def api(self) -> Resource:
        """The API, by its name."""
        return self.account.workloads.resolve("shop-api")

    @property
    def hour(self) -> Window:
        """The last hour, on whole minutes."""
        end = self.world.account_now().replace(second=0, microsecond=0)
        return Window(start=end - timedelta(hours=1), end=end)

    def makes(self, name: str, protocol: str, uri: str = "") -> str:
        """Somebody creates one more API, whose id is returned."""
        # The client of the ports reads only; what else it can do serves this test.
        client: Any = self.account.clients.http_apis
        made = client.create_api(Name=name, ProtocolType=protocol)["ApiId"]
        if uri:
            client.create_integration(
                ApiId=made, IntegrationType="AWS_PROXY", IntegrationUri=uri,
                PayloadFormatVersion="2.0",
            )  # fmt: skip
        return made


@pytest.fixture
def shop() -> Generator[Shop]:
    with EmbeddedAccount(
        clock=ManualClock(), fleet=HTTP_SHOP, account_id=f"{next(_ACCOUNT_IDS):012}"
    ) as world:
        options = SessionOptions(
            region=world.account.region, endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        account = connect(
            options,
            clock=FixedClock(world.account_now()),
            account_id=world.account.account_id,
            timer=Hourglass().timer,
            buckets=Buckets(),
        )
        yield Shop(world, account)


def test_it_is_listed_and_found_by_name_id_and_arn(shop: Shop) -> None:
    arn = f"arn:aws:apigateway:{shop.account.region}::/apis/{API_ID}"
    found = [shop.account.workloads.resolve(text) for text in ("shop-api", API_ID, arn)]
    assert {(one.arn, one.name) for one in found} == {(arn, "shop-api")}
    assert found[0] in shop.account.workloads.resources()


def test_it_is_drawn_before_its_functions_from_either_end(shop: Shop) -> None:
    topology = shop.account.workloads.topology(shop.api)
    behind = {(edge.callee.name, edge.qualifier) for edge in topology.callees(shop.api)}
    assert behind == {("storefront", ""), ("checkout", "")}
    assert topology.gaps == ()
    checkout = shop.account.workloads.resolve("checkout")
    callers = shop.account.workloads.topology(checkout).callers(checkout)
    assert ("shop-api", shop.api) in {(edge.caller.name, edge.caller) for edge in callers}


def test_all_its_signals_and_its_alarm_are_read_by_its_id(shop: Shop) -> None:
    queries = [query_of(signal, shop.api) for signal in signals_of(shop.api)]
    for series in shop.account.metrics.fetch(queries, shop.hour):
        assert (series.status, len(series.values)) == ("complete", 60)
    (alarm,) = shop.account.alarms.alarms_of(shop.api)
    assert alarm.name == "shop-api-5xx"


def test_what_somebody_set_on_an_integration_is_a_change_of_it(shop: Shop) -> None:
    account = shop.world.account
    short = {"method": "GET", "path": "/products", "integration_timeout_s": 2.5}
    account.world.change("apigateway.update_method", short, Caller("gus"), account.now() - 3_000)
    feed = shop.account.changes.changes([shop.api], shop.hour)
    (change,) = feed.changes
    assert (change.kind, change.actor) == ("configuration", "gus")
    assert change.after == {"integration_timeout_ms": "2500"}


def test_a_websocket_api_breaks_nothing_and_is_not_taken_for_one(shop: Shop) -> None:
    made = shop.makes("chat", "WEBSOCKET")
    assert shop.api.identifier == API_ID
    for text in ("chat", made, f"arn:aws:apigateway:{shop.account.region}::/apis/{made}"):
        with pytest.raises(UnknownResource):
            shop.account.workloads.resolve(text)


def test_a_function_that_a_stage_variable_names_is_said_not_to_be_followed(shop: Shop) -> None:
    place = f"arn:aws:lambda:{shop.account.region}:{shop.account.account_id}:function:"
    shop.makes("staged", "HTTP", f"{place}${{stageVariables.function}}")
    api = shop.account.workloads.resolve("staged")
    topology = shop.account.workloads.topology(api)
    assert topology.callees(api) == ()
    assert "a stage variable names" in " ".join(topology.gaps)
