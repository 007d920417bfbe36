"""Opens a capsule like a store: the same queries, nothing that writes, no account to ask."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

from opspilot.adapters.memory import FrozenStore, HandClock
from opspilot.adapters.unreachable import Unreachable
from opspilot.domain.capsule import Capsule
from opspilot.domain.fingerprint import Fingerprint
from opspilot.domain.identity import Actor
from opspilot.domain.views import IncidentView
from opspilot.engine.capsule import read_capsule
from opspilot.engine.history import History
from opspilot.engine.queries import Queries
from opspilot.errors import ReadOnlyStore
from opspilot.ports.store import Row, Store

READER = Actor(id="capsule-reader", name="A reader of a capsule", kind="person")
"""Whoever looks into a capsule: without a role, so that no command is theirs."""

_OFFLINE = ReadOnlyStore(
    "a capsule is read offline: what is not in it cannot be asked for",
    hint="Open the incident itself where it is kept.",
)


def open_capsule(content: bytes) -> tuple[Capsule, IncidentView]:
    """A capsule and the page's view of its incident.

    Raises:
        CapsuleRefused: See `read_capsule`.
    """
    capsule = read_capsule(BytesIO(content))
    return capsule, view_of(capsule)


def view_of(capsule: Capsule) -> IncidentView:
    """What the incident's page shows, as the store's own queries put it together."""
    clock = HandClock(capsule.manifest.exported_at, account_time(capsule))
    queries = Queries(frozen(capsule), clock, Unreachable(_OFFLINE))
    return queries.incident(capsule.incident.id, READER)


def frozen(capsule: Capsule, beside: Iterable[Fingerprint] = ()) -> Store:
    """The rows of a capsule, and these beside them, as a store that refuses every write."""
    rows: list[Row] = [capsule.incident, *capsule.evidence, *capsule.plans, *capsule.notes]
    rows += [*capsule.conversations, *capsule.turns]
    rows += [one for one in (capsule.investigation, capsule.postmortem) if one is not None]
    return FrozenStore([*rows, *beside], capsule.audit)


def history_beside(capsule: Capsule, learnt: Iterable[Fingerprint]) -> History:
    """The incident of a capsule beside the fingerprints that a workbench keeps.

    One of the same number is left out, as an incident is never like itself.
    """
    return History(frozen(capsule, learnt))


def account_time(capsule: Capsule) -> datetime:
    """Account time of the newest thing on record."""
    return max((entry.at for entry in capsule.audit), default=capsule.incident.opened_at)
