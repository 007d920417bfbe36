"""The call graph that configuration tells of."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from opspilot.adapters.aws.event_sources import SourceMapping
from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.topology import (
    around,
    edges_of_account,
    from_integrations,
    from_policy,
    in_order,
    unresolved,
)
from opspilot.domain.resource import Resource
from opspilot.domain.workload import Edge
from tests.adapters.aws.stubs import PLACE

FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
NAMES = {"k3v9": "shop-api"}
APIS = {"k3v9": PLACE.api("shop-api"), "w4q7": PLACE.http_api("w4q7", "web")}


def inventory(environments: dict[str, dict[str, str]], *sources: SourceMapping) -> Inventory:
    return Inventory(
        environments=environments,
        tables=frozenset({"orders"}),
        queues=frozenset({"emails"}),
        event_sources=sources,
        apis=NAMES,
        gaps=(),
        request_ids=(),
    )


def drawn(edges: list[Edge] | tuple[Edge, ...]) -> list[tuple[str, str, str, str, str]]:
    return [
        (edge.caller.name, edge.relation, edge.callee.name, edge.qualifier, edge.via)
        for edge in edges
    ]


def test_environment_values_that_name_resources_are_edges():
    edges = edges_of_account(
        inventory(
            {
                "checkout": {
                    "PAYMENTS": "payments:live",
                    "ORDERS_TABLE": "orders",
                    "QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/emails",
                    "LOG_LEVEL": "INFO",
                },
                "payments": {},
            }
        ),
        PLACE,
    )
    assert drawn(in_order(edges)) == [
        ("checkout", "reads_writes", "orders", "", "environment ORDERS_TABLE"),
        ("checkout", "invokes", "payments", "live", "environment PAYMENTS"),
        ("checkout", "sends_to", "emails", "", "environment QUEUE"),
    ]


def test_a_function_that_names_itself_or_its_service_calls_nobody():
    environments = {
        "checkout": {"ME": "checkout", "POWERTOOLS_SERVICE_NAME": "payments"},
        "payments": {},
    }
    assert edges_of_account(inventory(environments), PLACE) == []


def test_the_consumer_of_a_queue_depends_on_it():
    source = SourceMapping(
        "arn:aws:sqs:us-east-1:123456789012:emails", f"{FUNCTION_ARN}mailer:live"
    )
    assert drawn(edges_of_account(inventory({}, source), PLACE)) == [
        ("mailer", "consumes", "emails", "", "event source mapping")
    ]


def test_who_writes_a_stream_and_who_reads_it_are_told_apart():
    account = inventory(
        {"web": {"CLICKS": "clicks"}},
        SourceMapping(
            "arn:aws:kinesis:us-east-1:123456789012:stream/clicks", f"{FUNCTION_ARN}counter"
        ),
    )
    edges = edges_of_account(replace(account, streams=frozenset({"clicks"})), PLACE)
    assert drawn(in_order(edges)) == [
        ("counter", "consumes", "clicks", "", "event source mapping"),
        ("web", "streams_to", "clicks", "", "environment CLICKS"),
    ]


def test_the_stream_of_a_table_leads_to_the_table():
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
    edges = edges_of_account(inventory({}, SourceMapping(arn, f"{FUNCTION_ARN}projector")), PLACE)
    assert [edge.callee for edge in edges] == [PLACE.table("orders")]


def test_a_mapping_that_is_switched_off_still_tells_who_should_consume():
    source = SourceMapping(
        "arn:aws:sqs:us-east-1:123456789012:emails",
        f"{FUNCTION_ARN}mailer",
        settings={"State": "Disabled"},
    )
    (edge,) = edges_of_account(inventory({}, source), PLACE)
    assert edge.via == "event source mapping, switched off"


@pytest.mark.parametrize(
    "source_arn",
    [
        "arn:aws:kafka:us-east-1:123456789012:cluster/clicks/1",
        "arn:aws:sqs:us-east-1:999999999999:emails",
    ],
)
def test_event_sources_that_cannot_be_drawn_are_left_out(source_arn):
    source = SourceMapping(source_arn, f"{FUNCTION_ARN}mailer")
    assert edges_of_account(inventory({}, source), PLACE) == []


def chain(*names: str) -> list[Edge]:
    return [
        Edge(caller=PLACE.function(caller), callee=PLACE.function(callee), relation="invokes")
        for caller, callee in pairwise(names)
    ]


def test_the_neighbourhood_reaches_one_step_up_and_two_steps_down():
    edges = chain("a", "b", "c", "d", "e", "f")
    names = [
        (caller, callee) for caller, _, callee, *_ in drawn(around(PLACE.function("c"), edges))
    ]
    assert names == [("b", "c"), ("c", "d"), ("d", "e")]


def test_other_callers_of_a_callee_are_not_neighbours():
    edges = [*chain("a", "shared"), *chain("b", "shared")]
    assert len(around(PLACE.function("a"), edges)) == 1


def test_edges_are_sorted_and_told_once():
    edges = [*chain("b", "c"), *chain("a", "b"), *chain("b", "c")]
    assert [edge.caller.name for edge in in_order(edges)] == ["a", "b"]


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allowed(source_arn: object, operator: str = "ArnLike", effect: str = "Allow") -> dict:
    return {
        "Effect": effect,
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {operator: {"AWS:SourceArn": source_arn}},
    }


EXECUTE = "arn:aws:execute-api:us-east-1:123456789012:k3v9/*/POST/checkout"
CHECKOUT: Resource = PLACE.function("checkout")


@pytest.mark.parametrize("source_arn", [EXECUTE, [EXECUTE, EXECUTE]])
@pytest.mark.parametrize("operator", ["ArnLike", "StringEquals"])
def test_an_api_that_the_policy_lets_in_is_a_caller(source_arn, operator):
    edges = from_policy(CHECKOUT, "live", policy(allowed(source_arn, operator)), APIS)
    assert drawn(edges) == [("shop-api", "invokes", "checkout", "live", "resource policy")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        policy(),
        policy(allowed(EXECUTE, effect="Deny")),
        policy(allowed(EXECUTE.replace("k3v9", "gone"))),
        policy(allowed("arn:aws:s3:::bucket")),
        policy(allowed(EXECUTE, "StringNotEquals")),
        policy({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}),
    ],
)
def test_other_statements_name_no_caller(text):
    assert from_policy(CHECKOUT, "", text, APIS) == []


def test_a_single_statement_outside_a_list_counts_too():
    text = json.dumps({"Statement": allowed(EXECUTE)})
    assert len(from_policy(CHECKOUT, "", text, APIS)) == 1


def test_integrations_lead_from_an_api_to_its_functions():
    edges = from_integrations(
        PLACE.api("shop-api"),
        [f"{FUNCTION_ARN}checkout:live", "arn:aws:lambda:eu-west-1:1:function:far"],
        inventory({}).directory(PLACE),
    )
    assert drawn(edges) == [("shop-api", "invokes", "checkout", "live", "integration")]


def test_an_http_api_that_the_policy_lets_in_is_a_caller_with_its_name():
    source = EXECUTE.replace("k3v9", "w4q7")
    edges = from_policy(CHECKOUT, "live", policy(allowed(source)), APIS)
    assert drawn(edges) == [("web", "invokes", "checkout", "live", "resource policy")]
    assert edges[0].caller.arn == "arn:aws:apigateway:us-east-1::/apis/w4q7"


BY_STAGE = "${stageVariables."


def test_an_alias_that_a_stage_variable_names_is_said_and_never_taken_for_latest():
    target, api = f"{FUNCTION_ARN}checkout:{BY_STAGE}alias}}", PLACE.api("shop-api")
    edges = from_integrations(api, [target], inventory({}).directory(PLACE))
    assert [(e.callee.name, e.qualifier) for e in edges] == [("checkout", f"{BY_STAGE}alias}}")]
    assert unresolved(api, [target]) == [
        f"through which alias shop-api invokes {target} is in a stage variable"
    ]


@pytest.mark.parametrize(
    "target",
    [
        f"{FUNCTION_ARN}{BY_STAGE}function}}",
        f"{FUNCTION_ARN}{BY_STAGE}function}}:live",
        f"arn:aws:lambda:{BY_STAGE}region}}:123456789012:function:checkout",
        f"{BY_STAGE}stream}}",
    ],
)
def test_a_function_that_a_stage_variable_names_is_no_edge_but_a_gap(target):
    api = PLACE.api("shop-api")
    assert from_integrations(api, [target], inventory({}).directory(PLACE)) == []
    assert "a stage variable names" in unresolved(api, [target])[0]
