"""The command line: the same engine, headless. `main` is the entry."""

import sys

from typer.exceptions import TyperException

from opspilot.entrypoints.cli import (
    account,
    bench,
    capsule,
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
from opspilot.entrypoints.collector import collect_rarely
from opspilot.errors import InputError, OpsPilotError

__all__ = ["main"]

_INTERRUPTED = 130
_USAGE = 2

for group in (
    servers,
    incidents,
    care,
    chat,
    plans,
    review,
    trail,
    capsule,
    functions,
    account,
    tables,
    bench,
):
    group.register(app)


def main() -> None:
    """Run one verb; an error ends as one message or JSON document, and a non-zero status."""
    as_json = "--json" in sys.argv
    collect_rarely()
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        sys.exit(_misused(error, as_json=as_json))
    except OpsPilotError as error:
        sys.exit(fail(error, as_json=as_json))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _misused(error: TyperException, *, as_json: bool) -> int:
    message = error.format_message().replace("Value error, ", "")
    if not message and not as_json:
        return _USAGE  # a group without a verb has just printed its help
    hint = "opspilot --help lists the verbs, opspilot VERB --help its options."
    wrong = InputError(message or "no verb is given", hint=hint)
    return fail(wrong, as_json=as_json, code=_USAGE)
