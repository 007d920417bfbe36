"""Builds the object graph: the only place that does.

`open_workbench` finds the account that is meant, opens the store that belongs to it, connects the
AWS ports and hands them to the engine. Entrypoints and screens get everything from the `Workbench`.
"""

from opspilot.bootstrap.capsule import open_capsule
from opspilot.bootstrap.faults import FaultInfo, Faults
from opspilot.bootstrap.place import Place, Ports
from opspilot.bootstrap.storage import TableReport, create_tables
from opspilot.bootstrap.workbench import Workbench, assemble, open_workbench

__all__ = [
    "FaultInfo",
    "Faults",
    "Place",
    "Ports",
    "TableReport",
    "Workbench",
    "assemble",
    "create_tables",
    "open_capsule",
    "open_workbench",
]
