"""The whole loop in a real browser: from the incident of an alarm to recovered, step by step."""

import os
import re
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
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EMBEDDED_SECONDS = 60
A_STEP = 20_000
AN_OBSERVATION = 90_000


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def demo(state: Path) -> Iterator[str]:
    """The entry command as a user starts it, on a port of its own; ended by its process id."""
    port = _free_port()
    log = (state / "demo.log").open("wb")
    environment = os.environ | {
        "OPSPILOT_STATE_DIR": str(state),
        "OPSPILOT_AUTO_INVESTIGATE": "false",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "opspilot", "demo", "--port", str(port), "--speed", "30"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(EMBEDDED_SECONDS * 2):
            if process.poll() is not None or _answers(f"{url}/_stcore/health"):
                break
            with_pause = process
            try:
                with_pause.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
        assert process.poll() is None, (state / "demo.log").read_text()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


@contextmanager
def watched_page(complaints: list[str]) -> Iterator[Page]:
    """A browser page that notes every console error and every request that leaves this machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET_BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note_foreign(request.url, complaints))
        page.on("websocket", lambda socket: _note_foreign(socket.url, complaints))
        yield page
        browser.close()


def _note_foreign(url: str, complaints: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
        complaints.append(f"left this machine: {url}")


def act_as(page: Page, name: str) -> None:
    """Choose a person in the header strip."""
    page.get_by_label("Act as").click()
    page.get_by_role("option", name=re.compile(name)).click()
    expect(page.get_by_label("Act as")).to_have_value(re.compile(name))


def press(page: Page, name: str) -> None:
    """Press the next step once it may be taken."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled(timeout=A_STEP)
    button.click()


def test_a_person_walks_an_alarm_from_incident_to_recovered(tmp_path: Path) -> None:
    complaints: list[str] = []
    with demo(tmp_path) as url, watched_page(complaints) as page:
        page.goto(url)
        expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
        page.get_by_role("link", name="INC-0001").click(timeout=60_000)

        press(page, "Investigate")
        expect(page.get_by_role("heading", name=re.compile("^Cause"))).to_be_visible(timeout=A_STEP)
        expect(page.get_by_text("confirmed", exact=False).first).to_be_visible()
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()

        press(page, "Propose plan")
        expect(page.get_by_text("Success means")).to_be_visible(timeout=A_STEP)
        expect(page.get_by_role("button", name="Approve as Ada")).to_be_disabled()
        act_as(page, "Grace")
        press(page, "Approve as Grace")
        press(page, "Execute")

        expect(page.get_by_text("recovered").first).to_be_visible(timeout=AN_OBSERVATION)
        expect(page.locator("header .op-badge", has_text="resolved")).to_be_visible()
        page.get_by_role("tab", name="Audit").click()
        page.get_by_role("button", name="Verify the chain").click()
        expect(page.get_by_text("The audit chain verifies")).to_be_visible(timeout=A_STEP)
    assert complaints == []
