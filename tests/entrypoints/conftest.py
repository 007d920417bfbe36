"""One embedded account for the command line's tests; each test has its own store beside it."""

from collections.abc import Iterator

import pytest

from opspilot.embedded.server import EmbeddedAccount
from tests.entrypoints.command_line import Opspilot, command_line
from tests.noon import begin_at_noon


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAccount]:
    """The web shop; the slow release is under way."""
    folder = begin_at_noon(tmp_path_factory.mktemp("account"))
    with EmbeddedAccount(folder, speed=1, fault="slow-dependency", fault_age_s=600) as running:
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
