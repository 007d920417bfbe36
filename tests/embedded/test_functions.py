"""Lambda: what is read, what changes, and what AWS would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.aws import Aws, client


def code_of(aws: Aws, operation: str, **parameters: Any) -> tuple[str, int]:
    """Error code and HTTP status of a refused call."""
    with pytest.raises(ClientError) as caught:
        getattr(aws.functions, operation)(**parameters)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def configuration(aws: Aws, name: str = "checkout", **more: str) -> dict[str, Any]:
    """GetFunctionConfiguration."""
    return dict(aws.functions.get_function_configuration(FunctionName=name, **more))


def test_the_fleet_is_listed_with_its_settings(healthy: Aws) -> None:
    functions = healthy.functions.list_functions()["Functions"]
    assert len(functions) >= 6
    checkout = next(f for f in functions if f["FunctionName"] == "checkout")
    assert (checkout["Timeout"], checkout["MemorySize"]) == (3, 512)
    assert checkout["Environment"]["Variables"]["PAYMENTS_FUNCTION"] == "payments:live"
    assert checkout["FunctionArn"] == "arn:aws:lambda:eu-west-1:123456789012:function:checkout"
    pages = healthy.functions.get_paginator("list_functions").paginate(
        PaginationConfig={"PageSize": 3}
    )
    assert sum(len(page["Functions"]) for page in pages) == len(functions)


def test_a_version_is_reached_by_number_alias_and_arn(healthy: Aws) -> None:
    by_alias = configuration(healthy, "payments", Qualifier="live")
    by_number = configuration(healthy, "payments", Qualifier="17")
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:payments"
    assert by_alias["Version"] == by_number["Version"] == "17"
    assert by_alias["FunctionArn"] == f"{arn}:live"
    assert configuration(healthy, f"{arn}:17")["CodeSha256"] == by_number["CodeSha256"]
    assert configuration(healthy, "payments:live")["Version"] == "17"
    assert configuration(healthy, arn)["Version"] == "$LATEST"


def test_topology_can_be_discovered(healthy: Aws) -> None:
    policy = json.loads(healthy.functions.get_policy(FunctionName="checkout")["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"].endswith("/*/POST/checkout")
    (mapping,) = healthy.functions.list_event_source_mappings(FunctionName="fulfilment")[
        "EventSourceMappings"
    ]
    assert mapping["EventSourceArn"] == "arn:aws:sqs:eu-west-1:123456789012:order-events"
    assert code_of(healthy, "get_policy", FunctionName="notify") == (
        "ResourceNotFoundException",
        404,
    )


def test_versions_have_dates_in_the_past_weeks_and_aliases_point_at_them(healthy: Aws) -> None:
    versions = healthy.functions.list_versions_by_function(FunctionName="payments")["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST", "15", "16", "17"]
    assert len({v["LastModified"] for v in versions[1:]}) == 3
    (alias,) = healthy.functions.list_aliases(FunctionName="payments")["Aliases"]
    assert (alias["Name"], alias["FunctionVersion"]) == ("live", "17")


def test_an_update_is_in_progress_for_a_while_and_gives_a_new_revision(healthy: Aws) -> None:
    before = configuration(healthy)
    answer = healthy.functions.update_function_configuration(
        FunctionName="checkout", Timeout=8, RevisionId=before["RevisionId"]
    )
    assert (answer["Timeout"], answer["LastUpdateStatus"]) == (8, "InProgress")
    assert answer["RevisionId"] != before["RevisionId"]
    assert code_of(
        healthy, "update_function_configuration", FunctionName="checkout", Timeout=9
    ) == (
        "ResourceConflictException",
        409,
    )
    healthy.account.advance(20)
    settled = healthy.functions.get_function(FunctionName="checkout")["Configuration"]
    assert (settled["State"], settled["LastUpdateStatus"]) == ("Active", "Successful")
    healthy.functions.update_function_configuration(FunctionName="checkout", Timeout=9)


def test_the_waiter_of_boto3_sees_the_update_through(healthy: Aws) -> None:
    healthy.functions.update_function_configuration(FunctionName="checkout", MemorySize=640)
    healthy.account.advance(20)
    healthy.functions.get_waiter("function_updated_v2").wait(FunctionName="checkout")
    assert configuration(healthy)["MemorySize"] == 640


def test_an_environment_is_replaced_whole(healthy: Aws) -> None:
    healthy.functions.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {"ONLY": "this"}}
    )
    assert configuration(healthy)["Environment"]["Variables"] == {"ONLY": "this"}


@pytest.mark.parametrize(
    ("parameters", "code", "status"),
    [
        ({"Timeout": 901}, "InvalidParameterValueException", 400),
        ({"MemorySize": 10241}, "InvalidParameterValueException", 400),
        ({"EphemeralStorage": {"Size": 10241}}, "InvalidParameterValueException", 400),
        ({"Environment": {"Variables": {"A": "x" * 4096}}}, "InvalidParameterValueException", 400),
        ({"Timeout": 8, "RevisionId": "stale"}, "PreconditionFailedException", 412),
        ({"FunctionName": "nobody", "Timeout": 8}, "ResourceNotFoundException", 404),
    ],
)
def test_wrong_updates_are_refused_and_change_nothing(
    healthy: Aws, parameters: dict[str, Any], code: str, status: int
) -> None:
    before = configuration(healthy)
    refused = code_of(
        healthy, "update_function_configuration", **({"FunctionName": "checkout"} | parameters)
    )
    assert refused == (code, status)
    after = configuration(healthy)
    assert {k: v for k, v in after.items() if k != "ResponseMetadata"} == {
        k: v for k, v in before.items() if k != "ResponseMetadata"
    }


def test_publishing_snapshots_the_configuration_and_nothing_new_makes_no_version(
    healthy: Aws,
) -> None:
    same = healthy.functions.publish_version(FunctionName="inventory")
    assert same["Version"] == "12"
    healthy.functions.update_function_configuration(FunctionName="inventory", MemorySize=512)
    healthy.account.advance(30)
    sha = configuration(healthy, "inventory")["CodeSha256"]
    new = healthy.functions.publish_version(
        FunctionName="inventory", Description="more memory", CodeSha256=sha
    )
    assert (new["Version"], new["MemorySize"], new["Description"]) == ("13", 512, "more memory")
    assert configuration(healthy, "inventory", Qualifier="12")["MemorySize"] == 256
    wrong = {"FunctionName": "inventory", "CodeSha256": "bm90aGluZw=="}
    assert code_of(healthy, "publish_version", **wrong)[0] == "InvalidParameterValueException"


def test_an_alias_moves_under_its_revision_only(healthy: Aws) -> None:
    alias = healthy.functions.get_alias(FunctionName="payments", Name="live")
    moved = healthy.functions.update_alias(
        FunctionName="payments",
        Name="live",
        FunctionVersion="16",
        RevisionId=alias["RevisionId"],
    )
    assert moved["FunctionVersion"] == "16"
    assert moved["RevisionId"] != alias["RevisionId"]
    move = {"FunctionName": "payments", "Name": "live", "FunctionVersion": "17"}
    assert code_of(healthy, "update_alias", **move, RevisionId=alias["RevisionId"]) == (
        "PreconditionFailedException",
        412,
    )


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"FunctionVersion": "99"}, "ResourceNotFoundException"),
        ({"Name": "nobody"}, "ResourceNotFoundException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"99": 0.1}}}, "ResourceNotFoundException"),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"15": 0.1, "16": 0.1}}},
            "InvalidParameterValueException",
        ),
    ],
)
def test_wrong_alias_moves_are_refused(healthy: Aws, parameters: dict[str, Any], code: str) -> None:
    base = {"FunctionName": "payments", "Name": "live"}
    assert code_of(healthy, "update_alias", **(base | parameters))[0] == code


def test_weights_send_part_of_the_traffic_to_another_version(failing: Aws) -> None:
    failing.functions.update_alias(
        FunctionName="payments",
        Name="live",
        FunctionVersion="17",
        RoutingConfig={"AdditionalVersionWeights": {"18": 0.2}},
    )
    alias = failing.functions.get_alias(FunctionName="payments", Name="live")
    assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"18": 0.2}
    failing.account.advance(1200)
    share = sum(failing.values("Errors", minutes=15, until=2)) / sum(
        failing.values("Invocations", minutes=15, until=2)
    )
    assert share == pytest.approx(0.2, abs=0.06)


def test_concurrency_is_reserved_read_and_given_back(healthy: Aws) -> None:
    name = {"FunctionName": "checkout"}
    assert "ReservedConcurrentExecutions" not in healthy.functions.get_function_concurrency(**name)
    healthy.functions.put_function_concurrency(**name, ReservedConcurrentExecutions=50)
    limits = healthy.functions.get_account_settings()["AccountLimit"]
    assert limits["UnreservedConcurrentExecutions"] == 950
    function = healthy.functions.get_function(**name)
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 50
    assert code_of(
        healthy, "put_function_concurrency", **name, ReservedConcurrentExecutions=901
    ) == ("InvalidParameterValueException", 400)
    healthy.functions.delete_function_concurrency(**name)
    assert "ReservedConcurrentExecutions" not in healthy.functions.get_function_concurrency(**name)


def test_invoke_answers_as_the_configuration_lets_it(failing: Aws) -> None:
    slow = failing.functions.invoke(FunctionName="checkout")
    assert (slow["StatusCode"], slow["FunctionError"]) == (200, "Unhandled")
    assert "Task timed out after 3.00 seconds" in json.loads(slow["Payload"].read())["errorMessage"]
    fine = failing.functions.invoke(FunctionName="inventory", Qualifier="live")
    assert fine["ExecutedVersion"] == "12"
    assert json.loads(fine["Payload"].read())["statusCode"] == 200
    failing.functions.put_function_concurrency(
        FunctionName="checkout", ReservedConcurrentExecutions=0
    )
    assert code_of(failing, "invoke", FunctionName="checkout") == ("TooManyRequestsException", 429)


def test_unknown_names_qualifiers_and_operations_have_their_errors(healthy: Aws) -> None:
    assert code_of(healthy, "get_function", FunctionName="nobody") == (
        "ResourceNotFoundException",
        404,
    )
    missing = {"FunctionName": "payments", "Qualifier": "beta"}
    assert code_of(healthy, "get_function_configuration", **missing)[1] == 404
    assert code_of(healthy, "delete_function", FunctionName="checkout")[1] == 501


def test_tags_are_told_by_arn(healthy: Aws) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:payments"
    assert healthy.functions.list_tags(Resource=arn)["Tags"] == {"team": "payments"}


def test_the_caller_has_an_identity(healthy: Aws) -> None:
    identity = client("sts", healthy.account.url).get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/opspilot"
