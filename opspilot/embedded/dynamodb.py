"""DynamoDB where moto differs from it: transactions, their tokens, and callers side by side.

moto copies every table for each action of a transaction and puts the copies back when one fails,
which takes seconds and undoes what others wrote meanwhile. Here a transaction is checked as a
whole before its first write, one request runs at a time, and a token is carried out once.
"""

from __future__ import annotations

import copy
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from werkzeug.wrappers import Request, Response

from opspilot.embedded.errors import AwsError
from opspilot.embedded.wire import failure

_SERVICE = "DynamoDB_20120810"
_REMEMBERED_SECONDS = 600.0
_MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class _Done:
    """A transaction that came through: what it was, what was answered, and when."""

    digest: str
    content: bytes
    at: float


class DynamoDbGate:
    """Lets requests to moto's DynamoDB through one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: OrderedDict[str, _Done] = OrderedDict()

    def answer(self, request: Request, body: bytes, ask: Callable[[], Response]) -> Response:
        """The answer of `ask`, which forwards the request; any other service passes freely."""
        service, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
        if service != _SERVICE:
            return ask()
        with self._lock:
            return self._transact(body, ask) if operation == "TransactWriteItems" else ask()

    def _transact(self, body: bytes, ask: Callable[[], Response]) -> Response:
        content: dict[str, Any] = json.loads(body or b"{}")
        token = str(content.get("ClientRequestToken") or "")
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        known = self._known(token)
        if known is None:
            response = ask()
            if token and response.status_code == 200:
                self._done[token] = _Done(digest, response.get_data(), time.monotonic())
            return response
        if known.digest != digest:
            said = "The token was used with other parameters."
            return failure(AwsError("IdempotentParameterMismatchException", said, 400))
        return Response(known.content, content_type="application/x-amz-json-1.0")

    def _known(self, token: str) -> _Done | None:
        oldest = time.monotonic() - _REMEMBERED_SECONDS
        while self._done and (
            len(self._done) > _MOST_TOKENS or next(iter(self._done.values())).at < oldest
        ):
            self._done.popitem(last=False)
        return self._done.get(token)


def replace_transactions() -> None:
    """Let moto's DynamoDB carry out transactions as `transact` does."""
    from moto.dynamodb.models import DynamoDBBackend

    backend: Any = DynamoDBBackend
    backend.transact_write_items = transact


@cache
def pick_values_by_name() -> None:
    """Let moto's answers tell an attribute value by the names in it.

    moto looks for each member that a value lacks under a dozen other names, and a value lacks nine
    of ten: that took a third of every answer.
    """
    from moto.core.serialize import AttributePicker

    picker: Any = AttributePicker
    by_any_name = picker.__call__

    def pick(self: Any, context: Any) -> Any:
        value: Any = context.obj
        parent = getattr(context.shape, "parent", None)
        if parent is None or parent.name != "AttributeValue" or value.__class__ is not dict:
            return by_any_name(self, context)
        return value.get(context.key)

    picker.__call__ = pick


def transact(backend: Any, actions: Sequence[Mapping[str, Any]]) -> None:
    """All actions or none.

    Raises:
        TransactionCanceledException: A condition does not hold, or a write is refused.
        MultipleTransactionsException: Two actions are about one item.
    """
    from moto.dynamodb import exceptions as moto

    if len(actions) > 100:
        raise moto.TooManyTransactionsException
    if any(len(action) > 1 for action in actions):
        raise moto.TransactWriteSingleOpException
    parsed = [(kind, details) for action in actions for kind, details in action.items()]
    keys = [(details["TableName"], _key(backend, kind, details)) for kind, details in parsed]
    if len({(table, json.dumps(key, sort_keys=True)) for table, key in keys}) < len(keys):
        raise moto.MultipleTransactionsException
    reasons = [
        _reason(backend.get_item(table, key), details)
        for (table, key), (_, details) in zip(keys, parsed, strict=True)
    ]
    if any(code for code, _, _ in reasons):
        raise moto.TransactionCanceledException(reasons)
    _write(backend, parsed, keys)


_Reason = tuple[str | None, str | None, dict[str, Any] | None]


def _key(backend: Any, kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    if kind != "Put":
        return dict(details["Key"])
    table = backend.get_table(details["TableName"])
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    return {name: details["Item"][name] for name in names}


def _reason(current: Any, details: Mapping[str, Any]) -> _Reason:
    """Why an action is refused; its code is None when its condition holds."""
    from moto.dynamodb.comparisons import get_filter_expression

    condition = get_filter_expression(
        details.get("ConditionExpression"),
        details.get("ExpressionAttributeNames"),
        details.get("ExpressionAttributeValues"),
    )
    if condition.expr(current):
        return None, None, None
    wanted = details.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    old = current.to_json()["Attributes"] if wanted and current else None
    return "ConditionalCheckFailed", "The conditional request failed", old


def _write(
    backend: Any,
    parsed: Sequence[tuple[str, Mapping[str, Any]]],
    keys: Sequence[tuple[str, dict[str, Any]]],
) -> None:
    from moto.dynamodb import exceptions as moto

    before = [copy.deepcopy(backend.get_item(table, key)) for table, key in keys]
    reasons: list[_Reason] = [(None, None, None) for _ in parsed]
    for index, (kind, details) in enumerate(parsed):
        try:
            _apply(backend, kind, details)
        except Exception as exc:
            reasons[index] = ("ValidationError", str(exc), None)
            for (table, key), item in zip(keys[: index + 1], before, strict=False):
                _restore(backend.get_table(table), key, item)
            raise moto.TransactionCanceledException(reasons) from exc


def _apply(backend: Any, kind: str, details: Mapping[str, Any]) -> None:
    table = details["TableName"]
    if kind == "Put":
        backend.put_item(table, details["Item"])
    elif kind == "Delete":
        backend.delete_item(table, details["Key"])
    elif kind == "Update":
        backend.update_item(
            table,
            details["Key"],
            update_expression=details["UpdateExpression"],
            expression_attribute_names=details.get("ExpressionAttributeNames") or {},
            expression_attribute_values=details.get("ExpressionAttributeValues") or {},
        )


def _restore(table: Any, key: Mapping[str, Any], item: Any) -> None:
    from moto.dynamodb.models.dynamo_type import DynamoType

    hash_value = DynamoType(key[table.hash_key_attr])
    range_value = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    if item is None:
        table.delete_item(hash_value, range_value)
    elif range_value is None:
        table.items[hash_value] = item
    else:
        table.items[hash_value][range_value] = item
