"""What changed around the incident, and how far the evidence can be trusted."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from app.answered import NO_DATA, READ, Shortfall, cost, shortfalls, standing
from app.change_feed import feed_of
from app.change_rows import Before, Onset, by_closeness
from app.change_rows import when_words as against_onset
from app.components.changes import feed_lines, moment_of
from app.components.chips import chips
from app.formatting import Now, capital, moment, words
from app.markup import Html, el, show
from app.rows import Marked
from opspilot.domain.evidence import Evidence
from opspilot.domain.investigation import Investigation
from opspilot.domain.wording import plural

_MOST = 6
_MOST_CHIPS = 8


def what_changed(
    marked: Sequence[Marked],
    evidence: Sequence[Evidence],
    onset: Onset,
    now: Now,
    *,
    over: bool = False,
) -> Html:
    """The changes by their letters, the closest before the onset first, and how whole the feed is.

    Args:
        marked: On the page's time axis.
        evidence: Of the newest investigation; empty before there is any.
        onset: What the changes are held against.
        now: The clocks.
        over: Nothing more will be read: what is not there by now is missing.
    """
    letters = {id(one.change): one.letter for one in marked}
    held = by_closeness([one.change for one in marked], onset)
    feed, more = feed_of(evidence), len(held) - _MOST
    if not (feed.asked or over):
        told = [el("p", "The changes have not been read yet.", cls="op-quiet-text")]
    else:
        told = feed_lines(feed, now)
    nothing = feed.asked and not feed.unread and not held
    return el(
        "section",
        el("h2", "What changed"),
        el("p", f"Closest before {onset.what} first.", cls="op-quiet-text") if held else None,
        el(
            "ul",
            *[_line(one, letters[id(one.change)], now) for one in held[:_MOST]],
            cls="op-changes",
        )
        if held
        else None,
        el("p", "No change is in the feed.") if nothing else None,
        el("p", f"{plural(more, 'further one')} on the Changes tab", cls="op-quiet-text")
        if more > 0
        else None,
        *told,
        cls="op-panel",
    )


def trust(
    evidence: Sequence[Evidence], investigation: Investigation | None, account: Html, now: Now
) -> None:
    """How much was read and from where, each answer that falls short by name, and the cost.

    Args:
        evidence: Of the newest investigation.
        investigation: The newest one; None before there is any.
        account: Which account was read, and of which kind.
        now: The clocks.
    """
    short = shortfalls(evidence)
    with st.container(key="trust", gap=None):
        show(
            el("h2", "Evidence and trust"),
            el("p", account, cls="op-strip"),
            el("p", _counts(evidence, investigation), cls="op-num"),
            *([el("p", _sources(evidence), cls="op-quiet-text")] if evidence else []),
        )
        for number, one in enumerate(short):
            _short(one, number)
        cited = [el("p", _freshness(evidence, now), cls="op-quiet-text")] if evidence else []
        spent = investigation.usage if investigation else None
        paid = [el("p", cost(spent), cls="op-quiet-text op-num")] if spent else []
        if cited or paid:
            show(*cited, *paid)


def _counts(evidence: Sequence[Evidence], investigation: Investigation | None) -> str:
    counted = Counter(map(standing, evidence))
    read = f"{counted.pop(READ, 0)} read"
    skipped = sum(task.status == "skipped" for task in investigation.tasks) if investigation else 0
    left = [f"{skipped} left out"] if skipped else []
    return ", ".join([read, *(f"{count} {how}" for how, count in counted.items()), *left])


def _short(one: Shortfall, number: int) -> None:
    """What falls short by name; the entries as chips, but for those that only held no data."""
    if one.standing == NO_DATA:
        held = f"{plural(len(one.ids), 'answer')} without data in the incident window: {one.about}."
        show(el("p", held, cls="op-quiet-text"))
        return
    lacks = [" Missing permission: ", el("code", one.iam_action)] if one.iam_action else []
    said = f"{capital(one.standing)}: {one.about}."
    show(el("p", el("span", "◇ ", aria_hidden="true"), said, *lacks, cls="op-waiting-text"))
    chips(one.ids[:_MOST_CHIPS], f"short-{number}")
    more = len(one.ids) - _MOST_CHIPS
    if more > 0:
        show(el("p", f"{more} more on the Evidence tab", cls="op-quiet-text"))


def _sources(evidence: Sequence[Evidence]) -> str:
    """How many answers came from which source."""
    counted = Counter(item.request.source for item in evidence if item.status != "gap")
    return "From " + ", ".join(f"{words(source)} {count}" for source, count in counted.items())


def _freshness(evidence: Sequence[Evidence], now: Now) -> Html:
    return el("span", "Read ", moment(max(item.collected_at for item in evidence), now.account))


def _line(one: Before, letter: str, now: Now) -> Html:
    change = one.change
    who = f" ({change.actor})" if change.actor else ""
    return el(
        "li",
        el("span", letter, cls="op-letter"),
        el(
            "div",
            el("div", el("b", change.resource.name), f": {change.summary}{who}"),
            el(
                "div",
                el("span", against_onset(one), cls="op-change-text" if one.came_before else ""),
                " · ",
                moment_of(change, now),
                cls="op-quiet-text",
            ),
        ),
    )
