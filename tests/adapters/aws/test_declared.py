"""A declared graph joins what configuration tells, and invents nothing."""

from collections.abc import Generator
from dataclasses import replace

import pytest

from opspilot.adapters.aws import AwsAccount, Buckets, SessionOptions, connect
from opspilot.adapters.aws.declared import declared_edges
from opspilot.adapters.aws.inventory import Inventory
from opspilot.domain.declared import DeclaredEdge, DeclaredGraph
from opspilot.domain.resource import lambda_function
from opspilot.domain.workload import DECLARED, Edge
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.adapters.aws.stubs import PLACE, FixedClock

HERE = Inventory(
    environments={"relay": {}, "mailer": {}, "orders": {}},
    tables=frozenset({"orders", "stock"}),
    queues=frozenset({"jobs"}),
    event_sources=(),
    apis={"k3v9": "shop-api"},
    gaps=(),
    request_ids=(),
    streams=frozenset({"clicks"}),
    http_apis={"w4q7": "web"},
)


def graph(*pairs: tuple[str, str], **more: str) -> DeclaredGraph:
    edges = [
        DeclaredEdge.model_validate({"caller": caller, "callee": callee, "line": at + 2, **more})
        for at, (caller, callee) in enumerate(pairs)
    ]
    return DeclaredGraph(file="shop.yaml", edges=tuple(edges))


def drawn(declared: DeclaredGraph, inventory: Inventory = HERE, *known: Edge):
    found = declared_edges(declared, inventory, known, PLACE)
    return [(e.caller.name, e.relation, e.callee.name, e.via) for e in found.edges], found.gaps


@pytest.mark.parametrize(
    ("callee", "relation", "name"),
    [
        ("mailer", "invokes", "mailer"),
        ("function:orders", "invokes", "orders"),
        ("table:orders", "reads_writes", "orders"),
        ("stock", "reads_writes", "stock"),
        ("queue:jobs", "sends_to", "jobs"),
        ("clicks", "streams_to", "clicks"),
        ("api:shop-api", "invokes", "shop-api"),
        ("arn:aws:lambda:us-east-1:123456789012:function:mailer", "invokes", "mailer"),
        ("arn:aws:apigateway:us-east-1::/restapis/k3v9", "invokes", "shop-api"),
        ("web", "invokes", "web"),
        ("api:w4q7", "invokes", "web"),
        ("arn:aws:apigateway:us-east-1::/apis/w4q7", "invokes", "web"),
    ],
)
def test_names_kinds_and_arns_lead_to_resources_of_the_account(callee, relation, name):
    assert drawn(graph(("relay", callee))) == (
        [("relay", relation, name, f"{DECLARED}shop.yaml, line 2")],
        [],
    )


@pytest.mark.parametrize(
    ("callee", "says"),
    [
        ("gone", "there is no 'gone'"),
        ("table:mailer", "there is no 'table:mailer'"),
        ("orders", "may be function:orders, table:orders: say which"),
        ("arn:aws:lambda:us-east-1:999999999999:function:far", "999999999999"),
        ("arn:aws:sns:us-east-1:123456789012:topic", "sns"),
        ("arn:aws:lambda:us-east-1:123456789012:account", "nothing that calls"),
    ],
)
def test_what_the_account_does_not_have_is_left_out_with_a_word(callee, says):
    edges, (gap,) = drawn(graph(("relay", callee)))
    assert edges == []
    assert gap.startswith("shop.yaml, line 2: left out: ")
    assert says in gap


def test_what_could_not_be_listed_is_believed_and_said_to_be_unchecked():
    unlisted = replace(HERE, tables=frozenset(), gaps=("tables could not be listed",))
    edges, gaps = drawn(graph(("relay", "table:stock")), unlisted)
    assert [one[2] for one in edges] == ["stock"]
    assert gaps == ["shop.yaml, line 2: that 'table:stock' exists could not be checked"]


def test_configuration_that_tells_of_the_same_call_stands():
    known = Edge(
        caller=PLACE.function("relay"), callee=PLACE.function("mailer"), relation="invokes",
        qualifier="live",
    )  # fmt: skip
    assert drawn(graph(("relay", "mailer")), HERE, known) == ([], [])


def test_relation_and_alias_are_taken_as_declared():
    found = declared_edges(
        graph(("mailer", "jobs"), relation="consumes", through="blue"), HERE, [], PLACE
    )
    assert [(one.relation, one.qualifier) for one in found.edges] == [("consumes", "blue")]


def test_many_mistakes_are_counted():
    _, gaps = drawn(graph(*[("relay", f"gone{n}") for n in range(8)]))
    assert (len(gaps), gaps[-1]) == (6, "shop.yaml: 3 more like these")


@pytest.fixture(scope="module")
def shop() -> Generator[AwsAccount]:
    """The embedded shop with a graph that knows what its configuration does not."""
    declared = graph(("notify", "storefront"), ("storefront", "table:orders"), ("notify", "nobody"))
    with EmbeddedAccount(clock=ManualClock()) as world:
        options = SessionOptions(
            region=world.account.region, endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        yield connect(
            options,
            clock=FixedClock(world.account_now()),
            account_id=world.account.account_id,
            buckets=Buckets(),
            declared=declared,
        )


def test_over_http_the_declared_calls_are_part_of_the_neighbourhood(shop):
    notify = lambda_function(shop.account_id, shop.region, "notify")
    topology = shop.workloads.topology(notify)
    found = {(e.caller.name, e.callee.name): e.via for e in topology.edges}
    assert found["notify", "storefront"].startswith(DECLARED)
    assert found["storefront", "orders"] == f"{DECLARED}shop.yaml, line 3"
    assert found["fulfilment", "notify"].startswith("environment")
    assert found["storefront", "inventory"].startswith("environment")
    assert ("notify", "nobody") not in found
    assert any("line 4: left out" in gap for gap in topology.gaps)
