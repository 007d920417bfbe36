"""The functions page's parts: which function, how it does, the test and its results."""

import json
from dataclasses import dataclass

import streamlit as st

from app import queries, tables
from app.components.badges import CHECK, FILLED, HOLLOW, Tone, badge
from app.formatting import words
from app.guard import attempt
from app.markup import Html, el, show
from app.state import current, keep_trials
from app.wiring import Desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.trial import Health, HealthCheck, Trial, TrialMode
from opspilot.domain.wording import milliseconds

_KEY = "function"
_LOOKS: dict[Health, tuple[Tone, str]] = {
    "good": ("healthy", CHECK),
    "warning": ("waiting", HOLLOW),
    "bad": ("breach", FILLED),
    "unknown": ("waiting", HOLLOW),
}
_MODES = {
    TrialMode.SYNC: "Wait for the answer",
    TrialMode.ASYNC: "Hand it over (asynchronous)",
    TrialMode.DRY_RUN: "Only check the permission (dry run)",
}


@dataclass(frozen=True)
class Wanted:
    """What the person wants to try."""

    events: tuple[str, ...]
    mode: TrialMode
    qualifier: str


def choose_function() -> Resource | None:
    """The function that the address names; None, with the reason, where there is none.

    Raises:
        AwsError: The account did not answer.
    """
    found = {one.name: one for one in queries.resources() if one.kind is ResourceKind.FUNCTION}
    if not found:
        st.write("This account and region have no Lambda function.")
        return None
    chosen = st.selectbox(
        "Function", list(found), key=_KEY, bind="query-params", filter_mode="fuzzy"
    )
    return found[chosen]


def health(function: Resource) -> None:
    """Every check with its numbers, worst first."""
    found = queries.function_health(function)
    show(
        el("h2", "Health ", badge(found.health, *_LOOKS[found.health])),
        el("ul", *[_check(check) for check in found.checks], cls="op-sources"),
        el(
            "p",
            f"Metrics from {found.since:%H:%M} to {found.until:%H:%M} UTC on the account's clock.",
            cls="op-quiet-text",
        ),
    )


def _check(check: HealthCheck) -> Html:
    state = badge(check.health, *_LOOKS[check.health])
    return el("li", el("b", words(check.name)), state, el("span", check.finding))


def test_form(function: Resource, desk: Desk) -> Wanted | None:
    """Events, mode and version; what was filled in once it is sent and is JSON."""
    refusal = (
        ""
        if permits(desk.actor, Command.TEST_FUNCTION)
        else f"{desk.actor.name} may look, and not test functions."
    )
    where = "the embedded account" if desk.bench.account.embedded else "a real account"
    show(
        el("h2", "Test"),
        el(
            "p",
            f"This really invokes {function.name} on {where}; every call is on the audit trail.",
            cls="op-quiet-text",
        ),
    )
    with st.form("test-function", border=False):
        text = st.text_area(
            "Events, one JSON value per line; or a single value over several lines",
            "{}",
            height=120,
            key="test-events",
        )
        left, right = st.columns(2)
        mode = left.selectbox("Mode", list(_MODES), format_func=_MODES.__getitem__, key="test-mode")
        qualifier = right.text_input(
            "Version or alias ($LATEST when empty)", key="test-qualifier", max_chars=128
        )
        sent = st.form_submit_button("Test", type="primary", disabled=bool(refusal))
    if refusal:
        st.caption(refusal)
    return Wanted(_events(text or ""), mode, (qualifier or "").strip()) if sent else None


def _events(text: str) -> tuple[str, ...]:
    """One event when the whole text is one JSON value; else one for each line with text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return tuple(line for line in text.splitlines() if line.strip())
    return (text,)


def tried(function: Resource, wanted: Wanted, desk: Desk, place: str) -> None:
    """Test the function; the results are kept, a refusal is the notice of `place`."""

    def test() -> None:
        keep_trials(
            desk.bench.functions.test(
                function,
                wanted.events,
                mode=wanted.mode,
                qualifier=wanted.qualifier,
                actor=desk.actor,
            )
        )

    keep_trials(())
    attempt(place, "testing the function", test)


def results() -> None:
    """A row for each event; below, the answer and the log of the chosen one."""
    trials = current().trials
    if not trials:
        return
    show(el("h2", "Results"))
    tables.table([_row(number, one) for number, one in enumerate(trials, 1)], key="trials")
    number = 1
    if len(trials) > 1:
        number = st.selectbox("Answer and log of event", range(1, len(trials) + 1), key="trial")
    trial = trials[number - 1]
    left, right = st.columns(2)
    with left:
        show(el("h3", "Answer"))
        st.code(json.dumps(trial.payload, indent=2, ensure_ascii=False), language=None)
    with right:
        show(el("h3", "Log"))
        st.code("\n".join(trial.log) or "no log came along", language=None)


def _row(number: int, trial: Trial) -> dict[str, tables.Cell]:
    used, size = trial.memory_used_mb, trial.memory_size_mb
    return {
        "event": number,
        "outcome": words(trial.outcome),
        "version": trial.version,
        "duration": milliseconds(trial.duration_ms) if trial.duration_ms is not None else "",
        "memory": f"{used} of {size} MB" if used and size else "",
        "error": f"{trial.error_type} {trial.error}".strip(),
        "seen from here": milliseconds(trial.wall_ms),
        "request id": ", ".join(trial.request_ids),
    }
