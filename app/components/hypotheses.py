"""Competing explanations, best first: for, against, missing, and what was asked to refute them."""

from collections.abc import Sequence

import streamlit as st

from app import attacks
from app.answered import standing
from app.components import badges
from app.components.chips import chips
from app.components.linked import of_current
from app.formatting import capital, cause_words
from app.markup import Html, el, show
from app.verdict_words import CONFIRMED_ASKS, capped_by
from opspilot.domain.hypothesis import Argument, Hypothesis, Verdict
from opspilot.domain.views import Attack, IncidentView, attacks_of
from opspilot.domain.wording import share

_ALL_READ = "Nothing was left to ask that could refute it: all of that had been read."


def hypotheses_tab(view: IncidentView) -> None:
    """One card for each explanation; the ruled-out ones folded below."""
    verdict = view.investigation.verdict if view.investigation else None
    if verdict is None:
        st.caption("There is no verdict yet. The explanations that were weighed appear here.")
        return
    board, asked = verdict.hypotheses, attacks_of(view.investigation, of_current(view))
    alive = [one for one in board if one.status != "ruled_out"]
    if not alive:
        st.caption("No explanation fits what was read.")
    for number, one in enumerate(alive):
        _card(one, attacks.against(asked, one, board), number, whole=_is_whole(view))
    _ruled_out(verdict, asked)
    _elsewhere(attacks.on_no_card(asked, board))
    st.caption(f"Weighed by rules, version {verdict.rules_version}. {CONFIRMED_ASKS}")


def _is_whole(view: IncidentView) -> bool:
    """Whether every question was asked that there was to ask."""
    investigation = view.investigation
    # Records of before a cut was told still hold the stop, and the gaps that a budget leaves.
    cut = any(standing(item) == "budget" for item in of_current(view))
    return investigation is not None and not (
        cut or investigation.cut_short or investigation.stop_requested
    )


def _card(hypothesis: Hypothesis, asked: Sequence[Attack], number: int, *, whole: bool) -> None:
    with st.container(border=True, key=f"hypothesis-{number}"):
        show(_head(hypothesis))
        sides = (
            ("For", hypothesis.arguments_for),
            ("Against", hypothesis.arguments_against),
            ("Missing", hypothesis.missing),
        )
        # A side that says nothing leaves its room to those that do.
        columns = st.columns([2 if arguments else 1 for _, arguments in sides], gap="medium")
        for column, (name, arguments) in zip(columns, sides, strict=True):
            with column:
                _side(name, arguments, f"{number}-{name}")
        if asked:
            _attacks("Asked to refute it", asked, hypothesis, f"{number}")
        elif whole and hypothesis.status == "leading":
            show(el("h3", "Asked to refute it"), el("p", _ALL_READ, cls="op-quiet-text"))


def _attacks(title: str, asked: Sequence[Attack], hypothesis: Hypothesis | None, key: str) -> None:
    """Each question with what its answer did; one row of chips opens the answers."""
    show(el("h3", title), el("ul", *[_attack(one, hypothesis) for one in asked], cls="op-list"))
    chips([one.evidence.id for one in asked if one.evidence], f"attack-{key}")


def _attack(one: Attack, hypothesis: Hypothesis | None) -> Html:
    done = attacks.outcome(one, hypothesis)
    answer = f"{one.evidence.id}: {one.evidence.finding}" if one.evidence else one.task.title
    tone = "op-quiet-text" if done.tone == "quiet" else f"op-{done.tone}-text"
    return el(
        "li",
        el("div", capital(one.why), ": ", el("b", done.said, cls=tone)),
        el("div", answer, cls="op-quiet-text"),
    )


def _head(hypothesis: Hypothesis) -> Html:
    leading = badges.badge("leading", "action", badges.DOT)
    capped = capped_by(hypothesis)
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
        el("div", f"capped: {capped}", cls="op-waiting-text") if capped else None,
    )


def _side(name: str, arguments: Sequence[Argument], key: str) -> None:
    with st.container(gap=None):
        show(el("h3", name), *([] if arguments else [el("p", "Nothing.", cls="op-quiet-text")]))
        for index, argument in enumerate(arguments):
            show(el("p", argument.text))
            chips(argument.evidence, f"{key}-{index}")


def _ruled_out(verdict: Verdict, asked: Sequence[Attack]) -> None:
    """The reason of each, what spoke against it and for it, and the entries that say so."""
    found = [one for one in verdict.hypotheses if one.status == "ruled_out"]
    if not found:
        return
    with st.expander(f"Ruled out: {len(found)}"):
        for number, one in enumerate(found):
            with st.container(key=f"ruled-out-{number}", gap=None):
                show(_reasons(one))
                chips(_cited(one), f"out-{number}")
                on_it = attacks.against(asked, one, verdict.hypotheses)
                if on_it:
                    _attacks("Asked to refute it", on_it, one, f"out-{number}")


def _reasons(one: Hypothesis) -> Html:
    name = f"{cause_words(one.cause_class)} in {one.resource.name}: "
    lines = [
        el("li", f"{side}: {argument.text} ({', '.join(argument.evidence)})")
        for side, arguments in (("against", one.arguments_against), ("for", one.arguments_for))
        for argument in arguments
        # What was excluded at a glance has its reason as its one argument.
        if argument.text != one.ruled_out_because
    ]
    return el(
        "div",
        el("p", el("b", name), one.ruled_out_because or one.summary),
        el("ul", *lines, cls="op-list op-quiet-text"),
    )


def _cited(one: Hypothesis) -> list[str]:
    """The entries that its arguments cite, each once."""
    arguments = (*one.arguments_against, *one.arguments_for)
    return list(dict.fromkeys(each for argument in arguments for each in argument.evidence))


def _elsewhere(asked: Sequence[Attack]) -> None:
    """Questions about harm that nothing explained, or explanations that fell away."""
    if asked:
        _attacks("Asked besides", asked, None, "besides")
