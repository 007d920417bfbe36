"""Verbs about who looks after an incident: note, assign, severity; and the inbox."""

from typing import Annotated

import typer

from opspilot.domain.identity import Role
from opspilot.domain.incident import Severity
from opspilot.entrypoints import documents, printing
from opspilot.entrypoints.cli.incidents import IncidentId, group
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.errors import InputError


@group.command("note")
def write_note(
    incident_id: IncidentId,
    text: Annotated[str, typer.Option("--text", help="What others should know.")],
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Put a remark on record; nobody can change it afterwards."""
    workbench = opened(needs_account=False)
    person = acting(workbench, actor, Role.RESPONDER)
    note = workbench.care.write_note(incident_id, text=text, actor=person)
    answer(documents.note_document(note), [f"{note.id} is on record."], as_json=as_json)


@group.command("assign")
def assign(
    incident_id: IncidentId,
    to: Annotated[
        str | None, typer.Option("--to", help="Who takes it on; you unless named.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Give it back.")] = False,
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Take an incident on, give it to somebody, or give it back."""
    if to is not None and release:
        raise InputError("--to goes without --release", hint="Give the one or the other.")
    workbench = opened(needs_account=False)
    person = acting(workbench, actor, Role.RESPONDER)
    owner = None if release else workbench.identities.named(to) if to is not None else person
    incident = workbench.care.assign(incident_id, owner=owner, actor=person)
    said = f"{incident.id} is owned by {incident.owner.name if incident.owner else 'nobody'}."
    answer(documents.incident_document(incident), [said], as_json=as_json)


@group.command("severity")
def set_severity(
    incident_id: IncidentId,
    severity: Annotated[Severity, typer.Argument(metavar="SEVERITY")],
    reason: Annotated[str, typer.Option("--reason", help="Why; may be left out.")] = "",
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Say how bad it is: critical, high, medium or low."""
    workbench = opened(needs_account=False)
    person = acting(workbench, actor, Role.RESPONDER)
    incident = workbench.care.set_severity(
        incident_id, severity=severity, actor=person, reason=reason
    )
    said = f"The severity of {incident.id} is {incident.severity}."
    answer(documents.incident_document(incident), [said], as_json=as_json)


def inbox(actor: ActorName = None, as_json: AsJson = False) -> None:
    """Say what waits for whom; what you can take on is marked and comes first."""
    workbench = opened(needs_account=False)
    found = workbench.queries.inbox(acting(workbench, actor, Role.RESPONDER))
    answer(documents.inbox_document(found), printing.inbox_lines(found), as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program; those on the group of incidents hang there already."""
    app.command()(inbox)
