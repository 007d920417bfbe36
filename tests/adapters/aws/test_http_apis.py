"""HTTP APIs: found by name and id, drawn from their integrations, and missed at a small cost."""

import pytest

from opspilot.domain.resource import Resource, ResourceKind
from opspilot.errors import UnknownResource
from tests.adapters.aws.stubs import PLACE, answer
from tests.adapters.aws.test_workloads import ARN, SHOP, Account, account

WEB = PLACE.http_api("w4q7", "web")


@pytest.mark.parametrize("text", ["web", "w4q7"])
def test_an_http_api_is_found_by_name_and_by_id(text):
    with account() as world:
        world.is_missing()
        world.lists(SHOP)
        found = world.workloads.resolve(text)
    assert (found.arn, found.name, found.kind) == (WEB.arn, "web", ResourceKind.API)


@pytest.mark.parametrize("rest", ["w4q7", "w4q7/integrations/i1"])
def test_the_arn_of_an_http_api_leads_to_it_with_its_name(rest):
    with account() as world:
        world.lists(SHOP)
        found = world.workloads.resolve(f"arn:aws:apigateway:us-east-1::/apis/{rest}")
    assert (found, found.name) == (WEB, "web")


@pytest.mark.parametrize("api", ["apis/s1", "apis/gone", "apis/k3v9", "restapis/w4q7"])
def test_an_arn_that_is_of_no_such_api_is_unknown(api):
    with account() as world:
        world.lists(SHOP)
        with pytest.raises(UnknownResource, match="REST API or HTTP API"):
            world.workloads.resolve(f"arn:aws:apigateway:us-east-1::/{api}")


def test_a_websocket_api_neither_breaks_the_listing_nor_is_listed():
    with account() as world:
        world.lists(SHOP)
        apis = [one for one in world.workloads.resources() if one.kind is ResourceKind.API]
    assert [(one.name, one.identifier) for one in apis] == [
        ("shop-api", "shop-api"),
        ("echo", "e5"),
        ("web", "w4q7"),
    ]


def test_of_namesakes_none_is_meant_and_their_ids_are_told():
    with account() as world:
        world.is_missing()
        world.functions.add_response("list_functions", answer(Functions=[]))
        world.dynamodb.add_response("list_tables", answer(TableNames=[]))
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.lists_http_apis(("b2", "web", "HTTP"), ("a1", "web", "HTTP"))
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        with pytest.raises(UnknownResource, match="2 HTTP APIs are called 'web'") as caught:
            world.workloads.resolve("web")
    assert caught.value.hint == "give the id of one: a1, b2"


def behind(world: Account, *integrations: dict[str, object]) -> list[tuple[str, str, str]]:
    world.lists(SHOP)
    world.http_apis.add_response(
        "get_integrations",
        answer(Items=list(integrations)),
        {"ApiId": "w4q7", "MaxResults": "500"},
    )
    topology = world.workloads.topology(Resource(arn=WEB.arn))
    assert topology.gaps == ()
    return [(e.callee.name, e.qualifier, e.relation) for e in topology.callees(WEB)]


INVOKES = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"


@pytest.mark.parametrize(
    ("uri", "alias"),
    [
        (f"{ARN}checkout", ""),
        (f"{ARN}checkout:live", "live"),
        (f"{INVOKES}/{ARN}checkout:live/invocations", "live"),
    ],
)
def test_both_forms_of_an_integration_lead_to_the_function_and_its_alias(uri, alias):
    with account() as world:
        integration = {"IntegrationType": "AWS_PROXY", "IntegrationUri": uri}
        assert behind(world, integration) == [("checkout", alias, "invokes")]


def test_integrations_with_queues_and_streams_are_edges_and_other_addresses_are_not():
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/emails"
    with account() as world:
        assert behind(
            world,
            {"IntegrationSubtype": "SQS-SendMessage", "RequestParameters": {"QueueUrl": queue}},
            {
                "IntegrationSubtype": "Kinesis-PutRecord",
                "RequestParameters": {"StreamName": "clicks"},
            },
            {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://example.com/orders"},
            {"IntegrationType": "AWS_PROXY", "RequestParameters": {"QueueUrl": "$request.body.to"}},
        ) == [("clicks", "", "streams_to"), ("emails", "", "sends_to")]


def test_what_may_not_be_read_behind_an_http_api_is_a_gap():
    with account() as world:
        world.lists(SHOP)
        world.http_apis.add_client_error("get_integrations", "AccessDeniedException", "no", 403)
        topology = world.workloads.topology(WEB)
    assert topology.callees(WEB) == ()
    assert "what is behind web could not be read" in topology.gaps[0]
    assert "apigateway:GET" in topology.gaps[0]


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [("AccessDeniedException", 403, "apigateway:GET"), ("NotImplemented", 501, "NotImplemented")],
)
def test_where_http_apis_cannot_be_listed_it_is_said_for_one_call(code, status, said):
    with account() as world:
        world.functions.add_response("list_functions", answer(Functions=[]))
        world.dynamodb.add_response("list_tables", answer(TableNames=["orders"]))
        world.sqs.add_response("list_queues", answer())
        world.kinesis.add_response("list_streams", answer(StreamNames=[], HasMoreStreams=False))
        world.apigateway.add_response("get_rest_apis", answer(items=[]))
        world.http_apis.add_client_error("get_apis", code, "no", status)
        world.functions.add_response("list_event_source_mappings", answer(EventSourceMappings=[]))
        gaps = [world.workloads.topology(PLACE.table("orders")).gaps for _ in range(2)]
    assert gaps[0] == gaps[1]
    assert len(gaps[0]) == 1
    assert "HTTP APIs could not be listed" in gaps[0][0]
    assert said in gaps[0][0]
