"""The workloads that scenarios name: the embedded account's shop, and those of the benchmark."""

from collections.abc import Mapping

from opspilot.embedded.fleet import Fleet
from opspilot.embedded.workloads import WORKLOADS as SHIPPED

WORKLOADS: Mapping[str, Fleet] = {**SHIPPED}
