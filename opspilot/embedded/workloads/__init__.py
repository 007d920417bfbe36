"""The workloads that the embedded account can hold, by name."""

from collections.abc import Mapping

from opspilot.embedded.fleet import Fleet
from opspilot.embedded.workloads.shop import SHOP

WORKLOADS: Mapping[str, Fleet] = {SHOP.name: SHOP}
