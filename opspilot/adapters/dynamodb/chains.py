"""Audit chains: heads in one partition, entries in one partition for each chain.

Entries lie in a table of their own that nothing ever changes: the store only puts new items there
(`attribute_not_exists`) and reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from opspilot.adapters.dynamodb.bodies import Fetch, body_of
from opspilot.adapters.dynamodb.calls import Calls, Select
from opspilot.adapters.dynamodb.layout import (
    Item,
    Keys,
    padded,
    read_number,
    read_text,
    text,
)
from opspilot.domain.audit import AuditEntry, AuditHead
from opspilot.errors import AuditDamaged


@dataclass(frozen=True)
class Chains:
    """The audit chains of one account and region."""

    calls: Calls
    keys: Keys
    fetch: Fetch

    def heads(self) -> list[AuditHead]:
        """See `AuditLog.chains`."""
        found = self.calls.query(Select("incidents", self.keys.heads))
        heads = [
            AuditHead(
                chain=read_text(item, "chain_name"),
                seq=read_number(item, "head_seq"),
                hash=read_text(item, "head_hash"),
            )
            for item in found
        ]
        return sorted(heads, key=lambda head: head.chain)

    def entries(self, chain: str, *, after: int, limit: int) -> list[AuditEntry]:
        """See `AuditLog.entries`."""
        return [self._read(chain, item) for item in self._items(chain, after, limit)]

    def _items(self, chain: str, after: int, limit: int) -> Iterator[Item]:
        if limit <= 0:
            return iter(())
        select = Select(
            "audit",
            self.keys.chain(chain),
            "sk > :after",
            {":after": text(padded(max(after, 0)))},
            limit=limit,
        )
        return self.calls.query(select)

    def _read(self, chain: str, item: Item) -> AuditEntry:
        try:
            return AuditEntry.model_validate_json(body_of(item, self.fetch))
        except (ValidationError, ValueError) as exc:
            raise AuditDamaged(
                f"Entry {read_text(item, 'sk').lstrip('0')} of audit chain {chain} is no longer"
                " readable.",
                hint="Somebody edited the store. `opspilot audit verify` names the damage.",
            ) from exc
