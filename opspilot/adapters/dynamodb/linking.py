"""Audit drafts linked into their chains: new entries, and heads that move under condition."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opspilot.adapters.dynamodb.bodies import Put
from opspilot.adapters.dynamodb.layout import Item, Key, Keys, number, read_number, read_text, text
from opspilot.adapters.dynamodb.writes import Update
from opspilot.domain.audit import AuditDraft, AuditEntry, AuditHead, canonical_json, link

Stored = Mapping[Key, Item]
"""Items as they were read, by their keys."""


def append(
    keys: Keys, drafts: Sequence[AuditDraft], stored: Stored, token: str
) -> tuple[tuple[AuditEntry, ...], list[Put], list[Update]]:
    """Link drafts into their chains, in this order; each head moves once."""
    heads: dict[str, AuditHead] = {}
    entries: list[AuditEntry] = []
    for draft in drafts:
        head = heads.get(draft.chain) or _head(draft.chain, stored.get(keys.head(draft.chain)))
        entry = link(draft, head)
        heads[draft.chain] = AuditHead(chain=entry.chain, seq=entry.seq, hash=entry.hash)
        entries.append(entry)
    puts = [_entry_put(keys, entry, token) for entry in entries]
    return tuple(entries), puts, list(_head_updates(keys, heads.values(), stored))


def _head(chain: str, item: Item | None) -> AuditHead | None:
    if item is None:
        return None
    return AuditHead(
        chain=chain, seq=read_number(item, "head_seq"), hash=read_text(item, "head_hash")
    )


def _entry_put(keys: Keys, entry: AuditEntry, token: str) -> Put:
    body = canonical_json(entry.model_dump(mode="json"))
    item: Item = {"commit_token": text(token), "entry_hash": text(entry.hash)}
    return Put(keys.entry(entry.chain, entry.seq), item, body, "attribute_not_exists(pk)")


def _head_updates(keys: Keys, heads: Iterable[AuditHead], stored: Stored) -> Iterable[Update]:
    for head in heads:
        key = keys.head(head.chain)
        before = stored.get(key)
        values: dict[str, Any] = {
            ":seq": number(head.seq),
            ":hash": text(head.hash),
            ":chain": text(head.chain),
        }
        condition = "attribute_not_exists(pk)"
        if before is not None:
            condition = "head_seq = :from_seq AND head_hash = :from_hash"
            values |= {":from_seq": before["head_seq"], ":from_hash": before["head_hash"]}
        change = "SET head_seq = :seq, head_hash = :hash, chain_name = :chain"
        yield Update(key, change, values, condition)
