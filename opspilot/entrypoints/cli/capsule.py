"""Verbs about capsules: capsule export, capsule replay."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from opspilot.domain.capsule import Capsule, Replay
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.identity import Role
from opspilot.domain.wording import plural
from opspilot.engine.capsule import read_capsule, replay
from opspilot.entrypoints.cli.incidents import IncidentId
from opspilot.entrypoints.cli.output import answer
from opspilot.entrypoints.cli.program import ActorName, AsJson
from opspilot.entrypoints.cli.session import acting, opened
from opspilot.entrypoints.documents import Document, hypothesis_document, verdict_document
from opspilot.errors import InputError

DIFFERS = 3
"""Exit status when the verdict comes out otherwise; 0 is the same, 1 a file that was refused."""

group = typer.Typer(no_args_is_help=True, help="An incident as one file, and its replay.")


@group.command("export")
def export(
    incident_id: IncidentId,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; INCIDENT.capsule.gz when left out.")
    ] = None,
    actor: ActorName = None,
    as_json: AsJson = False,
) -> None:
    """Write an incident with its telemetry, verdict, plans and audit slice to one file."""
    workbench = opened(needs_account=False)
    target = out or Path(f"{incident_id}.capsule.gz")
    person = acting(workbench, actor, Role.VIEWER)
    content = workbench.capsules.export(incident_id, actor=person)
    # Read back before it is kept: what cannot be opened must not be sent around.
    capsule = read_capsule(BytesIO(content))
    try:
        with target.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}") from error
    document = {"file": str(target), "bytes": len(content), **_contents(capsule)}
    answer(document, list(_exported(capsule, target, len(content))), as_json=as_json)


@group.command("replay")
def replay_file(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    key: Annotated[
        str, typer.Option("--key", help="Id of the key that must have signed its audit trail.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Draw the verdict again, offline, from the data in a capsule.

    Exit status 0: the same verdict; 3: another one; 1: the file was refused.
    """
    try:
        with file.open("rb") as source:
            capsule = read_capsule(source, key_id=key)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    result = replay(capsule)
    document = {**_contents(capsule), **_replayed(result)}
    answer(document, list(_told(capsule, result)), as_json=as_json)
    if result.outcome == "differs":
        raise typer.Exit(DIFFERS)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    app.add_typer(group, name="capsule")


def _contents(capsule: Capsule) -> Document:
    manifest, trail = capsule.manifest, capsule.trail
    return {
        "incident_id": manifest.incident_id,
        "format": manifest.format,
        "product_version": manifest.product_version,
        "exported_at": manifest.exported_at.isoformat().replace("+00:00", "Z"),
        "members": [one.model_dump(mode="json") for one in manifest.members],
        "audit": {
            "entries": trail.entries,
            "uncovered": trail.uncovered,
            "key_id": trail.key_id,
        },
        "missing_evidence": list(capsule.missing),
    }


def _replayed(result: Replay) -> Document:
    return {
        "outcome": result.outcome,
        "rules": {"recorded": result.rules_recorded, "now": result.rules_now},
        "recorded": _verdict(result.recorded),
        "again": _verdict(result.again),
        "differences": list(result.differences),
        "findings": [one.model_dump(mode="json") for one in result.findings],
        "recomputed": result.recomputed,
        "taken": result.taken,
    }


def _verdict(verdict: Verdict) -> Document:
    hypotheses = [hypothesis_document(one) for one in verdict.hypotheses]
    return {**verdict_document(verdict), "hypotheses": hypotheses}


def _exported(capsule: Capsule, target: Path, size: int) -> Iterator[str]:
    held = ", ".join(
        f"{one.name} {one.lines}" for one in capsule.manifest.members if one.lines and one.size
    )
    yield f"{target}: {capsule.incident.id}, {size:,} bytes ({held})."
    yield (
        "It holds names, ARNs, log lines and what people wrote, with secrets taken out. Read "
        "docs/capsules.md before you share it."
    )
    if capsule.missing:
        yield f"{plural(len(capsule.missing), 'entry', 'entries')} of the ledger had expired."


def _told(capsule: Capsule, result: Replay) -> Iterator[str]:
    manifest, trail = capsule.manifest, capsule.trail
    yield f"{result.incident_id}  {capsule.incident.title}"
    yield (
        f"  written {manifest.exported_at:%Y-%m-%d %H:%M:%S} UTC by OpsPilot "
        f"{manifest.product_version}; audit trail of {plural(trail.entries, 'entry', 'entries')} "
        f"intact, key {trail.key_id}"
    )
    yield (
        f"  {plural(result.recomputed, 'finding')} computed again from the stored data, "
        f"{result.taken} taken as recorded"
    )
    if result.rules_recorded != result.rules_now:
        then, now = result.rules_recorded, result.rules_now
        yield f"  the rules were version {then} then, and are version {now} now"
    yield f"  then: {_in_short(result.recorded)}"
    yield f"  now:  {_in_short(result.again)}"
    same = result.outcome == "same"
    yield "Same verdict, same order, same numbers." if same else "The verdict differs."
    yield from (f"  {one}" for one in result.differences)
    yield from (f"  {one.evidence_id} {field}" for one in result.findings for field in one.fields)


def _in_short(verdict: Verdict) -> str:
    cause = verdict.cause
    if cause is None:
        return f"{verdict.status}, {plural(len(verdict.hypotheses), 'hypothesis', 'hypotheses')}"
    return (
        f"{verdict.status} ({verdict.confidence:.0%}), {cause.cause_class} in {cause.resource.name}"
    )
