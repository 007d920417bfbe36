"""Lists what exists in the account, once, and keeps it for a short while.

Call graphs and close names are asked for often and need the whole account; listing it takes one
call per 50 functions of a quota that everything in the account shares.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.errors import not_implemented
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.functions_data import Listed
from opspilot.adapters.aws.http_apis import HttpApis
from opspilot.adapters.aws.inventory import Inventory
from opspilot.adapters.aws.streams import Streams
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.resource import Resource
from opspilot.errors import AwsDenied, AwsError

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_sqs.client import SQSClient

T = TypeVar("T")

_QUEUES_A_PAGE = 1_000


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
        self._kept_rest: tuple[float, Inventory] | None = None
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
        before = len(budget.request_ids)
        functions = self._functions.all(budget)
        asked = tuple(budget.request_ids[before:])
        return _with(functions, self._rest(budget), asked)

    def nearby(self, function: Resource, denied: AwsDenied, budget: Budget) -> Inventory:
        """As `inventory`, where functions may not be listed: only those that this one leads to.

        Names stand in environments; each that may be one is looked up by itself.

        Raises:
            AwsError: That function could not be read either.
        """
        before = len(budget.request_ids)
        functions = self._functions.reached_from(function, budget)
        asked = tuple(budget.request_ids[before:])
        gap = f"functions could not be listed, so callers may be missing: {denied}"
        with self._lock:
            rest = self._rest(budget)
        return _with(functions, replace(rest, gaps=(gap, *rest.gaps)), asked)

    def _rest(self, budget: Budget) -> Inventory:
        """Everything but functions, kept as the whole is; whoever asks holds the lock."""
        now = self._calls.monotonic()
        kept = self._kept_rest
        if kept is not None and now - kept[0] < self._keep_seconds:
            return kept[1]
        rest = self._list_rest(budget)
        if rest.lasting:
            self._kept_rest = (now, rest)
        return rest

    def _list_rest(self, budget: Budget) -> Inventory:
        missing = _Missing()
        before = len(budget.request_ids)
        return Inventory(
            environments={},
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


def _with(
    functions: Mapping[str, Listed], rest: Inventory, request_ids: tuple[str, ...]
) -> Inventory:
    """The account with these functions."""
    return replace(
        rest,
        environments={name: one.environment for name, one in functions.items()},
        roles={name: one.role for name, one in functions.items() if one.role},
        dead_letters={name: one.dead_letter for name, one in functions.items() if one.dead_letter},
        request_ids=(*request_ids, *rest.request_ids),
    )


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
