"""Trouble seen at an HTTP API: from its alarm or its name to the cause behind it."""

from pathlib import Path

import pytest

from opspilot.domain.incident import Incident, IncidentStatus
from opspilot.embedded.events import Caller
from opspilot.embedded.fleet import Fleet
from opspilot.embedded.workloads.shop import SHOP
from tests.scenarios.http_shop import API_ID, HTTP_SHOP
from tests.scenarios.world import ADA, World, world

pytestmark = pytest.mark.timeout(120)

ARN = f"::/apis/{API_ID}"


def shorten(here: World) -> None:
    """Somebody lets the API wait less than its busiest function takes."""
    short = {"method": "GET", "path": "/products", "integration_timeout_s": 0.05}
    account = here.account.account
    account.world.change("apigateway.update_method", short, Caller("gus"), account.now())


def test_an_alarm_on_an_http_api_leads_to_who_shortened_its_integrations_timeout(
    tmp_path: Path,
) -> None:
    with world(tmp_path, fault=None, fleet=HTTP_SHOP) as here:
        store = here.bench.store
        here.poll_alarms()
        here.work(lambda: False, account_minutes=2)
        shorten(here)
        here.work(lambda: bool(store.incidents().items))
        # CloudTrail delivers a quarter of an hour later.
        here.account.advance(17 * 60)
        (incident,) = store.incidents().items
        assert (incident.resource.name, incident.resource.arn[-len(ARN) :]) == ("shop-api", ARN)
        here.bench.investigations.start(incident.id, actor=ADA)
        here.reach(IncidentStatus.DIAGNOSED)
        found = store.investigation(incident.id)
        ledger = store.evidence(incident.id)
    assert found is not None
    assert found.verdict is not None
    assert found.verdict.cause is not None
    cause = found.verdict.cause
    assert (cause.cause_class, cause.resource) == ("api.integration_timeout", incident.resource)
    told = " ".join(item.finding for item in ledger if item.request.source == "changes")
    assert "integration_timeout_ms 50" in told


def looked_at(folder: Path, fleet: Fleet, name: str) -> tuple[Incident, int, list[str]]:
    """An investigation of an API behind which payments became slow."""
    with world(folder, fleet=fleet) as here:
        opened = here.bench.intake.open_incident(name, actor=ADA)
        here.bench.investigations.start(opened.id, actor=ADA)
        incident = here.reach(IncidentStatus.DIAGNOSED)
        found = here.bench.store.investigation(incident.id)
        ledger = here.bench.store.evidence(incident.id)
        asked = sorted({f"{item.request.source} of {item.resource.name}" for item in ledger})
    assert found is not None
    assert found.verdict is not None
    assert found.verdict.cause is not None
    cause = found.verdict.cause
    assert (cause.cause_class, cause.resource.name) == ("lambda.slow_dependency", "payments")
    return incident, found.usage.api_calls, asked


def test_what_is_slow_behind_an_http_api_is_found_from_there_and_costs_as_much_as_of_a_rest_api(
    tmp_path: Path,
) -> None:
    http, calls, asked = looked_at(tmp_path / "http", HTTP_SHOP, "shop-api")
    rest, calls_of_rest, asked_of_rest = looked_at(tmp_path / "rest", SHOP, "shop-api")
    assert (http.resource.is_http_api, rest.resource.is_http_api) == (True, False)
    assert asked == asked_of_rest
    assert abs(calls - calls_of_rest) <= 1
