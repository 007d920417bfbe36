"""The faults that can be injected: one file each, found by name in one table."""

from collections.abc import Mapping

from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.faults.out_of_memory import OUT_OF_MEMORY
from opspilot.embedded.faults.slow_dependency import SLOW_DEPENDENCY
from opspilot.embedded.faults.wrong_table import WRONG_TABLE

FAULTS: Mapping[str, Fault] = {
    fault.name: fault for fault in (SLOW_DEPENDENCY, OUT_OF_MEMORY, WRONG_TABLE)
}
