"""A release slows payments down, and checkout's timeout is now too small.

Payments itself stays without errors: its own timeout is 15 s. Checkout gives up after 3 s. Two
things cure it: moving the alias of payments back, or a timeout of checkout that is longer than
payments takes.
"""

from dataclasses import replace

from opspilot.embedded.faults.fault import PUBLISHED, Fault
from opspilot.embedded.fleet import LogLine, PlannedChange
from opspilot.embedded.workloads.shop_builds import BUILDS

_SLOW = replace(
    BUILDS["payments-17"],
    name="payments-18",
    work_ms=3550,
    work_sigma=0.08,
    cpu_share=0.02,
    slow_chance=0.0,
    lines=(
        LogLine("INFO", "charging order {order} amount={amount}", 0, 0.1),
        LogLine("WARNING", "gateway psp-2 did not answer within 1100 ms, retry 1", 2, 0.32),
        LogLine("WARNING", "gateway psp-2 did not answer within 1100 ms, retry 2", 2, 0.64),
        LogLine("INFO", "gateway accepted order {order} in {elapsed} ms", 2),
        LogLine("WARNING", "gateway certificate expires in {items} days", 0, chance=0.02),
    ),
)

SLOW_DEPENDENCY = Fault(
    name="slow-dependency",
    title="A release slows a dependency down",
    description=(
        "Payments gets release 18, which retries against a slow gateway and takes about 3.6 s. "
        "Checkout, which waits for it, times out after 3 s."
    ),
    workload="shop",
    hints=(
        "Checkout does not fail by itself: it gives up waiting. For whom?",
        "Compare the durations down the call chain: who slowed, and who only waits?",
        "Which version does the alias of that function point at, and since when?",
        "Payments 18 takes about 3.6 s, checkout waits 3 s. Move alias live of payments back to "
        "version 17, or give checkout more time.",
    ),
    builds={_SLOW.name: _SLOW},
    steps=(
        PlannedChange("lambda.update_code", {"function": "payments", "build": _SLOW.name}, "bob"),
        PlannedChange(
            "lambda.publish_version",
            {"function": "payments", "description": "release 18: second gateway"},
            "bob",
        ),
        PlannedChange(
            "lambda.update_alias",
            {"function": "payments", "alias": "live", "version": PUBLISHED},
            "bob",
        ),
    ),
)
