"""Rows as items: the record's JSON in one attribute, or in chunks beside it when it is large.

A job's version and lease stand in attributes of their own and win over its JSON, so that a claim
and an extension are one conditional update without rewriting the rest.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from opspilot.adapters.dynamodb.layout import (
    EXPIRY,
    Item,
    Key,
    Keys,
    moment_read,
    number,
    read_number,
    read_text,
    text,
)
from opspilot.domain.job import Job
from opspilot.domain.model import Record
from opspilot.errors import StoreUnavailable

R = TypeVar("R", bound=Record)

LONGEST_INLINE = 300_000
"""Bytes of JSON that stay in the item; DynamoDB allows 400 KB with all attributes."""
CHUNK_BYTES = 350_000
MOST_BYTES = 3_500_000
"""Bytes of one transaction; DynamoDB allows 4 MB."""

_OVERHEAD = 1_000


@dataclass(frozen=True)
class Put:
    """One item to write.

    Attributes:
        item: All attributes but the body.
        body: JSON.
        condition: What must hold of the item that is there; over `values`.
    """

    key: Key
    item: Item
    body: str
    condition: str
    values: Item = field(default_factory=dict[str, dict[str, Any]])


@dataclass(frozen=True)
class Chunk:
    """A piece of a large body, to be written before the item that points to it."""

    key: Key
    data: bytes
    expires: int | None


def with_bodies(keys: Keys, puts: list[Put]) -> tuple[list[Put], list[Chunk]]:
    """The items with their bodies or pointers in place, and the chunks of those that are too large.

    The largest bodies go into chunks until the rest fits into one transaction.
    """
    sizes = {put.key: len(put.body.encode()) for put in puts}
    total = sum(sizes.values()) + _OVERHEAD * len(puts)
    apart: set[Key] = set()
    for key, size in sorted(sizes.items(), key=lambda one: -one[1]):
        if size <= LONGEST_INLINE and total <= MOST_BYTES:
            break
        apart.add(key)
        total -= size
    chunks: list[Chunk] = []
    whole: list[Put] = []
    for put in puts:
        if put.key in apart:
            pointer, pieces = _cut(keys, put)
            chunks += pieces
            whole.append(replace(put, item=put.item | pointer))
        else:
            whole.append(replace(put, item=put.item | {"row_body": text(put.body)}))
    return whole, chunks


def _cut(keys: Keys, put: Put) -> tuple[Item, list[Chunk]]:
    data = put.body.encode()
    digest = hashlib.sha256(data).hexdigest()
    expires = read_number(put.item, EXPIRY) or None
    pieces = [
        Chunk(keys.chunk(digest, index), data[start : start + CHUNK_BYTES], expires)
        for index, start in enumerate(range(0, len(data), CHUNK_BYTES))
    ]
    return {"body_hash": text(digest), "body_chunks": number(len(pieces))}, pieces


Fetch = Callable[[str], Iterator[Item]]
"""Hash of a body to the items of its chunks, in order."""


def body_of(item: Item, fetch: Fetch) -> str:
    """The JSON of an item.

    Raises:
        ValueError: It is absent, or its chunks are not what was written.
    """
    digest = read_text(item, "body_hash")
    if not digest:
        return str(item["row_body"]["S"]) if "S" in item.get("row_body", {}) else ""
    data = b"".join(bytes(chunk.get("chunk", {}).get("B", b"")) for chunk in fetch(digest))
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"its chunks {digest} are damaged or missing")
    return data.decode()


def row_of(kind: type[R], item: Item, fetch: Fetch) -> R:
    """The record of an item.

    Raises:
        StoreUnavailable: It does not load.
    """
    try:
        body = body_of(item, fetch)
        if kind is Job:
            return kind.model_validate(json.loads(body) | _lease(item))
        return kind.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(one) for one in first["loc"])
        raise _unreadable(kind, item, f"{where} {first['msg']}") from exc
    except ValueError as exc:
        raise _unreadable(kind, item, str(exc)) from exc


def _lease(item: Item) -> dict[str, Any]:
    until = read_text(item, "lease_until")
    return {
        "version": read_number(item, "row_version"),
        "lease_owner": read_text(item, "lease_owner") or None,
        "lease_until": moment_read(until) if until else None,
    }


def _unreadable(kind: type[Record], item: Item, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"The store holds an unreadable {kind.__name__} at {read_text(item, 'pk')}"
        f" {read_text(item, 'sk')}: {why}.",
        hint="The item was changed by hand or by another program: restore it from a backup.",
    )
