"""The command line: the same engine, headless. `main` is the entry."""

import sys

from typer.exceptions import TyperException

from opspilot.entrypoints.cli import (
    account,
    care,
    chat,
    functions,
    incidents,
    plans,
    review,
    servers,
    tables,
    trail,
)
from opspilot.entrypoints.cli.output import fail
from opspilot.entrypoints.cli.program import app
from opspilot.errors import InputError, OpsPilotError

__all__ = ["main"]

_INTERRUPTED = 130

for group in (servers, incidents, care, chat, plans, review, trail, functions, account, tables):
    group.register(app)


def main() -> None:
    """Run one verb; an error ends as one message or JSON document, and a non-zero status."""
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
        hint = "opspilot --help lists the verbs, opspilot VERB --help its options."
        sys.exit(fail(InputError(message, hint=hint), as_json=as_json, code=2))
    except OpsPilotError as error:
        sys.exit(fail(error, as_json=as_json))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
