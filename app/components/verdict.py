"""The verdict in three boxes, cause, first failure and impact, and the lead when there is none."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.components import badges
from app.components.chips import chips
from app.formatting import Now, cause_words, moment
from app.guard import sentence
from app.markup import Html, el, show
from app.verdict_words import CONFIRMED_ASKS, why_likely
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Cause, FirstFailure, Impact, Verdict, VerdictStatus
from opspilot.domain.wording import share

_NO_CAUSE = {
    VerdictStatus.INCONCLUSIVE: "The evidence does not carry a cause.",
    VerdictStatus.NO_INCIDENT: "Nothing abnormal was found in this window.",
}

_ALIKE = 0.05
"""Leads whose confidence differs by no more are all told: the evidence does not rank them."""


def verdict_boxes(
    verdict: Verdict, evidence: Sequence[Evidence], now: Now, *, cut_short: str = ""
) -> None:
    """Three boxes, one below the other, each with its evidence as chips.

    Args:
        verdict: As it was drawn.
        evidence: What it was drawn from.
        now: The clocks.
        cut_short: Why not everything was asked before; empty where everything was.
    """
    with st.container(key="verdict", gap=None):
        if cut_short:
            show(judged_early(cut_short))
        _box(
            _cause(verdict, verdict.cause, why_likely(verdict, evidence), now),
            verdict.cause.evidence if verdict.cause else (),
            "cause",
        )
        for number, other in enumerate(verdict.causes[1:], start=2):
            _box(
                _further(other, number, len(verdict.causes), now), other.evidence, f"cause-{number}"
            )
        if verdict.first_failure:
            _box(_first(verdict.first_failure, now), verdict.first_failure.evidence, "first")
        if verdict.impact:
            _box(_impact(verdict.impact), verdict.impact.evidence, "impact")


def judged_early(cut_short: str) -> Html:
    """Says above a verdict that it rests on a part of what was to be asked."""
    said = el("p", el("b", "Judged on a part of the evidence: "), sentence(cut_short))
    todo = el("p", "What was read is kept. Investigate again to ask the rest.")
    mark = el("span", badges.HOLLOW, cls="op-mark", aria_hidden="true")
    return el("div", mark, el("div", said, todo), cls="op-notice op-waiting", role="status")


def _box(body: Html, evidence: Sequence[str], key: str) -> None:
    with st.container(key=f"box-{key}", gap=None):
        show(body)
        chips(evidence, key)


def _cause(verdict: Verdict, cause: Cause | None, doubt: str, now: Now) -> Html:
    if cause is None:
        # No confidence in the head: that of a lead would read as one in "inconclusive".
        head = el("h2", "Cause ", badges.verdict(verdict.status))
        return el("div", head, *_recovered(verdict, now), *lead_lines(verdict), cls="op-box")
    confidence = el("span", f"confidence {share(verdict.confidence)}", cls="op-quiet-text op-num")
    head = el("h2", "Cause ", badges.verdict(verdict.status), " ", confidence)
    onset = _when(cause.onset, cause.onset_uncertainty_seconds, now) if cause.onset else None
    return el(
        "div",
        head,
        el("p", cause.summary, cls="op-verdict"),
        el(
            "p",
            f"{cause_words(cause.cause_class)} in {cause.resource.name}",
            onset,
            cls="op-quiet-text",
        ),
        el("p", el("b", "Likely, not confirmed: "), f"{doubt}.", title=CONFIRMED_ASKS)
        if doubt
        else None,
        cls="op-box",
    )


def _recovered(verdict: Verdict, now: Now) -> list[Html]:
    """Harm that was there and had ended by itself before anybody looked."""
    if verdict.recovered_at is None:
        return []
    former = [one for one in verdict.hypotheses if one.status != "ruled_out"][:1]
    said = el(
        "p",
        "It has recovered: what was harmed is as before since ",
        moment(verdict.recovered_at, now.account, now.zone),
        cls="op-verdict",
    )
    causes = [
        el("p", el("b", "What it was, as far as the evidence tells: "), one.summary)
        for one in former
    ]
    return [said, *causes]


def _further(cause: Cause, number: int, of: int, now: Now) -> Html:
    """A second cause explains harm that the first does not."""
    onset = _when(cause.onset, cause.onset_uncertainty_seconds, now) if cause.onset else None
    return el(
        "div",
        el("h2", f"Cause {number} of {of}: another fault at the same time"),
        el("p", cause.summary, cls="op-verdict"),
        el(
            "p",
            f"{cause_words(cause.cause_class)} in {cause.resource.name}",
            onset,
            cls="op-quiet-text",
        ),
        cls="op-box",
    )


def lead_lines(verdict: Verdict) -> list[Html]:
    """What is said without a cause: the strongest lead, or all that fit as well as it."""
    said = "" if verdict.recovered_at else _NO_CAUSE.get(verdict.status, "")
    lines = [el("p", said, cls="op-verdict")] if said else []
    standing = [one for one in verdict.hypotheses if one.status != "ruled_out"]
    if verdict.status is VerdictStatus.INCONCLUSIVE and standing:
        best = standing[0].confidence
        alike = [one for one in standing if best - one.confidence <= _ALIKE]
        name = "Strongest lead: " if len(alike) == 1 else "Fits as well as another: "
        lines += [
            el("p", el("b", name), f"{one.summary} ({share(one.confidence)})") for one in alike
        ]
    if verdict.next_query:
        lines.append(el("p", el("b", "What would tell most: "), verdict.next_query))
    return lines


def _first(first: FirstFailure, now: Now) -> Html:
    when = _when(first.at, first.uncertainty_seconds, now) if first.at else None
    return el(
        "div",
        el("h2", "First failure"),
        el("p", first.summary),
        el("p", first.resource.name, when, cls="op-quiet-text"),
        cls="op-box",
    )


def _impact(impact: Impact) -> Html:
    return el(
        "div",
        el("h2", "Impact"),
        el("p", impact.summary),
        el("p", impact.resource.name, cls="op-quiet-text"),
        cls="op-box",
    )


def _when(at: datetime, half_width: float | None, now: Now) -> Html:
    about = f" ± {half_width:.0f} s" if half_width else ""
    return el("span", " · ", moment(at, now.account, now.zone), about, cls="op-num")
