"""The verb about the DynamoDB store's tables."""

import typer

from opspilot.bootstrap import TableReport, create_tables
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import AsJson
from opspilot.entrypoints.documents import Document

group = typer.Typer(no_args_is_help=True, help="Tables of the DynamoDB store.")


# Without it a single command would take the group's place: `opspilot tables` alone would create.
@group.callback()
def tables() -> None:
    """Tables of the DynamoDB store (OPSPILOT_STORE=dynamodb)."""


@group.command("create")
def create(as_json: AsJson = False) -> None:
    """Make the four tables, or check those that are there; wait until they can be used."""
    reports = create_tables()
    answer({"tables": [_table(one) for one in reports]}, _lines(reports), as_json=as_json)


def _table(report: TableReport) -> Document:
    return {
        "name": report.name,
        "arn": report.arn,
        "created": report.created,
        "changes": list(report.changes),
    }


def _lines(reports: list[TableReport]) -> list[str]:
    lines: list[str] = []
    for one in reports:
        state = "created" if one.created else "exists already, of the right shape"
        switched = f"; switched on: {', '.join(one.changes)}" if one.changes else ""
        lines.append(f"{one.name}: {state}{switched}.")
    return [*lines, "Use them with OPSPILOT_STORE=dynamodb."]


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.add_typer(group, name="tables")
