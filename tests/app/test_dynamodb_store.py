"""The screens with their state in DynamoDB: without tables, and with them."""

from collections.abc import Iterator

import pytest

from opspilot.bootstrap import create_tables, open_workbench
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.ports.store import Changeset
from tests import builders
from tests.app.conftest import opened, said


@pytest.fixture(autouse=True)
def _on_dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with EmbeddedAccount(clock=ManualClock(), account_id="000000000000", region="us-east-1") as own:
        monkeypatch.setenv("AWS_ENDPOINT_URL", own.url)
        monkeypatch.setenv("OPSPILOT_STORE", "dynamodb")
        yield


def test_without_tables_the_page_names_the_command_that_makes_them() -> None:
    app = opened()
    assert not app.exception
    assert "opspilot tables create" in said(app)


def test_incidents_in_dynamodb_are_listed() -> None:
    create_tables()
    row = builders.incident(version=0, title="checkout is slow")
    open_workbench().store.commit(Changeset(puts=[row]))
    app = opened()
    assert not app.exception
    assert any(link.proto.label.startswith("INC-0042") for link in app.get("page_link"))
