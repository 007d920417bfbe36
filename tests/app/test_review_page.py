"""The review page, through the app's entry, on a real store."""

from opspilot.domain.incident import IncidentStatus
from tests import builders
from tests.app.conftest import ENTRY, Fill, current, opened, said

PAGE = str(ENTRY.parent.parent / "pages" / "review.py")


def test_without_any_incident_the_page_leads_to_where_one_is_opened(fill: Fill) -> None:
    fill()
    app = opened(PAGE)
    assert not app.exception
    assert "There is no incident yet" in said(app)
    assert "Incidents" in [link.proto.label for link in app.get("page_link")]


def test_a_draft_is_shown_and_named_as_one(fill: Fill) -> None:
    fill(
        builders.incident(IncidentStatus.DIAGNOSED),
        builders.investigation(),
        *builders.ledger(),
        current(builders.executed()),
    )
    app = opened(PAGE, id="INC-0042")
    assert not app.exception
    assert "Draft from the record" in said(app)
    assert "<h2>Cause</h2>" in said(app)
    assert "<em>To be written by those who were there.</em>" in said(app)


def test_a_responder_saves_what_was_edited(fill: Fill) -> None:
    store = fill(builders.incident(), builders.investigation())
    app = opened(PAGE, id="INC-0042", **{"review-tab": "Edit"})
    area = next(one for one in app.text_area if one.label == "What went well")
    area.set_value("The rollback was quick. <img src=x onerror=alert(1)>")
    app.button(key="FormSubmitter:review-INC-0042-0-Save").click().run()
    assert not app.exception
    saved = store.postmortem("INC-0042")
    assert saved is not None
    assert saved.sections["What went well"].startswith("The rollback was quick.")
    assert "Version 1, saved by Ada" in said(app)
    assert "<img" not in said(app)


def test_an_unknown_incident_in_the_address_is_said_so(fill: Fill) -> None:
    fill(builders.incident())
    app = opened(PAGE, id="INC-9999")
    assert not app.exception
    assert "INC-9999" in said(app)
    assert "does not know" not in said(app)
    assert app.selectbox(key="chosen-incident").value is None
    app.selectbox(key="chosen-incident").set_value("INC-0042").run()
    assert not app.exception
    assert "<h2>Cause</h2>" in said(app)
