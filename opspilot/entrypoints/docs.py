"""Writes the parts of `docs/` that are drawn from the code; `--check` fails when they differ.

python -m opspilot.entrypoints.docs [--check]
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from opspilot.adapters.aws import REQUIRED_ACTIONS
from opspilot.adapters.dynamodb import (
    AUDIT_DENIED,
    CREATING_ACTIONS,
    INDEXES,
    STORE_ACTIONS,
    TableNames,
)
from opspilot.config import Settings
from opspilot.diagnosis import CATALOGUE as CAUSE_CLASSES
from opspilot.domain.commands import PERMITTED
from opspilot.domain.hypothesis import VerdictStatus
from opspilot.domain.incident import IncidentStatus
from opspilot.domain.plan import Risk, VerificationOutcome
from opspilot.lifecycle import TRANSITIONS
from opspilot.remediation import CATALOGUE

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_NOTE = "<!-- Written by `python -m opspilot.entrypoints.docs`; change the code, not this file. -->"


def lifecycle() -> str:
    """The lifecycle, drawn from its table."""
    arrows = [f"    {row.status} --> {row.target}: {row.trigger}" for row in TRANSITIONS]
    rows = [
        f"| {row.status} | {row.trigger} | {row.target} | {row.meaning} |" for row in TRANSITIONS
    ]
    return _page(
        "Lifecycle of an incident",
        "Every move is a row of one table, `opspilot/lifecycle/table.py`. A pair of status and "
        "trigger without a row is an error that names what would have been allowed.",
        "```mermaid\nstateDiagram-v2\n    [*] --> open\n"
        + "\n".join(arrows)
        + "\n    closed --> [*]\n```",
        "| status | trigger | leads to | when |\n|---|---|---|---|\n" + "\n".join(rows),
    )


def vocabularies() -> str:
    """The closed vocabularies."""
    roles = [
        f"| {command} | {', '.join(sorted(permitted))} |"
        for command, permitted in PERMITTED.items()
    ]
    return _page(
        "Closed vocabularies",
        "These words are stable; `--json` documents and the store use them.",
        _words("Incident status", IncidentStatus),
        _words("Verdict", VerdictStatus),
        _words("Verification outcome", VerificationOutcome),
        _words("Cause class", CAUSE_CLASSES),
        _words("Action type", CATALOGUE),
        _words("Risk", Risk),
        "## Commands and the roles that permit them\n\nAny one of the roles is enough.\n\n"
        "| command | roles |\n|---|---|\n" + "\n".join(roles),
    )


def settings() -> str:
    """The settings, from their declaration."""
    rows: list[str] = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"OPSPILOT_{name.upper()}"
        default = "" if field.is_required() or field.default_factory else str(field.default)
        rows.append(f"| `{variable}` | {default or '-'} |")
    described = (Settings.__doc__ or "").split("Attributes:", 1)[-1]
    meaning = "\n".join(f"* {line}" for line in _entries(described))
    return _page(
        "Settings",
        "Read once at start, from the environment. AWS itself is configured the standard AWS way: "
        "profile, region, `AWS_ENDPOINT_URL`.",
        "| variable | default |\n|---|---|\n" + "\n".join(rows),
        "## What they mean\n\n" + meaning,
    )


FEATURES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "Watch, investigate, diagnose, verify",
        ("metrics", "logs", "traces", "workloads", "changes", "alarms", "identity"),
        "Everything that reads. Enough for verdicts, plans and the screens; it changes nothing.",
    ),
    (
        "Execute approved plans",
        ("actuator",),
        "For the worker only, beside the first. Narrow it to the functions that may be changed.",
    ),
    (
        "Chat",
        ("model",),
        "Beside the first. Narrow it to the models and inference profiles in use (docs/models.md).",
    ),
    (
        "Test functions",
        ("invocations",),
        "Beside the first. Narrow it to the functions that may be invoked by hand.",
    ),
)
"""What a feature needs: its name, the ports behind it, and who should have it."""


def policy() -> str:
    """The least IAM policy of each feature, from the calls that the adapters make."""
    parts = [
        f"## {name}\n\n{meaning}\n\n```json\n{_statement(_actions(ports))}\n```"
        for name, ports, meaning in FEATURES
    ]
    rows = [
        f"| {port} | {' '.join(f'`{action}`' for action in actions) or 'none'} |"
        for port, actions in REQUIRED_ACTIONS.items()
    ]
    return _page(
        "IAM actions",
        "The least policy of each feature, derived from the calls that the adapters make. Narrow "
        "`Resource` to your functions, tables and log groups where the action allows it.",
        *parts,
        *_store_policies(),
        "## By port\n\n| port | actions |\n|---|---|\n" + "\n".join(rows),
    )


def _actions(ports: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({action for port in ports for action in REQUIRED_ACTIONS[port]}))


def _store_policies() -> list[str]:
    """The policies of the DynamoDB store, with the tables' names as they are unless set."""
    names = TableNames()
    tables = {role: f"arn:aws:dynamodb:REGION:ACCOUNT:table/{names.of(role)}" for role in INDEXES}
    allowed = [
        _on_tables(actions, tables[role], *([f"{tables[role]}/index/*"] if INDEXES[role] else []))
        for role, actions in STORE_ACTIONS.items()
    ]
    creating = [_on_tables(CREATING_ACTIONS, *tables.values())]
    denied = _on_tables(AUDIT_DENIED, tables["audit"]) | {"Effect": "Deny"}
    return [
        "## store in DynamoDB\n\nWith `OPSPILOT_STORE=dynamodb`, for the workbench, the worker and "
        "the command line. Nothing scans and nothing deletes. A KMS key of your own must allow "
        "them `kms:Decrypt` and `kms:DescribeKey` by way of DynamoDB.\n\n" + _json(allowed),
        "## opspilot tables create\n\nFor whoever makes the tables, once; with a KMS key of your "
        "own `kms:CreateGrant` and `kms:DescribeKey` as well.\n\n" + _json(creating),
        "## append-only audit\n\nDeny this to everybody, in a permissions boundary or a service "
        "control policy: then entries can be added and read, but neither changed nor removed, but "
        "for a put over an entry, which IAM cannot tell from a new one and which the chain and its "
        "signed checkpoints show.\n\n" + _json([denied]),
    ]


def _on_tables(actions: Iterable[str], *resources: str) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": list(resources),
    }


def _json(value: object) -> str:
    return f"```json\n{json.dumps(value, indent=2)}\n```"


PAGES = {
    "lifecycle.md": lifecycle,
    "reference/vocabularies.md": vocabularies,
    "reference/settings.md": settings,
    "reference/iam.md": policy,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which differ."""
    stale = [
        name
        for name, page in PAGES.items()
        if not (_DOCS / name).exists() or (_DOCS / name).read_text() != page()
    ]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"docs/{name} differs: run python -m opspilot.entrypoints.docs\n")
        return 1 if stale else 0
    for name in stale:
        path = _DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGES[name]())
    return 0


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", _NOTE, *parts)) + "\n"


def _words(title: str, words: Iterable[str]) -> str:
    return f"## {title}\n\n" + " ".join(f"`{word}`" for word in words)


def _entries(described: str) -> list[str]:
    """The entries of an Attributes section, each on one line."""
    entries: list[str] = []
    for line in described.splitlines():
        text = line.strip()
        if not text:
            continue
        if line.startswith(" " * 12) and entries:
            entries[-1] += f" {text}"
        else:
            name, _, meaning = text.partition(": ")
            entries.append(f"`{name}`: {meaning}")
    return entries


def _statement(actions: tuple[str, ...]) -> str:
    return json.dumps({"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}, indent=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
