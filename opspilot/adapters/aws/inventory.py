"""What exists in the account, as one listing of it tells."""

from dataclasses import dataclass, field

from opspilot.adapters.aws.event_sources import SourceMapping
from opspilot.adapters.aws.names import Directory, Place
from opspilot.domain.resource import Resource


@dataclass(frozen=True)
class Inventory:
    """The account at one moment.

    Attributes:
        environments: Environment variables by function name; its keys are all functions.
        apis: Names of REST APIs by id.
        gaps: What could not be listed, as sentences.
        dead_letters: ARN to which a function's failed events go, by its name.
        lasting: Whether asking again soon would leave the same gaps.
        roles: ARN of the execution role by function name.
        http_apis: Names of HTTP APIs by id.
    """

    environments: dict[str, dict[str, str]]
    tables: frozenset[str]
    queues: frozenset[str]
    event_sources: tuple[SourceMapping, ...]
    apis: dict[str, str]
    gaps: tuple[str, ...]
    request_ids: tuple[str, ...]
    streams: frozenset[str] = frozenset()
    roles: dict[str, str] = field(default_factory=dict[str, str])
    dead_letters: dict[str, str] = field(default_factory=dict[str, str])
    lasting: bool = True
    http_apis: dict[str, str] = field(default_factory=dict[str, str])

    def api(self, name: str, place: Place) -> Resource | None:
        """The API of this name or id, REST APIs first; None where there is none.

        Names of HTTP APIs need not be unique: where several bear it, none is meant.
        """
        rest = self.apis.get(name, name)
        if self.api_ids(rest):
            return place.api(rest)
        ids = self.http_api_ids(name)
        return self.http_api(ids[0], place) if len(ids) == 1 else None

    def http_api(self, api_id: str, place: Place) -> Resource:
        """The HTTP API of this id, with its name if it is known."""
        return place.http_api(api_id, self.http_apis.get(api_id, ""))

    def all_http_apis(self, place: Place) -> list[Resource]:
        """Every HTTP API, by name."""
        found = [self.http_api(api_id, place) for api_id in self.http_apis]
        return sorted(found, key=lambda one: (one.name, one.arn))

    def http_api_ids(self, name: str) -> list[str]:
        """Ids of the HTTP APIs of this name, or the one of this id."""
        if name in self.http_apis:
            return [name]
        return sorted(api_id for api_id, known in self.http_apis.items() if known == name)

    def apis_by_id(self, place: Place) -> dict[str, Resource]:
        """All APIs by the id that resource policies name."""
        return {
            **{api_id: place.api(name) for api_id, name in self.apis.items()},
            **{one.identifier: one for one in self.all_http_apis(place)},
        }

    def api_ids(self, name: str) -> list[str]:
        """Ids of the REST APIs of this name; names need not be unique."""
        return sorted(api_id for api_id, known in self.apis.items() if known == name)

    def directory(self, place: Place) -> Directory:
        """The names, to recognise them in values."""
        return Directory(place, self.environments.keys(), self.tables, self.queues, self.streams)
