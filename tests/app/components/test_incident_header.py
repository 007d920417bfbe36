"""What the head of an incident's page says about where it stands."""

import pytest

from app.components.incident_header import incident_header
from app.formatting import Now
from opspilot.domain.incident import IncidentStatus
from tests import builders

NOW = Now(wall=builders.ago(), account=builders.ago())


@pytest.mark.parametrize("status", [IncidentStatus.REMEDIATING, IncidentStatus.VERIFYING])
def test_what_became_of_an_earlier_plan_is_not_told_while_the_next_one_runs(
    status: IncidentStatus,
) -> None:
    told = incident_header(builders.incident(status, outcome="undone", waits_for=""), NOW)
    assert "Outcome" not in str(told)
    assert "Moves by itself." in str(told)


def test_the_outcome_is_told_once_the_incident_rests() -> None:
    resting = builders.incident(IncidentStatus.RESOLVED, outcome="recovered", waits_for="")
    assert "Recovered" in str(incident_header(resting, NOW))


def test_a_closed_incident_is_not_said_to_be_open_any_longer() -> None:
    closed = builders.incident(IncidentStatus.CLOSED, outcome="closed", waits_for="")
    assert "open " not in str(incident_header(closed, NOW))
    assert "open 12 min" in str(incident_header(builders.incident(), NOW))
