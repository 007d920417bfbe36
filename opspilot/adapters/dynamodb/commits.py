"""Commits: read what is stored, decide, write it all in one transaction, or do so again.

A commit whose answer was lost is sent again under the same token, which DynamoDB carries out once.
Every item that a transaction writes carries that token too: where a server forgets tokens, or the
second sending was refused, the items tell whether the first one came through.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from opspilot.adapters.dynamodb.bodies import Put, with_bodies
from opspilot.adapters.dynamodb.calls import Answer, Calls
from opspilot.adapters.dynamodb.changes import (
    READ_ATTRIBUTES,
    Decision,
    decide,
    keys_to_read,
)
from opspilot.adapters.dynamodb.failures import Reason, reasons_of
from opspilot.adapters.dynamodb.layout import Key, Keys, TableNames, read_text
from opspilot.adapters.dynamodb.linking import Stored
from opspilot.adapters.dynamodb.writes import Check, Update
from opspilot.domain.audit import AuditEntry
from opspilot.domain.incident import Incident
from opspilot.errors import AuditDamaged, StoreUnavailable, WrongAccount
from opspilot.ports.store import Changeset

MOST_ACTIONS = 100
"""Items that one transaction may write or check."""

_PASSING = frozenset(
    {
        "ConditionalCheckFailed",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    }
)
_HINTS: Mapping[str, str] = {
    "ItemCollectionSizeLimitExceeded": (
        "10 GB are stored under one key of this account and region: archive old incidents."
    ),
}


@dataclass(frozen=True)
class Commits:
    """Makes changesets durable.

    Attributes:
        retention: How long evidence and transcripts are kept; zero keeps them for ever.
    """

    calls: Calls
    keys: Keys
    retention: timedelta

    def commit(self, changes: Changeset) -> tuple[AuditEntry, ...]:
        """See `Store.commit`.

        Raises:
            Conflict: A row's version moved.
            LeaseLost: The lease is not held.
            AuditDamaged: A chain does not end where its head says.
            WrongAccount: An incident has its home in another account or region.
            StoreUnavailable: The changeset is too large, or DynamoDB failed.
        """
        self._refuse_foreign(changes)
        patience = self.calls.patience
        for attempt in range(1, patience.attempts + 1):
            token = secrets.token_hex(16)
            stored = self.calls.batch(keys_to_read(self.keys, changes), READ_ATTRIBUTES)
            decision = decide(self.keys, changes, stored, token=token, retention=self.retention)
            if not decision.puts and not decision.updates:
                return ()
            if self._written(decision, token, stored):
                return decision.entries
            patience.pause(attempt)
        raise StoreUnavailable(
            f"The store was written by others at each of {patience.attempts} attempts.",
            hint="Try again in a moment.",
        )

    def _refuse_foreign(self, changes: Changeset) -> None:
        account, _, region = self.keys.scope.partition("/")
        for row in changes.puts:
            if not isinstance(row, Incident):
                continue
            theirs = (row.resource.account or account, row.resource.region or region)
            if theirs != (account, region):
                raise WrongAccount(
                    f"Incident {row.id} has its home in {'/'.join(theirs)}; this store writes the"
                    f" incidents of {self.keys.scope} only.",
                    hint="Use the workbench of the incident's own account and region.",
                )

    def _written(self, decision: Decision, token: str, stored: Stored) -> bool:
        """Whether the transaction came through; False when something moved meanwhile."""
        actions, owners = self._actions(decision)
        answer = self.calls.transact(actions, token)
        if answer.declined is None:
            return True
        if answer.unknown and self._landed(decision, token):
            return True
        held = self._held_back(reasons_of(answer.declined), owners, answer)
        if held and all(key.role == "audit" for key in held):
            self._refuse_damage(decision, stored, held[0])
        return False

    def _actions(self, decision: Decision) -> tuple[list[dict[str, Any]], list[Key]]:
        count = len(decision.puts) + len(decision.updates) + len(decision.checks)
        if count > MOST_ACTIONS:
            raise StoreUnavailable(
                f"A changeset of {count} items is too large: DynamoDB writes at most"
                f" {MOST_ACTIONS} together.",
                hint="Commit fewer rows at a time.",
            )
        puts, chunks = with_bodies(self.keys, decision.puts)
        for chunk in chunks:
            self.calls.put_chunk(chunk)
        tables = self.calls.tables
        pairs = [(one.key, {"ConditionCheck": _check(tables, one)}) for one in decision.checks]
        pairs += [(one.key, {"Put": _put(tables, one)}) for one in puts]
        pairs += [(one.key, {"Update": _update(tables, one)}) for one in decision.updates]
        return [action for _, action in pairs], [key for key, _ in pairs]

    def _landed(self, decision: Decision, token: str) -> bool:
        """Whether items carry the token of a transaction whose answer was lost."""
        found = self.calls.batch([put.key for put in decision.puts], READ_ATTRIBUTES)
        return any(read_text(item, "commit_token") == token for item in found.values())

    def _held_back(
        self, reasons: Sequence[Reason], owners: Sequence[Key], answer: Answer
    ) -> list[Key]:
        """The items whose condition did not hold.

        Raises:
            StoreUnavailable: One was refused for a reason that deciding anew does not mend.
        """
        failed = [
            (key, reason)
            for key, reason in zip(owners, reasons, strict=False)
            if reason.code != "None"
        ]
        for key, reason in failed:
            if reason.code not in _PASSING:
                raise StoreUnavailable(
                    f"The store refused {key.pk} {key.sk}: {reason.code}: {reason.message}",
                    hint=_HINTS.get(reason.code, ""),
                ) from answer.declined
        return [key for key, reason in failed if reason.code == "ConditionalCheckFailed"]

    def _refuse_damage(self, decision: Decision, stored: Stored, taken: Key) -> None:
        """Refuse a chain whose head stands still and whose next place is taken all the same.

        Raises:
            AuditDamaged: It is so.
        """
        heads = {self.keys.head(entry.chain) for entry in decision.entries}
        now = self.calls.batch(heads, READ_ATTRIBUTES)
        if any(now.get(head) != stored.get(head) for head in heads):
            return
        raise AuditDamaged(
            f"Audit chain {taken.pk.rpartition('#')[2]} does not end before entry {int(taken.sk)},"
            " where its head says that it does.",
            hint="Somebody edited the store. `opspilot audit verify` names the damage.",
        )


def _check(tables: TableNames, check: Check) -> dict[str, Any]:
    return {
        "TableName": tables.of(check.key.role),
        "Key": check.key.attributes,
        "ConditionExpression": check.condition,
        "ExpressionAttributeValues": check.values,
    }


def _put(tables: TableNames, put: Put) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": tables.of(put.key.role),
        "Item": put.key.attributes | put.item,
        "ConditionExpression": put.condition,
    }
    return request | ({"ExpressionAttributeValues": put.values} if put.values else {})


def _update(tables: TableNames, update: Update) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": tables.of(update.key.role),
        "Key": update.key.attributes,
        "UpdateExpression": update.change,
        "ExpressionAttributeValues": update.values,
    }
    return request | ({"ConditionExpression": update.condition} if update.condition else {})
