"""What holds for every test: no way off this machine, no account, own state, fixed seeds."""

import os
import random
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from opspilot.entrypoints.collector import collect_rarely, settle
from tests.loopback import loopback_only

LOOPBACK = Path(__file__).parent / "loopback"
DEAD_PROXY = "http://127.0.0.1:9"  # the discard port: nothing listens there
FOREIGN = ("AWS_", "BOTO", "OPSPILOT_", "STREAMLIT_")
KEPT = {"OPSPILOT_REQUIRE_BROWSER"}

_session_state = tempfile.TemporaryDirectory(prefix="opspilot-tests-", ignore_cleanup_errors=True)


def _prepare_environment() -> None:
    """Give this process and its children an environment with no account and no way out.

    Python children install the socket guard when they start; any other child (the browser) is
    kept in by a proxy that does not exist. They keep what they compile, whatever the machine's
    images say: dozens of processes start, and compiling took each as long as all its imports.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in list(os.environ):
        if name.startswith(FOREIGN) and name not in KEPT:
            del os.environ[name]
    nowhere = str(Path(_session_state.name) / "nowhere")
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "OPSPILOT_STATE_DIR": _session_state.name,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(LOOPBACK), os.environ.get("PYTHONPATH")])),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), DEAD_PROXY),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
    }


_prepare_environment()
loopback_only.install()
collect_rarely()
settings.register_profile("opspilot", derandomize=True, deadline=None, database=None)
settings.load_profile("opspilot")


def pytest_unconfigure() -> None:
    """Remove the session's state folder."""
    _session_state.cleanup()


def pytest_collection_finish() -> None:
    """Look for cycles never among what is imported, as the product's own processes do."""
    settle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what waits rather than computes begin first, so that none of it is waited for last."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("e2e", "kill"))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped browser test as failed where a browser is required, as on CI."""
    report = yield
    required = os.environ.get("OPSPILOT_REQUIRE_BROWSER") or os.environ.get("CI")
    if report.skipped and required and item.get_closest_marker("e2e"):
        report.outcome = "failed"
        report.longrepr = f"a browser test may not skip here: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _own_state_and_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point a test at its own empty state; what outlives a test must name its folder itself."""
    monkeypatch.setenv("OPSPILOT_STATE_DIR", str(tmp_path / "state"))
    random.seed(0)
    np.random.seed(0)
