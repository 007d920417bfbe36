"""CloudTrail's event history and Lambda's list of versions as one feed of changes."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from opspilot.adapters.aws.changes import AwsChanges
from opspilot.adapters.aws.changes_data import TrailEvent, to_changes, to_event
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.policies import Policies
from opspilot.adapters.aws.throttle import Patience
from opspilot.adapters.aws.trail import Trail
from opspilot.domain.change import Change
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.errors import AwsDenied
from tests.adapters.aws.stubs import NOW, PLACE, FixedClock, Hourglass, answer, calls, stubbed

PAYMENTS = PLACE.function("payments")
WINDOW = Window(start=NOW - timedelta(hours=3), end=NOW)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def item(
    name: str,
    minutes_ago: float,
    asked: dict | None = None,
    answered: dict | None = None,
    **record: object,
) -> dict[str, Any]:
    """A LookupEvents item, its record as CloudTrail writes it."""
    return {
        "EventId": f"{name}@{minutes_ago:g}",
        "EventName": name,
        "EventTime": ago(minutes_ago),
        "Username": "deploy",
        "ReadOnly": "false",
        "CloudTrailEvent": json.dumps(
            {"requestParameters": asked, "responseElements": answered, **record}
        ),
    }


def alias_move(version: str, minutes_ago: float, alias: str = "live") -> dict[str, Any]:
    asked = {"functionName": "payments", "name": alias, "functionVersion": version}
    return item("UpdateAlias20150331", minutes_ago, asked, {**asked, "revisionId": "r"})


def changes_of(*items: dict[str, Any]) -> list[Change]:
    events = [to_event(each) for each in items]
    return to_changes(PAYMENTS, [event for event in events if event is not None])


def test_a_moved_alias_is_a_release_from_the_version_of_the_move_before():
    first, second = changes_of(alias_move("18", 5), alias_move("17", 60))
    assert second == Change(
        at=ago(5),
        resource=PAYMENTS,
        kind="release",
        summary="alias live moved from version 17 to version 18",
        actor="deploy",
        before={"version": "17"},
        after={"alias": "live", "version": "18"},
        source="cloudtrail",
        event_id="UpdateAlias20150331@5",
    )
    assert (first.before, first.summary) == ({}, "alias live moved to version 17")


def test_moves_of_another_alias_do_not_tell_what_was_before():
    *_, last = changes_of(alias_move("17", 60, alias="beta"), alias_move("18", 5))
    assert last.before == {}


@pytest.mark.parametrize(
    ("name", "kind", "asked", "summary"),
    [
        ("UpdateFunctionCode20150331v2", "release", {}, "code of $LATEST updated"),
        ("PublishVersion20150331", "other", {}, "version 18 published"),
        (
            "UpdateFunctionConfiguration20150331v2",
            "configuration",
            {"timeout": 9, "environment": {}},
            "configuration of $LATEST updated: timeout_seconds 9, environment variables",
        ),
        (
            "PutFunctionConcurrency20171031",
            "capacity",
            {"reservedConcurrentExecutions": 0},
            "reserved concurrency set: reserved_concurrency 0",
        ),
        ("AddPermission20150331v2", "permission", {}, "AddPermission"),
        ("UpdateTable", "capacity", {"billingMode": "PROVISIONED"}, None),
    ],
)
def test_each_event_has_its_kind_and_words(name, kind, asked, summary):
    (change,) = changes_of(item(name, 5, asked, {"version": "18"}))
    assert change.kind == kind
    assert change.summary == (summary or "table updated: billing_mode PROVISIONED")


def test_what_a_setting_was_before_comes_from_the_answer_to_the_change_before():
    _, last = changes_of(
        item(
            "UpdateFunctionConfiguration20150331v2",
            60,
            {"memorySize": 512},
            {"memorySize": 512, "timeout": 3},
        ),
        item(
            "UpdateFunctionConfiguration20150331v2",
            5,
            {"timeout": 9, "memorySize": 512},
            {"memorySize": 512, "timeout": 9},
        ),
    )
    assert (last.before, last.after) == ({"timeout_seconds": "3"}, {"timeout_seconds": "9"})
    assert last.summary == "configuration of $LATEST updated: timeout_seconds 3 to 9"


def test_environment_values_never_enter_a_change():
    (change,) = changes_of(
        item(
            "UpdateFunctionConfiguration20150331v2",
            5,
            {"environment": {"variables": {"DB_PASSWORD": "hunter2"}}},
            {"environment": {"variables": {"DB_PASSWORD": "hunter2"}}},
        )
    )
    assert "hunter2" not in change.model_dump_json()


@pytest.mark.parametrize(
    "skipped",
    [
        item("GetFunction20150331v2", 5),
        {**item("SomethingNew", 5), "ReadOnly": "true"},
        item("SomethingNew", 5, readOnly=True),
        item("UpdateAlias20150331", 5, errorCode="AccessDenied"),
    ],
)
def test_reads_and_failed_calls_change_nothing(skipped):
    assert to_event(skipped) is None


@pytest.mark.parametrize("record", ["", "not json", "[]", "null"])
def test_an_event_without_a_readable_record_still_counts(record):
    event = to_event({**item("UpdateAlias20150331", 5), "CloudTrailEvent": record})
    assert event == TrailEvent("UpdateAlias20150331@5", ago(5), "UpdateAlias", "deploy", {}, {})
    assert to_changes(PAYMENTS, [event])[0].kind == "release"


@dataclass
class Feeds:
    """The two feeds, answering as a test lays out."""

    changes: AwsChanges
    trail: Stubber
    functions: Stubber
    hourglass: Hourglass

    def looks_up(
        self,
        name: str,
        *items: dict[str, Any],
        window: Window = WINDOW,
        attribute: str = "ResourceName",
    ) -> None:
        """CloudTrail is asked for this resource name and answers with one page."""
        self.trail.add_response(
            "lookup_events",
            answer(Events=list(items)),
            {
                "LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": name}],
                "StartTime": window.start,
                "EndTime": window.end,
                "MaxResults": 50,
            },
        )

    def versions(self, **minutes_ago: float) -> None:
        """Lambda lists these versions, v18=5 is version 18 of five minutes ago."""
        self.functions.add_response(
            "list_versions_by_function",
            answer(
                Versions=[
                    {"Version": name[1:], "LastModified": ago(minutes).isoformat()}
                    for name, minutes in minutes_ago.items()
                ]
            ),
        )


@contextmanager
def feeds(patience: Patience | None = None) -> Generator[Feeds]:
    hourglass = Hourglass()
    sender = calls(hourglass, patience)
    with stubbed("cloudtrail") as (trail, trail_stub), stubbed("lambda") as (client, stub):
        changes = AwsChanges(Trail(trail, sender), Functions(client, sender), sender, FixedClock())
        yield Feeds(changes, trail_stub, stub, hourglass)


def test_changes_of_a_function_are_looked_up_by_name_and_by_arn_and_told_once():
    move = alias_move("18", 5)
    with feeds() as world:
        world.looks_up("payments", alias_move("17", 60), move)
        world.looks_up(PAYMENTS.arn, move, item("PublishVersion20150331", 6, {}, {"version": "18"}))
        world.looks_up("payments", window=WINDOW.before(timedelta(days=14)))
        world.versions(v18=6)
        feed = world.changes.changes([PAYMENTS], WINDOW)
    assert [change.summary for change in feed.changes] == [
        "alias live moved to version 17",
        "version 18 published",
        "alias live moved from version 17 to version 18",
    ]
    assert (feed.gaps, feed.truncated, feed.window) == ((), False, WINDOW)
    assert feed.request_ids == ("r-1",) * 4


def test_a_version_that_cloudtrail_has_not_delivered_yet_comes_from_the_list_of_versions():
    with feeds() as world:
        world.looks_up("payments")
        world.looks_up(PAYMENTS.arn)
        world.versions(v17=300, v18=2)
        (change,) = world.changes.changes([PAYMENTS], WINDOW).changes
    assert (change.summary, change.source, change.kind) == (
        "version 18 published",
        "lambda.versions",
        "other",
    )
    assert change.at == ago(2)


def test_what_an_alias_pointed_at_before_the_window_is_looked_up_but_not_told_as_a_change():
    with feeds() as world:
        world.looks_up("payments", alias_move("18", 5))
        world.looks_up(PAYMENTS.arn)
        world.looks_up("payments", alias_move("17", 6000), window=WINDOW.before(timedelta(days=14)))
        world.versions()
        (change,) = world.changes.changes([PAYMENTS], WINDOW).changes
    assert change.before == {"version": "17"}


def test_the_feed_is_whole_up_to_the_delivery_lag():
    earlier = WINDOW.before(timedelta(hours=1))
    with feeds() as world:
        for window in (WINDOW, earlier):
            world.looks_up("payments", window=window)
            world.looks_up(PAYMENTS.arn, window=window)
            world.versions()
        assert world.changes.changes([PAYMENTS], WINDOW).complete_until == ago(15)
        assert world.changes.changes([PAYMENTS], earlier).complete_until == earlier.end


def test_where_cloudtrail_is_denied_the_versions_still_come_and_the_gap_is_named():
    with feeds() as world:
        world.trail.add_client_error("lookup_events", "AccessDeniedException", "no", 403)
        world.versions(v18=5)
        world.versions()
        feed = world.changes.changes([PAYMENTS, PLACE.function("checkout")], WINDOW)
    assert [change.source for change in feed.changes] == ["lambda.versions"]
    assert len(feed.gaps) == 1
    assert "cloudtrail:LookupEvents" in feed.gaps[0]
    assert feed.complete_until == WINDOW.start


@pytest.mark.parametrize(("code", "status", "times"), [("NotImplemented", 501, 1), ("500", 500, 2)])
def test_an_endpoint_without_cloudtrail_is_a_gap(code, status, times):
    with feeds() as world:
        for _ in range(times):
            world.trail.add_client_error("lookup_events", code, "no", status)
        world.versions(v18=5)
        feed = world.changes.changes([PAYMENTS], WINDOW)
    assert (len(feed.changes), len(feed.gaps)) == (1, 1)


def test_where_the_versions_cannot_be_listed_cloudtrail_still_tells():
    with feeds() as world:
        world.looks_up("payments", item("UpdateFunctionCode20150331v2", 5))
        world.looks_up(PAYMENTS.arn)
        world.functions.add_client_error("list_versions_by_function", "AccessDenied", "no", 403)
        feed = world.changes.changes([PAYMENTS], WINDOW)
    assert (len(feed.changes), len(feed.gaps)) == (1, 1)
    assert feed.complete_until == ago(15)


def test_without_any_feed_there_is_an_error():
    with feeds() as world:
        world.trail.add_client_error("lookup_events", "AccessDeniedException", "no", 403)
        world.functions.add_client_error("list_versions_by_function", "AccessDenied", "no", 403)
        with pytest.raises(AwsDenied, match="LookupEvents"):
            world.changes.changes([PAYMENTS], WINDOW)


def test_a_table_has_cloudtrail_as_its_only_feed():
    with feeds() as world:
        world.trail.add_client_error("lookup_events", "AccessDeniedException", "no", 403)
        with pytest.raises(AwsDenied):
            world.changes.changes([PLACE.table("orders")], WINDOW)


def test_all_pages_of_events_are_read():
    with feeds() as world:
        world.trail.add_response(
            "lookup_events", answer(Events=[item("AddPermission20150331v2", 9)], NextToken="t1")
        )
        world.trail.add_response(
            "lookup_events", answer(Events=[item("RemovePermission20150331v2", 8)])
        )
        world.looks_up(PLACE.table("orders").arn)
        feed = world.changes.changes([PLACE.table("orders")], WINDOW)
    assert [change.summary for change in feed.changes] == ["AddPermission", "RemovePermission"]


def test_events_beyond_the_time_allowed_are_said_to_be_missing():
    with feeds(Patience(seconds=0.0)) as world:
        for _ in range(2):
            world.trail.add_response(
                "lookup_events", answer(Events=[item("AddPermission", 9)], NextToken="t1")
            )
        feed = world.changes.changes([PLACE.table("orders")], WINDOW)
    assert (feed.truncated, len(feed.changes), len(feed.gaps)) == (True, 1, 1)
    assert feed.complete_until == WINDOW.start


def account_wide(*items: dict[str, Any], more: str = "") -> dict[str, Any]:
    return answer(Events=list(items), **({"NextToken": more} if more else {}))


ALL_CHANGES = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
TABLES = [PLACE.table(f"t{number}") for number in range(5)]


def test_several_resources_are_looked_up_together_and_each_gets_its_own_events():
    about = {"Resources": [{"ResourceName": "t1"}, {"ResourceName": TABLES[2].arn}]}
    other = {"Resources": [{"ResourceName": "elsewhere"}]}
    with feeds() as world:
        world.trail.add_response(
            "lookup_events",
            account_wide({**item("UpdateTable", 9), **about}, {**item("UpdateTable", 8), **other}),
            {
                "LookupAttributes": ALL_CHANGES,
                "StartTime": WINDOW.start,
                "EndTime": WINDOW.end,
                "MaxResults": 50,
            },
        )
        feed = world.changes.changes(TABLES, WINDOW)
    assert [change.resource for change in feed.changes] == TABLES[1:3]
    assert (feed.gaps, feed.complete_until, world.hourglass.slept) == ((), ago(15), [])


@pytest.mark.parametrize(
    ("asked", "resource"),
    [
        ({"functionName": "payments"}, PAYMENTS),
        ({"functionName": "payments:live"}, PAYMENTS),
        ({"functionName": PAYMENTS.arn}, PAYMENTS),
        ({"functionName": f"{PAYMENTS.arn}:live"}, PAYMENTS),
        ({"functionName": "123456789012:function:payments"}, PAYMENTS),
        ({"tableName": "orders"}, PLACE.table("orders")),
        (
            {"queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/emails"},
            PLACE.queue("emails"),
        ),
    ],
)
def test_an_event_filed_under_no_resource_belongs_to_the_one_in_its_request(asked, resource):
    event = to_event(item("Something", 5, asked))
    assert event is not None
    assert event.concerns(resource)
    assert not event.concerns(PLACE.function("else"))


def test_in_a_busy_account_each_resource_is_looked_up_by_itself_at_two_a_second():
    with feeds() as world:
        for page in range(3):
            world.trail.add_response("lookup_events", account_wide(more=f"t{page}"))
        for table in TABLES:
            world.looks_up(table.name, item("UpdateTable", 9))
            world.looks_up(table.arn)
        feed = world.changes.changes(TABLES, WINDOW)
    assert [change.resource for change in feed.changes] == TABLES
    assert feed.gaps == ()
    assert sum(world.hourglass.slept) == pytest.approx((13 - 2) / 2)


def test_resources_that_were_read_before_the_trail_failed_keep_their_events():
    with feeds() as world:
        for page in range(3):
            world.trail.add_response("lookup_events", account_wide(more=f"t{page}"))
        world.looks_up("t0", item("UpdateTable", 9))
        world.looks_up(TABLES[0].arn)
        world.trail.add_client_error("lookup_events", "AccessDeniedException", "no", 403)
        feed = world.changes.changes(TABLES[:2], WINDOW)
    assert [change.resource for change in feed.changes] == TABLES[:1]
    assert (len(feed.gaps), feed.complete_until) == (1, WINDOW.start)


def test_events_of_one_second_keep_the_order_in_which_cloudtrail_has_them():
    *_, last = changes_of(alias_move("19", 5), {**alias_move("18", 5), "EventId": "z"})
    assert last.before == {"version": "18"}


def test_a_window_older_than_the_retention_is_clipped_and_said():
    long = Window(start=NOW - timedelta(days=100), end=NOW)
    with feeds() as world:
        clipped = Window(start=NOW - timedelta(days=90), end=NOW)
        world.looks_up("payments", window=clipped)
        world.looks_up(PAYMENTS.arn, window=clipped)
        world.versions()
        feed = world.changes.changes([PAYMENTS], long)
    assert "90 days" in feed.gaps[0]
    assert feed.complete_until == ago(15)


def test_nothing_is_known_of_a_window_wholly_past_retention_but_the_versions():
    old = Window(start=NOW - timedelta(days=100), end=NOW - timedelta(days=95))
    with feeds() as world:
        world.versions(v3=97 * 24 * 60)
        feed = world.changes.changes([PAYMENTS], old)
    assert (len(feed.changes), feed.complete_until) == (1, old.start)


# --- roles, mappings, tables and queues -----------------------------------------------------------


def told(resource: Resource, *items: dict[str, Any]) -> list[Change]:
    return to_changes(resource, [event for each in items if (event := to_event(each))])


@pytest.mark.parametrize(
    ("name", "asked", "kind", "before", "after"),
    [
        (
            "UpdateTable",
            {
                "tableName": "orders",
                "provisionedThroughput": {"readCapacityUnits": 50.0, "writeCapacityUnits": 5},
                "globalSecondaryIndexUpdates": [
                    {
                        "update": {
                            "indexName": "by-day",
                            "provisionedThroughput": {"writeCapacityUnits": 2},
                        }
                    }
                ],
            },
            "capacity",
            {},
            {"read_capacity": "50", "write_capacity": "5", "by-day.write_capacity": "2"},
        ),
        (
            "SetQueueAttributes",
            {
                "queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
                "attributes": {
                    "VisibilityTimeout": "5",
                    "RedrivePolicy": '{"deadLetterTargetArn": "arn:dead", "maxReceiveCount": 3}',
                },
            },
            "configuration",
            {},
            {
                "visibility_timeout_seconds": "5",
                "maximum_receives": "3",
                "dead_letter": "arn:dead",
            },
        ),
        (
            "DeleteRolePolicy",
            {"roleName": "orders-role", "policyName": "write-orders"},
            "permission",
            {"policy": "write-orders"},
            {},
        ),
        (
            "AttachRolePolicy",
            {"roleName": "orders-role", "policyArn": "arn:aws:iam::aws:policy/ReadOnly"},
            "permission",
            {},
            {"policy": "arn:aws:iam::aws:policy/ReadOnly"},
        ),
        (
            "PutFunctionEventInvokeConfig20190925",
            {"functionName": "orders", "maximumRetryAttempts": 0, "maximumEventAgeInSeconds": 60},
            "configuration",
            {},
            {"async_max_age_seconds": "60", "async_max_retries": "0"},
        ),
        (
            "UpdateIntegration",
            {
                "restApiId": "k3v9",
                "updateIntegrationInput": {
                    "patchOperations": [
                        {"op": "replace", "path": "/timeoutInMillis", "value": "3000"}
                    ]
                },
            },
            "configuration",
            {},
            {"integration_timeout_ms": "3000"},
        ),
        (
            "UpdateIntegration",
            {"apiId": "w4q7", "integrationId": "i1", "timeoutInMillis": 3000.0},
            "configuration",
            {},
            {"integration_timeout_ms": "3000"},
        ),
        (
            "UpdateIntegration",
            {"apiId": "w4q7", "updateIntegrationInput": {"integrationUri": "arn:new"}},
            "configuration",
            {},
            {"integration": "arn:new"},
        ),
        (
            "UpdateRoute",
            {"apiId": "w4q7", "routeId": "r1", "routeKey": "GET /a", "target": "integrations/i2"},
            "configuration",
            {},
            {"route": "GET /a", "target": "integrations/i2"},
        ),
        (
            "UpdateStage",
            {
                "apiId": "w4q7",
                "stageName": "prod",
                "defaultRouteSettings": {"throttlingRateLimit": 5.0, "throttlingBurstLimit": 9},
                "stageVariables": {"alias": "hidden"},
            },
            "configuration",
            {},
            {"throttle_rate": "5", "throttle_burst": "9", "stage_variables": "set"},
        ),
        (
            "CreateDeployment",
            {"apiId": "w4q7", "stageName": "prod"},
            "release",
            {},
            {},
        ),
    ],
)
def test_each_kind_of_change_carries_plain_values(name, asked, kind, before, after):
    (change,) = told(PLACE.table("orders"), item(name, 5, asked))
    assert (change.kind, change.before, change.after) == (kind, before, after)


def test_a_capacity_that_was_set_twice_tells_what_it_was_before():
    def capacity(units: int, minutes_ago: float) -> dict[str, Any]:
        asked = {"tableName": "orders", "provisionedThroughput": {"writeCapacityUnits": units}}
        return item("UpdateTable", minutes_ago, asked)

    *_, last = told(PLACE.table("orders"), capacity(5, 5), capacity(50, 60))
    assert (last.before, last.after) == ({"write_capacity": "50"}, {"write_capacity": "5"})


def integration_set(name: str, timeout: int, minutes_ago: float) -> dict[str, Any]:
    asked = {"apiId": "w4q7", "integrationId": name, "timeoutInMillis": timeout}
    return item("UpdateIntegration", minutes_ago, asked)


def test_each_integration_of_an_http_api_has_a_timeout_of_its_own():
    api = PLACE.http_api("w4q7", "web")
    events = [integration_set("i1", 500, 5), integration_set("i2", 900, 30)]
    *_, last = told(api, *events, integration_set("i1", 9000, 60))
    assert last.summary == "integration updated: integration_timeout_ms 9000 to 500"


def test_changes_of_an_http_api_are_found_by_its_id_and_not_by_its_name():
    event = to_event(integration_set("i1", 500, 5))
    assert event is not None
    assert event.concerns(PLACE.http_api("w4q7", "web"))
    assert not event.concerns(PLACE.http_api("b2", "w4q7"))


def test_an_http_api_that_is_asked_for_alone_is_sought_among_all_events_of_api_gateway():
    theirs = item("UpdateStage", 6, {"apiId": "b2", "stageName": "prod"})
    with feeds() as world:
        world.looks_up(
            "apigateway.amazonaws.com",
            integration_set("i1", 500, 5),
            theirs,
            attribute="EventSource",
        )
        (change,) = world.changes.changes([PLACE.http_api("w4q7", "web")], WINDOW).changes
    assert (change.resource.name, change.summary) == (
        "web",
        "integration updated: integration_timeout_ms 500",
    )


def test_a_mapping_that_is_switched_off_is_a_change_of_its_function_whoever_is_asked_about():
    asked = {"uUID": "u-1", "enabled": False}
    answered = {"functionArn": PLACE.function("mailer").arn, "uUID": "u-1"}
    event = item("UpdateEventSourceMapping20150331", 5, asked, answered)
    for resource in (PLACE.queue("emails"), PLACE.function("mailer")):
        (change,) = told(resource, event)
        assert change.resource == PLACE.function("mailer")
        assert (change.kind, change.after) == ("configuration", {"enabled": "false"})


class Related:
    """A kinship that a test lays out."""

    def __init__(self, **names: set[str]) -> None:
        self.known = names

    def names(self, resource: Resource, _budget: object) -> frozenset[str]:
        """As laid out, by the resource's name."""
        return frozenset(self.known.get(resource.name, ()))


def related(world: Feeds, **names: set[str]) -> AwsChanges:
    world.changes._kinship = Related(**names)  # pyright: ignore[reportAttributeAccessIssue]
    return world.changes


def test_a_change_of_a_role_is_one_of_the_function_that_runs_under_it():
    with feeds() as world:
        world.trail.add_response(
            "lookup_events",
            account_wide(
                item("PutRolePolicy", 5, {"roleName": "payments-role", "policyName": "deny"}),
                item("PutRolePolicy", 6, {"roleName": "another-role", "policyName": "deny"}),
            ),
        )
        world.versions()
        feed = related(world, payments={"payments-role"}).changes([PAYMENTS], WINDOW)
    assert [(one.resource, one.kind, one.after) for one in feed.changes] == [
        (PAYMENTS, "permission", {"policy": "deny"})
    ]


def test_a_mapping_is_found_by_its_id_and_told_once_for_its_queue_and_its_function():
    asked, mailer = {"uUID": "u-1", "batchSize": 100}, PLACE.function("mailer")
    answered = {"functionArn": mailer.arn}
    with feeds() as world:
        world.trail.add_response(
            "lookup_events",
            account_wide(item("UpdateEventSourceMapping20150331", 5, asked, answered)),
        )
        world.versions()
        kin = related(world, mailer={"u-1"}, emails={"u-1"})
        feed = kin.changes([PLACE.queue("emails"), mailer], WINDOW)
    assert [(one.resource, one.after) for one in feed.changes] == [(mailer, {"batch_size": "100"})]


def test_changes_of_roles_are_looked_up_where_they_are_recorded():
    with feeds() as world, stubbed("cloudtrail") as (elsewhere, stub):
        world.changes._trail = Trail(world.changes._trail._client, calls(), elsewhere)
        world.trail.add_response("lookup_events", account_wide())
        stub.add_response(
            "lookup_events",
            account_wide(item("DeleteRolePolicy", 5, {"roleName": "r", "policyName": "p"})),
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventSource", "AttributeValue": "iam.amazonaws.com"}
                ],
                "StartTime": WINDOW.start,
                "EndTime": WINDOW.end,
                "MaxResults": 50,
            },
        )
        world.versions()
        feed = related(world, payments={"r"}).changes([PAYMENTS], WINDOW)
    assert [one.kind for one in feed.changes] == ["permission"]


SHARED_POLICY = "arn:aws:iam::123456789012:policy/shared"


def rewritten(arn: str = SHARED_POLICY, **asked: object) -> dict[str, Any]:
    return item("CreatePolicyVersion", 5, {"policyArn": arn, "setAsDefault": True, **asked})


class Lists:
    """A kinship that knows of roles too."""

    def names(self, resource: Resource, _budget: object) -> frozenset[str]:
        """The role."""
        return frozenset({self.role(resource, _budget)})

    def role(self, resource: Resource, _budget: object) -> str:
        """Named after its function."""
        return f"{resource.name}-role"


@contextmanager
def with_policies(world: Feeds) -> Generator[Stubber]:
    with stubbed("iam") as (client, stub):
        world.changes._kinship = Lists()  # pyright: ignore[reportAttributeAccessIssue]
        world.changes._policies = Policies(client, calls())
        yield stub


def attached(*arns: str) -> dict[str, Any]:
    policies = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
    return answer("r-iam", AttachedPolicies=policies, IsTruncated=False)


def test_a_managed_policy_rewritten_is_a_change_of_the_functions_whose_role_has_it():
    mailer = PLACE.function("mailer")
    with feeds() as world, with_policies(world) as stub:
        world.trail.add_response("lookup_events", account_wide(rewritten()))
        stub.add_response(
            "list_attached_role_policies", attached(SHARED_POLICY), {"RoleName": "payments-role"}
        )
        stub.add_response("list_attached_role_policies", attached(), {"RoleName": "mailer-role"})
        world.versions()
        world.versions()
        feed = world.changes.changes([PAYMENTS, mailer], WINDOW)
    assert [(one.resource, one.kind, one.summary) for one in feed.changes] == [
        (PAYMENTS, "permission", f"policy of its role rewritten: policy {SHARED_POLICY}")
    ]
    assert feed.gaps == ()


@pytest.mark.parametrize(
    "event",
    [
        rewritten(setAsDefault=False),
        item("AttachRolePolicy", 5, {"policyArn": SHARED_POLICY, "roleName": "far-role"}),
        item("DeletePolicyVersion", 5, {"policyArn": SHARED_POLICY, "versionId": "v1"}),
    ],
)
def test_what_leaves_the_policies_of_a_role_as_they_are_asks_nobody_and_is_no_change(event):
    with feeds() as world, with_policies(world):
        world.trail.add_response("lookup_events", account_wide(event))
        world.versions()
        assert world.changes.changes([PAYMENTS], WINDOW).changes == ()


def test_a_policy_set_to_another_version_is_a_change_too():
    event = item("SetDefaultPolicyVersion", 5, {"policyArn": SHARED_POLICY, "versionId": "v3"})
    with feeds() as world, with_policies(world) as stub:
        world.trail.add_response("lookup_events", account_wide(event))
        stub.add_response("list_attached_role_policies", attached(SHARED_POLICY))
        world.versions()
        (change,) = world.changes.changes([PAYMENTS], WINDOW).changes
    assert change.after == {"policy": SHARED_POLICY, "policy_version": "v3"}


def test_roles_that_may_not_be_asked_for_their_policies_are_a_gap_with_the_action():
    with feeds() as world, with_policies(world) as stub:
        world.trail.add_response("lookup_events", account_wide(rewritten()))
        stub.add_client_error("list_attached_role_policies", "AccessDenied", "no", 403)
        world.versions()
        feed = world.changes.changes([PAYMENTS], WINDOW)
    assert feed.changes == ()
    assert "the managed policy shared changed" in feed.gaps[0]
    assert "iam:ListAttachedRolePolicies" in feed.gaps[0]
