"""Prints answers: one JSON document, or a few lines for a person."""

import json
import sys
from collections.abc import Sequence

import typer

from opspilot.entrypoints.documents import Document, error_document
from opspilot.errors import OpsPilotError


def answer(document: Document, lines: Sequence[str], *, as_json: bool) -> None:
    """Print the answer of a verb."""
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for line in lines:
            typer.echo(_plain(line))


def fail(error: OpsPilotError, *, as_json: bool, code: int = 1) -> int:
    """Print an error; returns the exit status."""
    if as_json:
        document = error_document(error.code, error.message, error.hint)
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        typer.echo(_plain(f"Error: {error.message}"), err=True)
        if error.hint:
            typer.echo(_plain(f"       {error.hint}"), err=True)
    return code


def note(text: str) -> None:
    """Tell the person at the terminal something that is not the answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _plain(text: str) -> str:
    """Text from logs and tags must not steer the terminal: control characters become visible."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
