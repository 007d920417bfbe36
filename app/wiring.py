"""The one place of the screens that gets the workbench, and who is in front of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.formatting import Now
from app.palette import Theme
from opspilot.domain.identity import Actor, Role
from opspilot.errors import OpsPilotError

if TYPE_CHECKING:
    from opspilot.bootstrap import Workbench

ACTOR_KEY = "as"
"""Name in the address of whom one acts as."""

NOBODY = Actor(id="nobody", name="Nobody", roles=(Role.VIEWER,), source="asserted")
"""Who looks when nothing tells who it is: may read, may do nothing."""


@st.cache_resource(show_spinner=False)
def workbench() -> "Workbench":
    """The object graph, built once per server process.

    Raises:
        OpsPilotError: Settings or store cannot be used.
    """
    # Here and not above: importing the engine takes a second, and the page's name need not wait.
    from opspilot.bootstrap import open_workbench

    return open_workbench()


def reopen() -> None:
    """Build the workbench anew at its next use: the account came, went or moved."""
    workbench.clear()


@dataclass(frozen=True)
class Desk:
    """The workbench, the person in front of it, and the time on both clocks."""

    bench: "Workbench"
    actor: Actor
    now: Now
    theme: Theme


def desk() -> Desk:
    """Who works, with what, and when."""
    bench = workbench()
    return Desk(bench, _actor(bench), _now(bench), _theme())


def _actor(bench: "Workbench") -> Actor:
    chosen = st.session_state.get(ACTOR_KEY) or st.query_params.get(ACTOR_KEY)
    people = bench.people
    return next((one for one in people if one.id == chosen), people[0] if people else NOBODY)


def _now(bench: "Workbench") -> Now:
    zone = st.context.timezone or ""
    if bench.account.embedded and bench.account.problem:
        return Now(bench.clock.now(), None, zone)
    try:
        return Now(bench.clock.now(), bench.clock.account_now(), zone)
    except OpsPilotError:
        return Now(bench.clock.now(), None, zone)


def _theme() -> Theme:
    return "dark" if st.context.theme.type == "dark" else "light"
