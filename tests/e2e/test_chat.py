"""A question beside an incident in a real browser: streamed, cited, kept over a reload."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import watched_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

A_STEP = 20_000


def test_a_person_asks_about_an_incident_and_finds_the_answer_again(
    browser: Browser, shop: str
) -> None:
    with watched_page(browser) as (page, complaints):
        page.goto(shop)
        page.get_by_role("link", name="INC-0001").first.click(timeout=60_000)
        page.get_by_role("link", name="Ask about this").click(timeout=A_STEP)
        expect(page.get_by_role("heading", name="Chat", exact=True)).to_be_visible(timeout=A_STEP)
        expect(page.get_by_text("Local analyst: a rule-based stand-in")).to_be_visible()

        page.get_by_role("button", name="What changed lately?").click()
        turn = page.locator(".st-key-turn-1")
        expect(turn.locator(".op-turn-head", has_text="done")).to_be_visible(timeout=A_STEP)
        expect(turn.locator(".op-tools li").first).to_be_visible()
        expect(turn.locator(".op-answer").last).to_contain_text(re.compile("payments|change"))
        expect(page).to_have_url(re.compile("c=INC-0001-C1"))

        page.get_by_placeholder(re.compile("Ask about INC-0001")).fill("What do the logs say?")
        page.keyboard.press("Enter")
        second = page.locator(".st-key-turn-2")
        expect(second.locator(".op-turn-head", has_text="done")).to_be_visible(timeout=A_STEP)

        assert complaints == []

        page.reload()
        expect(second.locator(".op-question")).to_have_text("What do the logs say?")
        complaints.clear()  # below the root Streamlit first looks for its server beside the page
        entry = turn.get_by_role("link", name=re.compile(r"^E\d+$")).first
        name = entry.inner_text()
        entry.click()
        expect(page.get_by_label("Entry of the ledger")).to_have_value(re.compile(f"^{name}:"))
        assert complaints == []
