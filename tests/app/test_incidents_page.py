"""The list of incidents, through the app's entry, on a real store."""

import pytest
from streamlit.testing.v1 import AppTest

from opspilot.domain.incident import IncidentStatus
from tests import builders
from tests.app.conftest import Fill, opened, said


def rows(app: AppTest) -> list[str]:
    """The incidents of the list, in order; the inbox stands before them."""
    found = [link.proto.label for link in app.get("page_link")]
    return list(dict.fromkeys(one for one in reversed(found) if one.startswith("INC-")))[::-1]


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
    assert rows(app) == ["INC-0002", "INC-0001"]
    assert "waits for an investigation" in said(app)
    assert ">1</b><span>active</span>" in said(app)


def test_the_address_filters_by_status(fill: Fill) -> None:
    fill(
        builders.incident(IncidentStatus.OPEN, id="INC-0001", owner=builders.GRACE),
        builders.incident(IncidentStatus.CLOSED, id="INC-0002"),
    )
    app = opened(status="closed")
    assert rows(app) == ["INC-0002"]


def test_a_hostile_title_stays_text(fill: Fill) -> None:
    fill(builders.incident(IncidentStatus.OPEN, title=builders.HOSTILE))
    app = opened()
    assert "<img" not in said(app)
    assert "&lt;img src=x onerror=alert(1)&gt;" in said(app)


def test_the_form_asks_for_a_resource(fill: Fill) -> None:
    fill(builders.incident())
    app = opened()
    app.button(key="open-send").click().run()
    assert app.error[0].value.startswith("Name the resource")


def test_an_incident_cannot_be_opened_while_the_account_is_stopped(fill: Fill) -> None:
    store = fill(builders.incident())

    def sent() -> None:  # AppTest cannot type a name into a field that searches
        from datetime import timedelta

        from app.components.open_form import Wanted
        from app.guard import show_notices
        from app.intentions import open_by_hand
        from app.wiring import desk
        from opspilot.domain.incident import Severity

        wanted = Wanted("checkout", "", None, timedelta(hours=3), Severity.HIGH, "", "")
        assert open_by_hand(wanted, desk(), "incidents") == ""
        show_notices("incidents")

    app = AppTest.from_function(sent, default_timeout=30).run()
    assert "is not running" in said(app)
    assert "Nothing was changed." in said(app)
    assert len(store.incidents().items) == 1


def test_a_viewer_reads_why_no_incident_can_be_opened(fill: Fill) -> None:
    fill()
    app = opened(**{"as": "vera"})
    assert app.button(key="open-send").disabled
    assert "Vera may not open incidents." in said(app)


def test_the_inbox_shows_one_s_own_and_on_request_everybody_s(fill: Fill) -> None:
    fill(
        builders.incident(IncidentStatus.OPEN, id="INC-0001", owner=builders.GRACE),
        builders.incident(IncidentStatus.OPEN, id="INC-0002", owner=builders.ADA),
    )
    app = opened()
    assert "Inbox: 1 waits for you, 1 for others" in said(app)
    assert [one.proto.label for one in app.get("page_link")].count("INC-0001") == 1
    assert "Inbox 1" in [one.proto.label for one in app.get("page_link")]
    everybody = opened(everybody="true")
    assert [one.proto.label for one in everybody.get("page_link")].count("INC-0001") == 2
    assert "for <b>Grace</b>" in said(everybody)


def test_an_incident_without_an_owner_is_missed_after_a_while(fill: Fill) -> None:
    fill(builders.incident(IncidentStatus.INVESTIGATING))
    assert "Nobody has taken it on within 5 minutes." in said(opened())


def test_a_failed_verification_waits_in_the_inbox_as_text(fill: Fill) -> None:
    fill(builders.incident(IncidentStatus.FAILED, last_error=builders.HOSTILE, owner=builders.ADA))
    app = opened()
    assert "<img" not in said(app)
    assert "Next: investigate" in [one.proto.label for one in app.get("page_link")]


def test_no_fault_can_be_injected_while_the_account_is_stopped(fill: Fill) -> None:
    fill(builders.incident())
    labels = [one.label for one in opened().expander]
    assert "Faults of the embedded account" not in labels
