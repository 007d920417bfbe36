"""The head of an incident's page: what it is, where it stands, for whom it waits."""

from app.components import badges
from app.formatting import Now, capital, moment, span
from app.markup import Html, el
from app.stages import MOVING, Stage
from opspilot.domain.incident import Incident, IncidentStatus

_MARKS = {"done": "✓", "current": "●", "todo": "", "failed": "▲"}


def incident_header(incident: Incident, now: Now) -> Html:
    """Id, title, severity, status, age, and whom it waits for."""
    return el(
        "header",
        el(
            "div",
            el("span", incident.id, cls="op-id op-num"),
            el("h1", incident.title),
            badges.severity(incident.severity),
            badges.status(incident.status),
            el("span", _open_for(incident, now), cls="op-quiet-text op-num"),
            cls="op-head-line",
        ),
        el("p", _waits(incident), cls="op-waits"),
        cls="op-head",
    )


def stage_rail(stages: tuple[Stage, ...]) -> Html:
    """The seven stations, each with its state as a mark and in words."""
    stations = [
        el(
            "li",
            el("span", str(number), cls="op-num op-rail-number"),
            el("span", stage.name, cls="op-rail-name"),
            el("span", _MARKS[stage.progress], cls="op-rail-mark", aria_hidden="true"),
            el("span", stage.note, cls="op-rail-note") if stage.note else None,
            cls=f"op-rail-{stage.progress}",
            aria_label=f"{stage.name}: {stage.note or stage.progress}",
            aria_current="step" if stage.progress in ("current", "failed") else "",
        )
        for number, stage in enumerate(stages, start=1)
    ]
    return el("ol", *stations, cls="op-rail")


def facts(incident: Incident, now: Now) -> Html:
    """Where it was seen, by what, and since when."""
    opened = moment(incident.opened_at, now.account, now.zone)
    by = ", ".join(incident.alarms) or incident.opened_by.name
    return el(
        "p",
        el("span", incident.resource.name, title=incident.resource.arn),
        " · opened ",
        opened,
        f" by {'alarm ' if incident.alarms else ''}{by}",
        f" · {incident.symptom.summary}" if incident.symptom.summary else None,
        cls="op-quiet-text op-clip",
        title=incident.symptom.summary,
    )


def _open_for(incident: Incident, now: Now) -> str:
    if incident.resolved_at:
        return f"resolved after {span(incident.resolved_at - incident.opened_at)}"
    if incident.status is IncidentStatus.CLOSED or now.account is None:
        return ""
    return f"open {span(now.account - incident.opened_at)}"


def _waits(incident: Incident) -> Html:
    if incident.waits_for:
        return el("span", el("b", "Waits for: "), incident.waits_for)
    # The outcome of an earlier plan says nothing while the next one is under way.
    if incident.outcome and incident.status not in MOVING:
        return el("span", el("b", "Outcome: "), capital(incident.outcome))
    return el("span", "Moves by itself.", cls="op-quiet-text")
