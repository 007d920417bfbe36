"""What holds for every kind of change.

Its CloudTrail event, or none; the past as it was; the same world again from the journal; the same
data live as on the virtual clock.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from opspilot.embedded import changes
from opspilot.embedded.account import Account
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.origin import Origin
from opspilot.embedded.server import EmbeddedAccount
from opspilot.embedded.world import World
from tests.embedded.aws import Aws, client
from tests.embedded.mini import HOST, MINI, Params, fault_of, total, world_of

AWS: list[tuple[str, Params, str, str]] = [
    (
        "lambda.update_configuration",
        {"function": "front", "timeout_s": 1},
        "lambda",
        "UpdateFunctionConfiguration20150331v2",
    ),
    (
        "lambda.update_code",
        {"function": "mail", "build": "mail-broken"},
        "lambda",
        "UpdateFunctionCode20150331v2",
    ),
    (
        "lambda.put_concurrency",
        {"function": "back", "reserved": 0},
        "lambda",
        "PutFunctionConcurrency20171031",
    ),
    (
        "lambda.remove_permission",
        {"function": "front", "route": "POST /things"},
        "lambda",
        "RemovePermission20150331v2",
    ),
    (
        "lambda.put_event_invoke_config",
        {"function": "mail", "max_retries": 0},
        "lambda",
        "PutFunctionEventInvokeConfig",
    ),
    (
        "lambda.update_mapping",
        {"source": "jobs", "function": "work", "enabled": False},
        "lambda",
        "UpdateEventSourceMapping20150331",
    ),
    ("iam.put_role_policy", {"function": "front", "deny": ["sqs:*"]}, "iam", "PutRolePolicy"),
    ("iam.delete_role_policy", {"function": "back", "policy": "x"}, "iam", "DeleteRolePolicy"),
    (
        "iam.detach_role_policy",
        {"function": "front", "policy": "t", "lost": ["dynamodb:PutItem"]},
        "iam",
        "DetachRolePolicy",
    ),
    ("iam.attach_role_policy", {"function": "front", "policy": "t"}, "iam", "AttachRolePolicy"),
    (
        "iam.create_policy_version",
        {"function": "front", "policy": "shared", "lost": ["dynamodb:PutItem"]},
        "iam",
        "CreatePolicyVersion",
    ),
    (
        "dynamodb.update_table",
        {"table": "things", "billing": "provisioned", "read_capacity": 50, "write_capacity": 1},
        "dynamodb",
        "UpdateTable",
    ),
    (
        "sqs.set_attributes",
        {"queue": "jobs", "visibility_timeout_s": 5},
        "sqs",
        "SetQueueAttributes",
    ),
    (
        "apigateway.update_method",
        {"method": "POST", "path": "/things", "integration_timeout_s": 0.2},
        "apigateway",
        "UpdateIntegration",
    ),
    ("account.concurrency", {"limit": 4}, "servicequotas", "RequestServiceQuotaIncrease"),
]

CONDITIONS: list[tuple[str, Params]] = [
    ("condition.traffic", {"factor": 3.0}),
    ("condition.traffic", {"factor": 0.3, "ramp_s": 200, "route": "POST /things"}),
    ("condition.client_errors", {"share": 0.3, "status": 403}),
    ("condition.service", {"host": HOST, "extra_ms": 400, "failure_share": 0.3}),
    ("condition.aws", {"service": "dynamodb", "failure_share": 0.3}),
    ("condition.poison", {"queue": "jobs", "share": 0.2}),
    ("condition.hot_key", {"table": "things", "share": 0.7}),
    ("condition.expired", {"function": "back", "message": "token is expired"}),
    ("condition.cold_starts", {"function": "front", "share": 0.2}),
    ("condition.clear", {"name": "service"}),
]

ALL = [(kind, params) for kind, params, _, _ in AWS] + CONDITIONS
STAND = {
    "lambda.publish_version",
    "lambda.update_alias",
    "lambda.create_alias",
    "lambda.delete_concurrency",
    "lambda.add_permission",
}
"""Kinds that the tests of the trail, of functions and of a reset cover."""


QUIET = replace(MINI, traffic=replace(MINI.traffic, per_minute=40.0))


@cache
def usual() -> Account:
    """A quiet account in which nothing happens."""
    return world_of(fleet=QUIET)


def past(account: Account, until: float) -> dict[str, list[str]]:
    """Everything logged before that time within its hour."""
    return {
        group: [
            event.message
            for event in account.logs.hour(group, int(until // 3600))
            if event.timestamp < until * 1000
        ]
        for group in ("/aws/lambda/front", "/aws/lambda/mail", "/aws/lambda/work")
    }


def test_every_kind_of_change_is_listed_here() -> None:
    assert {kind for kind, _ in ALL} | STAND == changes.kinds()


@pytest.mark.parametrize(("kind", "params", "source", "name"), AWS)
def test_a_change_of_the_account_leaves_the_event_that_aws_writes(
    kind: str, params: Params, source: str, name: str
) -> None:
    (event,) = world_of((kind, params)).world.events
    assert (event.source, event.name) == (f"{source}.amazonaws.com", name)
    assert event.caller.user == "bob"
    assert json.loads(json.dumps(event.request)) == event.request
    assert bool(event.resources) == (kind != "account.concurrency")


@pytest.mark.parametrize(("kind", "params"), CONDITIONS)
def test_a_condition_leaves_no_event_and_no_configuration(kind: str, params: Params) -> None:
    account = world_of((kind, params))
    assert account.world.events == []
    now, seeded = account.world.timeline.current, account.world.seeded
    for field in ("functions", "tables", "queues", "streams", "mappings", "roles"):
        assert getattr(now, field) == getattr(seeded, field)


@pytest.mark.parametrize(("kind", "params"), ALL)
def test_a_change_leaves_what_was_before_it_as_it_was(kind: str, params: Params) -> None:
    start = usual().now() - 1500.0
    assert past(world_of((kind, params), fleet=QUIET), start) == past(usual(), start)


@pytest.mark.parametrize(("kind", "params"), ALL)
def test_the_journal_gives_the_same_world_again(kind: str, params: Params, tmp_path: Path) -> None:
    clock = ManualClock()
    fresh = Origin(7, clock.now(), MINI.name)
    faults = {"trouble": fault_of((kind, params), (kind, params), delays=(0.0, 900.0))}
    path = tmp_path / "journal.jsonl"
    first = World.open(path, fresh, fleet=MINI, faults=faults)
    first.inject("trouble", clock.now() - 1200.0)
    first.catch_up(clock.now())
    first.close()
    again = World.open(path, fresh, fleet=MINI, faults=faults)
    again.catch_up(clock.now())
    again.close()
    assert again.timeline.times == first.timeline.times
    assert again.timeline.states == first.timeline.states
    assert again.events == first.events


@pytest.mark.parametrize(("kind", "params"), ALL)
def test_a_reset_takes_the_change_back(kind: str, params: Params) -> None:
    account = world_of((kind, params))
    account.world.reset(account.now())
    now, seeded = account.world.timeline.current, account.world.seeded
    assert now.conditions == seeded.conditions
    assert now.account_concurrency == seeded.account_concurrency
    assert all(seconds == 29.0 for seconds in now.integration_timeouts_s.values())
    assert not any(role.denied or role.lost for role in now.roles.values())
    for name, function in seeded.functions.items():
        after = now.functions[name]
        assert after.reserved == function.reserved
        assert after.closed_to == function.closed_to
        assert after.latest.settings() == function.latest.settings()
        assert after.asynchronous.max_retries == function.asynchronous.max_retries
    assert [one.enabled for one in now.mappings.values()] == [True]
    assert now.queues["jobs"].visibility_timeout_s == seeded.queues["jobs"].visibility_timeout_s
    assert now.tables["things"].billing == seeded.tables["things"].billing


def test_a_step_that_waits_happens_when_its_time_has_come_and_not_before() -> None:
    clock = ManualClock()
    steps: tuple[tuple[str, Params], ...] = (
        ("lambda.update_configuration", {"function": "ping", "memory_mb": 512}),
        ("lambda.update_configuration", {"function": "front", "memory_mb": 1024}),
    )
    account = world_of(*steps, delays=(0.0, 600.0), age_s=0.0, clock=clock)
    assert account.world.timeline.current.functions["front"].latest.memory_mb == 512
    clock.advance(599)
    account.now()
    assert [event.request["functionName"] for event in account.world.events] == ["ping"]
    clock.advance(2)
    account.now()
    assert account.world.timeline.current.functions["front"].latest.memory_mb == 1024
    assert account.world.events[1].at - account.world.events[0].at == pytest.approx(600, abs=0.1)


def test_a_planned_change_that_aws_refuses_leaves_an_event_and_nothing_else() -> None:
    account = world_of(
        ("account.concurrency", {"limit": 50}),
        ("lambda.put_concurrency", {"function": "front", "reserved": 10}),
        ("iam.put_role_policy", {"function": "nobody", "deny": ["*"]}),
    )
    account.now()
    assert [event.error and event.error[0] for event in account.world.events] == [
        None,
        "InvalidParameterValueException",
        "ResourceNotFoundException",
    ]
    assert account.world.timeline.current.functions == account.world.seeded.functions


def test_a_reset_forgets_what_has_not_happened_yet() -> None:
    clock = ManualClock()
    step: tuple[str, Params] = ("account.concurrency", {"limit": 5})
    account = world_of(step, delays=(600.0,), age_s=0.0, clock=clock)
    account.world.reset(clock.now() + 1)
    clock.advance(3600)
    account.now()
    assert account.world.timeline.current.account_concurrency == 1000


def test_a_live_account_shows_what_the_virtual_clock_shows() -> None:
    steps: tuple[tuple[str, Params], ...] = (
        ("condition.traffic", {"factor": 2.0}),
        ("iam.put_role_policy", {"function": "front", "deny": ["dynamodb:PutItem"]}),
    )
    virtual = world_of(*steps, age_s=1500.0)
    faults: dict[str, Fault] = {"trouble": fault_of(*steps)}
    with EmbeddedAccount(
        clock=ManualClock(), fleet=MINI, faults=faults, fault="trouble", fault_age_s=1500.0
    ) as live:
        aws = Aws(live)
        for name in ("Invocations", "Errors", "Throttles"):
            shown = aws.values(name, "front", minutes=13, until=2)
            assert sum(shown) == total(virtual, name, "front")
        (event,) = aws.trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "front-role"}]
        )["Events"]
        assert event["EventName"] == "PutRolePolicy"
        assert aws.functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000
        letters = aws.functions.get_function_configuration(FunctionName="mail")
        assert letters["DeadLetterConfig"]["TargetArn"].endswith(":lost")


def test_the_api_shows_limits_mappings_asynchronous_settings_and_integration_timeouts() -> None:
    steps: tuple[tuple[str, Params], ...] = (
        ("account.concurrency", {"limit": 40}),
        ("lambda.put_event_invoke_config", {"function": "mail", "max_age_s": 600}),
        (
            "apigateway.update_method",
            {"method": "POST", "path": "/things", "integration_timeout_s": 2.5},
        ),
    )
    with EmbeddedAccount(
        clock=ManualClock(),
        fleet=MINI,
        faults={"trouble": fault_of(*steps)},
        fault="trouble",
        fault_age_s=600.0,
    ) as live:
        functions = Aws(live).functions
        assert functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 40
        config = functions.get_function_event_invoke_config(FunctionName="mail")
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 600)
        with pytest.raises(functions.exceptions.ResourceNotFoundException):
            functions.get_function_event_invoke_config(FunctionName="front")
        (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        (mapping,) = functions.list_event_source_mappings(FunctionName="work")[
            "EventSourceMappings"
        ]
        assert mapping["State"] == "Disabled"
        rest = client("apigateway", live.url)
        found = {
            one["path"]: one["resourceMethods"]
            for one in rest.get_resources(restApiId="abc123", embed=["methods"])["items"]
            if one.get("resourceMethods")
        }
        assert found["/things"]["POST"]["methodIntegration"]["timeoutInMillis"] == 2500
        assert found["/ping"]["GET"]["methodIntegration"]["timeoutInMillis"] == 29000
