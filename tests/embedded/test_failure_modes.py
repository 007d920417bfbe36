"""Failure modes of functions, of the API and of the world.

The right metric moves, the log says it in AWS's words, and nothing else is touched.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from opspilot.embedded.account import Account
from opspilot.embedded.fleet import Build, Fleet
from tests.embedded.mini import HOST, JOBS_URL, MINI, Params, api, lines, total, values, world_of


@cache
def usual() -> Account:
    """An account in which nothing happens."""
    return world_of()


def test_more_traffic_shows_in_every_function_and_breaks_nothing() -> None:
    surge = world_of(("condition.traffic", {"factor": 4.0}))
    for function in ("front", "back", "work", "mail", "ping"):
        grown = total(surge, "Invocations", function) / total(usual(), "Invocations", function)
        assert grown == pytest.approx(4.0, rel=0.08)
        assert total(surge, "Errors", function) == 0


def test_less_traffic_leaves_requests_out_and_changes_none_of_the_others() -> None:
    drop = world_of(("condition.traffic", {"factor": 0.2}))
    left = total(drop, "Invocations", "front") / total(usual(), "Invocations", "front")
    assert left == pytest.approx(0.2, abs=0.04)
    assert set(lines(drop, "ping", "REPORT")) < set(lines(usual(), "ping", "REPORT"))


def test_traffic_of_one_route_leaves_the_other_alone() -> None:
    surge = world_of(("condition.traffic", {"factor": 3.0, "route": "GET /ping"}))
    assert total(surge, "Invocations", "ping") > 2.5 * total(usual(), "Invocations", "ping")
    assert lines(surge, "front") == lines(usual(), "front")


def test_traffic_ramps_up_evenly() -> None:
    surge = world_of(("condition.traffic", {"factor": 5.0, "ramp_s": 1200}), age_s=1320)
    before, middle, end = (
        total(surge, "Invocations", "ping", minutes=span) for span in ((30, 24), (15, 9), (8, 2))
    )
    assert before * 2.0 < middle < 0.8 * end


def test_a_jump_of_traffic_makes_cold_starts_for_a_moment() -> None:
    surge = world_of(("condition.traffic", {"factor": 6.0}), age_s=300)
    cold = [len(lines(surge, "front", "Init Duration", minutes=m)) for m in (6.0, 3.0)]
    assert cold[0] - cold[1] > 20 > cold[1]


@pytest.mark.parametrize(("status", "reaches"), [(400, True), (403, False), (429, False)])
def test_mistakes_of_clients_are_4xx_and_some_reach_no_function(status: int, reaches: bool) -> None:
    wrong = world_of(
        ("condition.client_errors", {"share": 0.5, "status": status, "route": "POST /things"})
    )
    share = sum(api(wrong, "4XXError", path="/things")) / sum(api(wrong, "Count", path="/things"))
    assert share == pytest.approx(0.5, abs=0.05)
    reached = total(wrong, "Invocations", "front") / total(usual(), "Invocations", "front")
    assert reached == pytest.approx(1.0 if reaches else 0.5, abs=0.05)
    assert sum(api(wrong, "5XXError")) == 0
    assert sum(api(wrong, "4XXError", path="/ping")) == sum(api(usual(), "4XXError", path="/ping"))


def test_a_slow_service_outside_slows_who_calls_it_and_who_waits_for_that() -> None:
    slow = world_of(("condition.service", {"host": HOST, "extra_ms": 900}))
    for function in ("back", "front"):
        longer = max(values(slow, "Duration", function, stat="p50")) - max(
            values(usual(), "Duration", function, stat="p50")
        )
        assert longer == pytest.approx(900, abs=150)
    assert total(slow, "Errors") < 10


def test_a_client_that_stops_waiting_says_so() -> None:
    slow = world_of(("condition.service", {"host": HOST, "extra_ms": 6000}))
    assert total(slow, "Errors", "back") == total(slow, "Invocations", "back") > 0
    (text,) = set(lines(slow, "back", "[ERROR]"))
    assert text.startswith(
        f"[ERROR] ReadTimeout: HTTPSConnectionPool(host='{HOST}', port=443): Read timed out. "
        "(read timeout=2)\nTraceback"
    )


def test_a_failing_service_outside_fails_the_share_that_meets_it() -> None:
    params: Params = {"host": HOST, "failure_share": 0.4, "failure_type": "HTTPError"}
    failing = world_of(("condition.service", params))
    share = total(failing, "Errors", "back") / total(failing, "Invocations", "back")
    assert share == pytest.approx(0.4, abs=0.05)
    assert total(failing, "Errors", "front") == total(failing, "Errors", "back")
    assert "503 Server Error" in lines(failing, "back", "[ERROR]")[0]


def test_trouble_of_a_provider_shows_in_every_caller_of_that_service() -> None:
    trouble = world_of(("condition.aws", {"service": "sqs", "failure_share": 0.5}))
    for function, target in (("front", "front"), ("work", "work")):
        assert total(trouble, "Errors", function) > 50, target
        (text,) = set(lines(trouble, function, "[ERROR]"))
        assert text.startswith(
            "[ERROR] InternalServerError: An error occurred (InternalServerError) when calling "
            "the SendMessage operation (reached max retries: 4): Internal server error\n"
        )
    assert total(trouble, "Errors", "back") == total(trouble, "Errors", "ping") == 0


def test_trouble_of_every_service_at_once_is_said_in_the_same_way() -> None:
    trouble = world_of(("condition.aws", {"service": "*", "failure_share": 0.3, "code": "X"}))
    said = " ".join(set(lines(trouble, "front", "[ERROR]")))
    for operation in ("Invoke", "PutItem", "SendMessage"):
        assert f"An error occurred (X) when calling the {operation} operation" in said


DENIALS: list[tuple[str, str, str, str, str]] = [
    ("dynamodb:PutItem", "AccessDeniedException", "PutItem", "dynamodb:PutItem", ":table/things"),
    ("sqs:SendMessage", "AccessDenied", "SendMessage", "sqs:sendmessage", ":jobs"),
    (
        "lambda:InvokeFunction",
        "AccessDeniedException",
        "Invoke",
        "lambda:InvokeFunction",
        ":function:back",
    ),
]


@pytest.mark.parametrize(("action", "code", "operation", "shown", "resource"), DENIALS)
def test_what_a_role_may_not_is_refused_in_the_words_of_that_service(
    action: str, code: str, operation: str, shown: str, resource: str
) -> None:
    denied = world_of(("iam.put_role_policy", {"function": "front", "deny": [action]}))
    assert total(denied, "Errors", "front") == total(denied, "Invocations", "front") > 0
    service = action.partition(":")[0]
    (text,) = set(lines(denied, "front", "[ERROR]"))
    assert text.splitlines()[0] == (
        f"[ERROR] ClientError: An error occurred ({code}) when calling the {operation} operation: "
        "User: arn:aws:sts::123456789012:assumed-role/front-role/front is not authorized to "
        f"perform: {shown} on resource: arn:aws:{service}:eu-west-1:123456789012{resource} "
        "with an explicit deny in an identity-based policy"
    )
    assert lines(denied, "ping") == lines(usual(), "ping")


def test_a_policy_that_is_gone_is_worded_otherwise_and_cured_by_attaching_it_again() -> None:
    lost: Params = {"function": "front", "policy": "tables", "lost": ["dynamodb:*"]}
    gone = world_of(("iam.detach_role_policy", lost))
    assert (
        "because no identity-based policy allows the dynamodb:PutItem action"
        in (lines(gone, "front", "[ERROR]")[0])
    )
    back = world_of(
        ("iam.detach_role_policy", lost),
        ("iam.attach_role_policy", {"function": "front", "policy": "tables"}),
        delays=(0.0, 600.0),
    )
    assert values(back, "Errors", "front", minutes=(24, 16))[0] > 0
    assert total(back, "Errors", "front", minutes=(12, 2)) == 0


def deployed(build: str) -> Account:
    return world_of(("lambda.update_code", {"function": "mail", "build": build}))


def test_a_missing_module_fails_every_invocation_in_both_phases() -> None:
    broken = deployed("mail-broken")
    assert total(broken, "Errors", "mail") == total(broken, "Invocations", "mail") > 0
    reports = lines(broken, "mail", "REPORT RequestId")
    assert all(
        one.endswith("Status: error\tError Type: Runtime.ImportModuleError\n") for one in reports
    )
    assert not any("Init Duration" in one for one in reports)
    for phase in ("init", "invoke"):
        ended = f"Phase: {phase}\tStatus: error\tError Type: Runtime.ImportModuleError\n"
        told = [one for one in lines(broken, "mail", "INIT_REPORT") if one.endswith(ended)]
        assert abs(len(told) - len(reports)) < 10
    errors = set(lines(broken, "mail", "[ERROR]"))
    assert errors == {
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'\n"
        "Traceback (most recent call last):\n"
    }


def test_a_process_that_ends_is_told_by_the_platform() -> None:
    exits = deployed("mail-exits")
    share = total(exits, "Errors", "mail") / total(exits, "Invocations", "mail")
    assert share == pytest.approx(0.2, abs=0.05)
    said = lines(exits, "mail", "Error: Runtime exited with error: exit status 1\nRuntime.Exit")
    assert said
    ended = lines(exits, "mail", "Status: error\tError Type: Runtime.ExitError\n")
    assert abs(len(said) - len(ended)) <= 1


def test_heavier_initialisation_shows_in_reports_and_at_the_api_not_in_durations() -> None:
    heavy = deployed("mail-heavy")
    inits = len(lines(heavy, "mail", "Init Duration"))
    assert inits > 8 * len(lines(usual(), "mail", "Init Duration"))
    assert total(heavy, "Duration", "mail", stat="p50") == pytest.approx(
        total(usual(), "Duration", "mail", stat="p50"), rel=0.05
    )


def test_containers_taken_away_make_the_api_slow_at_its_tail() -> None:
    cold = world_of(("condition.cold_starts", {"function": "ping", "share": 0.3}))
    assert min(api(cold, "Latency", "p99", "/ping")) > 250
    assert min(api(usual(), "Latency", "p99", "/ping")) < 250
    assert lines(cold, "front") == lines(usual(), "front")


def test_a_smaller_memory_makes_cpu_work_slower_but_kills_nobody() -> None:
    small = world_of(("lambda.update_configuration", {"function": "ping", "memory_mb": 128}))
    fleet = replace(
        MINI,
        builds={
            **MINI.builds,
            "ping-1": Build("ping-1", MINI.builds["ping-1"].steps, 400, cpu_share=0.95),
        },
    )
    slow = world_of(
        ("lambda.update_configuration", {"function": "ping", "memory_mb": 128}), fleet=fleet
    )
    ratio = total(slow, "Duration", "ping", stat="p50") / total(
        world_of(fleet=fleet), "Duration", "ping", stat="p50"
    )
    assert ratio == pytest.approx(0.05 + 0.95 * 2, rel=0.1)
    assert total(small, "Errors", "ping") == 0


@pytest.mark.parametrize("name", ["function", "host"])
def test_an_expired_secret_fails_every_use_from_one_moment_on_without_a_change(name: str) -> None:
    message = "certificate verify failed: certificate has expired (_ssl.c:1010)"
    params: Params = {name: "back" if name == "function" else HOST, "message": message}
    expired = world_of(("condition.expired", {**params, "type": "SSLCertVerificationError"}))
    assert total(expired, "Errors", "back") == total(expired, "Invocations", "back") > 0
    assert f"[ERROR] SSLCertVerificationError: {message}\n" in lines(expired, "back", "[ERROR]")[0]
    assert not expired.world.events


def test_an_integration_timeout_answers_504_while_the_function_goes_on_well() -> None:
    params: Params = {"method": "POST", "path": "/things", "integration_timeout_s": 0.2}
    short = world_of(("apigateway.update_method", params))
    assert sum(api(short, "5XXError", path="/things")) > 50
    assert max(api(short, "IntegrationLatency", "Maximum", "/things")) == pytest.approx(200)
    assert max(api(short, "Latency", "Maximum", "/things")) <= 212
    assert total(short, "Errors", "front") == 0
    assert sum(api(short, "5XXError", path="/ping")) == 0


def test_an_api_that_may_not_invoke_its_function_answers_500_and_invokes_nothing() -> None:
    shut = world_of(("lambda.remove_permission", {"function": "front", "route": "POST /things"}))
    assert sum(api(shut, "5XXError", path="/things")) > 50
    assert total(shut, "Errors", "front") == 0
    assert total(shut, "Invocations", "front") < total(world_of(), "Invocations", "front")
    assert sum(api(shut, "5XXError", path="/ping")) == 0


def retrying() -> Fleet:
    front = replace(MINI.function("front"), build="front-retries")
    return replace(MINI, functions=(front, *MINI.functions[1:]))


def test_callers_that_try_again_multiply_the_calls_of_a_failing_callee() -> None:
    params: Params = {"host": HOST, "failure_share": 1.0}
    storm = world_of(("condition.service", params), fleet=retrying())
    calls = total(storm, "Invocations", "back") / total(storm, "Invocations", "front")
    assert calls == pytest.approx(3.0, abs=0.05)
    calm = world_of(fleet=retrying())
    assert total(calm, "Invocations", "back") == pytest.approx(
        total(calm, "Invocations", "front"), abs=3
    )


def test_a_loop_through_a_queue_is_cut_by_lambda_after_sixteen_rounds() -> None:
    looped = world_of(
        ("lambda.update_configuration", {"function": "work", "variables": {"DONE": JOBS_URL}})
    )
    rounds = total(looped, "Invocations", "work") / total(looped, "Invocations", "front")
    assert 14 < rounds < 18
    assert total(looped, "RecursiveInvocationsDropped", "work") > 500
    assert values(usual(), "RecursiveInvocationsDropped", "work") == []


def test_a_trouble_that_ends_by_itself_leaves_its_traces_and_no_more() -> None:
    ended = world_of(
        ("condition.service", {"host": HOST, "failure_share": 1.0}),
        ("condition.clear", {"name": "service"}),
        delays=(0.0, 600.0),
    )
    assert total(ended, "Errors", "back", minutes=(24, 16)) > 500
    assert total(ended, "Errors", "back", minutes=(13, 2)) == 0
