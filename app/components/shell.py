"""The strip at the head of every page: which account, whose hands, and what is not running."""

import streamlit as st

from app import queries
from app.address import keep, seed
from app.components.badges import DOT, HOLLOW, badge
from app.formatting import age, capital
from app.guard import guarded, show_notice
from app.markup import Html, el, show
from app.navigation import inbox_link
from app.state import Notice
from app.wiring import ACTOR_KEY, Desk, claims, desk, reopen
from opspilot.domain.account import Account
from opspilot.domain.identity import Actor
from opspilot.domain.views import WorkerState

_EVERY_SECONDS = 5


def header_strip() -> None:
    """The account's badge and clock, whom one acts as, and notices of what does not run."""
    where, who = st.columns([5, 1.6], vertical_alignment="center", gap="medium")
    with who:
        _act_as(desk())
    with where:
        _live_strip()
    _live_notices()


@st.fragment(run_every=_EVERY_SECONDS)
def _live_strip() -> None:
    with guarded("reading the account's state"):
        front = desk()
        with st.container(horizontal=True, vertical_alignment="center", key="strip"):
            st.html(_account_line(front, front.bench.queries.worker()), width="content")
            inbox_link(len(queries.inbox(front).mine))


@st.fragment(run_every=_EVERY_SECONDS)
def _live_notices() -> None:
    with guarded("looking for a worker"):
        front = desk()
        account = queries.account(front)
        if _moved(account, front.bench.account):
            reopen()
            st.rerun()
        if account.problem:
            show_notice(_account_notice(account))
        if front.remark:
            show_notice(
                Notice(what="You may look and change nothing.", todo=front.remark, tone="waiting")
            )
        worker = front.bench.queries.worker()
        if not worker.alive:
            show_notice(_worker_notice(account, worker, front))


def _moved(now: Account, opened: Account) -> bool:
    return (now.problem, now.endpoint, now.key) != (opened.problem, opened.endpoint, opened.key)


def _act_as(front: Desk) -> None:
    if not front.bench.account.embedded:
        _signed_in(front)
        return
    people = {one.id: f"Act as {one.name}, {_roles(one)}" for one in front.bench.people}
    ids = list(people)
    seed(ACTOR_KEY, ids)
    chosen = st.selectbox(
        "Act as",
        ids,
        format_func=people.__getitem__,
        key=ACTOR_KEY,
        label_visibility="collapsed",
    )
    keep(ACTOR_KEY, chosen, ids[0])


def _signed_in(front: Desk) -> None:
    """Who signed in, and the way in or out where there is one."""
    said = claims()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        who = f"You are {front.actor.name} ({_roles(front.actor)})"
        looks = f"You look on as {front.actor.name} ({_roles(front.actor)})"
        show(el("p", who if said else looks, cls="op-quiet-text"))
        if said:
            st.button("Sign out", on_click=st.logout, key="sign-out")
        elif said is not None:
            st.button("Sign in", on_click=st.login, key="sign-in", type="primary")


def _roles(actor: Actor) -> str:
    return " and ".join(actor.roles) or "no role"


def _account_line(front: Desk, worker: WorkerState) -> Html:
    account = queries.account(front)
    names = " / ".join(part for part in (account.account_id, account.region) if part)
    clock = (
        f"{front.now.account:%-d %b %H:%M:%S} UTC" if front.now.account else "clock not readable"
    )
    speed = f"{account.speed:g} times real speed" if account.speed != 1 else ""
    return el(
        "div",
        badge("EMBEDDED ACCOUNT" if account.embedded else "AWS ACCOUNT", "change"),
        el("span", names or "no account answers", cls="op-num"),
        el("span", clock, cls="op-num", title="The account's clock"),
        el("span", speed, cls="op-quiet-text") if speed else None,
        badge("worker runs", "healthy", DOT)
        if worker.alive
        else badge("no worker", "waiting", HOLLOW),
        cls="op-strip",
    )


def _account_notice(account: Account) -> Notice:
    return Notice(
        what="The account does not answer.",
        kept="What is stored stays readable; nothing can be read or changed in the account.",
        todo=capital(account.problem),
    )


def _worker_notice(account: Account, worker: WorkerState, front: Desk) -> Notice:
    seen = (
        f" The last one was seen {age(worker.last_seen, front.now.wall)}."
        if worker.last_seen
        else ""
    )
    command = "opspilot demo" if account.embedded and account.problem else "opspilot worker"
    return Notice(
        what=f"No worker is running, so incidents do not move.{seen}",
        kept="What you ask for here is kept, and done once a worker runs.",
        todo=f"Start one in a terminal: `{command}`",
        tone="waiting",
    )
