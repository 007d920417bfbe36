"""A release needs more memory than its function has, and the platform kills it.

Fraud-score stands behind an alias, so two ways lead out: moving the alias back, or publishing a
version with more memory and moving the alias to it. More memory for $LATEST alone reaches nobody
who calls through the alias.
"""

from dataclasses import replace

from opspilot.embedded.faults.fault import PUBLISHED, Fault
from opspilot.embedded.fleet import LogLine, PlannedChange
from opspilot.embedded.workloads.shop_builds import BUILDS

_HUNGRY = replace(
    BUILDS["fraud-score-6"],
    name="fraud-score-7",
    memory_mb=1110,
    memory_sigma=0.07,
    init_ms=2100,
    lines=(
        LogLine("INFO", "features of order {order} joined with {items} tables", 0, 0.3),
        LogLine("INFO", "score for order {order} is low", 0, chance=0.5),
        LogLine("WARNING", "feature store stale by {items} s", 0, chance=0.03),
    ),
)

OUT_OF_MEMORY = Fault(
    name="out-of-memory",
    title="A release needs more memory than it has",
    description=(
        "Fraud-score gets release 7, whose larger model needs about 1.1 GB where the function has "
        "1 GB. Most of its invocations are killed, payments and checkout fail with it."
    ),
    workload="shop",
    hints=(
        "Checkout fails, and so does payments: follow the calls down to who fails by itself.",
        "Look at the REPORT lines of that function: memory used beside memory size.",
        "Who published a version of it, and which version does its alias point at?",
        "Fraud-score 7 needs more than its 1024 MB. Move alias live back to version 6, or publish "
        "a version with more memory: more memory for $LATEST alone reaches no caller.",
    ),
    builds={_HUNGRY.name: _HUNGRY},
    steps=(
        PlannedChange(
            "lambda.update_code", {"function": "fraud-score", "build": _HUNGRY.name}, "alice"
        ),
        PlannedChange(
            "lambda.publish_version",
            {"function": "fraud-score", "description": "release 7: larger model"},
            "alice",
        ),
        PlannedChange(
            "lambda.update_alias",
            {"function": "fraud-score", "alias": "live", "version": PUBLISHED},
            "alice",
        ),
    ),
)
