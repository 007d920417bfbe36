"""What a function's own configuration tells of changes that no feed brings.

Where CloudTrail is denied, late or lacking, a function still says when it was last modified, and
its published versions say which code it had before. Calls that it makes again because they failed
are told from more traffic here as well: neither is a cause that began by itself.
"""

from datetime import timedelta

from opspilot.diagnosis.case import Case, ChangeFound
from opspilot.diagnosis.change_search import (
    CLOSE,
    NEAR,
    Onset,
    changes_behind,
    is_release,
    known_unchanged,
    untold_change,
)
from opspilot.diagnosis.levels import period_seconds
from opspilot.diagnosis.symptoms import failure_onset, failures
from opspilot.domain.resource import Resource
from opspilot.domain.snapshots import metric_points

_BEFORE = timedelta(seconds=2)
_RAN_WELL = 10
_EXPLAINED = 1.2


def release_behind(case: Case, function: Resource, onset: Onset) -> ChangeFound | None:
    """The release before an onset, told by the feed; else one that only its own time tells of."""
    return changes_behind(case, function, onset, is_release) or _untold(case, function, onset)


def is_untold(found: ChangeFound | None) -> bool:
    """Whether it is known only that something was changed, not what."""
    return found is not None and found.inferred and not found.change.after


def _untold(case: Case, function: Resource, onset: Onset) -> ChangeFound | None:
    """A change of $LATEST right before the onset that can have been one of its code.

    None where the feed would have told of it, or a version published before has the same code.
    """
    feed, shown = case.feed_of(function), case.configuration(function)
    if shown is None or (feed is not None and feed.whole_until >= onset.latest):
        return None
    found = untold_change(case, function, onset)
    if found is None or onset.at - found.change.at > CLOSE:
        return None
    kept = any(
        one.code_sha256 == shown.detail.code_sha256 and one.published_at < found.change.at - _BEFORE
        for one in shown.detail.versions
    )
    return None if kept else found


def unchanged_since(case: Case, function: Resource, onset: Onset) -> tuple[str, ...]:
    """Entries that show that a function was not changed in a way that began at an onset.

    Either it was not changed for long, or it was, and has run well for a while since.
    """
    known = known_unchanged(case, function, onset)
    if known:
        return known
    shown, calls = case.configuration(function), case.metric(function, "lambda.invocations")
    at = shown.detail.last_modified if shown else None
    if shown is None or at is None or calls is None or shown.detail.aliases:
        return ()
    if at > onset.at - NEAR:
        return ()
    ran = sum(value for when, value in metric_points(calls.evidence) if at <= when < onset.at)
    return (shown.id, calls.id) if ran >= _RAN_WELL else ()


def tried_again(case: Case, function: Resource) -> bool:
    """Whether its additional calls are its failed ones once more.

    They come later than the failures by a period at least, and are no more than those explain.
    """
    calls, failed = case.risen(function, "lambda.invocations"), failures(case, function)
    began = failure_onset(case, function)
    if calls is None or failed is None or began is None or calls.detail.onset is None:
        return False
    period = period_seconds(calls)
    # A log tells the second, a metric the period in which it lies.
    failing_since = began.at - timedelta(seconds=began.at.timestamp() % period)
    if calls.detail.onset < failing_since + timedelta(seconds=period):
        return False
    usual, total = calls.detail.baseline_value, calls.detail.total_incident
    lost = failed.detail.total_incident
    if usual is None or total is None or lost is None:
        return False
    return total - usual * calls.detail.points <= _EXPLAINED * lost


__all__ = ["is_untold", "release_behind", "tried_again", "unchanged_since"]
