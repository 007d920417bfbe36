"""Requests to DynamoDB tables: admitted, held up or refused, and their conditions."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.fleet import Failure, TableCall
from opspilot.embedded.simulator.aws_calls import AwsCall, Passed, client_failure, pass_on
from opspilot.embedded.simulator.capacity import PARTITION, TABLE, Demand, limited
from opspilot.embedded.simulator.records import TableBatch
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable
from opspilot.embedded.simulator.traffic import Bools, Floats

_CONTENTION = 0.6
"""Share of conditional writes to one hot key that lose the race."""

_SDK_RETRIES = 4
_EXCEEDED = {
    TABLE: (
        "The level of configured provisioned throughput for the table was exceeded. Consider "
        "increasing your provisioning level with the UpdateTable API."
    ),
    PARTITION: (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
        "scaling your table or index so please try again shortly. If exceptions persist, check if "
        "you have a hot key: "
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
    ),
}
_INDEX_EXCEEDED = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the under-provisioned "
    "global secondary indexes with the UpdateTable API"
)


def use_table(reached: Reached, step: TableCall) -> Outcome:
    """One request to the table that a variable names."""
    table = reached.variable(step.variable)
    if table is None:
        return missing_variable(reached, step.variable)
    took = reached.latency_s(step.latency_ms)
    absent = None
    if table not in reached.state.tables:
        absent = client_failure(
            "ResourceNotFoundException", step.operation, "Requested resource not found"
        )
    resource = f"table/{table}" + (f"/index/{step.index}" if step.index else "")
    call = AwsCall(
        "dynamodb",
        step.operation,
        f"dynamodb:{step.operation}",
        reached.arn("dynamodb", resource),
        absent,
    )
    passed = pass_on(reached, call, took)
    if not passed.accepted.any():
        return passed.outcome
    return _admitted(reached, step, table, passed)


def reads(operation: str) -> bool:
    """Whether an operation consumes read capacity."""
    return operation in ("GetItem", "Query", "Scan")


def _admitted(reached: Reached, step: TableCall, table: str, passed: Passed) -> Outcome:
    """The requests that reached the table: held up or refused for want of capacity."""
    after, accepted = passed.after, passed.accepted
    failures = list(passed.failures)
    hot = reached.chosen(reached.state.conditions.hot_keys.get(table, 0.0), "hot")
    if limited(reached.state.tables[table]) or hot.any():
        ruling = reached.walk.capacity.ruling(reached.place, reached.rows[accepted])
        reached.walk.note_demand(
            table,
            Demand(
                reached.place,
                reached.rows[accepted],
                reached.before[accepted],
                step.units,
                "read" if reads(step.operation) else "write",
                step.index,
                hot[accepted],
            ),
        )
        after = after.copy()
        after[accepted] += ruling.delay
        refused = np.zeros(accepted.size, dtype=bool)
        for why in {one for one in ruling.refused_by if one is not None}:
            mask = np.zeros(accepted.size, dtype=bool)
            mask[accepted] = [one == why for one in ruling.refused_by]
            failures.append((mask, _exceeded(reached, step, table, why)))
            refused |= mask
        accepted = accepted & ~refused
    return _conditional(reached, step, table, Passed(after, accepted, tuple(failures)), hot)


def _exceeded(reached: Reached, step: TableCall, table: str, why: str) -> Failure:
    on_demand = reached.state.tables[table].billing == "on_demand"
    code = "ThrottlingException" if on_demand else "ProvisionedThroughputExceededException"
    text = _EXCEEDED.get(why, _INDEX_EXCEEDED)
    return client_failure(code, step.operation, text, _SDK_RETRIES)


def _conditional(
    reached: Reached, step: TableCall, table: str, passed: Passed, hot: Bools
) -> Outcome:
    """Requests with a condition are tried again while it does not hold, as the code does.

    Code that tries again needs the condition to hold; code that does not takes "no" for an answer.
    """
    after, going, failures = passed.after, passed.accepted, list(passed.failures)
    for attempt in range(step.retries + 1):
        unmet = _unmet(reached, step, hot, attempt) & going
        _record(reached, step, table, after, going, unmet)
        going = unmet
        if not going.any() or attempt == step.retries:
            break
        again = after.copy()
        again[going] += step.latency_ms / 1000.0 * 2.0
        after = again
    if step.retries and going.any():
        message = "The conditional request failed"
        why = client_failure("ConditionalCheckFailedException", step.operation, message)
        failures.append((going, why))
    return Outcome(after, tuple(failures))


def _unmet(reached: Reached, step: TableCall, hot: Bools, attempt: int) -> Bools:
    if step.conditional_share <= 0.0:
        return np.zeros(hot.size, dtype=bool)
    share = np.where(hot, max(step.conditional_share, _CONTENTION), step.conditional_share)
    luck = reached.walk.uniform(f"{reached.place}!condition{attempt}")[reached.rows]
    unlucky: Bools = luck < share
    return unlucky


def _record(
    reached: Reached, step: TableCall, table: str, after: Floats, going: Bools, unmet: Bools
) -> None:
    done = after[going]
    if not done.size:
        return
    took_ms = (done - reached.before[going]) * 1000.0
    conditions = unmet[going] if step.conditional_share > 0.0 else None
    reached.walk.record_table(
        TableBatch(table, step.operation, done, took_ms, step.units, step.index, conditions)
    )
