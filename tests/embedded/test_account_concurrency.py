"""The account's concurrency: all functions without a reservation share what is left of it."""

from __future__ import annotations

from dataclasses import replace

from opspilot.embedded.simulator.chunks import chunk_of
from tests.embedded.mini import MINI, lines, total, values, world_of

LIMIT = ("account.concurrency", {"limit": 4})


def test_a_limit_far_above_the_need_changes_nothing() -> None:
    high = world_of(("account.concurrency", {"limit": 60}))
    assert lines(high, "front") == lines(world_of(), "front")
    assert total(high, "Throttles") == 0


def test_an_exhausted_account_throttles_all_its_functions() -> None:
    tight = world_of(LIMIT)
    for function in ("front", "back", "mail"):
        assert total(tight, "Throttles", function) > 10
    assert max(values(tight, "ConcurrentExecutions", stat="Maximum")) <= 5
    assert total(tight, "Throttles") == sum(
        total(tight, "Throttles", f.name) for f in MINI.functions
    )
    assert "(TooManyRequestsException)" in lines(tight, "front", "[ERROR]")[0]


def test_a_reserved_function_is_spared_and_takes_its_share_from_the_others() -> None:
    functions = [replace(one, reserved=2) if one.name == "ping" else one for one in MINI.functions]
    spared = world_of(
        ("account.concurrency", {"limit": 6}), fleet=replace(MINI, functions=tuple(functions))
    )
    assert total(spared, "Throttles", "ping") < 0.01 * total(spared, "Invocations", "ping")
    assert total(spared, "Throttles", "front") > 10
    assert max(values(spared, "UnreservedConcurrentExecutions", stat="Maximum")) <= 5


def test_a_surge_can_exhaust_the_account_and_its_end_frees_it() -> None:
    fleet = replace(MINI, account_concurrency=16)
    surge = world_of(
        ("condition.traffic", {"factor": 6.0}),
        ("condition.clear", {}),
        delays=(0.0, 480.0),
        age_s=1200.0,
        fleet=fleet,
    )
    during, after = (
        total(surge, "Throttles", minutes=span) for span in ((19.0, 13.0), (10.0, 2.0))
    )
    assert during > 50
    assert after == 0


def test_the_past_does_not_know_that_the_account_will_be_exhausted() -> None:
    calm, tight = world_of(), world_of(LIMIT)
    start = tight.now() - 1500.0
    chunk = chunk_of(start)
    for function in ("front", "back", "mail", "ping"):
        texts = [
            [
                event.message
                for event in account.logs.hour(f"/aws/lambda/{function}", chunk)
                if event.timestamp < start * 1000
            ]
            for account in (calm, tight)
        ]
        assert texts[0] == texts[1]
