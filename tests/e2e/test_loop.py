"""The whole loop in a real browser: from the incident of an alarm to recovered, step by step."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import free_port, served, watched_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

A_STEP = 20_000
AN_OBSERVATION = 150_000


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


def test_a_person_walks_an_alarm_from_incident_to_recovered(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    demo = ("opspilot", "demo", "--port", str(port), "--speed", "30")
    with (
        served(*demo, port=port, state=tmp_path) as url,
        watched_page(browser) as (page, complaints),
    ):
        page.goto(url)
        expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
        page.get_by_role("link", name="INC-0001").first.click(timeout=60_000)

        press(page, "Investigate")
        expect(page.get_by_role("heading", name=re.compile("^Cause"))).to_be_visible(timeout=A_STEP)
        expect(page.locator(".st-key-verdict .op-badge", has_text="confirmed")).to_be_visible()
        expect(page.locator(".op-changes")).to_contain_text("payments")
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()

        press(page, "Propose plan")
        expect(page.get_by_text("Success means")).to_be_visible(timeout=A_STEP)
        expect(page.get_by_role("button", name="Approve as Ada")).to_be_disabled()
        act_as(page, "Grace")
        press(page, "Approve as Grace")
        press(page, "Execute")

        resolved = page.locator("header .op-badge", has_text="resolved")
        expect(resolved).to_be_visible(timeout=AN_OBSERVATION)
        expect(page.get_by_text("recovered").first).to_be_visible()
        page.get_by_role("tab", name="Audit").click()
        page.get_by_role("button", name="Verify the chain").click()
        expect(page.get_by_text("The audit chain verifies")).to_be_visible(timeout=A_STEP)
        assert complaints == []


def test_the_app_alone_says_what_is_missing_and_how_to_start_it(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "embedded").mkdir()  # an embedded account was here, and is stopped
    port = free_port()
    alone = ("streamlit", "run", "app/main.py", "--server.port", str(port))
    with (
        served(*alone, port=port, state=tmp_path) as url,
        watched_page(browser) as (page, complaints),
    ):
        page.goto(url)
        expect(page.get_by_role("heading", name="Incidents")).to_be_visible(timeout=A_STEP)
        expect(page.get_by_text("No worker is running")).to_be_visible(timeout=A_STEP)
        expect(page.locator("code", has_text="opspilot demo").first).to_be_visible()
        assert complaints == []
