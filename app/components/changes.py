"""What changed, the closest before the onset first, each with what stood before and after."""

import streamlit as st

from app.change_rows import (
    Before,
    Difference,
    by_closeness,
    onset_of,
    told_differences,
    version_differences,
)
from app.components.linked import of_current
from app.formatting import Now, moment, span
from app.markup import Html, el, show
from opspilot.domain.evidence import ChangesDetail
from opspilot.domain.views import IncidentView
from opspilot.engine.timeline import changes_of

_MOST = 25


def changes_tab(view: IncidentView, now: Now) -> None:
    """One block for each change; the feed's own limit stands above them."""
    evidence = of_current(view)
    feeds = [item.detail for item in evidence if isinstance(item.detail, ChangesDetail)]
    if not feeds:
        st.caption("The changes have not been read yet, or could not be.")
        return
    verdict = view.investigation.verdict if view.investigation else None
    onset = onset_of(view.incident, verdict)
    until = min(feed.complete_until for feed in feeds)
    show(
        el(
            "p",
            f"Held against {onset.what}: ",
            moment(onset.at, now.account, now.zone),
            f" ± {onset.slack.total_seconds():.0f} s" if onset.slack else None,
        ),
        el(
            "p",
            "The feed is whole until ",
            moment(until, now.account, now.zone),
            ". A change after that may still be missing: an empty list is no proof of no change.",
            cls="op-quiet-text",
        ),
    )
    ordered = by_closeness(changes_of(evidence), onset)
    if not ordered:
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
    when = "at the onset" if one.at_onset else f"{span(abs(one.lead))} {_side(one)} the onset"
    return el(
        "section",
        el("h3", el("b", change.resource.name), f": {change.summary}{who}"),
        el(
            "p",
            el("span", when, cls="op-strong op-change-text" if one.came_before else ""),
            " · ",
            moment(change.at, now.account, now.zone),
            f" · told by {change.source}",
            cls="op-quiet-text",
        ),
        _table(told) if told and not compared else None,
        el("p", title, cls="op-quiet-text") if compared else None,
        _table(compared) if compared else None,
        cls="op-panel op-change-block",
    )


def _side(one: Before) -> str:
    return "before" if one.came_before else "after"


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
