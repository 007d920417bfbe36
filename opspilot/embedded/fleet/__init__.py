"""What a workload is made of: plain data, read by the simulator and by the AWS handlers.

Nothing here names a particular fleet. A workload is one `Fleet` value; a build of a function's
code is a `Build` whose steps are executed, in order, by every invocation.
"""

from opspilot.embedded.fleet.build import Build, Failure, LogLine
from opspilot.embedded.fleet.specs import (
    LATEST,
    AlarmSpec,
    ApiSpec,
    Fleet,
    FunctionSpec,
    PlannedChange,
    Route,
    Traffic,
)
from opspilot.embedded.fleet.steps import CallService, Invoke, Put, Send, Step, TableCall, Work
from opspilot.embedded.fleet.stores import IndexSpec, QueueSpec, StreamSpec, TableSpec

__all__ = [
    "LATEST",
    "AlarmSpec",
    "ApiSpec",
    "Build",
    "CallService",
    "Failure",
    "Fleet",
    "FunctionSpec",
    "IndexSpec",
    "Invoke",
    "LogLine",
    "PlannedChange",
    "Put",
    "QueueSpec",
    "Route",
    "Send",
    "Step",
    "StreamSpec",
    "TableCall",
    "TableSpec",
    "Traffic",
    "Work",
]
