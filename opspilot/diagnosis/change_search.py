"""Which change of a resource could have started something at an onset."""

from collections.abc import Callable
from datetime import timedelta

from opspilot.diagnosis.assessment import FAIR, GOOD, STRONG, WEAK, Brief, Onset
from opspilot.diagnosis.case import Case, ChangeFound, Feed, Shown
from opspilot.diagnosis.levels import growth
from opspilot.domain.change import Change
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import clock

CLOSE = timedelta(minutes=5)
NEAR = timedelta(minutes=15)
WITHIN_REACH = timedelta(minutes=60)

_NO_CHANGE_CAP = 0.82
_OPEN_FEED_CAP = 0.96
_BLIND_CAP = 0.8
_SURGE_CAP = 0.84
_UNDATED_CAP = 0.84
_LONG_AGO = timedelta(days=2)


def changes_behind(
    case: Case, resource: Resource, onset: Onset, suits: Callable[[Change], bool]
) -> ChangeFound | None:
    """The last suitable change within the hour before the onset that reached the callers.

    One whose moment is not known may have been within it; one that is dated goes before it. Of a
    release, the move of the alias goes before the update of the code that precedes it.
    """
    found = [
        one
        for one in (*case.changes_of(resource), *_releases_in_parts(case, resource))
        if onset.at - WITHIN_REACH <= one.change.at
        and one.earliest <= onset.latest
        and suits(one.change)
        and _reaches_callers(case, one.change)
    ]
    return max(
        found,
        key=lambda one: (not one.span, "alias" in one.change.after, one.change.at),
        default=None,
    )


def _releases_in_parts(case: Case, resource: Resource) -> list[ChangeFound]:
    """Releases that no event tells yet: a version was published, and an alias points at it now.

    Versions are listed at once, while CloudTrail brings the move of the alias minutes later.
    """
    known = case.changes_of(resource)
    configuration = case.configuration(resource)
    if configuration is None:
        return []
    told = {one.change.after.get("version") for one in known if "alias" in one.change.after}
    return [
        ChangeFound((*one.ids, configuration.id), _release(one.change, alias.name), inferred=True)
        for one in known
        for alias in configuration.detail.aliases
        if one.change.kind == "other"
        and one.change.after.get("version") == alias.version
        and alias.version not in told
    ]


def _release(published: Change, alias: str) -> Change:
    version = published.after["version"]
    return published.model_copy(
        update={
            "kind": "release",
            "summary": f"version {version}, which alias {alias} serves now, published",
            "after": {"alias": alias, "version": version},
        }
    )


def untold_change(case: Case, resource: Resource, onset: Onset) -> ChangeFound | None:
    """A change of $LATEST that no event tells yet, by the time at which it was last modified.

    What was changed is not known from that; whoever asks has compared it.
    """
    configuration = case.configuration(resource)
    at = configuration.detail.last_modified if configuration else None
    if configuration is None or at is None or not onset.at - WITHIN_REACH <= at <= onset.latest:
        return None
    changed = Change(
        at=at,
        resource=resource,
        kind="configuration",
        summary="$LATEST was last modified",
        source="lambda.configuration",
    )
    if not _reaches_callers(case, changed):
        return None
    return ChangeFound((configuration.id,), changed, inferred=True)


def _reaches_callers(case: Case, change: Change) -> bool:
    """Whether a change acts on what callers use.

    Code and settings of $LATEST reach nobody who calls through an alias; the limits of the function
    as a whole do.
    """
    if "alias" in change.after or change.kind == "capacity":
        return True
    used = [edge.qualifier for edge in case.edges if edge.callee == change.resource]
    return not used or not all(used)


def dated(onset: Onset | None, found: ChangeFound | None) -> Onset | None:
    """The onset of a cause that shows only once a reserve is used up: its change tells it better.

    A table goes on for minutes on the burst capacity that it saved; the change was before.
    """
    if onset is None or found is None or found.inferred:
        return onset
    if timedelta(0) <= onset.at - found.change.at <= NEAR:
        return Onset(found.change.at, timedelta(seconds=1))
    return onset


def known_unchanged(case: Case, function: Resource, onset: Onset) -> tuple[str, ...]:
    """Entries that show a function unchanged shortly before an onset, whatever the feed still owes.

    A comparison with an earlier reading found nothing, or $LATEST was last modified long before.
    Callers of a published version, which cannot change, met but one in both windows of the log.
    Empty where neither is known.
    """
    if same := case.compared(function, onset.at - WITHIN_REACH):
        return same
    shown = case.configuration(function)
    if shown is None or shown.detail.last_modified is None:
        return ()
    if shown.detail.last_modified > onset.at - WITHIN_REACH:
        return ()
    if not shown.detail.aliases:
        return (shown.id,)
    log = case.log(function)
    if log is None or len(log.detail.versions) != 1:
        return ()
    return (shown.id, log.id)


def release_known(case: Case, function: Resource, onset: Onset) -> bool:
    """Whether a release shortly before an onset would have been seen."""
    feed = case.feed_of(function)
    whole = feed is not None and feed.whole_until >= onset.latest
    return whole or bool(known_unchanged(case, function, onset))


def argue_change(
    brief: Brief,
    case: Case,
    onset: Onset,
    found: ChangeFound | None,
    what: str,
) -> bool:
    """Weigh the change that was found, or that none was; True when it fits the onset closely.

    Args:
        brief: Of the hypothesis.
        case: The ledger.
        onset: When the cause showed.
        found: The change, if any.
        what: What kind of change would explain it: "release of payments".
    """
    feed = case.feed_of(brief.resource)
    if found is None:
        _argue_none(brief, case, feed, onset, what)
        return False
    if found.span:
        return _argue_undated(brief, onset, found)
    distance = max(onset.at - found.change.at, timedelta(0))
    weight = STRONG if distance <= CLOSE else GOOD if distance <= NEAR else WEAK
    if found.inferred:
        weight = min(weight, GOOD)
    who = f" by {found.change.actor}" if found.change.actor else ""
    brief.speaks_for(
        weight,
        f"{found.change.resource.name}: {found.change.summary} at {clock(found.change.at)}{who},"
        f" {_before(distance)} the onset",
        *found.ids,
    )
    if feed and feed.whole_until < onset.latest:
        until = f"whole until {clock(feed.whole_until)}"
        brief.cap(_OPEN_FEED_CAP, f"the change feed is not whole for the onset ({until})")
        brief.misses(f"later changes may still arrive in the feed ({until})", *feed.ids)
    return distance <= NEAR


def _argue_undated(brief: Brief, onset: Onset, found: ChangeFound) -> bool:
    """Weigh a change that happened some time between two readings: the longer, the less it says."""
    latest = min(found.change.at, onset.latest)
    between = max(latest - found.earliest, timedelta(0))
    weight = GOOD if between <= WITHIN_REACH else FAIR if between <= _LONG_AGO else WEAK
    brief.speaks_for(
        weight,
        f"{found.change.resource.name}: {found.change.summary}, some time between"
        f" {found.earliest:%Y-%m-%d %H:%M} and {found.change.at:%Y-%m-%d %H:%M} UTC",
        *found.ids,
    )
    brief.cap(_UNDATED_CAP, "when it was changed is not known: at most likely")
    brief.misses("who made the change, and when, is not known", *found.ids)
    return True


def _argue_none(brief: Brief, case: Case, feed: Feed | None, onset: Onset, what: str) -> None:
    if feed is None:
        gaps = [gap.id for gap in case.gaps if gap.evidence.request.source == "changes"]
        brief.misses(f"the change feed was not read: a {what} would settle it", *gaps)
        brief.cap(_BLIND_CAP, "the change feed was not read")
    elif feed.whole_until < onset.latest:
        until = clock(feed.whole_until)
        text = f"the change feed is whole only until {until}: a {what} may be missing from it"
        brief.misses(text, *feed.ids)
        brief.cap(_BLIND_CAP, "no change was found, and the change feed is not whole for the onset")
    else:
        text = f"no {what} was found within an hour before the onset"
        brief.speaks_against(FAIR, text, *feed.ids)
        brief.cap(_NO_CHANGE_CAP, "no change was found: at most likely")


def _before(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    if seconds < 60:
        return f"{seconds} s before" if seconds else "at"
    return f"{seconds // 60} min before"


def is_release(change: Change) -> bool:
    """Whether other code serves callers from then on."""
    return change.kind == "release"


def lowers(change: Change, setting: str) -> bool:
    """Whether a change makes a setting smaller, as far as it tells; what it was may be unknown."""
    before, after = (_figure(state.get(setting)) for state in (change.before, change.after))
    return after is not None and (before is None or after < before)


def _figure(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def argue_trigger(
    brief: Brief,
    case: Case,
    onset: Onset,
    found: ChangeFound | None,
    what: str,
    surge: Shown[MetricDetail] | None,
) -> bool:
    """As `argue_change`; without a change, more traffic from no later on is one of another sort.

    True when a change, or the traffic, fits the onset.
    """
    began = surge.detail.onset if surge else None
    if found or surge is None or began is None or began > onset.latest + case.period:
        return argue_change(brief, case, onset, found, what)
    more = growth(surge)
    by = f" to {more:.2g} times the usual" if more else ""
    brief.speaks_for(
        FAIR, f"traffic of {surge.evidence.resource.name} rose{by} at {clock(began)}", surge.id
    )
    brief.cap(_SURGE_CAP, "nothing was changed, more traffic met what was there: at most likely")
    return True
