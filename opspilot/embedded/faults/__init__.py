"""The faults that can be injected: one file each, found by name in one table."""

from collections.abc import Mapping

from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.faults.slow_dependency import SLOW_DEPENDENCY

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (SLOW_DEPENDENCY,)}
