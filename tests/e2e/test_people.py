"""People at work in a real browser: a report by hand, an owner with a note, a second person."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import free_port, served, watched_page
from tests.e2e.test_loop import A_STEP, act_as, press

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def report_on(page: Page, name: str, title: str) -> None:
    """Fill the form in by searching the account, and send it."""
    page.get_by_text("Open an incident by hand").click()
    field = page.get_by_role("combobox", name="Resource")
    field.click()
    field.fill(name)
    option = page.get_by_role("option", name=re.compile(rf"^{name} ")).first
    for _ in range(5):  # a redraw of the page closes the list that was just opened
        if option.is_visible():
            break
        page.wait_for_timeout(1_000)
        field.click()
        field.fill(name)
    option.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Title").press("Tab")
    press(page, "Open incident")


def test_people_report_take_on_remark_and_approve_for_each_other(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    demo = ("opspilot", "demo", "--port", str(port), "--speed", "30")
    with (
        served(*demo, port=port, state=tmp_path) as url,
        watched_page(browser) as (page, complaints),
    ):
        page.goto(url)
        first = page.get_by_role("link", name="INC-0001").first
        expect(first).to_be_visible(timeout=60_000)
        report_on(page, "inventory", "Stock looks wrong")
        expect(page.get_by_role("heading", name="Stock looks wrong")).to_be_visible(timeout=A_STEP)

        press(page, "Take it on")
        expect(page.get_by_role("button", name="Give it back")).to_be_visible(timeout=A_STEP)
        page.get_by_role("button", name="Add a note").click()
        page.get_by_label("What should others know?").fill("called the warehouse")
        page.get_by_label("What should others know?").press("Tab")
        press(page, "Put on record")
        expect(page.locator(".op-notes")).to_contain_text("Ada: called the warehouse")

        page.get_by_role("link", name="Incidents", exact=True).click()
        page.get_by_role("link", name="INC-0001").first.click(timeout=A_STEP)
        expect(page.get_by_text("nobody yet")).to_be_visible(timeout=A_STEP)
        press(page, "Investigate")
        press(page, "Propose plan")
        expect(page.get_by_text("Success means")).to_be_visible(timeout=A_STEP)
        act_as(page, "Grace")
        page.get_by_role("link", name="Plans", exact=True).click()
        expect(page.get_by_role("heading", name="Waiting for you: 1")).to_be_visible(timeout=A_STEP)
        press(page, "Show plan")
        press(page, "Approve plan 1 as Grace")
        expect(page.locator(".st-key-plan .op-badge", has_text="approved")).to_be_visible(
            timeout=A_STEP
        )
        assert complaints == []
