"""X-Ray's service graph becomes calls between resources."""

from datetime import timedelta
from typing import Any

import pytest

from opspilot.adapters.aws import Buckets, SessionOptions, connect
from opspilot.adapters.aws.traces import AwsTraces
from opspilot.adapters.aws.traces_data import to_calls, to_resource
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import AwsDenied, AwsError, AwsUnavailable
from tests.adapters.aws.stubs import NOW, PLACE, FixedClock, Hourglass, answer, calls, stubbed

HALF_HOUR = Window(start=NOW - timedelta(minutes=30), end=NOW)


def service(number: int, kind: str, name: str, *edges: dict[str, Any], **more: Any):
    account = {} if kind == "remote" else {"AccountId": PLACE.account_id}
    return {
        "ReferenceId": number, "Type": kind, "Name": name, "Edges": list(edges), **account, **more
    }  # fmt: skip


def to(number: int, total: int = 10, fault: int = 0, error: int = 0, throttled: int = 0):
    return {
        "ReferenceId": number,
        "SummaryStatistics": {
            "TotalCount": total,
            "FaultStatistics": {"TotalCount": fault},
            "ErrorStatistics": {"TotalCount": error, "ThrottleCount": throttled},
            "TotalResponseTime": total * 0.5,
        },
    }


GRAPH = [
    service(0, "client", "shop-api/prod", to(1)),
    service(1, "AWS::ApiGateway::Stage", "shop-api/prod", to(2)),
    service(2, "AWS::Lambda", "checkout", to(3)),
    service(3, "AWS::Lambda::Function", "checkout", to(4, 6, fault=2, error=1, throttled=1), to(5),
            to(6), to(8)),
    service(4, "AWS::Lambda", "payments"),
    service(5, "AWS::DynamoDB::Table", "orders"),
    service(6, "AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/emails", to(7)),
    service(7, "AWS::Lambda", "mailer"),
    service(8, "remote", "psp.example.com"),
]  # fmt: skip


def drawn(services: list[dict[str, Any]]):
    found, _ = to_calls(services, PLACE)
    return [(one.caller.name, one.relation, one.callee.name) for one in found]


def test_the_two_nodes_of_a_function_are_one_and_clients_are_nobody():
    assert sorted(drawn(GRAPH)) == [
        ("checkout", "invokes", "payments"),
        ("checkout", "reads_writes", "orders"),
        ("checkout", "sends_to", "emails"),
        ("mailer", "consumes", "emails"),
        ("shop-api", "invokes", "checkout"),
    ]


def test_failures_and_throttles_are_counted_and_time_is_a_mean():
    found, outside = to_calls(GRAPH, PLACE)
    (call,) = (one for one in found if one.callee.name == "payments")
    assert (call.calls, call.failed, call.throttled, call.mean_seconds) == (6, 3, 1, 0.5)
    assert [(one.caller.name, one.name, one.calls) for one in outside] == [
        ("checkout", "psp.example.com", 10)
    ]


def test_several_nodes_of_one_resource_are_added_up():
    twice = [
        service(1, "AWS::Lambda::Function", "a", to(2, 3)),
        service(2, "AWS::Lambda", "b"),
        service(3, "AWS::Lambda", "a", to(4, 5)),
        service(4, "AWS::Lambda::Function", "b"),
    ]
    ((call,), _) = to_calls(twice, PLACE)
    assert call.calls == 8


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::DynamoDB", "DynamoDB"),
        ("AWS::DynamoDB::Table", "DynamoDB"),
        ("AWS::SNS", "topic"),
        ("AWS::Lambda::Function", "<b>not a name</b>"),
        ("", ""),
    ],
)
def test_what_names_no_resource_of_ours_is_none(kind, name):
    assert to_resource(service(1, kind, name), PLACE) is None


def test_a_function_of_another_account_is_none():
    other = service(1, "AWS::Lambda", "far") | {"AccountId": "999999999999"}
    assert to_resource(other, PLACE) is None


def test_an_edge_to_a_node_that_is_not_told_is_left_out():
    assert drawn([service(1, "AWS::Lambda", "a", to(9))]) == []


def test_every_page_is_read_and_of_a_long_window_the_newest_six_hours():
    begun = NOW - timedelta(hours=6)
    with stubbed("xray") as (client, stub):
        asked = {"StartTime": begun, "EndTime": NOW}
        first, second = GRAPH[:4], GRAPH[4:]
        stub.add_response("get_service_graph", answer(Services=first, NextToken="n"), asked)
        stub.add_response(
            "get_service_graph", answer("r-2", Services=second), {**asked, "NextToken": "n"}
        )
        graph = AwsTraces(client, calls(), PLACE).service_graph(
            Window(start=NOW - timedelta(hours=9), end=NOW)
        )
    assert (len(graph.calls), graph.window.start, graph.request_ids) == (5, begun, ("r-1", "r-2"))
    assert "six hours" in graph.gaps[0]


@pytest.mark.parametrize(
    ("code", "status", "sent"),
    [
        ("AccessDeniedException", 403, 1),
        ("", 501, 1),
        ("", 404, 1),
        ("InternalFailure", 500, 2),
        ("ServiceUnavailable", 503, 2),
        ("ThrottledException", 429, 2),
    ],
)
def test_traces_are_not_insisted_on(code, status, sent):
    hourglass = Hourglass()
    with stubbed("xray") as (client, stub):
        for _ in range(sent):
            stub.add_client_error("get_service_graph", code, "no", status)
        with pytest.raises(AwsError) as caught:
            AwsTraces(client, calls(hourglass), PLACE).service_graph(HALF_HOUR)
    assert isinstance(caught.value, AwsDenied) == (status == 403)
    assert sum(hourglass.slept) < 1


def test_an_address_where_nothing_listens_is_given_up_soon():
    options = SessionOptions(
        region="us-east-1", endpoint_url="http://127.0.0.1:9", sealed=True,
        access_key_id="a", secret_access_key="b",
    )  # fmt: skip
    hourglass = Hourglass()
    account = connect(
        options, clock=FixedClock(), account_id=PLACE.account_id, timer=hourglass.timer,
        buckets=Buckets(),
    )  # fmt: skip
    with pytest.raises(AwsUnavailable):
        account.traces.service_graph(HALF_HOUR)
    assert sum(hourglass.slept) < 1


def test_the_traced_shop_shows_its_calls_over_http_with_what_failed():
    with EmbeddedAccount(clock=ManualClock()) as world:
        options = SessionOptions(
            region=world.account.region, endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        account = connect(
            options, clock=FixedClock(world.account_now()), account_id=world.account.account_id
        )
        window = Window(start=world.account_now() - timedelta(hours=1), end=world.account_now())
        graph = account.traces.service_graph(window)
    pairs = {(one.caller.name, one.relation, one.callee.name) for one in graph.calls}
    assert pairs >= {
        ("shop-api", "invokes", "checkout"),
        ("checkout", "invokes", "payments"),
        ("checkout", "sends_to", "order-events"),
        ("fulfilment", "consumes", "order-events"),
        ("fulfilment", "invokes", "notify"),
        ("inventory", "reads_writes", "orders"),
    }
    assert all(one.calls > 0 for one in graph.calls)
    assert graph.request_ids
