"""The pure simulator: deterministic, causal, and consistent from metrics to log lines."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from opspilot.embedded.changes import Stamp, apply
from opspilot.embedded.configuration import Timeline
from opspilot.embedded.fleet import Fleet
from opspilot.embedded.origin import Origin
from opspilot.embedded.seeding import initial_configuration
from opspilot.embedded.simulator.chunks import Simulation
from opspilot.embedded.simulator.records import ANSWERED, KILLED, TIMED_OUT, ChunkTrace
from opspilot.embedded.simulator.traffic import arrivals, minute_rates
from opspilot.embedded.simulator.walk import Walk
from opspilot.embedded.telemetry.loglines import LogEvent, Renderer
from opspilot.embedded.telemetry.logs import Logs
from opspilot.embedded.telemetry.metrics import Metrics
from opspilot.embedded.telemetry.samples import MetricId
from opspilot.embedded.telemetry.statistic import parse_statistic
from opspilot.embedded.workloads import WORKLOADS

SHOP = WORKLOADS["shop"]
CHUNK = 492_396
START = CHUNK * 3600.0
ORIGIN = Origin(seed=7, epoch=START + 3600.0)

Change = tuple[float, str, dict[str, object]]

CHANGES: list[tuple[str, dict[str, object]]] = [
    ("lambda.update_configuration", {"function": "checkout", "timeout_s": 1}),
    ("lambda.update_configuration", {"function": "storefront", "memory_mb": 128}),
    ("lambda.update_configuration", {"function": "fulfilment", "environment": {}}),
    ("lambda.put_concurrency", {"function": "inventory", "reserved": 1}),
    ("lambda.put_concurrency", {"function": "payments", "reserved": 0}),
    ("lambda.update_configuration", {"function": "checkout", "environment": {"A": "b"}}),
]


def timeline(*changes: Change, fleet: Fleet = SHOP) -> Timeline:
    """A timeline with changes at these seconds after the chunk's beginning."""
    line = Timeline(initial_configuration(fleet, ORIGIN))
    for number, (second, kind, params) in enumerate(changes):
        stamp = Stamp(START + second, 7, str(number))
        line.append(stamp.at, apply(kind, line.current, params, stamp))
    return line


def walk(*changes: Change, fleet: Fleet = SHOP, seed: int = 7) -> ChunkTrace:
    """The chunk under these changes."""
    line = timeline(*changes, fleet=fleet)
    return Walk(fleet, fleet.builds, line, seed, CHUNK, detail=True).run()


def simulation(*changes: Change) -> Simulation:
    """A simulation under these changes."""
    return Simulation(SHOP, SHOP.builds, timeline(*changes), 7, START - 21 * 86400)


def calls(trace: ChunkTrace, function: str) -> int:
    """Invocations of a function."""
    return sum(batch.start.size for batch in trace.calls_of(function))


def errors(trace: ChunkTrace, function: str) -> int:
    """Failed invocations of a function."""
    return int(sum((batch.code != 0).sum() for batch in trace.calls_of(function)))


def durations(trace: ChunkTrace, function: str) -> np.ndarray:
    """Durations of a function, in milliseconds."""
    return np.concatenate([batch.duration_ms for batch in trace.calls_of(function)])


def log_lines(sim: Simulation, function: str) -> list[LogEvent]:
    """All lines of a function that the hour holds."""
    return Logs(sim, ORIGIN).hour(f"/aws/lambda/{function}", CHUNK)


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    first, again, other = walk(), walk(), walk(seed=8)
    assert np.array_equal(durations(first, "checkout"), durations(again, "checkout"))
    assert calls(first, "checkout") != calls(other, "checkout")


@cache
def unchanged() -> Simulation:
    """A simulation without changes, which many tests compare with."""
    return simulation()


@cache
def unchanged_lines(function: str) -> list[LogEvent]:
    """Its lines."""
    return _rendered(unchanged(), function)


@pytest.mark.parametrize(("kind", "params"), CHANGES)
def test_a_change_leaves_everything_before_it_as_it_was(
    kind: str, params: dict[str, object]
) -> None:
    at = START + 1500.0
    after = simulation((1500.0, kind, params))
    for function in ("checkout", "inventory", "fulfilment"):
        past = [e for e in unchanged_lines(function) if e.timestamp < at * 1000]
        assert past == [e for e in _rendered(after, function) if e.timestamp < at * 1000]
        assert past
    for name, stat in (("Errors", "Sum"), ("Duration", "p99"), ("Invocations", "Sum")):
        assert _seen(unchanged(), name, stat, at) == _seen(after, name, stat, at)


def _seen(sim: Simulation, name: str, stat: str, at: float) -> list[float]:
    statistic = parse_statistic(stat)
    assert statistic is not None
    metric = MetricId.of("AWS/Lambda", name, {"FunctionName": "checkout"})
    times, values = Metrics(sim, START).query(metric, statistic, 60, (START, at + 600), at)
    return [*times.tolist(), *values.tolist()]


@pytest.mark.parametrize(("kind", "params"), CHANGES)
def test_each_of_these_changes_does_change_what_follows(
    kind: str, params: dict[str, object]
) -> None:
    function = "checkout" if params["function"] == "payments" else str(params["function"])
    after = simulation((1500.0, kind, params))
    assert unchanged_lines(function) != _rendered(after, function)


def test_every_request_of_the_api_reaches_the_function_behind_it() -> None:
    trace = walk()
    requests = {batch.path: batch.time.size for batch in trace.api}
    assert requests["/checkout"] == calls(trace, "checkout")
    assert requests["/products"] == calls(trace, "storefront")
    assert min(requests.values()) > 60 * 25


def test_callees_are_invoked_exactly_as_often_as_callers_reach_them() -> None:
    trace = walk((600.0, "lambda.update_configuration", {"function": "checkout", "timeout_s": 1}))
    checkout = trace.calls_of("checkout")
    reached_payments = sum(int(np.isfinite(b.bounds[3]).sum()) for b in checkout)
    assert calls(trace, "payments") == reached_payments
    scored = sum(int(np.isfinite(b.bounds[2]).sum()) for b in trace.calls_of("payments"))
    assert calls(trace, "fraud-score") == scored


def test_a_callees_latency_is_part_of_its_callers_duration() -> None:
    trace = walk()
    (checkout,) = trace.calls_of("checkout")
    (payments,) = trace.calls_of("payments")
    own = dict(zip(payments.row.tolist(), (payments.end - payments.start).tolist(), strict=True))
    whole = checkout.end - checkout.start
    assert all(own[row] < whole[i] for i, row in enumerate(checkout.row.tolist()) if row in own)


def test_the_api_answers_5xx_exactly_when_its_function_fails() -> None:
    trace = walk((900.0, "lambda.update_configuration", {"function": "checkout", "timeout_s": 1}))
    for path, function in (("/checkout", "checkout"), ("/products", "storefront")):
        served = [batch for batch in trace.api if batch.path == path]
        assert sum(int((b.status >= 500).sum()) for b in served) == errors(trace, function)


def _rendered(sim: Simulation, function: str) -> list[LogEvent]:
    trace = sim.trace(CHUNK, detail=True)
    formats = {f.name: str(f.log_format) for f in SHOP.functions}
    return Renderer(7, "eu-west-1", formats).lines(function, trace)


@pytest.mark.parametrize("function", ["checkout", "payments", "storefront"])
def test_there_is_one_error_line_for_each_failed_invocation(function: str) -> None:
    sim = simulation(
        (600.0, "lambda.update_configuration", {"function": "checkout", "timeout_s": 1}),
        (1200.0, "lambda.put_concurrency", {"function": "fraud-score", "reserved": 1}),
        (1800.0, "lambda.update_configuration", {"function": "storefront", "environment": {}}),
    )
    marks = ("Task timed out", "[ERROR]", '"level": "ERROR"', "Runtime.ExitError\n")
    lines = [e.message for e in _rendered(sim, function)]
    found = sum(any(mark in line for mark in marks) for line in lines)
    assert found == errors(sim.trace(CHUNK), function) > 10


@pytest.mark.parametrize("function", [f.name for f in SHOP.functions])
def test_every_invocation_starts_ends_and_reports_once(function: str) -> None:
    sim = unchanged()
    lines = [e.message for e in unchanged_lines(function)]
    for word in ("START RequestId", "END RequestId", "REPORT RequestId"):
        assert sum(line.startswith(word) for line in lines) == calls(sim.trace(CHUNK), function)


def test_a_container_handles_one_invocation_at_a_time() -> None:
    events = log_lines(unchanged(), "checkout")
    open_requests: dict[str, str] = {}
    for event in events:
        if event.message.startswith("START"):
            assert event.stream not in open_requests
            open_requests[event.stream] = event.request_id
        elif event.message.startswith("REPORT"):
            assert open_requests.pop(event.stream, event.request_id) == event.request_id


def test_duration_never_exceeds_the_timeout_and_the_dead_send_no_messages() -> None:
    trace = walk((0.0, "lambda.update_configuration", {"function": "checkout", "timeout_s": 1}))
    assert durations(trace, "checkout").max() <= 1000.0 + 1e-6
    codes = np.concatenate([b.code for b in trace.calls_of("checkout")])
    assert (codes == TIMED_OUT).sum() > 5
    sent = sum(batch.sent.size for batch in trace.queues)
    # A message is sent before the last piece of own work, in which a few still time out.
    assert (codes == 0).sum() <= sent <= codes.size - errors(trace, "checkout") * 0.3


def test_more_memory_means_less_cpu_time_and_too_little_kills() -> None:
    def fraud(memory: int) -> ChunkTrace:
        changed = tuple(
            replace(f, memory_mb=memory) if f.name == "fraud-score" else f for f in SHOP.functions
        )
        return walk(fleet=replace(SHOP, functions=changed))

    usual, large, small = fraud(1024), fraud(1769), fraud(384)
    assert np.median(durations(large, "fraud-score")) < 0.8 * np.median(
        durations(usual, "fraud-score")
    )
    codes = np.concatenate([b.code for b in small.calls_of("fraud-score")])
    assert 0.2 < (codes == KILLED).mean() < 0.8
    assert errors(usual, "fraud-score") < 5


def test_reserved_concurrency_is_never_exceeded_and_throttles_the_rest() -> None:
    trace = walk((0.0, "lambda.put_concurrency", {"function": "inventory", "reserved": 1}))
    batches = trace.calls_of("inventory")
    edges = sorted(
        [(t, 1) for b in batches for t in b.start.tolist()]
        + [(t, -1) for b in batches for t in b.end.tolist()]
    )
    assert int(np.cumsum([step for _, step in edges]).max()) == 1
    refused = sum(batch.time.size for batch in trace.throttles["inventory"])
    assert 50 < refused < calls(trace, "inventory")
    failed = errors(trace, "checkout") + errors(trace, "storefront")
    assert failed >= refused


def test_a_generous_reservation_changes_nothing() -> None:
    limited = walk((0.0, "lambda.put_concurrency", {"function": "inventory", "reserved": 400}))
    assert sum(batch.time.size for batch in limited.throttles["inventory"]) == 0
    assert np.array_equal(durations(limited, "checkout"), durations(walk(), "checkout"))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("order", "Requested resource not found"),
        (None, "'ORDERS_TABLE'"),
    ],
)
def test_a_wrong_or_missing_table_fails_the_calls_that_use_it(
    value: str | None, error: str
) -> None:
    environment = dict(SHOP.function("inventory").environment)
    environment.pop("ORDERS_TABLE")
    if value is not None:
        environment["ORDERS_TABLE"] = value
    trace = walk(
        (
            0.0,
            "lambda.update_configuration",
            {"function": "inventory", "environment": environment},
        ),
        (1.0, "lambda.update_alias", {"function": "inventory", "alias": "live", "version": "11"}),
    )
    assert errors(trace, "inventory") < 5, "callers still meet the published version"
    fleet = replace(
        SHOP,
        functions=tuple(
            replace(f, environment=environment) if f.name == "inventory" else f
            for f in SHOP.functions
        ),
    )
    broken = walk(fleet=fleet)
    assert errors(broken, "inventory") == calls(broken, "inventory")
    assert {f.message for b in broken.calls_of("inventory") for f in b.failures} >= {
        next(
            f.message
            for b in broken.calls_of("inventory")
            for f in b.failures
            if error in f.message
        )
    }
    assert errors(broken, "checkout") == calls(broken, "checkout")


def test_an_unknown_callee_fails_the_caller() -> None:
    environment = {
        **SHOP.function("checkout").environment,
        "PAYMENTS_FUNCTION": "payments:nosuchalias",
    }
    params: dict[str, object] = {"function": "checkout", "environment": environment}
    trace = walk((0.0, "lambda.update_configuration", params))
    assert calls(trace, "payments") == 0
    assert errors(trace, "checkout") == calls(trace, "checkout")


def test_alias_weights_share_the_traffic() -> None:
    trace = walk(
        (0.0, "lambda.update_configuration", {"function": "payments", "timeout_s": 14}),
        (30.0, "lambda.publish_version", {"function": "payments"}),
        (
            60.0,
            "lambda.update_alias",
            {"function": "payments", "alias": "live", "weights": {"16": 0.25}},
        ),
    )
    by_version = {b.runtime.version.version: b.start.size for b in trace.calls_of("payments")}
    later = {
        b.runtime.version.version: int((b.start > START + 60).sum())
        for b in trace.calls_of("payments")
    }
    assert set(by_version) == {"15", "16"}
    assert later["16"] / sum(later.values()) == pytest.approx(0.25, abs=0.03)


def test_a_message_that_fails_three_times_goes_to_the_dead_letter_queue() -> None:
    environment = dict(SHOP.function("fulfilment").environment, ORDERS_TABLE="gone")
    params: dict[str, object] = {"function": "fulfilment", "environment": environment}
    trace = walk((0.0, "lambda.update_configuration", params))
    (queue,) = [batch for batch in trace.queues if batch.queue == "order-events"]
    assert queue.dead.all()
    assert queue.received.size == 3 * queue.sent.size == calls(trace, "fulfilment")
    waited = queue.gone - queue.sent
    assert waited.min() >= 3 * 60


def test_messages_of_a_healthy_queue_are_handled_once_and_soon() -> None:
    (queue,) = [batch for batch in walk().queues if batch.queue == "order-events"]
    assert not queue.dead.any()
    assert queue.received.size == queue.sent.size
    assert np.percentile(queue.gone - queue.sent, 99) < 5


def test_new_containers_start_cold_after_a_change() -> None:
    trace = walk(
        (1800.0, "lambda.update_configuration", {"function": "checkout", "memory_mb": 640})
    )
    start = np.concatenate([b.start for b in trace.calls_of("checkout")])
    cold = np.concatenate([b.begin > b.start for b in trace.calls_of("checkout")])
    just_after = (start >= START + 1800) & (start < START + 1804)
    assert cold[just_after].mean() > 0.4
    assert 0.001 < cold[start < START + 1800].mean() < 0.02


def test_traffic_has_a_daily_and_a_weekly_rhythm() -> None:
    monday = 492_384 // 24 * 24
    while (monday // 24 + 3) % 7 != 0:
        monday += 24
    day = [minute_rates(SHOP.traffic, 7, monday + hour).mean() for hour in range(24)]
    assert 1.5 < max(day) / min(day) < 4
    assert min(day) * min(route.share for route in SHOP.api.routes) > 25
    weekend = minute_rates(SHOP.traffic, 7, monday + 5 * 24 + 14).mean()
    assert weekend < 0.95 * minute_rates(SHOP.traffic, 7, monday + 14).mean()


def test_arrivals_are_sorted_and_inside_their_chunk() -> None:
    for route in arrivals(SHOP, 7, CHUNK):
        assert (np.diff(route.time) >= 0).all()
        assert START <= route.time[0] < route.time[-1] < START + 3600


def test_parts_of_a_chunk_are_the_same_as_in_the_whole() -> None:
    sim = unchanged()
    for function in SHOP.functions:
        part = sim.trace(CHUNK, sim.reach.of_function(function.name))
        assert np.array_equal(
            durations(part, function.name), durations(sim.trace(CHUNK), function.name)
        )


def test_a_storefront_question_does_not_walk_checkout() -> None:
    sim = simulation()
    assert calls(sim.trace(CHUNK, sim.reach.of_function("storefront")), "checkout") == 0


def test_callers_see_answers_only_from_invocations_that_ended_well() -> None:
    line = timeline((0.0, "lambda.put_concurrency", {"function": "notify", "reserved": 0}))
    walker = Walk(SHOP, SHOP.builds, line, 7, CHUNK)
    walker.load = np.ones(3)
    answer = walker.invoke("x", "notify", np.array([START, START + 1, START + 2]), np.arange(3))
    assert (answer.seen != ANSWERED).all()


def test_before_history_there_is_nothing() -> None:
    sim = simulation()
    assert not sim.trace(sim.first_chunk - 1).calls
