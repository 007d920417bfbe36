"""What earlier investigations kept: of this incident, and of the newest other ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opspilot.domain.evidence import ConfigurationRequest, Evidence, LimitsRequest
from opspilot.ports.store import Store

_MOST_INCIDENTS = 8
_FETCHED = 20


@dataclass
class Past:
    """Configurations in earlier ledgers, read once, and only when somebody asks for them."""

    store: Store
    incident_id: str
    _others: tuple[Evidence, ...] | None = field(default=None, init=False)

    def kept(self, number: int) -> tuple[Evidence, ...]:
        """Entries about configurations from before this pass of the incident, oldest first."""
        own = of_passes(self.store.evidence(self.incident_id), before=number)
        return tuple(
            sorted((*self._elsewhere(), *_configurations(own)), key=lambda one: one.collected_at)
        )

    def _elsewhere(self) -> tuple[Evidence, ...]:
        if self._others is None:
            newest = self.store.incidents(limit=_FETCHED).items
            others = [one.id for one in newest if one.id != self.incident_id][:_MOST_INCIDENTS]
            self._others = tuple(
                item for one in others for item in _configurations(self.store.evidence(one))
            )
        return self._others


def of_passes(evidence: Iterable[Evidence], *, before: int) -> list[Evidence]:
    """The entries of the investigations before this one; what chat read is not among them."""
    return [item for item in evidence if _pass_of(item) < before]


def _pass_of(item: Evidence) -> float:
    origin = item.task.partition("/")[0]
    return int(origin) if origin.isdigit() else float("inf")


def _configurations(evidence: Sequence[Evidence]) -> list[Evidence]:
    return [
        item
        for item in evidence
        if isinstance(item.request, ConfigurationRequest | LimitsRequest) and item.status != "gap"
    ]
