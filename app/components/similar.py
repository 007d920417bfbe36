"""Earlier incidents that looked alike, what was done about them, and whether it worked."""

import streamlit as st

from app.formatting import Now, cause_words, moment
from app.guard import guarded
from app.markup import Html, el, show
from app.navigation import incident_link
from app.wiring import Desk
from opspilot.domain.fingerprint import SimilarIncident, SuccessRate, Treatment
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import share
from opspilot.engine.history import History


def similar_tab(view: IncidentView, desk: Desk, history: History) -> None:
    """The most alike first; then how often each kind of action cured this class of cause.

    Args:
        view: The incident that the others are compared with.
        desk: Who looks, and when.
        history: What this workbench learnt, and the incident itself.
    """
    verdict = view.investigation.verdict if view.investigation else None
    if verdict is None:
        st.caption("There is no verdict yet. Earlier incidents that looked alike appear here.")
        return
    with guarded("reading earlier incidents"):
        found = history.similar(view.incident.id)
        rates = history.success_rates()
        if not found:
            st.caption("No earlier incident looked like this one.")
        for one in found:
            with st.container(border=True, key=f"similar-{one.fingerprint.incident_id}", gap=None):
                incident_link(one.fingerprint.incident_id, 120)
                show(_block(one, desk.now))
        cause = verdict.cause.cause_class if verdict.cause else ""
        own = [rate for rate in rates if rate.cause_class == cause]
        if own:
            show(el("h2", f"What cured {cause_words(cause)} before"), _rates(own))
        st.caption("History orders the ways out of a plan. It never moves a verdict.")


def _block(one: SimilarIncident, now: Now) -> Html:
    earlier = one.fingerprint
    shared = "; ".join(one.shared)
    return el(
        "section",
        el(
            "h3",
            f"{earlier.title} ",
            el("span", f"{share(one.similarity)} alike", cls="op-quiet-text op-num"),
        ),
        el(
            "p",
            moment(earlier.opened_at, now.account, now.zone),
            f" · {cause_words(earlier.cause_class)}"
            if earlier.cause_class
            else " · no cause named",
            f" · {earlier.outcome}" if earlier.outcome else "",
            cls="op-quiet-text",
        ),
        el("p", f"Shared: {shared}") if shared else None,
        el("ul", *map(_treatment, earlier.treatments), cls="op-list")
        if earlier.treatments
        else el("p", "Nothing was carried out.", cls="op-quiet-text"),
    )


def _treatment(one: Treatment) -> Html:
    done = "; ".join(one.summaries or one.actions)
    outcome = str(one.outcome).replace("_", " ") if one.outcome else "not measured"
    undone = ", taken back later" if one.undone else ""
    tone = "op-healthy-text" if one.worked else "op-waiting-text"
    return el("li", f"{done}: ", el("span", f"{outcome}{undone}", cls=tone))


def _rates(rates: list[SuccessRate]) -> Html:
    head = el("li", el("span", "action"), el("span", "cured"), el("span", "95 % interval"))
    rows = [
        el(
            "li",
            el("b", one.action_type),
            el("span", f"{one.worked} of {one.tried}", cls="op-num"),
            el("span", f"{share(one.bounds[0])} to {share(one.bounds[1])}", cls="op-num"),
        )
        for one in rates
    ]
    return el("ul", head, *rows, cls="op-compare")
