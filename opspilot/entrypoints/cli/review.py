"""The verb about the review: postmortem."""

from pathlib import Path
from typing import Annotated

import typer

from opspilot.engine.review import to_markdown
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import AsJson
from opspilot.entrypoints.cli.session import opened
from opspilot.errors import InputError


def postmortem(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT")],
    output: Annotated[Path | None, typer.Option("--output", help="File to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the post-mortem as Markdown: as saved, or drafted from the record."""
    review = opened(needs_account=False).reviews.current(incident)
    text = to_markdown(review.title, review.sections)
    document = review.model_dump(mode="json") | {"saved": review.version > 0, "markdown": text}
    if output is None:
        answer(document, text.splitlines(), as_json=as_json)
        return
    try:
        with output.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error
    answer({"file": str(output)}, [f"written to {output}"], as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the verb on the program."""
    app.command("postmortem")(postmortem)
