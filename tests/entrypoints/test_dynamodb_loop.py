"""The loop with its state in DynamoDB, over HTTP, driven by the command line beside a worker."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opspilot.bootstrap import open_workbench
from opspilot.embedded.server import EmbeddedAccount
from opspilot.entrypoints.worker import Worker
from tests.e2e.conftest import free_port
from tests.entrypoints.command_line import Opspilot

pytestmark = pytest.mark.timeout(200)

TABLES = ("AUDIT_TABLE_NAME", "INCIDENTS_TABLE_NAME", "PLANS_TABLE_NAME", "EVIDENCE_TABLE_NAME")


@pytest.fixture
def on_dynamodb(
    opspilot: Opspilot, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Opspilot:
    """The command line with its store in tables of the test's own, which are not there yet."""
    monkeypatch.setenv("OPSPILOT_STORE", "dynamodb")
    for name in TABLES:
        monkeypatch.setenv(name, f"{name.partition('_')[0].lower()}.{request.node.name[:150]}")
    return opspilot


@pytest.fixture
def worker(
    on_dynamodb: Opspilot, own_account: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A worker on the same tables, while account time runs 30 times as fast as the wall."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", own_account.url)
    on_dynamodb("tables", "create")
    stop = threading.Event()
    thread = threading.Thread(target=Worker(open_workbench(), stop).run)
    thread.start()
    yield
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.usefixtures("worker")
def test_the_loop_runs_on_dynamodb_from_investigate_to_a_verified_audit(
    on_dynamodb: Opspilot,
) -> None:
    found = on_dynamodb("investigate", "--resource", "checkout", "--window", "30m").document
    incident = found["incident_id"]
    assert found["verdict"]["cause"]["class"] == "lambda.slow_dependency"
    plan = on_dynamodb("plan", incident).document
    approve = ("approve", plan["plan_id"], "--digest", plan["digest"], "--actor", "grace")
    assert on_dynamodb(*approve).document["status"] == "approved"
    executed = on_dynamodb("execute", plan["plan_id"], "--wait").document
    assert executed["status"] == "resolved"
    assert executed["verification"]["outcome"] == "recovered"
    assert on_dynamodb("undo", plan["plan_id"]).document["plan_status"] == "undone"
    listed = on_dynamodb("incident", "list").document["incidents"]
    assert incident in [one["incident_id"] for one in listed]
    verified = on_dynamodb("audit", "verify")
    assert (verified.status, verified.document["ok"]) == (0, True)


def test_missing_tables_are_said_with_the_command_that_makes_them(on_dynamodb: Opspilot) -> None:
    code, said = on_dynamodb("incident", "list").error
    assert (code, "opspilot tables create" in said) == ("store_unavailable", True)
    made = on_dynamodb("tables", "create").document["tables"]
    assert [one["created"] for one in made] == [True] * 4
    assert on_dynamodb("incident", "list").document["incidents"] == []
    again = on_dynamodb("tables", "create", as_json=False)
    assert (again.status, again.out.count("exists already")) == (0, 4)


def test_a_malformed_table_name_is_named(
    on_dynamodb: Opspilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANS_TABLE_NAME", "no spaces")
    code, said = on_dynamodb("tables", "create").error
    assert code == "invalid_input"
    assert said.startswith("PLANS_TABLE_NAME")


def test_tables_elsewhere_are_found_at_their_own_address(
    on_dynamodb: Opspilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_dynamodb("tables", "create")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    code, said = on_dynamodb("incident", "list").error
    assert (code, "AWS_ENDPOINT_URL_DYNAMODB" in said) == ("store_unavailable", True)


def test_a_store_in_an_account_that_does_not_answer_says_why(
    offline: Opspilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSPILOT_STORE", "dynamodb")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for verb in (("incident", "list"), ("tables", "create"), ("doctor",)):
        code, said = offline(*verb).error
        assert (code, "127.0.0.1:9" in said) == ("store_unavailable", True)


def test_a_demo_makes_the_tables_that_its_new_account_does_not_have(
    offline: Opspilot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPSPILOT_STORE", "dynamodb")
    monkeypatch.setenv("OPSPILOT_STATE_DIR", str(tmp_path))
    command = [sys.executable, "-m", "opspilot", "demo", "--port", str(free_port())]
    with subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        said = demo.stderr.readline()
        listed = offline("incident", "list")
        demo.send_signal(signal.SIGTERM)
    assert said.startswith("Workbench: ")
    assert listed.document["cursor"] is None
