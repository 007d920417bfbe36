"""Which account is meant: never another one than was named, and never a real one by accident."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from opspilot.bootstrap import open_workbench
from opspilot.bootstrap.place import locate
from opspilot.config import Settings, load_settings
from opspilot.domain.conversation import Message, ModelRole, Text
from opspilot.embedded.address import Address, write_address
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsRejected,
    AwsUnavailable,
    EmbeddedAccountStopped,
    InputError,
    WrongAccount,
)
from opspilot.ports.model import Ended, ModelRequest

DEAD = "http://127.0.0.1:9"


class NotFound(BaseHTTPRequestHandler):
    """A server that is no AWS and no embedded account."""

    def do_GET(self) -> None:
        """404."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def stranger() -> Iterator[str]:
    """The address of a server that is something else."""
    with ThreadingHTTPServer(("127.0.0.1", 0), NotFound) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedAccount]:
    """An embedded account in the state folder."""
    with EmbeddedAccount(tmp_path / "embedded", clock=ManualClock()) as running:
        yield running


def test_an_address_is_asked_what_it_is(tmp_path: Path, embedded: EmbeddedAccount) -> None:
    place = locate(Settings(state_dir=tmp_path / "other", AWS_ENDPOINT_URL=embedded.url))
    assert place.problem is None
    assert place.account.embedded
    assert (place.account.account_id, place.account.endpoint) == ("123456789012", embedded.url)
    assert place.folder == tmp_path / "other" / "embedded"


def test_a_state_folder_knows_its_embedded_account(
    tmp_path: Path, embedded: EmbeddedAccount
) -> None:
    place = locate(Settings(state_dir=tmp_path))
    assert place.problem is None
    assert (place.account.embedded, place.account.endpoint) == (True, embedded.url)


def test_a_folder_whose_account_never_started_is_stopped_and_never_a_real_account(
    tmp_path: Path,
) -> None:
    (tmp_path / "embedded").mkdir()
    place = locate(Settings(state_dir=tmp_path))
    assert isinstance(place.problem, EmbeddedAccountStopped)
    assert place.account.account_id == ""


def test_an_address_that_somebody_else_listens_on_by_now_is_not_taken_for_ours(
    tmp_path: Path, embedded: EmbeddedAccount
) -> None:
    folder = tmp_path / "mine" / "embedded"
    folder.mkdir(parents=True)
    write_address(folder, Address(embedded.url, 1, "999999999999", "eu-west-1"))
    place = locate(Settings(state_dir=tmp_path / "mine"))
    assert isinstance(place.problem, EmbeddedAccountStopped)
    assert place.account.account_id == "999999999999"


@pytest.mark.parametrize("folder_has_account", [True, False])
def test_a_dead_address_is_said_and_is_not_replaced_by_another_account(
    tmp_path: Path, folder_has_account: bool
) -> None:
    if folder_has_account:
        (tmp_path / "embedded").mkdir()
    place = locate(Settings(state_dir=tmp_path, AWS_ENDPOINT_URL=DEAD))
    assert isinstance(place.problem, EmbeddedAccountStopped)
    assert DEAD in place.account.problem


def test_an_emulator_is_asked_the_aws_way_and_its_failure_is_named(tmp_path: Path) -> None:
    with stranger() as url:
        settings = Settings(state_dir=tmp_path, AWS_ENDPOINT_URL=url, AWS_REGION="eu-west-1")
        place = locate(settings)
    assert place.problem is not None
    assert not place.account.embedded
    assert place.account.endpoint == url
    with pytest.raises(AwsUnavailable):
        place.ports.alarms.transitions(place.clock.now())


def test_aws_by_name_looks_for_no_embedded_account(
    tmp_path: Path, embedded: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    place = locate(Settings(state_dir=tmp_path, account="aws", AWS_REGION="eu-west-1"))
    assert isinstance(place.problem, AwsCredentialsMissing)
    assert not place.account.embedded
    assert embedded.url not in place.account.problem


def test_no_region_and_no_profile_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert isinstance(locate(Settings(state_dir=tmp_path)).problem, AwsRejected)
    missing = locate(Settings(state_dir=tmp_path, AWS_PROFILE="nobody", AWS_REGION="eu-west-1"))
    assert isinstance(missing.problem, AwsCredentialsMissing)


def test_a_store_is_not_opened_for_another_account(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    for account_id in ("111111111111", "222222222222"):
        folder = tmp_path / account_id
        with EmbeddedAccount(folder, clock=ManualClock(), account_id=account_id) as running:
            pinned = Settings(state_dir=settings.state_dir, AWS_ENDPOINT_URL=running.url)
            if account_id == "111111111111":
                assert open_workbench(pinned).problem is None
            else:
                with pytest.raises(WrongAccount):
                    open_workbench(pinned)


def test_the_account_is_asked_again_when_it_is_refreshed(tmp_path: Path) -> None:
    with EmbeddedAccount(tmp_path / "embedded", clock=ManualClock()):
        bench = open_workbench(Settings(state_dir=tmp_path))
        assert bench.refresh_account().problem == ""
        assert bench.faults is not None
    assert bench.refresh_account().problem


def test_on_the_embedded_account_the_local_analyst_answers_and_no_key_of_a_real_account_is_sent(
    tmp_path: Path, embedded: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-real-key")
    settings = Settings(state_dir=tmp_path, model_default="us.anthropic.claude-sonnet-4-6")
    place = locate(settings)
    model = place.ports.model
    assert place.account.endpoint == embedded.url
    assert {one.model_id for one in model.access() if one.stand_in} == {"opspilot.local-analyst-v1"}
    question = Message(speaker="user", blocks=(Text(text="hello"),))
    *words, end = model.answer(ModelRequest("", [question]))
    assert isinstance(end, Ended)
    assert len(words) > 10


def test_while_the_account_is_stopped_its_models_say_why_nobody_answers(tmp_path: Path) -> None:
    (tmp_path / "embedded").mkdir()
    model = locate(Settings(state_dir=tmp_path)).ports.model
    assert all("not running" in one.problem for one in model.access())
    with pytest.raises(AwsUnavailable, match="not running"):
        list(model.answer(ModelRequest("", [])))


def test_a_role_is_switched_off_by_an_empty_name(
    tmp_path: Path, embedded: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSPILOT_MODEL_FAST", "")
    monkeypatch.setenv("OPSPILOT_STATE_DIR", str(tmp_path))
    found = {one.role: one.model_id for one in locate(load_settings()).ports.model.access()}
    assert found[ModelRole.FAST] == ""
    assert found[ModelRole.DEEP]
    assert embedded.url


@pytest.mark.usefixtures("embedded")
def test_a_declared_graph_reaches_the_call_graph_whoever_opens_the_workbench(
    tmp_path: Path,
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text("edges:\n  - caller: notify\n    callee: storefront\n")
    bench = open_workbench(Settings(state_dir=tmp_path, graph_file=str(path)))
    notify = bench.examiner.reader.workloads.resolve("notify")
    (edge,) = bench.examiner.reader.workloads.topology(notify).callees(notify)
    assert (edge.callee.name, edge.via) == ("storefront", "declared in shop.yaml, line 2")


@pytest.mark.usefixtures("embedded")
def test_a_malformed_declared_graph_opens_no_workbench(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text("edges:\n  - caller: notify\n")
    settings = Settings(state_dir=tmp_path, graph_file=str(path))
    with pytest.raises(InputError, match=r"shop\.yaml, line 2: edges\[0\] lacks callee"):
        open_workbench(settings)
