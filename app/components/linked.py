"""The linked charts of an incident: the symptom and what else stands out, on one clock."""

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from app import queries
from app.charts import linked_chart
from app.components.figures import colours, draw
from app.guard import guarded
from app.navigation import to_investigate
from app.rows import (
    MOST_ROWS,
    Marked,
    Points,
    Row,
    label,
    lettered,
    most_telling,
    row_of,
    subtitle,
    telling,
)
from app.wiring import Desk
from opspilot.domain.alarm import Alarm
from opspilot.domain.evidence import AlarmsDetail, Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.signals import signal_of_query
from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.views import IncidentView
from opspilot.engine.timeline import changes_of


def of_current(view: IncidentView) -> tuple[Evidence, ...]:
    """The entries of the newest investigation."""
    if view.investigation is None:
        return ()
    prefix = f"{view.investigation.number}/"
    return tuple(item for item in view.evidence if item.task.startswith(prefix))


def marked_changes(view: IncidentView) -> tuple[Marked, ...]:
    """The changes on the page's time axis, with their letters."""
    incident = view.incident
    return lettered(changes_of(of_current(view)), incident.baseline.joined(incident.window))


def linked_charts(view: IncidentView, desk: Desk) -> None:
    """All rows on one axis; before there is evidence, the symptom as AWS has it now."""
    incident = view.incident
    to_investigate(incident)
    evidence = of_current(view)
    rows = [row for item in _chosen(evidence, incident) if (row := row_of(item, _alarms(evidence)))]
    if not rows and not _settled(view.investigation):
        with guarded("reading the symptom's metric"):
            rows = _live_row(incident)
    if not rows:
        st.caption("No metric of this incident holds a datapoint in this window.")
        return
    figure = linked_chart(
        rows,
        marked_changes(view),
        baseline=incident.baseline,
        incident=incident.window,
        palette=colours(desk),
    )
    draw(figure, "linked", f"{len(rows)} metrics on one time axis: {rows[0].title}")


def _chosen(evidence: Sequence[Evidence], incident: Incident) -> list[Evidence]:
    """The few most telling metrics, or all that stand out when the person wants them."""
    found = telling(evidence, incident)
    few, everything = most_telling(found), found[:MOST_ROWS]
    if len(everything) == len(few):
        return few
    words = f"Show all {len(everything)} metrics that stand out"
    return everything if st.toggle(words, key="all-rows") else few


def _settled(investigation: Investigation | None) -> bool:
    return investigation is not None and investigation.verdict is not None


def _alarms(evidence: Sequence[Evidence]) -> list[Alarm]:
    return [
        alarm
        for item in evidence
        if isinstance(item.detail, AlarmsDetail)
        for alarm in item.detail.alarms
    ]


def _live_row(incident: Incident) -> list[Row]:
    query = incident.symptom.query
    if query is None:
        return []
    (series,) = queries.series([query], incident.baseline.joined(incident.window))
    if not series.times:
        return []
    return [
        Row(
            label=label(query, incident.resource.name),
            title=incident.title,
            subtitle=f"{subtitle(query, incident.resource.name)}, as it is now",
            points=Points(series.times, series.values),
            period=timedelta(seconds=series.period_seconds),
            unit=_unit(series),
        )
    ]


def _unit(series: MetricSeries) -> str:
    signal = signal_of_query(series.query)
    return signal.unit if signal else ""
