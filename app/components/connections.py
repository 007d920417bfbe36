"""The connections page's parts: the account, its sources, the models, the tools, who may act."""

import json
from datetime import datetime

import streamlit as st

from app import queries, tables
from app.components.badges import CHECK, FILLED, HOLLOW, badge
from app.components.evidence import definitions
from app.formatting import moment, real_time, words
from app.guard import sentence
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.engine.doctor import DoctorReport, SourceCheck
from opspilot.tools.catalog import CATALOG


def account_facts(desk: Desk) -> None:
    """Which account, found how, as whom."""
    account = queries.account(desk)
    kind = "OpsPilot's embedded account" if account.embedded else "an AWS account"
    state = (
        badge("does not answer", "breach", FILLED)
        if account.problem
        else badge("answers", "healthy", CHECK)
    )
    facts: list[tuple[str, Html | str]] = [
        ("Account", account.account_id or "not known"),
        ("Kind", el("span", kind, " ", state)),
        ("Region", account.region or "not set"),
        ("Endpoint", account.endpoint or "AWS itself"),
        ("Caller", account.caller or "not known"),
        ("Clock", f"{account.speed:g} times real time" if account.speed != 1 else "real time"),
        ("State is kept in", desk.bench.settings.store),
    ]
    show(el("h2", "Account"), definitions(facts))
    if account.problem:
        show(el("p", sentence(account.problem)))


def sources(report: DoctorReport, asked_at: datetime, desk: Desk) -> None:
    """Each source with what it answered; the policy that would close the gaps."""
    show(
        el("h2", "Sources"),
        el(
            "p",
            "Asked ",
            moment(asked_at, desk.now.wall, desk.now.zone),
            real_time(desk.now),
            cls="op-quiet-text",
        ),
        el("ul", *[_source(one) for one in report.sources], cls="op-sources"),
    )
    missing = sorted({one.iam_action for one in report.sources if one.iam_action})
    if missing:
        st.text("Add this statement to the policy of the identity in use:")
        statement = {"Effect": "Allow", "Action": missing, "Resource": "*"}
        st.code(json.dumps(statement, indent=2), language="json")


def _source(check: SourceCheck) -> Html:
    state = badge("answers", "healthy", CHECK) if check.ok else badge("no answer", "breach", FILLED)
    lacking = el("code", check.iam_action) if check.iam_action else None
    detail = el("span", "" if check.ok else sentence(check.detail), " ", lacking)
    return el("li", el("b", words(check.source)), state, detail)


def models(desk: Desk) -> None:
    """The model of each role, until when AWS keeps it, and whether it is the stand-in."""
    show(el("h2", "Models"))
    found = desk.bench.model.access()
    if any(one.stand_in for one in found):
        st.text(
            "Here the local analyst answers: a rule-based stand-in, no language model. "
            "With a real account Bedrock's models of these roles answer."
        )
    tables.table(
        [
            {
                "role": one.role.value,
                "model": one.model_id or "none configured",
                "kind": "local analyst" if one.stand_in else "Amazon Bedrock",
                "ends": one.until or ("never" if one.stand_in else "no date announced"),
                "problem": one.problem,
            }
            for one in found
        ],
        key="models",
        empty="No model is configured: everything but the chat works without one.",
    )


def tools() -> None:
    """What a model may call; none of it changes anything."""
    show(
        el("h2", "Tools of the chat"),
        el(
            "p",
            "Reading tools file what they read as evidence. A proposing tool files a plan that "
            "people approve. No tool executes a change.",
            cls="op-quiet-text",
        ),
    )
    tables.table(
        [
            {"tool": one.name, "effect": one.effect, "what it does": one.description}
            for one in CATALOG
        ],
        key="tools",
        widths={"what it does": 720},
    )


def identity(desk: Desk) -> None:
    """Whom one may act as, and what holds that open."""
    show(el("h2", "People"))
    tables.table(
        [
            {"person": one.name, "roles": ", ".join(one.roles), "established by": one.source}
            for one in desk.bench.people
        ],
        key="people",
    )
    worker = desk.bench.queries.worker()
    state = (
        badge("runs", "healthy", CHECK) if worker.alive else badge("not running", "waiting", HOLLOW)
    )
    show(el("p", el("b", "Worker "), state))
