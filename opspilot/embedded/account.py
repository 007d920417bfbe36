"""The account behind the API: world, simulation, telemetry and clock, under one lock."""

from __future__ import annotations

import threading
from datetime import datetime

from opspilot.embedded.api_faults import ApiFaults
from opspilot.embedded.clock import AccountClock, utc
from opspilot.embedded.simulator.chunks import Simulation
from opspilot.embedded.telemetry.alarms import Alarms
from opspilot.embedded.telemetry.insights_store import InsightsQueries
from opspilot.embedded.telemetry.logs import Logs
from opspilot.embedded.telemetry.metrics import Metrics
from opspilot.embedded.world import World

_DAY = 86400.0
_MESSAGES_SINCE_S = 6 * 3600.0


class Account:
    """What the handlers work on. They hold `lock` while they do."""

    def __init__(self, world: World, clock: AccountClock) -> None:
        origin = world.origin
        self.world = world
        self.clock = clock
        self.lock = threading.RLock()
        self.simulation = Simulation(
            world.fleet,
            world.builds,
            world.timeline,
            origin.seed,
            origin.epoch - world.fleet.history_days * _DAY,
        )
        self.metrics = Metrics(
            self.simulation, origin.epoch - _MESSAGES_SINCE_S, world.custom_metrics
        )
        self.alarms = Alarms(world.alarms, self.metrics)
        self.logs = Logs(self.simulation, origin)
        self.queries = InsightsQueries(self.logs, origin.account_id)
        self.api_faults = ApiFaults()

    @property
    def account_id(self) -> str:
        """Twelve digits."""
        return self.world.origin.account_id

    @property
    def region(self) -> str:
        """The one region."""
        return self.world.origin.region

    def now(self) -> float:
        """Account time in epoch seconds; what was planned up to it has happened."""
        with self.lock:
            now = self.clock.now()
            self.world.catch_up(now)
            return now

    def account_now(self) -> datetime:
        """Account time."""
        return utc(self.now())
