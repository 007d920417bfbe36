"""What somebody changed, and when."""

from typing import Literal

from opspilot.domain.model import Instant, Model
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window

ChangeKind = Literal["release", "configuration", "capacity", "permission", "other"]


class Change(Model):
    """One change of a resource.

    Attributes:
        resource: The one concerned: a change of a role or of an event source mapping is one of the
            function.
        kind: "release" when other code serves callers from now on; "permission" when the role of a
            function changed.
        actor: User name as the feed gives it; empty when unknown.
        before: Values before, where known ({"version": "17"}); environment values never.
        after: Values after; "environment" tells that variables were set, never which; of an
            inferred change it names them, without values.
        source: Which feed told: cloudtrail, lambda.versions; "ledger" where two readings of a
            configuration differ, and nobody told why.
        event_id: Id in that feed; empty when it has none.
        since: Of an inferred change: it happened after this, and at `at` at the latest.
    """

    at: Instant
    resource: Resource
    kind: ChangeKind
    summary: str
    actor: str = ""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    source: str
    event_id: str = ""
    since: Instant | None = None


class ChangeFeed(Model):
    """Changes in a window, oldest first, and how far the feed can be trusted.

    Attributes:
        complete_until: Before this account time the feed is whole; later changes may still arrive,
            so an empty feed after it is not evidence of "no change".
        gaps: What could not be read, as sentences.
    """

    window: Window
    changes: tuple[Change, ...] = ()
    complete_until: Instant
    gaps: tuple[str, ...] = ()
    truncated: bool = False
    request_ids: tuple[str, ...] = ()
