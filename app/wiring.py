"""The one place of the screens that gets the workbench, and who is in front of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.formatting import Now
from app.palette import Theme
from opspilot.domain.identity import Actor
from opspilot.errors import OpsPilotError

if TYPE_CHECKING:
    from opspilot.bootstrap import Workbench

ACTOR_KEY = "as"
"""Name in the address of whom one acts as."""


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
    """The workbench, the person in front of it, and the time on both clocks.

    Attributes:
        remark: Why the person may only look, and what would help; empty for everybody else.
    """

    bench: "Workbench"
    actor: Actor
    now: Now
    theme: Theme
    remark: str = ""


def desk() -> Desk:
    """Who works, with what, and when.

    Raises:
        InputError: The role map names a role that there is not.
    """
    bench = workbench()
    now, theme = _now(bench), _theme()
    if bench.account.embedded:
        return Desk(bench, _chosen(bench), now, theme)
    found = bench.identities.visitor(claims(), now.wall)
    return Desk(bench, found.actor, now, theme, found.remark)


def _chosen(bench: "Workbench") -> Actor:
    """Whom a person chose to act as."""
    chosen = st.session_state.get(ACTOR_KEY) or st.query_params.get(ACTOR_KEY)
    return next((one for one in bench.people if one.id == chosen), bench.people[0])


def claims() -> dict[str, object] | None:
    """What the identity provider said of the visitor.

    Empty before the visitor signed in; None where no provider is configured.
    """
    said: dict[str, object] = dict(st.user)
    signed_in = said.pop("is_logged_in", None)
    said.pop("tokens", None)
    if signed_in is None:
        return None
    return said if signed_in else {}


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
