"""Verbs about incidents: investigate, and incident list, show, create, close."""

from datetime import timedelta
from typing import Annotated

import typer

from opspilot.bootstrap import Workbench
from opspilot.domain.identity import Actor, Role
from opspilot.domain.incident import Incident, IncidentStatus, Severity, as_stored
from opspilot.engine.ledger import ledger_of
from opspilot.entrypoints import documents, printing
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.entrypoints.drive import drive
from opspilot.entrypoints.history import history_document, history_lines
from opspilot.entrypoints.times import duration, window
from opspilot.errors import IllegalTransition, InputError, OpsPilotError
from opspilot.lifecycle import Trigger, allowed_triggers

ResourceName = Annotated[
    str, typer.Option("--resource", help="Name or ARN: function, table, queue, stream or API.")
]
WindowLength = Annotated[
    str | None, typer.Option("--window", help="Time under suspicion, up to now: 30m, 2h.")
]
Start = Annotated[str | None, typer.Option("--start", help="Its start, ISO 8601 (UTC).")]
End = Annotated[str | None, typer.Option("--end", help="Its end, ISO 8601 (UTC).")]
BaselineLength = Annotated[
    str | None, typer.Option("--baseline", help="Time before it to compare with: 3h.")
]
IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT", parser=as_stored)]

_AT_MOST = timedelta(minutes=5)
group = typer.Typer(no_args_is_help=True, help="List, show, create and close incidents.")


def investigate(
    resource: ResourceName,
    length: WindowLength = None,
    start: Start = None,
    end: End = None,
    baseline: BaselineLength = None,
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Investigate a resource and print the verdict with its evidence."""
    workbench = opened()
    person = acting(workbench, actor, Role.RESPONDER)
    incident = workbench.intake.open_incident(
        resource,
        actor=person,
        window=window(length, start, end, workbench.clock.account_now()),
        baseline=duration(baseline) if baseline is not None else None,
    )
    incident = investigated(workbench, incident, person, afresh=True)
    investigation = workbench.store.investigation(incident.id)
    if incident.status is IncidentStatus.FAILED or investigation is None:
        raise OpsPilotError(incident.last_error or f"{incident.id} could not be investigated")
    evidence = ledger_of(workbench.store.evidence(incident.id), investigation.number)
    answer(
        documents.investigation_document(incident, investigation, evidence),
        printing.investigation_lines(incident, investigation, evidence),
        as_json=as_json,
    )


def investigated(
    workbench: Workbench, incident: Incident, person: Actor, *, afresh: bool
) -> Incident:
    """The incident after its investigation; starts one if need be.

    Raises:
        IllegalTransition: It stands where no investigation can start.
        OpsPilotError: It took too long; a worker goes on with it.
    """
    if incident.status is not IncidentStatus.INVESTIGATING and (
        afresh or incident.status is IncidentStatus.OPEN
    ):
        if Trigger.INVESTIGATION_STARTED not in allowed_triggers(incident.status):
            raise IllegalTransition(
                f"{incident.id} on {incident.resource.name} is {incident.status}: it cannot be "
                "investigated again now",
                hint=f"opspilot incident show {incident.id} says what it waits for.",
            )
        workbench.investigations.start(incident.id, actor=person)
    after = drive(
        workbench,
        incident.id,
        until=lambda one: one.status not in (IncidentStatus.OPEN, IncidentStatus.INVESTIGATING),
        at_most=_AT_MOST,
    )
    if after.status is IncidentStatus.INVESTIGATING:
        raise OpsPilotError(
            f"{incident.id} is still being investigated: {stuck(workbench, incident.id)}",
            hint="Run the command again; it continues.",
        )
    return after


def stuck(workbench: Workbench, incident_id: str) -> str:
    """Why an incident's job does not move, in words."""
    job = workbench.store.job(f"incident:{incident_id}")
    return (job.last_error if job else "") or "no error is on record"


@group.command("list")
def list_incidents(
    status: Annotated[
        list[IncidentStatus] | None, typer.Option("--status", help="Only these; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    workbench = opened(needs_account=False)
    page = workbench.queries.incidents(tuple(status or ()), limit=limit)
    rows = [
        {**documents.incident_document(row.incident), "verdict": row.verdict} for row in page.rows
    ]
    answer({"incidents": rows, "cursor": page.cursor}, printing.list_lines(page), as_json=as_json)


@group.command("show")
def show(incident_id: IncidentId, as_json: AsJson = False) -> None:
    """Show one incident whole."""
    workbench = opened(needs_account=False)
    person = workbench.people[0]
    view = workbench.queries.incident(incident_id, person)
    similar = workbench.history.similar(incident_id)
    answer(
        {**documents.view_document(view), "similar": history_document(similar)},
        [*printing.view_lines(view), *history_lines(similar)],
        as_json=as_json,
    )


@group.command("create")
def create(
    resource: ResourceName,
    length: WindowLength = None,
    start: Start = None,
    end: End = None,
    baseline: BaselineLength = None,
    title: Annotated[str, typer.Option("--title")] = "",
    severity: Annotated[
        Severity | None, typer.Option("--severity", help="How bad it is; high unless said.")
    ] = None,
    signal: Annotated[
        str, typer.Option("--signal", help="On which signal it was seen: lambda.errors.")
    ] = "",
    description: Annotated[str, typer.Option("--description", help="What was seen.")] = "",
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Open an incident on a resource; it joins the active one if there is one."""
    workbench = opened()
    before = workbench.clock.now()
    incident = workbench.intake.open_incident(
        resource,
        actor=acting(workbench, actor, Role.RESPONDER),
        window=window(length, start, end, workbench.clock.account_now()),
        baseline=duration(baseline) if baseline is not None else None,
        title=title,
        severity=severity,
        signal=signal,
        description=description,
    )
    joined = incident.opened_wall < before
    lines = [f"{incident.id}  {incident.title}  {incident.status}"]
    if joined:
        lines.append("It was active already, so your report joined it.")
    document = {**documents.incident_document(incident), "joined": joined}
    answer(document, lines, as_json=as_json)


@group.command("close")
def close(
    incident_id: IncidentId,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")],
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Close an incident for good."""
    workbench = opened(needs_account=False)
    if not reason.strip():
        raise InputError("closing an incident needs a reason")
    incident = workbench.intake.close(
        incident_id, actor=acting(workbench, actor, Role.RESPONDER), reason=reason
    )
    answer(documents.incident_document(incident), [f"{incident.id} is closed."], as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.command()(investigate)
    app.add_typer(group, name="incident")
