"""The list of incidents, through the app's entry, on a real store."""

import pytest

from opspilot.domain.incident import IncidentStatus
from tests import builders
from tests.app.conftest import Fill, opened, said


def test_without_any_incident_the_page_says_what_comes_next(fill: Fill) -> None:
    fill()
    app = opened()
    assert not app.exception
    assert app.title[0].value == "Incidents"
    assert "No incidents." in said(app)


def test_a_missing_worker_and_account_are_said_with_how_to_start_them(fill: Fill) -> None:
    fill()
    text = said(opened())
    assert "No worker is running" in text
    assert "The account does not answer." in text
    assert "<code>opspilot demo</code>" in text


def test_without_any_account_the_page_still_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    app = opened()
    assert not app.exception
    assert "no account answers" in said(app)
    assert "You look on as Viewer" in said(app)


def test_every_incident_has_a_row_with_a_link_to_its_page(fill: Fill) -> None:
    fill(
        builders.incident(IncidentStatus.OPEN, id="INC-0001", waits_for="an investigation"),
        builders.incident(IncidentStatus.RESOLVED, id="INC-0002", outcome="recovered"),
    )
    app = opened()
    assert not app.exception
    labels = [link.proto.label for link in app.get("page_link")]
    assert labels == ["INC-0002", "INC-0001"]
    assert "waits for an investigation" in said(app)
    assert ">1</b><span>active</span>" in said(app)


def test_the_address_filters_by_status(fill: Fill) -> None:
    fill(
        builders.incident(IncidentStatus.OPEN, id="INC-0001"),
        builders.incident(IncidentStatus.CLOSED, id="INC-0002"),
    )
    app = opened(status="closed")
    assert [link.proto.label for link in app.get("page_link")] == ["INC-0002"]


def test_a_hostile_title_stays_text(fill: Fill) -> None:
    fill(builders.incident(IncidentStatus.OPEN, title=builders.HOSTILE))
    app = opened()
    assert "<img" not in said(app)
    assert "&lt;img src=x onerror=alert(1)&gt;" in said(app)


def test_the_form_asks_for_a_resource_and_a_sensible_window(fill: Fill) -> None:
    fill(builders.incident())
    app = opened()
    app.button(key="FormSubmitter:open-incident-Open incident").click().run()
    assert app.error[0].value.startswith("Name the resource")
    app.text_input[0].set_value("checkout")
    app.number_input[0].set_value(2)
    app.button(key="FormSubmitter:open-incident-Open incident").click().run()
    assert "5 to 1440 minutes" in app.error[0].value


def test_an_incident_cannot_be_opened_while_the_account_is_stopped(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened()
    app.text_input[0].set_value("checkout")
    app.button(key="FormSubmitter:open-incident-Open incident").click().run()
    assert "is not running" in said(app)
    assert "Nothing was changed." in said(app)
    assert len(store.incidents().items) == 1


def test_no_fault_can_be_injected_while_the_account_is_stopped(fill: Fill) -> None:
    fill(builders.incident())
    labels = [one.label for one in opened().expander]
    assert "Faults of the embedded account" not in labels
