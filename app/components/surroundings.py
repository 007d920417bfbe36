"""What changed around the incident, and how far the evidence can be trusted."""

from collections import Counter
from collections.abc import Sequence

from app.formatting import Now, moment, stamp, words
from app.markup import Html, el
from app.rows import Marked
from opspilot.domain.evidence import ChangesDetail, Evidence, GapDetail
from opspilot.domain.investigation import Investigation
from opspilot.domain.wording import plural

_MOST = 6
_LEAST_USD = 0.0001


def what_changed(marked: Sequence[Marked], evidence: Sequence[Evidence], now: Now) -> Html:
    """The newest changes, by letter, and until when the feed is whole."""
    feeds = [item.detail for item in evidence if isinstance(item.detail, ChangesDetail)]
    newest = list(reversed(marked))
    lines = [_line(one, now) for one in newest[:_MOST]]
    more = len(newest) - _MOST
    return el(
        "section",
        el("h2", "What changed"),
        el("ul", *lines, cls="op-changes") if lines else el("p", _nothing(bool(feeds))),
        el("p", f"{more} earlier ones on the timeline", cls="op-quiet-text") if more > 0 else None,
        _trusted_until(feeds, now),
        cls="op-panel",
    )


def trust(evidence: Sequence[Evidence], investigation: Investigation | None, now: Now) -> Html:
    """How much was read, what could not be, and what it cost."""
    gaps = Counter(item.detail.reason for item in evidence if isinstance(item.detail, GapDetail))
    partial = sum(item.status == "partial" for item in evidence)
    read = sum(item.status != "gap" for item in evidence)
    parts = [f"{read} read", *(f"{count} {words(reason)}" for reason, count in gaps.items())]
    if partial:
        parts.append(f"{partial} in part (cut or not whole)")
    skipped = sum(task.status == "skipped" for task in investigation.tasks) if investigation else 0
    if skipped:
        parts.append(f"{skipped} left out")
    usage = investigation.usage if investigation else None
    cost = f"{plural(usage.api_calls, 'AWS call')}{_dollars(usage.usd)}" if usage else ""
    return el(
        "section",
        el("h2", "Evidence and trust"),
        el("p", ", ".join(parts), cls="op-num op-waiting-text" if gaps or partial else "op-num"),
        el("p", _sources(evidence), cls="op-quiet-text") if evidence else None,
        el("p", _freshness(evidence, now), cls="op-quiet-text") if evidence else None,
        el("p", cost, cls="op-quiet-text op-num") if cost else None,
        _denied(evidence),
        cls="op-panel",
    )


def _sources(evidence: Sequence[Evidence]) -> str:
    """How many answers came from which source."""
    counted = Counter(item.request.source for item in evidence if item.status != "gap")
    return "From " + ", ".join(f"{words(source)} {count}" for source, count in counted.items())


def _freshness(evidence: Sequence[Evidence], now: Now) -> Html:
    return el("span", "Read ", moment(max(item.collected_at for item in evidence), now.account))


def _denied(evidence: Sequence[Evidence]) -> Html | None:
    """The permissions that would have told more."""
    missing = dict.fromkeys(
        item.detail.iam_action
        for item in evidence
        if isinstance(item.detail, GapDetail) and item.detail.iam_action
    )
    if not missing:
        return None
    return el("p", "Missing permission: ", el("code", ", ".join(missing)), cls="op-waiting-text")


def _dollars(usd: float) -> str:
    return f", about {usd:.4f} USD" if usd >= _LEAST_USD else ""


def _line(marked: Marked, now: Now) -> Html:
    change = marked.change
    who = f" ({change.actor})" if change.actor else ""
    return el(
        "li",
        el("span", marked.letter, cls="op-letter"),
        el(
            "div",
            el("div", el("b", change.resource.name), f": {change.summary}{who}"),
            el("div", moment(change.at, now.account, now.zone), cls="op-quiet-text"),
        ),
    )


def _nothing(read: bool) -> str:
    return "No change is in the feed." if read else "The changes have not been read yet."


def _trusted_until(feeds: Sequence[ChangesDetail], now: Now) -> Html | None:
    if not feeds:
        return None
    until = min(feed.complete_until for feed in feeds)
    return el(
        "p",
        f"The feed is whole until {stamp(until, now.account)}; later changes may still arrive.",
        cls="op-quiet-text",
    )
