"""What a person sees when something fails: what happened, what was kept, what to do.

A traceback goes to the log and never to the screen.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager

import streamlit as st

from app import state
from app.formatting import capital
from app.markup import Html, el, joined, show
from app.state import Notice
from opspilot.errors import AwsError, OpsPilotError

logger = logging.getLogger(__name__)

NOTHING_CHANGED = "Nothing was changed."
STORED_STAYS = "What is stored stays readable."

_MARKS = {"breach": "▲", "waiting": "◇", "healthy": "✓"}


@contextmanager
def guarded(doing: str, kept: str = STORED_STAYS) -> Generator[None]:
    """Show a failure of what stands inside, and go on after it.

    Args:
        doing: What was tried, "reading the incident".
        kept: What stands as it was.
    """
    try:
        yield
    except OpsPilotError as error:
        show_notice(notice_of(error, kept))
    except Exception:  # a screen must say something calm; the log has the rest
        logger.exception("doing=<%s> | failed unexpectedly", doing)
        show_notice(_unexpected(doing, kept))


def attempt(place: str, doing: str, command: Callable[[], object], done: str = "") -> bool:
    """Give a command and keep what came of it as the notice of `place`; True when it was taken.

    Args:
        place: Where the notice is shown: an incident's id, or a page's name.
        doing: What was tried, for the log.
        command: The one engine call.
        done: What to say on success; empty says nothing.
    """
    try:
        command()
    except OpsPilotError as error:
        state.put_notice(place, notice_of(error, NOTHING_CHANGED))
        return False
    except Exception:  # as above
        logger.exception("doing=<%s> | failed unexpectedly", doing)
        state.put_notice(place, _unexpected(doing, NOTHING_CHANGED))
        return False
    state.put_notice(place, Notice(what=done, tone="healthy") if done else None)
    return True


def notice_of(error: OpsPilotError, kept: str) -> Notice:
    """An error of ours in the three parts that a person needs."""
    details = [f"code: {error.code}"]
    if isinstance(error, AwsError):
        named = {
            "operation": error.operation,
            "resource": error.resource,
            "AWS code": error.aws_code,
            "request id": error.request_id,
        }
        details += [f"{name}: {value}" for name, value in named.items() if value]
    return Notice(sentence(error.message), kept, sentence(error.hint), tuple(details))


def show_notice(notice: Notice) -> None:
    """Show a notice, its details folded."""
    lines = [el("p", with_code(notice.what), cls="op-strong")]
    lines += [el("p", with_code(part)) for part in (notice.kept, notice.todo) if part]
    folded = _folded(notice.details)
    body = el("div", *lines, *([folded] if folded else []))
    show(
        el(
            "div",
            el("span", _MARKS[notice.tone], cls="op-mark", aria_hidden="true"),
            body,
            cls=f"op-notice op-{notice.tone}",
            role="alert" if notice.tone == "breach" else "status",
        )
    )


def show_notices(place: str) -> None:
    """Show what the last command at `place` came to, with a way to close it."""
    notice = state.current().notices.get(place)
    if notice is None:
        return
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        show_notice(notice)
        st.button(
            "Close", key=f"close-{place}", type="tertiary", on_click=state.put_notice,
            args=(place, None),
        )  # fmt: skip


def with_code(text: str) -> Html:
    """Text whose parts between backticks are set as code."""
    parts = text.split("`")
    return joined(el("code", part) if index % 2 else part for index, part in enumerate(parts))


def sentence(text: str) -> str:
    """A message as a sentence: capital first, full stop last."""
    return capital(text) + ("" if not text or text[-1] in ".?:" else ".")


def _unexpected(doing: str, kept: str) -> Notice:
    return Notice(
        f"{capital(doing)} failed in a way that OpsPilot does not know.",
        kept,
        "Try again; the log of the server has the details.",
    )


def _folded(details: tuple[str, ...]) -> Html | None:
    if not details:
        return None
    items = [el("li", line) for line in details]
    return el("details", el("summary", "Details"), el("ul", *items), cls="op-details")
