"""Verbs about the audit trail: audit verify, audit export."""

import json
from pathlib import Path
from typing import Annotated

import typer

from opspilot.engine.audit import verify_export
from opspilot.entrypoints import printing
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import AsJson
from opspilot.entrypoints.cli.session import opened
from opspilot.errors import InputError, NotFound

group = typer.Typer(no_args_is_help=True, help="Verify and export the audit trail.")


@group.command("verify")
def verify(
    file: Annotated[
        Path | None, typer.Option("--file", help="An exported trail, verified offline.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every chain; names the first damage and exits non-zero if there is any."""
    if file is None:
        report = opened(needs_account=False).audit.verify()
    else:
        try:
            report = verify_export(file.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error
    answer(report.model_dump(mode="json"), printing.audit_lines(report), as_json=as_json)
    if not report.ok:
        raise typer.Exit(1)


@group.command("export")
def export(
    chain: Annotated[
        str | None, typer.Option("--chain", help="One incident's chain; all when left out.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="File to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Export entries and checkpoints as JSON lines that verify offline."""
    workbench = opened(needs_account=False)
    if chain is not None and chain not in {head.chain for head in workbench.store.chains()}:
        raise NotFound(f"there is no chain {chain}", hint="A chain is named after its incident.")
    lines = workbench.audit.export(chain)
    if output is None and as_json:
        answer({"lines": [json.loads(line) for line in lines]}, (), as_json=True)
        return
    if output is None:
        for line in lines:
            typer.echo(line)
        return
    try:
        with output.open("x", encoding="utf-8") as target:
            count = sum(target.write(f"{line}\n") > 0 for line in lines)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error
    answer({"file": str(output), "lines": count}, [f"{count} lines in {output}"], as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.add_typer(group, name="audit")
