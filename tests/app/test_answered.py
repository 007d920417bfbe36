"""How answers are counted, named and told: data or none, windows, and cost."""

from datetime import timedelta

import pytest

from app.answered import asked_over, cost, data_volume, dollars, shortfalls, standing
from opspilot.domain.evidence import Evidence, GapDetail, GapReason
from opspilot.domain.investigation import Task
from opspilot.domain.telemetry import CallUsage
from tests import builders


def without_points(evidence_id: str = "E90") -> Evidence:
    """A metric that held no datapoint in the incident window."""
    item = builders.metric(evidence_id, "lambda.async_age", anomalous=False)
    return item.model_copy(update={"detail": item.detail.model_copy(update={"points": 0})})


def denied(item: Evidence, action: str) -> Evidence:
    """The same question, refused."""
    gap = GapDetail(reason=GapReason.DENIED, message="no", iam_action=action)
    return item.model_copy(update={"detail": gap, "status": "gap"})


def test_a_metric_without_a_datapoint_is_not_told_as_read() -> None:
    assert standing(without_points()) == "no data"
    assert standing(builders.metric("E1", "lambda.errors")) == "read"


def test_what_falls_short_is_named_by_source_resource_and_permission() -> None:
    cut = builders.logs().model_copy(update={"status": "partial"})
    refused = denied(builders.changes(), "cloudtrail:LookupEvents")
    found = shortfalls([without_points(), cut, builders.configuration(), refused])
    assert [(one.standing, one.about, one.iam_action, one.ids) for one in found] == [
        ("in part", "logs of checkout", "", ("E7",)),
        ("denied", "changes of checkout", "cloudtrail:LookupEvents", ("E6",)),
        ("no data", "metrics of checkout", "", ("E90",)),
    ]


def test_a_question_tells_its_windows_before_and_after_it_is_answered() -> None:
    incident = builders.incident()
    waiting = Task(key="logs:arn", title="Log of checkout")
    assert asked_over(waiting, None, incident) == (
        "logs, 13:33 to 14:15 UTC against as long before"
    )
    assert asked_over(waiting, builders.logs(), incident) == (
        "logs, 13:33 to 14:15 UTC against 12:50 to 13:33 UTC"
    )
    metric = Task(key="metric:lambda.errors:arn", title="Errors of checkout")
    assert asked_over(metric, None, incident) == "metrics, 10:33 to 14:15 UTC"
    held = Task(key="configuration:arn", title="Configuration of checkout")
    assert asked_over(held, None, incident) == "configuration, as it stands"


def test_a_window_longer_than_a_day_names_its_days() -> None:
    window = builders.WINDOW.before(timedelta(days=2))
    incident = builders.incident(baseline=window)
    task = Task(key="changes:near:arn", title="Changes of checkout")
    assert asked_over(task, None, incident) == "changes, 20 Nov 13:33 to 22 Nov 14:15 UTC"


@pytest.mark.parametrize(
    ("usd", "said"), [(0.0, "0 USD"), (0.00002, "below 0.0001 USD"), (0.0011, "about 0.0011 USD")]
)
def test_no_cost_is_rounded_to_nothing(usd: float, said: str) -> None:
    assert dollars(usd) == said


def test_calls_bytes_and_dollars_are_all_told() -> None:
    usage = CallUsage(api_calls=125, bytes_scanned=11_212_032, usd=0.0011)
    assert cost(usage) == "125 AWS calls, 11.2 MB of logs scanned, about 0.0011 USD"
    assert [data_volume(size) for size in (0, 1, 4_500, 2.5e9)] == [
        "0 bytes", "1 byte", "4.5 kB", "2.5 GB",
    ]  # fmt: skip
