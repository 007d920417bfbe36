"""Competing explanations, best first: for, against, missing; the ruled-out ones folded below."""

from collections.abc import Sequence

import streamlit as st

from app.components import badges
from app.components.chips import chips
from app.formatting import cause_words
from app.markup import Html, el, show
from opspilot.domain.hypothesis import Argument, Hypothesis, Verdict
from opspilot.domain.wording import share


def hypotheses_tab(verdict: Verdict | None) -> None:
    """One card for each explanation."""
    if verdict is None:
        st.caption("There is no verdict yet. The explanations that were weighed appear here.")
        return
    standing = [one for one in verdict.hypotheses if one.status != "ruled_out"]
    ruled_out = [one for one in verdict.hypotheses if one.status == "ruled_out"]
    if not verdict.hypotheses:
        st.caption("No explanation fits what was read.")
    for number, hypothesis in enumerate(standing):
        _card(hypothesis, number)
    if ruled_out:
        with st.expander(f"Ruled out: {len(ruled_out)}"):
            show(el("ul", *map(_ruled_out, ruled_out), cls="op-list"))
    st.caption(f"Weighed by rules, version {verdict.rules_version}.")


def _card(hypothesis: Hypothesis, number: int) -> None:
    with st.container(border=True, key=f"hypothesis-{number}"):
        show(_head(hypothesis))
        columns = st.columns(3, gap="medium")
        sides = (
            ("For", hypothesis.arguments_for),
            ("Against", hypothesis.arguments_against),
            ("Missing", hypothesis.missing),
        )
        for column, (name, arguments) in zip(columns, sides, strict=True):
            with column:
                _side(name, arguments, f"{number}-{name}")


def _head(hypothesis: Hypothesis) -> Html:
    leading = badges.badge("leading", "action", badges.DOT)
    capped = f"capped: {hypothesis.cap}" if hypothesis.cap else ""
    return el(
        "div",
        el(
            "div",
            el("b", cause_words(hypothesis.cause_class)),
            f" in {hypothesis.resource.name} ",
            leading if hypothesis.status == "leading" else None,
            el("span", f" confidence {share(hypothesis.confidence)}", cls="op-num"),
        ),
        el("div", hypothesis.summary),
        el("div", capped, cls="op-waiting-text") if capped else None,
    )


def _side(name: str, arguments: Sequence[Argument], key: str) -> None:
    with st.container(gap=None):
        show(el("h3", name), *([] if arguments else [el("p", "Nothing.", cls="op-quiet-text")]))
        for index, argument in enumerate(arguments):
            show(el("p", argument.text))
            chips(argument.evidence, f"{key}-{index}")


def _ruled_out(hypothesis: Hypothesis) -> Html:
    return el(
        "li",
        el("b", f"{cause_words(hypothesis.cause_class)} in {hypothesis.resource.name}: "),
        hypothesis.ruled_out_because or hypothesis.summary,
    )
