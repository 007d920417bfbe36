"""Records: put into Kinesis streams by functions."""

from __future__ import annotations

from opspilot.embedded.fleet import Put
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable


def put(reached: Reached, step: Put) -> Outcome:
    """One record to the stream that a variable names."""
    stream = reached.variable(step.variable)
    if stream is None:
        return missing_variable(reached, step.variable)
    absent = None
    if stream not in reached.state.streams:
        absent = client_failure(
            "ResourceNotFoundException",
            "PutRecord",
            f"Stream {stream} under account {reached.state.account_id} not found.",
        )
    resource = reached.arn("kinesis", f"stream/{stream}")
    call = AwsCall("kinesis", "PutRecord", "kinesis:PutRecord", resource, absent)
    passed = pass_on(reached, call, reached.latency_s(step.latency_ms))
    put_in = passed.accepted & (passed.after <= reached.deadline)
    if put_in.any():
        reached.walk.hand_over(
            "record", reached.place, stream, reached.rows[put_in], passed.after[put_in]
        )
    return passed.outcome
