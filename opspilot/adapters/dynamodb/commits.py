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
    Check,
    Decision,
    Update,
    decide,
    keys_to_read,
)
from opspilot.adapters.dynamodb.failures import Reason, reasons_of
from opspilot.adapters.dynamodb.layout import Key, Keys, TableNames, read_text
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
            if self._written(decision, token):
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

    def _written(self, decision: Decision, token: str) -> bool:
        """Whether the transaction came through; False when something moved meanwhile."""
        actions, owners = self._actions(decision)
        answer = self.calls.transact(actions, token)
        if answer.declined is None:
            return True
        if answer.unknown and self._landed(decision, token):
            return True
        self._explain(reasons_of(answer.declined), owners, answer)
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

    def _explain(self, reasons: Sequence[Reason], owners: Sequence[Key], answer: Answer) -> None:
        """Raise unless deciding anew can help."""
        failed = {
            key: reason
            for key, reason in zip(owners, reasons, strict=False)
            if reason.code != "None"
        }
        for key, reason in failed.items():
            if reason.code not in _PASSING:
                raise StoreUnavailable(
                    f"The store refused {key.pk} {key.sk}: {reason.code}: {reason.message}",
                    hint=_HINTS.get(reason.code, ""),
                ) from answer.declined
        held = [key for key, why in failed.items() if why.code == "ConditionalCheckFailed"]
        if held and all(key.role == "audit" for key in held):
            # The head did not move and yet its next place is taken.
            raise AuditDamaged(
                f"Audit chain {held[0].pk} does not end before entry {int(held[0].sk)}, where its"
                " head says that it does.",
                hint="Somebody edited the store. `opspilot audit verify` names the damage.",
            ) from answer.declined


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
