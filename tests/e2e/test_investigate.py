"""Looking around in a real browser: what is wrong, who else moved, what the log says."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import watched_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

A_LOOK = 30_000


def choose(page: Page, field: str, option: str) -> None:
    """Add an option to a field that takes several."""
    page.get_by_label(field, exact=True).click()
    page.get_by_role("option", name=re.compile(option)).first.click()
    page.keyboard.press("Escape")


def test_a_person_looks_closer_until_the_log_says_what_happened(
    browser: Browser, shop: str
) -> None:
    with watched_page(browser) as (page, complaints):
        page.goto(shop)
        page.get_by_role("link", name="Investigate", exact=True).click(timeout=A_LOOK)
        expect(page.get_by_text("Choose a resource")).to_be_visible(timeout=A_LOOK)

        choose(page, "Resources", "^checkout")
        choose(page, "Metrics", r"^Errors \(function\)")
        chart = page.locator(".js-plotly-plot").first
        expect(chart).to_contain_text("Errors of checkout rose", timeout=A_LOOK)
        expect(page).to_have_url(re.compile("resource=checkout.*metric=lambda.errors"))
        # While a view is replaced the one before may still fade.
        suspects = page.locator("[class*=st-key-look-suspects] .js-plotly-plot").last
        expect(suspects).to_contain_text("of payments", timeout=A_LOOK)
        expect(suspects).to_contain_text("of checkout")

        drawn = chart.locator(".nsewdrag").first.bounding_box()
        assert drawn is not None
        middle = drawn["y"] + drawn["height"] / 2
        page.mouse.move(drawn["x"] + drawn["width"] * 0.55, middle)
        page.mouse.down()
        page.mouse.move(drawn["x"] + drawn["width"] * 0.98, middle, steps=8)
        page.mouse.up()
        expect(page.get_by_role("button", name="Back to the whole")).to_be_visible(timeout=A_LOOK)
        expect(page).to_have_url(re.compile("start=.*end=.*whole=30m"), timeout=A_LOOK)

        page.get_by_role("tab", name="Log lines").click()
        search = page.get_by_label("Search for")
        expect(search).to_be_visible(timeout=A_LOOK)
        search.fill("timed out")
        search.press("Enter")
        lines = page.locator(".op-lines li")
        expect(lines.first).to_contain_text("Task timed out", timeout=A_LOOK)
        assert complaints == []
