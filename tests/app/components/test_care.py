"""Owner, severity and notes on the page of an incident."""

from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.domain.note import Note
from tests import builders
from tests.app.conftest import INCIDENT_PAGE, Fill, opened, said


def test_an_incident_is_taken_on_and_given_back(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened(INCIDENT_PAGE, id="inc-0042", **{"as": "linus"})
    assert "nobody yet" in said(app)
    app.button(key="take").click().run()
    owner = store.incident("INC-0042").owner
    assert owner is not None
    assert owner.id == "linus"
    assert app.button(key="take").label == "Give it back"
    app.button(key="take").click().run()
    assert store.incident("INC-0042").owner is None


def test_an_incident_is_given_to_somebody_who_may_respond(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    assert app.selectbox(key="assign-to").options == ["Grace", "Alan", "Linus", "Margaret"]
    app.selectbox(key="assign-to").set_value("alan")
    app.button(key="assign-send").click().run()
    owner = store.incident("INC-0042").owner
    assert owner is not None
    assert owner.id == "alan"


def test_a_severity_is_set_with_its_reason(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.selectbox(key="severity-to").set_value(Severity.LOW)
    app.text_input(key="severity-reason").set_value("test shop only")
    app.button(key="severity-send").click().run()
    assert store.incident("INC-0042").severity is Severity.LOW
    assert store.entries("INC-0042")[-1].input["reason"] == "test shop only"


def test_a_note_is_put_on_record_as_text_and_the_field_is_empty_again(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.text_area(key="note-text-0").set_value(builders.HOSTILE)
    app.button(key="note-send").click().run()
    assert [one.text for one in store.notes("INC-0042")] == [builders.HOSTILE]
    assert "<img" not in said(app)
    assert "&lt;img src=x" in said(app)
    assert app.text_area(key="note-text-1").value == ""


def test_an_empty_note_is_answered_at_the_field(fill: Fill) -> None:
    store = fill(builders.incident())
    app = opened(INCIDENT_PAGE, id="INC-0042")
    app.button(key="note-send").click().run()
    assert app.error[0].value.startswith("The note is empty")
    assert store.notes("INC-0042") == []


def test_a_viewer_reads_notes_and_writes_none(fill: Fill) -> None:
    note = Note(
        incident_id="INC-0042",
        id="N1",
        author=builders.GRACE,
        text="called the team",
        at=builders.NOW,
        wall=builders.NOW,
    )
    fill(builders.incident(IncidentStatus.OPEN), note)
    app = opened(INCIDENT_PAGE, id="INC-0042", **{"as": "vera"})
    assert "<b>Grace: </b>" in said(app)
    assert "called the team" in said(app)
    assert app.button(key="take").disabled
