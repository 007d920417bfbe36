"""Screens under test: caches emptied between tests, and a state folder whose account is stopped."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from opspilot.adapters.sqlite import open_store
from opspilot.adapters.sqlite.store import SqliteStore
from opspilot.domain.identity import SYSTEM
from opspilot.domain.plan import Plan
from opspilot.embedded.address import Address, write_address
from opspilot.engine.journal import Journal
from opspilot.ports.store import Changeset, Row
from opspilot.remediation import digest
from tests import builders

ENTRY = Path(__file__).resolve().parents[2] / "app" / "main.py"
STOPPED = Address("http://127.0.0.1:9", 1, "000000000000", "us-east-1")
"""Where the embedded account of a test would answer: nothing listens there."""

INCIDENT_PAGE = str(ENTRY.parent.parent / "pages" / "incident.py")

Fill = Callable[..., SqliteStore]


@pytest.fixture(autouse=True)
def _no_cache_outlives_a_test() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Put rows into the store of an embedded account that is not running."""

    def filled(*rows: Row) -> SqliteStore:
        folder = tmp_path / "state" / "embedded"
        store = open_store(folder / "opspilot.db", account="000000000000/us-east-1")
        write_address(folder, STOPPED)
        fresh = [row.model_copy(update={"version": 0}) for row in rows]
        journal = Journal(_Now())
        audit = [journal.entry("INC-0042", SYSTEM, "incident.opened", "INC-0042")]
        audit += [
            journal.entry(
                "INC-0042", SYSTEM, "plan.proposed", row.id, result={"digest": row.digest}
            )
            for row in fresh
            if isinstance(row, Plan)
        ]
        store.commit(Changeset(puts=fresh, audit=audit))
        return store

    return filled


class _Now:
    """The clock of the rows: the builders' time."""

    def now(self) -> datetime:
        return builders.NOW

    def account_now(self) -> datetime:
        return builders.NOW

    def wall_at(self, account: datetime) -> datetime:
        return account


def current(plan: Plan) -> Plan:
    """A plan that can be decided on now, with the digest of what it holds."""
    expires = datetime.now(UTC) + timedelta(minutes=30)
    return plan.model_copy(update={"expires_at": expires, "digest": digest(plan)})


def opened(page: str = "", **query: str) -> AppTest:
    """The app, run once through its entry, on a page with these words in the address."""
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    if page:
        app.switch_page(page)
    return app.run()


def said(app: AppTest) -> str:
    """All markup and text on the screen, in one piece."""
    html = [element.proto.body for element in app.get("html")]
    texts = [*app.text, *app.caption, *app.title, *app.markdown]
    return "\n".join([*html, *(str(one.value) for one in texts)])
