"""Incidents come in: windows, titles, joining and closing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.adapters.sqlite import open_store
from opspilot.domain.incident import Incident, IncidentStatus, Severity
from opspilot.domain.job import Job, JobKind
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.window import Window
from opspilot.errors import AwsUnavailable, InputError, InvalidWindow, UnknownResource
from opspilot.ports.store import Changeset
from tests.engine.account import ACCOUNT_ID, CHECKOUT, REGION
from tests.engine.scene import ADA, HOUR, ROSA, T0, Scene, scene

MINUTE = timedelta(minutes=1)
DAY = 24 * HOUR


def open_with(stage: Scene, start: timedelta, end: timedelta, **more: object) -> Incident:
    window = Window(start=T0 + start, end=T0 + end)
    return stage.bench.intake.open_incident("checkout", actor=ROSA, window=window, **more)


def test_without_a_window_the_last_half_hour_is_compared_with_three_hours(stage: Scene) -> None:
    incident = stage.opened()
    assert incident.window == Window(start=T0 - 30 * MINUTE, end=T0)
    assert incident.baseline == incident.window.before(3 * HOUR)
    assert incident.waits_for == "an investigation"
    assert stage.said() == ["incident.opened"]


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (1 * MINUTE, 31 * MINUTE, "in the future"),
        (-4 * MINUTE, timedelta(), "5 minutes to 24 hours"),
        (-2 * MINUTE, 20 * MINUTE, "5 minutes to 24 hours"),
        (-25 * HOUR, timedelta(), "5 minutes to 24 hours"),
        (-456 * DAY, -455 * DAY, "retention of 455 days"),
        (-455 * DAY, -454.5 * DAY, "retention of 455 days"),
    ],
)
def test_a_window_that_can_hold_no_telemetry_is_refused_and_nothing_is_stored(
    stage: Scene, start: timedelta, end: timedelta, why: str
) -> None:
    with pytest.raises(InvalidWindow, match=why):
        open_with(stage, start, end)
    assert stage.store.incidents().items == ()
    assert stage.store.chains() == []


def test_a_window_is_cut_off_at_the_present(stage: Scene) -> None:
    assert open_with(stage, -HOUR, HOUR).window.end == T0


def test_a_window_of_a_year_ago_is_accepted(stage: Scene) -> None:
    assert open_with(stage, -365 * DAY, -365 * DAY + HOUR).window.length == HOUR


@pytest.mark.parametrize("baseline", [timedelta(minutes=29), timedelta(seconds=1)])
def test_a_baseline_that_is_too_short_is_refused(stage: Scene, baseline: timedelta) -> None:
    with pytest.raises(InvalidWindow, match="baseline"):
        stage.bench.intake.open_incident("checkout", actor=ROSA, baseline=baseline)


def test_a_title_of_any_length_is_not_stored(stage: Scene) -> None:
    with pytest.raises(InputError, match="201 characters"):
        stage.bench.intake.open_incident("checkout", actor=ROSA, title="x" * 201)


def test_an_unknown_resource_names_close_ones(stage: Scene) -> None:
    with pytest.raises(UnknownResource) as caught:
        stage.opened("chekout")
    assert "checkout" in caught.value.hint


def test_a_resource_without_signals_is_refused(stage: Scene) -> None:
    with pytest.raises(InputError, match="no signals"):
        stage.opened("arn:aws:s3:::bucket")


def test_an_account_that_does_not_answer_stores_nothing(stage: Scene) -> None:
    stage.account.fail("resolve", AwsUnavailable("down"))
    with pytest.raises(AwsUnavailable):
        stage.opened()
    assert stage.store.chains() == []


def test_a_second_person_joins_the_active_incident_of_the_resource(stage: Scene) -> None:
    first = stage.opened()
    second = stage.opened("arn:aws:lambda:us-east-1:000000000000:function:checkout", ADA)
    assert second.id == first.id
    assert stage.said() == ["incident.opened", "incident.joined"]


def test_an_incident_of_another_resource_is_another(stage: Scene) -> None:
    stage.opened()
    assert stage.opened("payments").id == "INC-0002"


def test_a_closed_incident_is_over_and_the_next_is_new(stage: Scene) -> None:
    incident = stage.opened()
    closed = stage.bench.intake.close(incident.id, actor=ROSA, reason="a test")
    assert (closed.status, closed.waits_for) == (IncidentStatus.CLOSED, "")
    assert stage.opened().id == "INC-0002"
    stage.work()
    assert stage.status() is IncidentStatus.CLOSED


def test_closing_needs_a_reason_which_is_kept(stage: Scene) -> None:
    incident = stage.opened()
    with pytest.raises(InputError, match="reason"):
        stage.bench.intake.close(incident.id, actor=ROSA, reason=" ")
    stage.bench.intake.close(incident.id, actor=ROSA, reason="bob tested")
    (entry,) = [one for one in stage.trail() if one.action_type == "incident.closed"]
    assert entry.input["reason"] == "bob tested"


def test_an_incident_opened_by_a_person_is_measured_on_the_errors_of_its_resource(
    stage: Scene,
) -> None:
    query = stage.opened().symptom.query
    assert query is not None
    assert (query.metric, query.dimensions) == ("Errors", (("FunctionName", CHECKOUT.name),))


def test_a_report_says_how_bad_it_is_on_which_signal_and_what_was_seen(stage: Scene) -> None:
    incident = stage.bench.intake.open_incident(
        "checkout",
        actor=ROSA,
        title=" slow checkout ",
        severity=Severity.CRITICAL,
        signal="lambda.duration_p99",
        description="customers wait for ten seconds",
    )
    assert (incident.title, incident.severity) == ("slow checkout", Severity.CRITICAL)
    assert incident.severity_set_by == ROSA
    assert incident.symptom.query == query_of(signal_named("lambda.duration_p99"), CHECKOUT)
    assert incident.symptom.summary == "customers wait for ten seconds"


def test_a_chosen_signal_names_the_symptom_where_nothing_is_described(stage: Scene) -> None:
    incident = stage.bench.intake.open_incident(
        "checkout", actor=ROSA, signal="lambda.duration_p99"
    )
    assert incident.symptom.summary == "Duration p99 of checkout"


@pytest.mark.parametrize("signal", ["api.5xx", "lambda.happiness", "="])
def test_a_signal_that_is_not_read_of_the_resource_names_those_that_are(
    stage: Scene, signal: str
) -> None:
    with pytest.raises(InputError, match="no signal") as caught:
        stage.bench.intake.open_incident("checkout", actor=ROSA, signal=signal)
    assert "lambda.errors" in caught.value.hint
    assert stage.store.chains() == []


def test_a_description_of_any_length_is_not_stored(stage: Scene) -> None:
    with pytest.raises(InputError, match="1,001 characters"):
        stage.bench.intake.open_incident("checkout", actor=ROSA, description="x" * 1_001)


def test_what_a_second_reporter_says_becomes_a_note_and_changes_nothing_else(
    stage: Scene,
) -> None:
    first = stage.opened()
    joined = stage.bench.intake.open_incident(
        "checkout", actor=ADA, title="Carts fail", severity=Severity.LOW, description="since noon"
    )
    assert (joined.id, joined.title, joined.severity) == (first.id, first.title, first.severity)
    (note,) = stage.store.notes(first.id)
    assert (note.author, note.text) == (ADA, "Carts fail. since noon")
    stage.opened()
    assert len(stage.store.notes(first.id)) == 1


def test_what_can_be_reported_on_is_listed(stage: Scene) -> None:
    assert CHECKOUT in stage.bench.intake.resources()


def test_of_many_who_open_at_once_one_opens_and_the_others_join(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    stage = scene(tmp_path, store=store, auto_investigate=False)
    for round_number in range(1, 6):
        barrier = threading.Barrier(4)
        stage.account.ring(at=stage.clock.account_now())
        if round_number == 1:
            due = Job(id=JobKind.ALARMS, kind=JobKind.ALARMS, due_at=stage.clock.now())
            store.commit(Changeset(puts=(due,)))

        def person(barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            return stage.opened().id

        def alarm(barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            assert stage.step(JobKind.ALARMS)
            return ""

        with ThreadPoolExecutor(4) as pool:
            told = [pool.submit(one) for one in (person, person, alarm, person)]
        opened = {one.result() for one in told} - {""}
        assert len(opened) == 1
        stage.pass_time(seconds=5)
        assert stage.step(JobKind.ALARMS)
        assert len(store.incidents().items) == round_number
        assert stage.incident(*opened).alarms == ("checkout-errors",)
        stage.bench.intake.close(*opened, actor=ROSA, reason="a test")
        stage.pass_time(minutes=15)
    store.close()
