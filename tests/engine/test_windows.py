"""The time under suspicion: what was resolved in it is left out, unless a person chose it."""

from datetime import timedelta

import pytest

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.window import Window
from opspilot.engine.windows import after_trouble
from tests import builders
from tests.engine.scene import ROSA, T0, Scene

MINUTE = timedelta(minutes=1)
HALF_HOUR = Window(start=T0 - 30 * MINUTE, end=T0)


@pytest.mark.parametrize(
    ("resolved", "start"),
    [((-12,), -12), ((-12, -20), -12), ((-2,), -5), ((-40,), -30), ((), -30), ((5,), -30)],
)
def test_a_window_begins_after_what_was_resolved_in_it(
    resolved: tuple[int, ...], start: int
) -> None:
    earlier = [
        builders.incident(IncidentStatus.RESOLVED, resolved_at=T0 + at * MINUTE) for at in resolved
    ]
    found = after_trouble(HALF_HOUR, earlier, latest=T0 - 5 * MINUTE)
    assert found == Window(start=T0 + start * MINUTE, end=T0)


def test_a_short_window_is_never_made_longer() -> None:
    short = Window(start=T0 - 3 * MINUTE, end=T0)
    assert after_trouble(short, [], latest=T0 - 5 * MINUTE) == short


def test_a_new_report_leaves_out_what_another_incident_had_resolved(stage: Scene) -> None:
    now = stage.clock.account_now()
    stage.put_incident(IncidentStatus.RESOLVED, resolved_at=now - 10 * MINUTE)
    assert stage.opened("payments").window.start == now - 10 * MINUTE


def test_a_window_that_a_person_chose_stays(stage: Scene) -> None:
    now = stage.clock.account_now()
    stage.put_incident(IncidentStatus.RESOLVED, resolved_at=now - 10 * MINUTE)
    chosen = Window(start=now - 20 * MINUTE, end=now)
    opened = stage.bench.intake.open_incident("payments", actor=ROSA, window=chosen)
    assert opened.window == chosen
