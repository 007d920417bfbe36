"""Invoke: runs one invocation through the simulator, at this moment and under this configuration.

It answers what the function would answer and leaves no metrics or log lines: traffic is the
workload's alone, so that it stays a function of the seed.
"""

from __future__ import annotations

import base64
import json

import numpy as np

from opspilot.embedded.configuration import FunctionConfig, VersionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.simulator.chunks import chunk_of
from opspilot.embedded.simulator.records import FAILED, KILLED, OK, TIMED_OUT, CallBatch, ChunkTrace
from opspilot.embedded.simulator.walk import Walk
from opspilot.embedded.telemetry.loglines import Renderer
from opspilot.embedded.wire import Call, Reply, request_id

_TAIL_BYTES = 4096


def invoke(
    call: Call,
    function: FunctionConfig,
    qualifier: str | None,
    version: VersionConfig,
    *,
    tail: bool = False,
) -> Reply:
    """The answer of a synchronous invocation; throttled when concurrency is reserved to 0.

    With `tail` the last 4 KB of its log lines come along, as Lambda's LogType "Tail" does.
    """
    if function.reserved == 0:
        raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
    trace = _run(call, function, qualifier)
    batch = trace.calls_of(function.name)[0]
    code = int(batch.code[0])
    headers = {"X-Amz-Executed-Version": version.version}
    if tail:
        headers["X-Amz-Log-Result"] = _tail(call, function, trace)
    if code == OK:
        body = json.dumps({"statusCode": 200, "durationMs": round(float(batch.duration_ms[0]), 2)})
        return Reply(body.encode(), headers=headers)
    headers["X-Amz-Function-Error"] = "Unhandled"
    return Reply(json.dumps(_error(batch, code, version)).encode(), headers=headers)


def _tail(call: Call, function: FunctionConfig, trace: ChunkTrace) -> str:
    simulation = call.account.simulation
    formats = {one.name: one.log_format for one in simulation.fleet.functions}
    writer = Renderer(simulation.seed, call.account.region, formats)
    text = "".join(event.message for event in writer.lines(function.name, trace))
    return base64.b64encode(text.encode()[-_TAIL_BYTES:]).decode()


def _run(call: Call, function: FunctionConfig, qualifier: str | None) -> ChunkTrace:
    account = call.account
    simulation = account.simulation
    walk = Walk(
        simulation.fleet,
        account.world.builds,
        simulation.timeline,
        simulation.seed,
        chunk_of(call.now),
        detail=True,
    )
    target = function.name if qualifier is None else f"{function.name}:{qualifier}"
    walk.load = np.ones(1)
    walk.invoke(f"invoke@{call.now:.3f}", target, np.array([call.now]), np.zeros(1, dtype=np.int64))
    return walk.trace


def _error(batch: CallBatch, code: int, version: VersionConfig) -> dict[str, object]:
    request = request_id()
    if code == TIMED_OUT:
        text = f"{request} Task timed out after {version.timeout_s:.2f} seconds"
        return {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {text}"}
    if code == KILLED:
        text = f"RequestId: {request} Error: Runtime exited with error: signal: killed"
        return {"errorType": "Runtime.ExitError", "errorMessage": text}
    failure = batch.failures[code - FAILED]
    return {
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stackTrace": [f"  {frame}\n" for frame in failure.frames],
    }
