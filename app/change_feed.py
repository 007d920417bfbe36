"""How far the feed of changes can be trusted: what was denied, what was cut, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.formatting import words
from opspilot.domain.evidence import ChangesDetail, ChangesRequest, Evidence, GapDetail

NO_PROOF = "Nothing listed is no proof of no change."
_MOST_NAMES = 4


@dataclass(frozen=True)
class Feed:
    """How far the feed of changes can be trusted; a comparison of configurations is no feed.

    Attributes:
        asked: Whether it was asked for at all.
        unread: Entries that say why it could not be read; `partial`: those that say what is cut.
        whole_until: Before this account time every part that was read is whole; None where none
            is whole for any time.
    """

    asked: bool
    unread: tuple[Evidence, ...]
    partial: tuple[Evidence, ...]
    whole_until: datetime | None


def unread_words(unread: Sequence[Evidence]) -> list[str]:
    """Whose changes could not be read and why, once for each reason."""
    reasons: dict[str, list[Evidence]] = {}
    for item in unread:
        if isinstance(item.detail, GapDetail):
            lacks = f", {item.detail.iam_action} is missing" if item.detail.iam_action else ""
            why = f"{words(item.detail.reason)}{lacks or f' ({item.detail.message})'}"
            reasons.setdefault(why, []).append(item)
    return [
        f"The changes of {_whose(items)} could not be read: {why}"
        f" ({', '.join(item.id for item in items)}). {NO_PROOF}"
        for why, items in reasons.items()
    ]


def _whose(items: Sequence[Evidence]) -> str:
    asked = [
        resource.name
        for item in items
        if isinstance(item.request, ChangesRequest)
        for resource in item.request.resources
    ]
    names = list(dict.fromkeys(asked))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def feed_of(evidence: Sequence[Evidence]) -> Feed:
    """What the answers to the question for changes tell of the feed."""
    asked = [item for item in evidence if isinstance(item.request, ChangesRequest)]
    read = [(item, item.detail) for item in asked if isinstance(item.detail, ChangesDetail)]
    until = min((detail.complete_until for _, detail in read), default=None)
    start = min((item.window.start for item, _ in read), default=None)
    return Feed(
        asked=bool(asked),
        unread=tuple(item for item in asked if isinstance(item.detail, GapDetail)),
        partial=tuple(item for item, _ in read if item.status == "partial"),
        whole_until=until if until and start and until > start else None,
    )
