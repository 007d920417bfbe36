"""Verbs about functions: function health, function test."""

from pathlib import Path
from typing import Annotated

import typer

from opspilot.domain.identity import Role
from opspilot.domain.trial import FunctionHealth, Trial, TrialMode
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.errors import InputError

group = typer.Typer(no_args_is_help=True, help="Look at Lambda functions, and try them.")

FunctionName = Annotated[str, typer.Argument(metavar="FUNCTION", help="Name or ARN.")]


@group.command("health")
def health(function: FunctionName, as_json: AsJson = False) -> None:
    """Say how a function is set up and how it did in the last hour; exits non-zero when bad."""
    functions = opened().functions
    found = functions.health(functions.find(function))
    answer(found.model_dump(mode="json"), _health_lines(found), as_json=as_json)
    if found.health == "bad":
        raise typer.Exit(1)


@group.command("test")
def tried(
    function: FunctionName,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="JSON text; may be given several times.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--events", help="File with one JSON event per line.")
    ] = None,
    mode: Annotated[
        TrialMode, typer.Option("--mode", help="Wait for the answer, hand over, or only check.")
    ] = TrialMode.SYNC,
    qualifier: Annotated[
        str, typer.Option("--qualifier", help="Version or alias; $LATEST when left out.")
    ] = "",
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Invoke a function with events, one after the other; every call is on the audit trail."""
    workbench = opened()
    person = acting(workbench, actor, Role.RESPONDER)
    resource = workbench.functions.find(function)
    events = [*(event or []), *_from_file(file)]
    trials = workbench.functions.test(
        resource, events, mode=mode, actor=person, qualifier=qualifier
    )
    document = {
        "function": resource.arn,
        "events": len(events),
        "results": [trial.model_dump(mode="json") for trial in trials],
    }
    lines = [_trial_line(number, trial) for number, trial in enumerate(trials, 1)]
    left = len(events) - len(trials)
    if left:
        lines.append(f"{left} more were not tried.")
    answer(document, lines, as_json=as_json)
    if any(trial.outcome in ("function_error", "not_known", "not_sent") for trial in trials):
        raise typer.Exit(1)


def _from_file(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    return [line for line in lines if line.strip()]


def _health_lines(found: FunctionHealth) -> list[str]:
    checks = [f"  {check.health:8} {check.name:12} {check.finding}" for check in found.checks]
    return [f"{found.resource.name}: {found.health}", *checks]


def _trial_line(number: int, trial: Trial) -> str:
    took = f" in {trial.duration_ms:.0f} ms" if trial.duration_ms is not None else ""
    error = f": {trial.error_type} {trial.error}" if trial.error or trial.error_type else ""
    version = f" (version {trial.version})" if trial.version else ""
    return f"{number}. {trial.outcome.replace('_', ' ')}{version}{took}{error}"


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.add_typer(group, name="function")
