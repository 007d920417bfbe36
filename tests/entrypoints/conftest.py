"""One embedded account for the command line's tests; each test has its own store beside it."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.bootstrap import open_workbench
from opspilot.config import Settings
from opspilot.domain.identity import Role
from opspilot.domain.incident import IncidentStatus
from opspilot.embedded.server import EmbeddedAccount
from opspilot.entrypoints.drive import drive
from tests.entrypoints.command_line import Opspilot, command_line
from tests.noon import begin_at_noon


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAccount]:
    """The web shop; the slow release is under way. No test changes it for good."""
    folder = begin_at_noon(tmp_path_factory.mktemp("account"))
    with EmbeddedAccount(folder, speed=1, fault="slow-dependency", fault_age_s=600) as running:
        yield running


@pytest.fixture
def own_account(tmp_path: Path) -> Iterator[EmbeddedAccount]:
    """Another one, of a test that changes it; its time runs 30 times as fast as the wall."""
    folder = begin_at_noon(tmp_path / "account")
    with EmbeddedAccount(folder, speed=30, fault="slow-dependency", fault_age_s=600) as running:
        yield running


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Opspilot:
    """The command line with no account named."""
    return command_line(monkeypatch, capsys)


@pytest.fixture
def opspilot(
    account: EmbeddedAccount, offline: Opspilot, monkeypatch: pytest.MonkeyPatch
) -> Opspilot:
    """The command line on the embedded account, with an empty store."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.url)
    return offline


@pytest.fixture(scope="session")
def _kept_investigation(
    account: EmbeddedAccount, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("investigated")
    settings = Settings(state_dir=folder, AWS_ENDPOINT_URL=account.url, auto_investigate=False)
    bench = open_workbench(settings)
    with closing(bench.store):
        person = bench.identities.myself(wanted=Role.RESPONDER)
        incident = bench.intake.open_incident("checkout", actor=person)
        bench.investigations.start(incident.id, actor=person)
        after = drive(
            bench,
            incident.id,
            until=lambda one: one.status is IncidentStatus.DIAGNOSED,
            at_most=timedelta(minutes=2),
        )
    assert after.status is IncidentStatus.DIAGNOSED, after.last_error
    return folder, incident.id


@pytest.fixture
def investigated(tmp_path: Path, _kept_investigation: tuple[Path, str]) -> str:
    """An incident of checkout in the test's own store, which has its verdict; its id."""
    folder, incident_id = _kept_investigation
    shutil.copytree(folder, tmp_path / "state", dirs_exist_ok=True)
    return incident_id
