"""Changes put together from two readings of a configuration, in the words of the change feeds.

Where CloudTrail is denied, late or lacking, two ledgers tell what differs, and that it changed some
time between them. A feed says which alias moved to which version; a comparison names its settings
one by one, so they are put into the feed's words before any rule asks for them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from opspilot.domain.change import Change, ChangeKind

_WORDS = {"billing": "billing_mode"}
"""Settings that a feed calls otherwise."""

_OF_SOURCES = {
    "polling": "enabled",
    "batch_size": "batch_size",
    "maximum_concurrency": "maximum_concurrency",
}
"""First words of the settings of an event source mapping, and what a feed calls them."""


def in_feed_words(change: Change) -> Iterator[Change]:
    """The changes that a feed would have told of; anything but an inferred change as it is."""
    if change.since is None:
        yield change
        return
    aliases = [name for name in change.after if name.startswith("alias ")]
    for name in aliases:
        yield _alias_moved(change, name)
    left = {name: text for name, text in change.after.items() if name not in aliases}
    if left or not aliases:
        yield change.model_copy(
            update={
                "before": _worded(change.before, aliases),
                "after": _worded(left, aliases),
                "event_id": f"{change.event_id}:settings" if aliases else change.event_id,
            }
        )


def _alias_moved(change: Change, name: str) -> Change:
    alias = name.partition(" ")[2]
    before, after = (state.get(name, "").partition(" ")[0] for state in _states(change))
    kind: ChangeKind = "release"
    return change.model_copy(
        update={
            "kind": kind,
            "summary": f"alias {alias} moved from version {before or 'none'} to version {after}"
            " (found by comparing)",
            "before": {"version": before} if before else {},
            "after": {"alias": alias, "version": after},
            "event_id": f"{change.event_id}:{alias}",
        }
    )


def _states(change: Change) -> tuple[dict[str, str], dict[str, str]]:
    return change.before, change.after


def _worded(state: dict[str, str], without: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in state.items():
        if name in without:
            continue
        first, _, rest = name.partition(" ")
        if rest and first in _OF_SOURCES:
            found["event_source"] = rest
            found[_OF_SOURCES[first]] = _enabled(text) if first == "polling" else text
        else:
            found[_WORDS.get(name, name)] = text
    return found


def _enabled(text: str) -> str:
    return "false" if text == "disabled" else "true"


def span_of(change: Change, read_at: frozenset[datetime]) -> timedelta:
    """How long before `change.at` it may have happened; 0 where AWS itself dates it.

    Args:
        change: Any change.
        read_at: When the configurations were read: a change of that date is only known by then.
    """
    if change.since is None or change.at not in read_at:
        return timedelta(0)
    return change.at - change.since


__all__ = ["in_feed_words", "span_of"]
