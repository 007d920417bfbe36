"""Severity, owner and notes: on record, redacted, and in nobody's way."""

import pytest

from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.engine.timeline import timeline
from opspilot.errors import IllegalTransition, InputError
from opspilot.ports.store import Changeset
from tests.engine.account import SHOP_API
from tests.engine.scene import ADA, BACK_TO_17, GRACE, ROSA, VERA, Scene
from tests.engine.test_alarms import API_ERRORS

SECRET = "AKIAIOSFODNN7EXAMPLE"


def test_a_severity_says_who_changed_it_from_what_and_why(stage: Scene) -> None:
    incident = stage.opened()
    changed = stage.bench.care.set_severity(
        incident.id, severity=Severity.LOW, actor=ADA, reason="one customer only"
    )
    assert (changed.severity, changed.severity_set_by) == (Severity.LOW, ADA)
    entry = stage.trail()[-1]
    assert (entry.action_type, entry.actor.id) == ("incident.severity_set", "ada")
    assert entry.input == {"from": "high", "to": "low", "reason": "one customer only"}


def test_a_person_s_severity_stands_when_a_worse_alarm_joins(stage: Scene) -> None:
    incident = stage.opened("shop-api")
    assert incident.resource == SHOP_API
    stage.bench.care.set_severity(incident.id, severity=Severity.LOW, actor=ROSA)
    stage.account.ring("api-5xx", API_ERRORS)
    stage.poll_alarms()
    joined = stage.incident()
    assert (joined.alarms, joined.severity) == (("api-5xx",), Severity.LOW)


def test_without_a_person_s_word_a_worse_alarm_raises_the_severity(stage: Scene) -> None:
    stage.opened("shop-api")
    stage.account.ring("api-5xx", API_ERRORS)
    stage.poll_alarms()
    assert stage.incident().severity is Severity.CRITICAL


def test_an_incident_is_taken_given_to_somebody_and_given_back(stage: Scene) -> None:
    care, incident = stage.bench.care, stage.opened()
    assert care.assign(incident.id, owner=ROSA, actor=ROSA).owner == ROSA
    assert care.assign(incident.id, owner=GRACE, actor=ROSA).owner == GRACE
    assert care.assign(incident.id, owner=None, actor=GRACE).owner is None
    said = [(one.actor.id, one.input) for one in stage.trail() if "owner" in one.action_type]
    assert said == [
        ("rosa", {"from": "nobody", "to": "Rosa"}),
        ("rosa", {"from": "Rosa", "to": "Grace"}),
        ("grace", {"from": "Grace", "to": "nobody"}),
    ]


@pytest.mark.parametrize("who", [VERA, SYSTEM], ids=lambda who: who.id)
def test_who_may_not_respond_cannot_own(stage: Scene, who: object) -> None:
    incident = stage.opened()
    with pytest.raises(InputError, match="cannot own"):
        stage.bench.care.assign(incident.id, owner=who, actor=ROSA)  # type: ignore[arg-type]
    assert stage.incident().owner is None


def test_saying_the_same_twice_is_on_record_once(stage: Scene) -> None:
    care, incident = stage.bench.care, stage.opened()
    for _ in range(2):
        care.assign(incident.id, owner=ROSA, actor=ROSA)
        care.set_severity(incident.id, severity=Severity.LOW, actor=ROSA)
    assert stage.said() == ["incident.opened", "incident.owner_set", "incident.severity_set"]


def test_notes_are_numbered_stamped_and_kept_in_order(stage: Scene) -> None:
    care, incident = stage.bench.care, stage.opened()
    care.write_note(incident.id, text="  the sale began at noon \n", actor=ROSA)
    stage.pass_time(minutes=3)
    care.write_note(incident.id, text="called the payment team", actor=GRACE)
    notes = stage.store.notes(incident.id)
    assert [(one.id, one.author.id, one.text) for one in notes] == [
        ("N1", "rosa", "the sale began at noon"),
        ("N2", "grace", "called the payment team"),
    ]
    assert notes[1].wall == stage.clock.now()
    view = stage.bench.queries.incident(incident.id, ROSA)
    assert view.notes == tuple(notes)
    told = [one for one in timeline(view.evidence, view.audit) if one.what.startswith("noted")]
    assert [one.what for one in told] == [f"noted: {one.text}" for one in notes]


def test_a_secret_in_a_note_a_reason_or_a_report_is_stored_nowhere(stage: Scene) -> None:
    incident = stage.opened()
    care = stage.bench.care
    note = care.write_note(incident.id, text=f"the key was {SECRET}", actor=ROSA)
    care.set_severity(incident.id, severity=Severity.LOW, actor=ROSA, reason=f"see {SECRET}")
    stage.bench.intake.open_incident("checkout", actor=ROSA, description=f"prints {SECRET}")
    assert "the key was" in note.text
    everything = [*stage.store.notes(incident.id), *stage.trail(), stage.incident()]
    assert SECRET not in "".join(one.model_dump_json() for one in everything)


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * 4_001])
def test_an_empty_or_endless_note_is_refused(stage: Scene, text: str) -> None:
    incident = stage.opened()
    with pytest.raises(InputError, match="note"):
        stage.bench.care.write_note(incident.id, text=text, actor=ROSA)
    assert stage.store.notes(incident.id) == []


def test_two_notes_at_one_moment_are_both_kept(stage: Scene) -> None:
    incident = stage.opened()
    store, care = stage.store, stage.bench.care
    first = store.commit

    def overtaken(changes: Changeset) -> object:
        store.commit = first  # type: ignore[method-assign]
        care.write_note(incident.id, text="quicker", actor=GRACE)
        return first(changes)

    store.commit = overtaken  # type: ignore[assignment,method-assign]
    care.write_note(incident.id, text="slower", actor=ROSA)
    assert [(one.id, one.text) for one in store.notes(incident.id)] == [
        ("N1", "quicker"),
        ("N2", "slower"),
    ]


def test_a_closed_incident_takes_notes_and_nothing_else(stage: Scene) -> None:
    care, incident = stage.bench.care, stage.opened()
    stage.bench.intake.close(incident.id, actor=ROSA, reason="over")
    with pytest.raises(IllegalTransition, match="closed"):
        care.assign(incident.id, owner=ROSA, actor=ROSA)
    with pytest.raises(IllegalTransition, match="closed"):
        care.set_severity(incident.id, severity=Severity.LOW, actor=ROSA)
    assert care.write_note(incident.id, text="seen again in staging", actor=ROSA).id == "N1"


def test_a_note_and_an_owner_do_not_disturb_what_is_under_way(stage: Scene) -> None:
    stage.started(BACK_TO_17)
    stage.reach(IncidentStatus.VERIFYING)
    before = stage.store.job("incident:INC-0001")
    stage.bench.care.write_note("INC-0001", text="looking at it", actor=ROSA)
    stage.bench.care.assign("INC-0001", owner=ROSA, actor=ROSA)
    assert stage.store.job("incident:INC-0001") == before
    stage.reach(IncidentStatus.RESOLVED)
    assert stage.incident().owner == ROSA
    stage.assert_sound()
