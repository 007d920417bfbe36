"""What one browser session remembers: identifiers and choices, under one key.

Whom one acts as, the open incident, the open tab and the filters stand in the address, so that they
survive a reload; what is here may be lost without harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import streamlit as st

from opspilot.domain.trial import Trial

if TYPE_CHECKING:
    from app.components.explore_tail import Tail

_KEY = "opspilot"


@dataclass(frozen=True)
class Notice:
    """The outcome of the last command, shown until it is closed.

    Attributes:
        what: What happened.
        kept: What stands as it was; empty on success.
        todo: What to do about it; may be empty.
        details: Folded away: codes and request ids.
        tone: "breach" went wrong, "waiting" needs something, "healthy" went well.
    """

    what: str
    kept: str = ""
    todo: str = ""
    details: tuple[str, ...] = ()
    tone: Literal["breach", "waiting", "healthy"] = "breach"


@dataclass(frozen=True)
class State:
    """The session's own memory.

    Attributes:
        incident_id: The incident last looked at; the navigation offers it.
        evidence_id: The ledger entry that is open on the evidence tab.
        tab: A tab to open on the next run, chosen by a chip or a command.
        checked: Whether the audit chain was asked to be verified on this screen.
        trials: Results of the last test of a function.
        tail: The log that is followed, and what it showed; None while none is.
        explored_at: Account time that the next run of the investigate page takes for now.
        notices: By place: an incident's id, or a page's name.
    """

    incident_id: str = ""
    evidence_id: str = ""
    tab: str = ""
    checked: bool = False
    trials: tuple[Trial, ...] = ()
    tail: "Tail | None" = None
    explored_at: datetime | None = None
    notices: dict[str, Notice] = field(default_factory=dict[str, Notice])


def current() -> State:
    """The session's state."""
    return st.session_state.setdefault(_KEY, State())


def remember(**changes: object) -> None:
    """Keep changed fields of the state."""
    st.session_state[_KEY] = replace(current(), **changes)  # pyright: ignore[reportArgumentType]


def keep_trials(trials: Sequence[Trial]) -> None:
    """Keep the results of a test until the next one; none when one begins."""
    remember(trials=tuple(trials))


def put_notice(place: str, notice: Notice | None) -> None:
    """Set or clear what is said at a place."""
    others = {key: value for key, value in current().notices.items() if key != place}
    remember(notices=others | ({place: notice} if notice else {}))
