"""The pages around the incident, each with its main action, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import free_port, served, watched_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

A_LOOK = 30_000


def go_to(page: Page, name: str) -> None:
    """Open a page by the navigation, and wait until it stands."""
    page.get_by_role("link", name=name, exact=True).first.click()
    heading = "Audit trail" if name == "Audit" else name
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=A_LOOK)


def breaks_an_account_and_reads_a_hint(page: Page) -> None:
    """Walkthrough: a fault is injected, a hint is asked for, the incident is in sight."""
    go_to(page, "Walkthrough")
    page.locator(".st-key-fault-wrong-table").get_by_role("button", name="Break it").click()
    expect(page.get_by_text("under way. Its alarm follows")).to_be_visible(timeout=A_LOOK)
    page.locator(".st-key-hints-wrong-table").get_by_role("button").first.click()
    expect(page.locator(".st-key-hints-wrong-table").get_by_text("1.")).to_be_visible()
    expect(page.get_by_text("The next step is")).to_be_visible(timeout=A_LOOK)


def tries_a_function(page: Page) -> None:
    """Functions: health is judged, an event is sent, the answer is shown."""
    go_to(page, "Functions")
    expect(page.get_by_role("heading", name=re.compile("^Health"))).to_be_visible(timeout=A_LOOK)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible(timeout=A_LOOK)


def saves_a_review(page: Page) -> None:
    """Review: the draft is read, a section is edited and saved."""
    go_to(page, "Review")
    expect(page.get_by_text("Draft from the record")).to_be_visible(timeout=A_LOOK)
    page.get_by_role("tab", name="Edit").click()
    page.get_by_role("textbox", name="What went well").fill("The alarm came at once.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Version 1, saved by Ada")).to_be_visible(timeout=A_LOOK)


def verifies_the_trail(page: Page) -> None:
    """Audit: the entries are narrowed, and the chains verified."""
    go_to(page, "Audit")
    page.get_by_label("Containing").fill("no entry says this")
    page.get_by_label("Containing").press("Enter")
    expect(page.get_by_text("No entry fits.")).to_be_visible(timeout=A_LOOK)
    expect(page).to_have_url(re.compile("containing="), timeout=A_LOOK)
    page.get_by_role("button", name="Verify all chains").click()
    expect(page.get_by_text("The audit chain verifies")).to_be_visible(timeout=A_LOOK)


def reads_the_connections(page: Page) -> None:
    """Connections: every source answers, and the stand-in is named as one."""
    go_to(page, "Connections")
    answers = page.locator(".op-sources .op-badge", has_text="answers")
    expect(answers).to_have_count(11, timeout=A_LOOK)
    expect(page.get_by_text("a rule-based stand-in, no language model")).to_be_visible()


def test_each_page_does_what_it_is_for(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    demo = ("opspilot", "demo", "--port", str(port), "--speed", "10")
    with (
        served(*demo, port=port, state=tmp_path) as url,
        watched_page(browser) as (page, complaints),
    ):
        page.goto(url)
        expect(page.get_by_role("link", name="INC-0001").first).to_be_visible(timeout=60_000)
        breaks_an_account_and_reads_a_hint(page)
        tries_a_function(page)
        saves_a_review(page)
        verifies_the_trail(page)
        reads_the_connections(page)
        assert complaints == []
