"""The program that the verbs are hung on, and the options they share."""

import logging
import sys
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Incident response for AWS: investigate, plan, approve, execute, verify, audit.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ActorName = Annotated[
    str | None, typer.Option("--actor", help="Whom to act as (embedded account, or trusted).")
]


@app.callback()
def prepare(
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what happens to stderr.")] = False,
) -> None:
    """Set logging up; standard output carries answers only."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
