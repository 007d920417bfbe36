"""Requests to DynamoDB tables."""

from __future__ import annotations

from opspilot.embedded.fleet import TableCall
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.records import TableBatch
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable


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
    call = AwsCall(
        "dynamodb",
        step.operation,
        f"dynamodb:{step.operation}",
        reached.arn("dynamodb", f"table/{table}"),
        absent,
    )
    passed = pass_on(reached, call, took)
    after = passed.after[passed.accepted]
    took_ms = (after - reached.before[passed.accepted]) * 1000.0
    if after.size:
        reached.walk.record_table(TableBatch(table, step.operation, after, took_ms, step.units))
    return passed.outcome


def reads(operation: str) -> bool:
    """Whether an operation consumes read capacity."""
    return operation in ("GetItem", "Query", "Scan")
