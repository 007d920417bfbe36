"""Stands in for every AWS port while there is no account to ask: each call says why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.change import ChangeFeed
from opspilot.domain.conversation import ModelRole
from opspilot.domain.plan import Instruction, PreState
from opspilot.domain.resource import Resource
from opspilot.domain.telemetry import (
    InsightsQuery,
    InsightsResult,
    LogLines,
    LogQuery,
    MetricQuery,
    MetricSeries,
)
from opspilot.domain.traces import ServiceGraph
from opspilot.domain.trial import Trial, TrialMode
from opspilot.domain.window import Window
from opspilot.domain.workload import Configuration, Topology
from opspilot.errors import AwsUnavailable, OpsPilotError
from opspilot.ports.actuator import Receipt, Settling
from opspilot.ports.model import ModelAccess, ModelEvent, ModelRequest


@dataclass(frozen=True)
class Unreachable:
    """All AWS ports at once.

    Attributes:
        cause: Why the account cannot be asked; its message and hint are passed on.
    """

    cause: OpsPilotError

    def sent(self) -> int:
        """Nothing is sent to an account that cannot be asked."""
        return 0

    def _refuse(self) -> NoReturn:
        raise AwsUnavailable(self.cause.message, hint=self.cause.hint) from self.cause

    def fetch(self, queries: Sequence[MetricQuery], window: Window) -> list[MetricSeries]:
        """Refuse."""
        self._refuse()

    def search(self, query: LogQuery) -> LogLines:
        """Refuse."""
        self._refuse()

    def start(self, query: InsightsQuery) -> str:
        """Refuse."""
        self._refuse()

    def poll(self, query_id: str) -> InsightsResult:
        """Refuse."""
        self._refuse()

    def stop(self, query_id: str) -> None:
        """Refuse."""
        self._refuse()

    def resolve(self, name_or_arn: str) -> Resource:
        """Refuse."""
        self._refuse()

    def resources(self) -> list[Resource]:
        """Refuse."""
        self._refuse()

    def describe(self, resource: Resource) -> Configuration:
        """Refuse."""
        self._refuse()

    def topology(self, resource: Resource) -> Topology:
        """Refuse."""
        self._refuse()

    def service_graph(self, window: Window) -> ServiceGraph:
        """Refuse."""
        self._refuse()

    def changes(self, resources: Sequence[Resource], window: Window) -> ChangeFeed:
        """Refuse."""
        self._refuse()

    def transitions(self, since: datetime) -> list[AlarmTransition]:
        """Refuse."""
        self._refuse()

    def alarms_of(self, resource: Resource) -> list[Alarm]:
        """Refuse."""
        self._refuse()

    def read(self, instruction: Instruction) -> PreState:
        """Refuse."""
        self._refuse()

    def apply(self, instruction: Instruction, expected: PreState) -> Receipt:
        """Refuse."""
        self._refuse()

    def settling(self, instruction: Instruction) -> Settling:
        """Refuse."""
        self._refuse()

    def answer(self, request: ModelRequest) -> Iterator[ModelEvent]:
        """Refuse."""
        self._refuse()

    def access(self) -> tuple[ModelAccess, ...]:
        """Every role, with the reason why nobody answers."""
        problem = self.cause.message
        return tuple(ModelAccess(role=role, model_id="", problem=problem) for role in ModelRole)

    def invoke(
        self, function: Resource, event: str, *, mode: TrialMode, qualifier: str = ""
    ) -> Trial:
        """Refuse."""
        self._refuse()
