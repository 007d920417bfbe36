"""Lambda's configuration, versions and aliases."""

from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.event_sources import to_mappings
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.functions_data import to_time
from opspilot.domain.asynchronous import AsyncSettings
from opspilot.domain.workload import FunctionAlias, FunctionVersion
from opspilot.errors import AwsDenied, AwsNotFound
from tests.adapters.aws.stubs import PLACE, answer, calls, stubbed

CHECKOUT = PLACE.function("checkout")
WRITTEN = "2026-03-04T12:00:20.000+0000"
MOMENT = datetime(2026, 3, 4, 12, 0, 20, tzinfo=UTC)

ROLE = "arn:aws:iam::123456789012:role/checkout"
MAILER = "arn:aws:lambda:us-east-1:123456789012:function:mailer:live"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:checkout-dead"
CONFIGURATION = {
    "FunctionName": "checkout",
    "FunctionArn": CHECKOUT.arn,
    "Runtime": "python3.13",
    "MemorySize": 512,
    "Timeout": 3,
    "CodeSha256": "abc=",
    "RevisionId": "rev-1",
    "LastModified": WRITTEN,
    "State": "Active",
    "LastUpdateStatus": "InProgress",
    "Environment": {"Variables": {"TABLE": "orders"}},
    "Role": ROLE,
    "DeadLetterConfig": {"TargetArn": QUEUE},
}


def version(number: str) -> dict:
    return {
        "Version": number,
        "LastModified": WRITTEN,
        "CodeSha256": f"sha-{number}",
        "MemorySize": 256,
        "Timeout": 5,
        "Description": f"release {number}",
        "Environment": {"Variables": {"TABLE": f"orders-{number}"}},
    }


def describe_with(stub: Stubber, *, versions: list[dict], aliases: list[dict]) -> None:
    stub.add_response(
        "get_function_configuration", answer(**CONFIGURATION), {"FunctionName": "checkout"}
    )
    stub.add_response("list_versions_by_function", answer("r-2", Versions=versions))
    stub.add_response("list_aliases", answer("r-3", Aliases=aliases))


def no_asynchronous_settings(stub: Stubber) -> None:
    stub.add_response(
        "list_function_event_invoke_configs", answer("r-5", FunctionEventInvokeConfigs=[])
    )


def test_a_function_is_described_with_its_versions_aliases_and_concurrency():
    with stubbed("lambda") as (client, stub):
        describe_with(
            stub,
            versions=[version("$LATEST"), version("9"), version("10")],
            aliases=[
                {"Name": "live", "FunctionVersion": "10", "RevisionId": "rev-a"},
                {
                    "Name": "canary",
                    "FunctionVersion": "9",
                    "RoutingConfig": {"AdditionalVersionWeights": {"10": 0.1}},
                },
            ],
        )
        stub.add_response("get_function_concurrency", answer("r-4", ReservedConcurrentExecutions=0))
        stub.add_response(
            "list_function_event_invoke_configs",
            answer(
                "r-5",
                FunctionEventInvokeConfigs=[
                    {
                        "FunctionArn": f"{CHECKOUT.arn}:live",
                        "DestinationConfig": {"OnSuccess": {"Destination": MAILER}},
                    },
                    {
                        "FunctionArn": f"{CHECKOUT.arn}:$LATEST",
                        "MaximumRetryAttempts": 0,
                        "MaximumEventAgeInSeconds": 300,
                        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": QUEUE}},
                    },
                ],
            ),
        )
        sender = calls()
        found = Functions(client, sender).describe(CHECKOUT, sender.budget())
    assert (found.memory_mb, found.timeout_seconds, found.runtime) == (512, 3, "python3.13")
    assert (found.environment, found.code_sha256) == ({"TABLE": "orders"}, "abc=")
    assert (found.revision_id, found.last_modified) == ("rev-1", MOMENT)
    assert (found.state, found.update_status) == ("Active", "InProgress")
    assert found.reserved_concurrency == 0
    assert [each.version for each in found.versions] == ["10", "9"]
    assert found.versions[0] == FunctionVersion(
        version="10",
        published_at=MOMENT,
        code_sha256="sha-10",
        memory_mb=256,
        timeout_seconds=5,
        description="release 10",
        environment={"TABLE": "orders-10"},
    )
    assert found.aliases == (
        FunctionAlias(name="canary", version="9", weights={"10": 0.1}),
        FunctionAlias(name="live", version="10", revision_id="rev-a"),
    )
    assert (found.async_max_retries, found.async_max_age_seconds) == (0, 300)
    assert found.asynchronous == (
        AsyncSettings(max_retries=0, max_age_seconds=300, on_failure=QUEUE),
        AsyncSettings(qualifier="live", on_success=MAILER),
    )
    assert (found.role, found.dead_letter) == (ROLE, QUEUE)
    assert (found.gaps, found.request_ids) == ((), ("r-1", "r-2", "r-3", "r-4", "r-5"))


def test_the_newest_fifty_versions_are_kept_of_all_pages():
    with stubbed("lambda") as (client, stub):
        stub.add_response("get_function_configuration", answer(**CONFIGURATION))
        stub.add_response(
            "list_versions_by_function",
            answer(Versions=[version(str(n)) for n in range(1, 51)], NextMarker="m"),
            {"FunctionName": "checkout"},
        )
        stub.add_response(
            "list_versions_by_function",
            answer(Versions=[version(str(n)) for n in range(51, 61)]),
            {"FunctionName": "checkout", "Marker": "m"},
        )
        stub.add_response("list_aliases", answer(Aliases=[]))
        stub.add_response("get_function_concurrency", answer())
        no_asynchronous_settings(stub)
        sender = calls()
        found = Functions(client, sender).describe(CHECKOUT, sender.budget())
    assert [each.version for each in found.versions] == [str(n) for n in range(60, 10, -1)]
    assert (found.reserved_concurrency, found.async_max_retries) == (None, None)
    with_environment = [each.version for each in found.versions if each.environment is not None]
    assert with_environment == [str(n) for n in range(60, 50, -1)]


def test_variables_that_lambda_may_not_decrypt_are_not_taken_for_none():
    hidden = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}}
    with stubbed("lambda") as (client, stub):
        stub.add_response("get_function_configuration", answer(**{**CONFIGURATION, **hidden}))
        stub.add_response(
            "list_versions_by_function", answer(Versions=[{**version("1"), **hidden}])
        )
        stub.add_response("list_aliases", answer(Aliases=[]))
        stub.add_response("get_function_concurrency", answer())
        no_asynchronous_settings(stub)
        sender = calls()
        found = Functions(client, sender).describe(CHECKOUT, sender.budget())
    assert (found.environment, found.environment_read) == ({}, False)
    assert found.versions[0].environment is None


def test_what_may_not_be_read_is_a_gap_and_the_rest_still_comes():
    with stubbed("lambda") as (client, stub):
        stub.add_response("get_function_configuration", answer(**CONFIGURATION))
        stub.add_client_error("list_versions_by_function", "AccessDeniedException", "no", 403)
        stub.add_response("list_aliases", answer(Aliases=[]))
        stub.add_client_error("get_function_concurrency", "", "not here", 404)
        no_asynchronous_settings(stub)
        sender = calls()
        found = Functions(client, sender).describe(CHECKOUT, sender.budget())
    assert (found.memory_mb, found.versions, found.reserved_concurrency) == (512, (), None)
    assert len(found.gaps) == 2
    assert "lambda:ListVersionsByFunction" in found.gaps[0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ResourceNotFoundException", AwsNotFound), ("AccessDeniedException", AwsDenied)],
)
def test_a_function_that_cannot_be_read_at_all_is_an_error(code, kind):
    with stubbed("lambda") as (client, stub):
        stub.add_client_error("get_function_configuration", code, "no")
        sender = calls()
        with pytest.raises(kind) as caught:
            Functions(client, sender).describe(CHECKOUT, sender.budget())
    assert caught.value.resource == CHECKOUT.arn


def test_an_answer_without_states_counts_as_a_function_in_use():
    bare = {"FunctionName": "checkout", "MemorySize": 128, "Timeout": 3}
    with stubbed("lambda") as (client, stub):
        stub.add_response("get_function_configuration", answer(**bare))
        sender = calls()
        found = Functions(client, sender).configuration(CHECKOUT, sender.budget())
    assert (found.state, found.update_status, found.revision_id) == ("Active", "Successful", "")
    assert found.last_modified is None


def test_no_policy_is_an_empty_text():
    with stubbed("lambda") as (client, stub):
        stub.add_client_error("get_policy", "ResourceNotFoundException", "none", 404)
        sender = calls()
        assert Functions(client, sender).policy(CHECKOUT, "live", sender.budget()) == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (WRITTEN, MOMENT),
        ("2026-03-04T13:00:20.000+0100", MOMENT),
        ("2026-03-04T12:00:20Z", MOMENT),
        ("2026-03-04T12:00:20", MOMENT),
        ("", None),
    ],
)
def test_times_of_lambda_are_read_as_utc(text, moment):
    assert to_time(text) == moment


def test_mappings_without_a_source_are_left_out_and_those_switched_off_say_so():
    mapped = {"EventSourceArn": "a", "FunctionArn": "f"}
    mappings = to_mappings(
        [{**mapped, "State": "Enabled"}, {**mapped, "State": "Disabled"}, {"FunctionArn": "f"}]
    )
    assert [each.enabled for each in mappings] == [True, False]
