"""The one place of the screens that gets the workbench, and who is in front of it."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.formatting import Now
from app.palette import Theme
from opspilot.domain.identity import Actor
from opspilot.domain.window import Window
from opspilot.errors import OpsPilotError

if TYPE_CHECKING:
    from opspilot.bootstrap import Workbench
    from opspilot.engine.explore import Explorer
    from opspilot.engine.explore_volume import Counting, Volume

logger = logging.getLogger(__name__)

ACTOR_KEY = "as"
"""Name in the address of whom one acts as."""
POLL_SECONDS = 1
"""Between two looks at a count."""


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


@dataclass
class LineCount:
    """The count of a log's lines that a session waits for, and what it came to when last seen."""

    explorer: "Explorer"
    counting: "Counting"
    seen: "Volume | None" = None

    def look(self) -> "Volume":
        """The count as it stands; one that has ended is not asked for again.

        Raises:
            OpsPilotError: Nothing at all can be read.
        """
        if self.seen is None or not self.seen.done:
            self.seen = self.explorer.counted(self.counting)
        return self.seen

    def release(self) -> None:
        """Stop the count unless it has ended: an Insights query goes on when nobody looks."""
        if self.seen is not None and self.seen.done:
            return
        try:
            self.explorer.stop_counting(self.counting)
        except OpsPilotError as error:
            logger.info("log_group=<%s> | count not stopped: %s", self.counting.group, error)


@st.cache_resource(scope="session", max_entries=1, show_spinner=False, on_release=LineCount.release)
def line_count(group: str, window: str, baseline: str) -> LineCount:
    """The count of a log in a window and the time before it; another one ends it.

    Args:
        group: Full name of the log group.
        window: As JSON.
        baseline: As JSON.

    Raises:
        OpsPilotError: Nothing at all can be read.
    """
    explorer = workbench().explorer
    spans = (Window.model_validate_json(one) for one in (window, baseline))
    return LineCount(explorer, explorer.count(group, *spans))


def end_counts() -> None:
    """Let go of the session's count: its page was left, or it shall begin anew."""
    line_count.clear()


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
