"""The four tables: their names, their indexes, and the keys under which everything lies.

Every key begins with account and region, "000000000000/us-east-1#...", so that one set of tables
can hold the incidents of several regions (Global Tables) without one touching another's items.

Every index is a local one. Unlike a global index it is changed together with its table, so that
every read of the store is strongly consistent. See docs/decisions/0016-dynamodb-store.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

Item = dict[str, dict[str, Any]]
"""An item as the API writes it: attribute to {type: value}."""

Role = Literal["audit", "incidents", "plans", "evidence"]

ROLES: tuple[Role, ...] = ("audit", "incidents", "plans", "evidence")

STATUS_INDEX, NEWEST_INDEX, DUE_INDEX = "StatusIndex", "NewestIndex", "DueIndex"
INCIDENT_INDEX = "IncidentIdIndex"

INDEXES: Mapping[Role, Mapping[str, str]] = {
    "audit": {},
    "incidents": {
        STATUS_INDEX: "status_key",
        NEWEST_INDEX: "newest_key",
        DUE_INDEX: "due_key",
    },
    "plans": {
        INCIDENT_INDEX: "incident_key",
        STATUS_INDEX: "status_key",
        NEWEST_INDEX: "newest_key",
    },
    "evidence": {INCIDENT_INDEX: "incident_key"},
}
"""Table to its local indexes, each with the attribute that it sorts by."""

EXPIRY = "expires_at"
"""Attribute that holds the second since 1970 from which an item may be removed."""

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_PARTITION, _LONGEST_SORT = 2_048, 1_024


@dataclass(frozen=True)
class TableNames:
    """What the four tables are called."""

    audit: str = "AuditTrail"
    incidents: str = "Incidents"
    plans: str = "RemediationPlans"
    evidence: str = "Evidence"

    def of(self, role: Role) -> str:
        """The name of one of them."""
        return {
            "audit": self.audit,
            "incidents": self.incidents,
            "plans": self.plans,
            "evidence": self.evidence,
        }[role]

    @property
    def roles(self) -> dict[str, Role]:
        """Table name to what the table is for."""
        return {
            self.audit: "audit",
            self.incidents: "incidents",
            self.plans: "plans",
            self.evidence: "evidence",
        }


class Key(NamedTuple):
    """Where an item lies."""

    role: Role
    pk: str
    sk: str

    @property
    def attributes(self) -> Item:
        """The key as the API takes it."""
        return {"pk": text(self.pk), "sk": text(self.sk)}

    @property
    def fits(self) -> bool:
        """Whether DynamoDB takes keys of this length."""
        return len(self.pk.encode(errors="surrogatepass")) <= _LONGEST_PARTITION and (
            len(self.sk.encode(errors="surrogatepass")) <= _LONGEST_SORT
        )


def text(value: str) -> dict[str, str]:
    """A string attribute."""
    return {"S": value}


def number(value: int) -> dict[str, str]:
    """A number attribute."""
    return {"N": str(value)}


def read_text(item: Item, name: str) -> str:
    """A string attribute; empty when absent."""
    return str(item.get(name, {}).get("S", ""))


def read_number(item: Item, name: str) -> int:
    """A whole number attribute; 0 when absent."""
    return int(item.get(name, {}).get("N", "0"))


def part(value: str) -> str:
    """A value inside a composed key; the separator cannot occur in it."""
    return value.replace("%", "%25").replace("#", "%23")


def moment(at: datetime) -> str:
    """A moment as 20 digits, microseconds since year 1, so that texts sort as times."""
    return f"{(at - _YEAR_ONE) // _MICROSECOND:020}"


def moment_read(digits: str) -> datetime:
    """The moment that `moment` wrote."""
    return _YEAR_ONE + int(digits) * _MICROSECOND


def padded(count: int) -> str:
    """A whole number as text that sorts as the number."""
    return f"{count:012}"


@dataclass(frozen=True)
class Keys:
    """The keys of one account and region.

    Attributes:
        scope: "000000000000/us-east-1".
    """

    scope: str

    def under(self, *parts: str) -> str:
        """A partition of this scope."""
        return "#".join((self.scope, *(part(one) for one in parts)))

    @property
    def incidents(self) -> str:
        """Partition of all incidents."""
        return self.under("incidents")

    @property
    def plans(self) -> str:
        """Partition of all plans."""
        return self.under("plans")

    @property
    def jobs(self) -> str:
        """Partition of all jobs."""
        return self.under("jobs")

    @property
    def conversations(self) -> str:
        """Partition of all conversations."""
        return self.under("conversations")

    @property
    def fingerprints(self) -> str:
        """Partition of what the incidents left behind."""
        return self.under("fingerprints")

    @property
    def heads(self) -> str:
        """Partition of the heads of all chains."""
        return self.under("heads")

    def of_incident(self, incident_id: str) -> str:
        """Partition of what belongs to an incident."""
        return self.under("incident", incident_id)

    def turns(self, conversation_id: str) -> str:
        """Partition of the turns of a conversation."""
        return self.under("turns", conversation_id)

    def chain(self, name: str) -> str:
        """Partition of a chain's entries."""
        return self.under("chain", name)

    def job(self, job_id: str) -> Key:
        """A job and its lease."""
        return Key("incidents", self.jobs, f"job#{part(job_id)}")

    def head(self, chain: str) -> Key:
        """The newest place of a chain."""
        return Key("incidents", self.heads, f"head#{part(chain)}")

    def fingerprint(self, incident_id: str) -> Key:
        """What an incident left behind."""
        return Key("incidents", self.fingerprints, f"fingerprint#{part(incident_id)}")

    def entry(self, chain: str, seq: int) -> Key:
        """One audit entry."""
        return Key("audit", self.chain(chain), padded(seq))

    def arrivals(self, incident_id: str) -> Key:
        """The count of what arrived at an incident, by which it is ordered."""
        return Key("incidents", self.of_incident(incident_id), "arrivals")

    def counts(self, kind: str) -> Key:
        """The counters of a kind of row by status."""
        return Key("incidents", self.under("counts"), kind)

    def series(self, name: str) -> Key:
        """The last number of a series."""
        return Key("incidents", self.under("numbers"), f"series#{part(name)}")

    def chunk(self, digest: str, index: int) -> Key:
        """A piece of a body that is too large for its item."""
        return Key("evidence", self.under("chunk", digest), padded(index))


ACCOUNT = Key("incidents", "opspilot", "account")
"""Whose the tables are; the only item outside every account and region."""
