"""Verbs about the account: doctor, and the embedded account's faults."""

from typing import Annotated

import typer

from opspilot.bootstrap import FaultInfo, Faults, Workbench, open_workbench
from opspilot.domain.identity import Role
from opspilot.entrypoints import printing
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.entrypoints.documents import Document
from opspilot.errors import InputError

group = typer.Typer(no_args_is_help=True, help="Faults of the embedded account.")


def doctor(as_json: AsJson = False) -> None:
    """Say which account this is, which sources answer, and which IAM actions are missing."""
    report = open_workbench().doctor()
    answer(report.model_dump(mode="json"), printing.doctor_lines(report), as_json=as_json)
    if not report.ok:
        raise typer.Exit(1)


@group.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the faults that can be injected, and which are active."""
    faults = _faults(opened()).list()
    lines = [line for one in faults for line in _lines(one)]
    answer({"faults": [_fault(one) for one in faults]}, lines, as_json=as_json)


@group.command("inject")
def inject(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Inject a fault into the embedded account."""
    workbench = opened()
    faults = _faults(workbench)
    began = faults.inject(name, actor=acting(workbench, actor, Role.RESPONDER))
    document = {"name": name, "injected_at": began.isoformat()}
    answer(document, [f"{name} is under way since {began:%H:%M:%S} UTC."], as_json=as_json)


@group.command("reset")
def reset(actor: ActorName = None, as_json: AsJson = False) -> None:
    """Take every fault back and restore the configuration."""
    workbench = opened()
    names = _faults(workbench).reset(actor=acting(workbench, actor, Role.RESPONDER))
    answer({"reset": list(names)}, [f"Reset: {', '.join(names) or 'nothing'}."], as_json=as_json)


def _lines(one: FaultInfo) -> list[str]:
    hint = [f"    hint: {one.hints[0]}"] if one.hints else []
    return [f"{'*' if one.active else ' '} {one.name}  {one.title}: {one.description}", *hint]


def _fault(one: FaultInfo) -> Document:
    return {
        "name": one.name,
        "title": one.title,
        "description": one.description,
        "hints": list(one.hints),
        "active": one.active,
        "injected_at": one.injected_at.isoformat() if one.injected_at else None,
    }


def _faults(workbench: Workbench) -> Faults:
    if workbench.faults is None:
        raise InputError(
            f"account {workbench.account.account_id} is no embedded account: no faults there",
            hint="Faults exist on the embedded account only; start it with opspilot demo.",
        )
    return workbench.faults


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.command()(doctor)
    app.add_typer(group, name="fault")
