"""Reads a metric back from its ledger entry: the very data that the finding was made of."""

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from opspilot.domain.evidence import Evidence
from opspilot.domain.model import Json


def metric_points(evidence: Evidence) -> Iterator[tuple[datetime, float]]:
    """The (time, value) pairs of a metric's snapshot, gaps left out; none for other evidence."""
    if evidence.detail.kind != "metric":
        return
    columns = cast("dict[str, list[Json]]", evidence.snapshot)
    for at, value in zip(columns.get("times", []), columns.get("values", []), strict=False):
        if value is not None:
            yield datetime.fromisoformat(str(at)), float(value)


def total_since(evidence: Evidence, start: datetime) -> float | None:
    """Sum of a metric's values from `start` on; None when the snapshot holds none."""
    values = [value for at, value in metric_points(evidence) if at >= start]
    return sum(values) if values else None


__all__ = ["metric_points", "total_since"]
