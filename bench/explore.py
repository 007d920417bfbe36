"""How long the investigate page takes, on an ordinary window and on a wide one.

    python -m bench.explore [--runs 3] [--engine]

On the embedded account, in a browser: the first look after a start and later ones, each at a window
that ends now, so that the account is asked anew. Then the engine alone, in this process, over the
same account. Prints a Markdown table of medians with the smallest and the largest value.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.workbench import BROWSER, ROOT, free_port, running, table
from opspilot.bootstrap import Workbench, open_workbench
from opspilot.domain.window import Window
from opspilot.engine.explore import asked_of
from opspilot.engine.explore_spans import checked_view

VIEWS = {
    "1 h, 6 metrics": ("1h", timedelta(hours=1), ("checkout", "payments")),
    "12 h, 3 metrics": ("12h", timedelta(hours=12), ("checkout",)),
}
TELLING = ("lambda.errors", "lambda.invocations", "lambda.duration_p99")
GROUP = "/aws/lambda/checkout"
MOMENTS = {
    "heading": "h1",
    "charts": ".js-plotly-plot .main-svg",
    "lines counted": "text=Counted by Logs Insights",
    "patterns compared": "text=Compared: ",
}
A_LOOK = 180_000

Figures = dict[str, list[float]]


def looked(page: Page, address: str, name: str, figures: Figures) -> None:
    """One look: seconds from the navigation until each part is on the screen."""
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    for part, selector in MOMENTS.items():
        page.locator(selector).first.wait_for(timeout=A_LOOK)
        figures.setdefault(f"{name}: {part}", []).append(time.perf_counter() - begun)
    page.goto("about:blank")


def in_browser(browser: Browser, home: str, runs: int, figures: Figures) -> None:
    """Both views, first and later."""
    page = browser.new_page()
    for view, (window, _, resources) in VIEWS.items():
        chosen = "&".join(f"resource={one}" for one in resources)
        address = f"{home}investigate?{chosen}&window={window}&part=Log+patterns"
        looked(page, address, f"{view}, first look", figures)
        for _ in range(runs):
            looked(page, address, f"{view}, later", figures)
    page.close()


def timed(name: str, figures: Figures, work: Callable[[], object]) -> None:
    """Seconds that the work takes: by the clock, and of this process's processor time."""
    begun, spent = time.perf_counter(), time.process_time()
    work()
    figures.setdefault(name, []).append(time.perf_counter() - begun)
    figures.setdefault(f"{name}, processor", []).append(time.process_time() - spent)


def engine_alone(bench: Workbench, view: str, figures: Figures) -> None:
    """What the page waits for, one after the other."""
    _, length, names = VIEWS[view]
    explorer = bench.explorer
    now = bench.clock.account_now().replace(second=0, microsecond=0)
    window, baseline = checked_view(
        Window(start=now - length, end=now), timedelta(hours=3), bench.clock.account_now()
    )
    span = baseline.joined(window)
    resources = [explorer.resolve(name) for name in names]
    asked = [one for resource in resources for one in asked_of(resource, TELLING, span)]
    timed(f"{view}, engine: series", figures, lambda: explorer.series(asked, window, baseline))
    timed(f"{view}, engine: changes and alarms", figures,
          lambda: explorer.surroundings(resources, span))  # fmt: skip
    counting = explorer.count(GROUP, window, baseline)
    begun = time.perf_counter()
    while not (volume := explorer.counted(counting)).done:
        time.sleep(0.05)
    took = time.perf_counter() - begun
    figures.setdefault(f"{view}, engine: count all lines", []).append(took)
    timed(f"{view}, engine: read and compare lines", figures,
          lambda: explorer.log(GROUP, window, baseline, volume))  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", action="store_true", help="only the engine, no browser")
    chosen = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is needed: apt-get install chromium")
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        command = [sys.executable, "-m", "opspilot", "demo", "--port", str(port)]
        with running(command, port, Path(folder), ROOT):
            if not chosen.engine:
                browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
                in_browser(browser, f"http://127.0.0.1:{port}/", chosen.runs, figures)
                browser.close()
            os.environ["OPSPILOT_STATE_DIR"] = folder
            bench = open_workbench()
            for view in [one for _ in range(chosen.runs) for one in VIEWS]:
                engine_alone(bench, view, figures)
    load = os.getloadavg()[0]
    sys.stdout.write(f"{table(figures)}\n\nLoad of the machine at the end: {load:.1f}\n")


if __name__ == "__main__":
    main()
