"""How long a person waits: start, page, chart, verdict; beside a bare Streamlit page as the floor.

    python -m bench.workbench [--runs 5] [--cold]

`--cold` also measures `make run` in a fresh clone with an empty virtual environment (needs the
package registry). Prints a Markdown table of medians with the smallest and the largest value.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
BARE = 'import streamlit as st\nst.title("Bare")\n'
BROWSER = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-sync"]
PATIENCE_SECONDS = 300


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, state: Path, folder: Path) -> Iterator[float]:
    """A server as a user starts it; yields the seconds until its health check answered."""
    environment = os.environ | {"OPSPILOT_STATE_DIR": str(state)}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not healthy(port):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE_SECONDS:
                raise SystemExit(f"{command} did not come up")
            time.sleep(0.02)
        yield time.perf_counter() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def healthy(port: int) -> bool:
    """Whether Streamlit's health check answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def seconds_until(page: Page, url: str, selector: str) -> float:
    """Seconds from a navigation until something is visible."""
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(selector).first.wait_for(timeout=60_000)
    return time.perf_counter() - begun


def bare(browser: Browser, runs: int, figures: dict[str, list[float]]) -> None:
    """The floor: a Streamlit page with one title."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare.py").write_text(BARE)
        for _ in range(runs):
            port = free_port()
            command = [sys.executable, "-m", "streamlit", "run", "bare.py"]
            command += ["--server.port", str(port), "--server.headless", "true"]
            with running(command, port, Path(folder), Path(folder)) as started:
                figures.setdefault("bare Streamlit: start to healthy", []).append(started)
                page = browser.new_page()
                url = f"http://127.0.0.1:{port}/"
                seconds_until(page, url, "h1")
                took = seconds_until(page, url, "h1")
                figures.setdefault("bare Streamlit: heading", []).append(took)
                page.close()


def workbench(browser: Browser, runs: int, figures: dict[str, list[float]]) -> None:
    """The workbench on the embedded account."""
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            state, port = Path(folder), free_port()
            command = [sys.executable, "-m", "opspilot", "demo", "--port", str(port)]
            with running(command, port, state, ROOT) as started:
                figures.setdefault("warm start to healthy", []).append(started)
                page = browser.new_page()
                home = f"http://127.0.0.1:{port}/"
                took = seconds_until(page, home, "text=INC-0001")
                figures.setdefault("warm start to the alarm's incident on screen", []).append(
                    started + took
                )
                verdicts(state, figures)
                incident = f"{home}incident?id=INC-0001"
                seconds_until(page, incident, ".js-plotly-plot .main-svg")
                for name, selector in (
                    ("incident page: heading and skeleton", "h1, h2, h3"),
                    ("incident page: warm chart", ".js-plotly-plot .main-svg"),
                ):
                    figures.setdefault(name, []).append(seconds_until(page, incident, selector))
                page.close()


def verdicts(state: Path, figures: dict[str, list[float]]) -> None:
    """`opspilot investigate`, whole process."""
    command = [sys.executable, "-m", "opspilot", "investigate", "--resource", "checkout", "--json"]
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        env=os.environ | {"OPSPILOT_STATE_DIR": str(state)},
        check=True,
        capture_output=True,
    )
    took = time.perf_counter() - begun
    figures.setdefault("investigate to verdict (whole process)", []).append(took)
    engine = float(json.loads(done.stdout)["usage"]["wall_seconds"])
    figures.setdefault("investigate: first question to last answer", []).append(engine)


def cold(figures: dict[str, list[float]]) -> None:
    """`make run` in a fresh clone with nothing installed."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = free_port()
        command = ["make", "run", f"PORT={port}"]
        with running(command, port, Path(folder) / "state", clone) as started:
            figures.setdefault("cold `make run` to healthy", []).append(started)


def table(figures: dict[str, list[float]]) -> str:
    """Median, minimum and maximum in seconds."""
    rows = ["| what | median s | min | max | runs |", "|---|---|---|---|---|"]
    rows += [
        f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} "
        f"| {len(values)} |"
        for name, values in figures.items()
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    figures: dict[str, list[float]] = {}
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is needed: apt-get install chromium")
    parts: list[Callable[[Browser, int, dict[str, list[float]]], None]] = [bare, workbench]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        for part in parts:
            part(browser, options.runs, figures)
        browser.close()
    if options.cold:
        cold(figures)
    sys.stdout.write(table(figures) + "\n")


if __name__ == "__main__":
    main()
