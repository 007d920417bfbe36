"""What changed, the closest before the onset first, each with what stood before and after."""

import streamlit as st

from app.change_feed import NO_PROOF, Feed, feed_of, unread_words
from app.change_rows import (
    Before,
    Difference,
    by_closeness,
    onset_of,
    told_differences,
    version_differences,
    when_words,
)
from app.components.linked import of_current
from app.formatting import Now, moment, stamp
from app.guard import sentence
from app.markup import Html, el, show
from opspilot.domain.change import Change
from opspilot.domain.views import IncidentView
from opspilot.engine.timeline import changes_of

_MOST = 25
_WARNING = "op-waiting-text"


def changes_tab(view: IncidentView, now: Now) -> None:
    """One block for each change; the feed's own limit stands above them."""
    evidence = of_current(view)
    feed = feed_of(evidence)
    verdict = view.investigation.verdict if view.investigation else None
    if not feed.asked and verdict is None:
        st.caption("The changes have not been read yet.")
        return
    onset = onset_of(view.incident, verdict)
    show(
        el(
            "p",
            f"Held against {onset.what}: ",
            moment(onset.at, now.account, now.zone),
            f" ± {onset.slack.total_seconds():.0f} s" if onset.slack else None,
        ),
        *feed_lines(feed, now),
    )
    ordered = by_closeness(changes_of(evidence), onset)
    if not ordered and feed.asked and not feed.unread:
        st.caption("No change is in the feed for what was read.")
    for one in ordered[:_MOST]:
        title, compared = version_differences(one.change.resource, one.change, evidence)
        show(_block(one, told_differences(one.change), title, compared, now))
    if len(ordered) > _MOST:
        st.caption(f"{len(ordered) - _MOST} further ones stand on the timeline.")


def _block(
    one: Before, told: list[Difference], title: str, compared: list[Difference], now: Now
) -> Html:
    change = one.change
    who = f" by {change.actor}" if change.actor else ""
    return el(
        "section",
        el("h3", el("b", change.resource.name), f": {change.summary}{who}"),
        el(
            "p",
            el("span", when_words(one), cls="op-strong op-change-text" if one.came_before else ""),
            " · ",
            moment_of(change, now),
            f" · told by {change.source}",
            cls="op-quiet-text",
        ),
        _table(told) if told and not compared else None,
        el("p", title, cls="op-quiet-text") if compared else None,
        _table(compared) if compared else None,
        cls="op-panel op-change-block",
    )


def moment_of(change: Change, now: Now) -> Html:
    """When it was made; both bounds where the moment is known only so far."""
    at = moment(change.at, now.account, now.zone)
    if change.since is None:
        return at
    return el("span", f"between {stamp(change.since, now.account)} and ", at)


def feed_lines(feed: Feed, now: Now) -> list[Html]:
    """How far the feed can be trusted: what was denied, what is cut, and until when it is whole."""
    if not feed.asked:
        return [el("p", f"◇ The changes were not read. {NO_PROOF}", cls=_WARNING)]
    lines = [el("p", f"◇ {said}", cls=_WARNING) for said in unread_words(feed.unread)]
    lines += [
        el("p", f"◇ {item.id} was read in part. {sentence(item.finding)}", cls=_WARNING)
        for item in feed.partial
    ]
    if feed.whole_until:
        until = moment(feed.whole_until, now.account, now.zone)
        said = ". A change after that may still be missing: an empty list is no proof of no change."
        lines.append(el("p", "The feed is whole until ", until, said, cls="op-quiet-text"))
    return lines


def _table(differences: list[Difference]) -> Html:
    head = el("li", el("span", "setting"), el("span", "before"), el("span", "after"))
    rows = [
        el(
            "li",
            el("b", one.setting),
            el("span", one.before, cls="op-was"),
            el("span", one.after, cls="op-is"),
        )
        for one in differences
    ]
    return el("ul", head, *rows, cls="op-compare")
