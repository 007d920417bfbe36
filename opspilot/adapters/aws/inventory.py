"""What exists in the account, listed once and kept for a short while.

Call graphs and close names are asked for often and need the whole account; listing it takes one
call per 50 functions of a quota that everything in the account shares.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.errors import not_implemented
from opspilot.adapters.aws.event_sources import SourceMapping
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.functions_data import Listed
from opspilot.adapters.aws.http_apis import HttpApis
from opspilot.adapters.aws.names import Directory, Place
from opspilot.adapters.aws.streams import Streams
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.errors import AwsDenied, AwsError

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_sqs.client import SQSClient

T = TypeVar("T")

_QUEUES_A_PAGE = 1_000


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


class Lister:
    """Lists the account, at most once in `keep_seconds`."""

    def __init__(
        self,
        functions: Functions,
        dynamodb: "DynamoDBClient",
        sqs: "SQSClient",
        streams: Streams,
        apis: RestApis,
        http_apis: HttpApis,
        calls: Calls,
        *,
        keep_seconds: float = 20.0,
    ) -> None:
        self._functions = functions
        self._dynamodb = dynamodb
        self._sqs = sqs
        self._streams = streams
        self._apis = apis
        self._http_apis = http_apis
        self._calls = calls
        self._keep_seconds = keep_seconds
        self._kept: tuple[float, Inventory] | None = None
        self._lock = threading.Lock()

    def inventory(self, budget: Budget) -> Inventory:
        """The account as it was at most `keep_seconds` ago.

        An answer whose gaps may pass is not kept.

        Raises:
            AwsError: The functions could not be listed; gaps elsewhere are said in `gaps`.
        """
        # One thread lists, the others wait for its answer rather than spend the quota again.
        with self._lock:
            now = self._calls.monotonic()
            if self._kept is not None and now - self._kept[0] < self._keep_seconds:
                return self._kept[1]
            inventory = self._list(budget)
            if inventory.lasting:
                self._kept = (now, inventory)
            return inventory

    def _list(self, budget: Budget) -> Inventory:
        missing = _Missing()
        before = len(budget.request_ids)
        return self._with(self._functions.all(budget), missing, before, budget)

    def nearby(self, function: Resource, denied: AwsDenied, budget: Budget) -> Inventory:
        """As `inventory`, where functions may not be listed: only those that this one leads to.

        Names stand in environments; each that may be one is looked up by itself.

        Raises:
            AwsError: That function could not be read either.
        """
        before = len(budget.request_ids)
        functions = self._functions.reached_from(function, budget)
        missing = _Missing([f"functions could not be listed, so callers may be missing: {denied}"])
        return self._with(functions, missing, before, budget)

    def _with(
        self, functions: Mapping[str, Listed], missing: "_Missing", before: int, budget: Budget
    ) -> Inventory:
        return Inventory(
            environments={name: one.environment for name, one in functions.items()},
            roles={name: one.role for name, one in functions.items() if one.role},
            dead_letters={
                name: one.dead_letter for name, one in functions.items() if one.dead_letter
            },
            tables=missing.unless(lambda: self._tables(budget), frozenset[str](), "tables"),
            queues=missing.unless(lambda: self._queues(budget), frozenset[str](), "queues"),
            streams=missing.unless(
                lambda: self._streams.names(budget), frozenset[str](), "streams"
            ),
            apis=missing.unless(lambda: self._apis.names(budget), dict[str, str](), "REST APIs"),
            http_apis=missing.unless(
                lambda: self._http_apis.names(budget), dict[str, str](), "HTTP APIs"
            ),
            event_sources=missing.unless(
                lambda: self._functions.mappings(budget), (), "event source mappings"
            ),
            gaps=tuple(missing.gaps),
            lasting=missing.lasting,
            request_ids=tuple(budget.request_ids[before:]),
        )

    def _tables(self, budget: Budget) -> frozenset[str]:
        pages = self._calls.pages(
            operations.LIST_TABLES,
            budget,
            lambda token: (
                self._dynamodb.list_tables(ExclusiveStartTableName=token)
                if token
                else self._dynamodb.list_tables()
            ),
            "LastEvaluatedTableName",
        )
        return _to_table_names(pages)

    def _queues(self, budget: Budget) -> frozenset[str]:
        # Without MaxResults SQS gives no token and stops at 1,000.
        pages = self._calls.pages(
            operations.LIST_QUEUES,
            budget,
            lambda token: (
                self._sqs.list_queues(MaxResults=_QUEUES_A_PAGE, NextToken=token)
                if token
                else self._sqs.list_queues(MaxResults=_QUEUES_A_PAGE)
            ),
            "NextToken",
        )
        return _to_queue_names(pages)


def _to_table_names(pages: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(name) for page in pages for name in page.get("TableNames") or ())


def _to_queue_names(pages: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(
        str(url).rsplit("/", 1)[-1] for page in pages for url in page.get("QueueUrls") or ()
    )


@dataclass
class _Missing:
    """What could not be listed so far."""

    gaps: list[str] = field(default_factory=list[str])
    lasting: bool = True

    def unless(self, read: Callable[[], T], otherwise: T, what: str) -> T:
        """What was read; a failure is noted instead."""
        try:
            return read()
        except AwsError as error:
            self.gaps.append(f"{what} could not be listed: {error}")
            self.lasting = self.lasting and (isinstance(error, AwsDenied) or not_implemented(error))
            return otherwise
