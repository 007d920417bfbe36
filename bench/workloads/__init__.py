"""The workloads that scenarios name: the embedded account's shop, and those of the benchmark."""

from collections.abc import Mapping

from bench.workloads.claims import CLAIMS
from bench.workloads.ledger import LEDGER
from bench.workloads.media import MEDIA
from bench.workloads.parcels import PARCELS
from bench.workloads.sensors import SENSORS
from bench.workloads.travel import TRAVEL
from opspilot.embedded.fleet import Fleet
from opspilot.embedded.workloads import WORKLOADS as SHIPPED

WORKLOADS: Mapping[str, Fleet] = {
    **SHIPPED,
    **{fleet.name: fleet for fleet in (CLAIMS, LEDGER, MEDIA, PARCELS, SENSORS, TRAVEL)},
}
