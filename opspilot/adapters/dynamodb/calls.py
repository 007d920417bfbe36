"""Requests to the tables: sent again with full jitter while that can help, read consistently.

Source of the jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import exceptions as sdk

from opspilot.adapters.dynamodb.bodies import Chunk
from opspilot.adapters.dynamodb.failures import Outcome, outcome_of, store_error
from opspilot.adapters.dynamodb.layout import EXPIRY, Item, Key, Role, TableNames, number, text
from opspilot.errors import StoreUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_KEYS_AT_ONCE = 100


@dataclass(frozen=True)
class Patience:
    """How often and how soon a request is sent again.

    Attributes:
        attempts: Of one request, or of one commit against others who write the same.
        unanswered: Attempts of one request that nobody answered; each may take half a minute.
        first_pause: Seconds, doubled for each attempt up to `longest_pause`.
        sleep: Waits; tests give one that does not.
    """

    attempts: int = 30
    unanswered: int = 3
    first_pause: float = 0.02
    longest_pause: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int) -> None:
        """Wait after an attempt, counted from 1."""
        most = min(self.longest_pause, self.first_pause * 2 ** min(attempt, 16))
        self.sleep(random.SystemRandom().uniform(0.0, most))


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    Attributes:
        body: What was answered; None when it was declined.
        declined: A condition did not hold, or the transaction was cancelled.
        unknown: An earlier attempt was not answered and may have taken effect.
    """

    body: Mapping[str, Any] | None = None
    declined: sdk.ClientError | None = None
    unknown: bool = False


@dataclass(frozen=True)
class Select:
    """A query of one partition.

    Attributes:
        condition: On the sort key, after "pk = :pk".
        index: Local index to read; the table itself when empty.
        limit: Items to read; 0 for all.
    """

    role: Role
    pk: str
    condition: str = ""
    values: Item = field(default_factory=dict[str, dict[str, Any]])
    index: str = ""
    newest_first: bool = False
    limit: int = 0

    @property
    def fits(self) -> bool:
        """Whether any key can be as long as what is asked for."""
        sorts = [one.get("S", "") for one in self.values.values()] or [""]
        return all(Key(self.role, self.pk, sort).fits for sort in sorts)


class Calls:
    """The tables of a store, through one client."""

    def __init__(
        self, client: "DynamoDBClient", tables: TableNames, patience: Patience | None = None
    ) -> None:
        self.client = client
        self.tables = tables
        self.patience = patience or Patience()

    def get(self, key: Key) -> Item | None:
        """One item."""
        if not key.fits:
            return None
        request = {"Key": key.attributes, "ConsistentRead": True}
        answer = self._ask("GetItem", key.role, self.client.get_item, request)
        return answer.get("Item")

    def query(self, select: Select) -> Iterator[Item]:
        """Items of one partition in order, page by page."""
        if not select.fits:
            return
        left = select.limit
        request = _query_of(select)
        while True:
            limited = {"Limit": left} if select.limit else {}
            answer = self._ask("Query", select.role, self.client.query, request | limited)
            items: Sequence[Item] = answer.get("Items") or ()
            yield from items
            left -= len(items)
            after = answer.get("LastEvaluatedKey")
            # A page may be short or even empty and yet not be the last one.
            if not after or (select.limit and left <= 0):
                return
            request["ExclusiveStartKey"] = after

    def batch(self, keys: Iterable[Key], attributes: str = "") -> dict[Key, Item]:
        """Items that exist among these, with all attributes or only those named."""
        wanted = [key for key in dict.fromkeys(keys) if key.fits]
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            found |= self._batch(wanted[start : start + _KEYS_AT_ONCE], attributes)
        return found

    def update(
        self, key: Key, change: str, values: Item, *, condition: str = "", answer: str = "NONE"
    ) -> Answer:
        """Change one item; `answer` names what comes back (ReturnValues)."""
        request: dict[str, Any] = {
            "TableName": self.tables.of(key.role),
            "Key": key.attributes,
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
            "ReturnValues": answer,
        }
        if condition:
            request["ConditionExpression"] = condition
        return self._send("UpdateItem", key.role, self.client.update_item, request)

    def insert(self, key: Key, item: Item) -> bool:
        """Write an item unless there is one; whether it was written."""
        request = {
            "TableName": self.tables.of(key.role),
            "Item": key.attributes | item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return self._send("PutItem", key.role, self.client.put_item, request).body is not None

    def put_chunk(self, chunk: Chunk) -> None:
        """Write a piece of a body; one that is there is the same, but may have to stay longer."""
        item: Item = {"chunk": {"B": chunk.data}}
        longer = f"attribute_exists({EXPIRY})"
        request: dict[str, Any] = {"TableName": self.tables.of(chunk.key.role)}
        if chunk.expires is not None:
            item[EXPIRY] = number(chunk.expires)
            longer = f"{EXPIRY} < :expires"
            request["ExpressionAttributeValues"] = {":expires": number(chunk.expires)}
        request["ConditionExpression"] = f"attribute_not_exists(pk) OR {longer}"
        request["Item"] = chunk.key.attributes | item
        self._send("PutItem", chunk.key.role, self.client.put_item, request)

    def transact(self, actions: Sequence[Mapping[str, Any]], token: str) -> Answer:
        """All actions or none; the same token is never carried out twice (for ten minutes)."""
        request = {"TransactItems": list(actions), "ClientRequestToken": token}
        return self._send("TransactWriteItems", "incidents", self._transact, request)

    def _transact(self, **request: Any) -> Any:
        return self.client.transact_write_items(**request)

    def _batch(self, keys: Sequence[Key], attributes: str) -> dict[Key, Item]:
        waiting = self._requests(keys, attributes)
        roles = self.tables.roles
        found: dict[Key, Item] = {}
        for attempt in range(1, self.patience.attempts + 1):
            answer = self._answered(
                "BatchGetItem", keys[0].role, self.client.batch_get_item, {"RequestItems": waiting}
            )
            for name, items in answer["Responses"].items():
                for item in items:
                    found[Key(roles[name], item["pk"]["S"], item["sk"]["S"])] = item
            waiting = dict[str, Any](answer.get("UnprocessedKeys") or {})
            if not waiting:
                return found
            if not any(answer["Responses"].values()):
                self.patience.pause(attempt)
        raise StoreUnavailable(
            "The store failed: dynamodb:BatchGetItem left keys unread again and again.",
            hint="DynamoDB throttles: try again in a moment.",
        )

    def _requests(self, keys: Sequence[Key], attributes: str) -> dict[str, Any]:
        requests: dict[str, Any] = {}
        for key in keys:
            request = requests.setdefault(
                self.tables.of(key.role), {"Keys": [], "ConsistentRead": True}
            )
            request["Keys"].append(key.attributes)
            if attributes:
                request["ProjectionExpression"] = attributes
        return requests

    def _ask(
        self, operation: str, role: Role, call: Callable[..., Any], request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        named = {"TableName": self.tables.of(role), **request}
        return self._answered(operation, role, call, named)

    def _answered(
        self, operation: str, role: Role, call: Callable[..., Any], request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The answer to a request that sets no condition."""
        answer = self._send(operation, role, call, request)
        if answer.body is None:
            raise StoreUnavailable(f"The store failed: dynamodb:{operation}: {answer.declined}.")
        return answer.body

    def _send(
        self, operation: str, role: Role, call: Callable[..., Any], request: Mapping[str, Any]
    ) -> Answer:
        unknown = False
        attempt = unanswered = 0
        while True:
            attempt += 1
            try:
                return Answer(body=call(**request), unknown=unknown)
            except (sdk.ClientError, sdk.BotoCoreError) as exc:
                outcome = outcome_of(exc)
                if isinstance(exc, sdk.ClientError) and outcome in _DECLINED:
                    return Answer(declined=exc, unknown=unknown)
                unknown = unknown or outcome is Outcome.UNKNOWN
                unanswered += not isinstance(exc, sdk.ClientError)
                last = attempt >= self.patience.attempts or unanswered >= self.patience.unanswered
                if outcome is Outcome.FAILED or last:
                    table = self.tables.of(role)
                    raise store_error(exc, operation, table, tried=attempt) from exc
            self.patience.pause(attempt)


_DECLINED = (Outcome.CONDITION, Outcome.CANCELLED)


def _query_of(select: Select) -> dict[str, Any]:
    condition = f"pk = :pk AND {select.condition}" if select.condition else "pk = :pk"
    request: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":pk": text(select.pk), **select.values},
        "ConsistentRead": True,
        "ScanIndexForward": not select.newest_first,
    }
    return request | ({"IndexName": select.index} if select.index else {})
