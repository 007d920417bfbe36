"""A real browser, started once, and real server processes, each ended by its own id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_UP_WITHIN_SECONDS = 60
_LOOK_SECONDS = 0.25


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(*command: str, port: int, state: Path) -> Iterator[str]:
    """Run a command until the block ends; its workbench answers at the address that is given."""
    log = state / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=os.environ | {"OPSPILOT_STATE_DIR": str(state)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all journeys; it is gone before tests run that need an event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET_BROWSER)
        yield started
        started.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a demo for journeys that leave its world as it is; time runs as on the wall."""
    port = free_port()
    demo = ("opspilot", "demo", "--port", str(port), "--speed", "1")
    with served(*demo, port=port, state=tmp_path_factory.mktemp("shop")) as url:
        yield url


@contextmanager
def watched_page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what is wrong with it: console errors, and requests that leave this machine."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: _note_foreign(request.url, complaints))
    page.on("websocket", lambda opened: _note_foreign(opened.url, complaints))
    yield page, complaints
    page.close()


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(int(_UP_WITHIN_SECONDS / _LOOK_SECONDS)):
        try:
            process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if _answers(f"http://127.0.0.1:{port}/_stcore/health"):
                return
        else:
            break
    pytest.fail(f"the workbench did not come up: {log.read_text()}")


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except OSError:
        return False


def _note_foreign(url: str, complaints: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
        complaints.append(f"left this machine: {url}")
