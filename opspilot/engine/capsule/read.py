"""Reads a capsule: every part is checked against the manifest, the others, and the audit chain."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import BinaryIO, TypeVar

from pydantic import ValidationError

from opspilot import __version__
from opspilot.domain.audit import AuditEntry
from opspilot.domain.audit_report import AuditReport
from opspilot.domain.capsule import Capsule, Manifest, MemberName
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.model import Json, Record
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan
from opspilot.domain.postmortem import PostMortem
from opspilot.engine.audit import verify_export
from opspilot.engine.capsule.container import LIMITS, Limits, unpacked
from opspilot.engine.capsule.record import Chain, disagreement
from opspilot.errors import CapsuleRefused, InputError

R = TypeVar("R", bound=Record)

_DAMAGED = "Ask for the file again, or export it anew where the incident is kept."

_KINDS: dict[MemberName, type[Record]] = {
    "incident": Incident,
    "investigation": Investigation,
    "evidence": Evidence,
    "plans": Plan,
    "notes": Note,
    "postmortem": PostMortem,
    "conversations": Conversation,
    "turns": Turn,
}
_AT_MOST_ONE: tuple[MemberName, ...] = ("incident", "investigation", "postmortem")


def read_capsule(source: BinaryIO, *, key_id: str = "", limits: Limits = LIMITS) -> Capsule:
    """What a file holds, once everything in it agrees.

    Args:
        source: The file, opened for reading bytes; read once, front to back.
        key_id: Id of the key that must have signed the audit trail's checkpoints; empty takes the
            one in the file, against which it then is checked.
        limits: How much is taken in.

    Raises:
        CapsuleRefused: The file is foreign, damaged, cut off, changed, too large or newer than this
            OpsPilot; the message says which, the hint what to do.
    """
    manifest, lines = unpacked(source, limits)
    names = [part.name for part in manifest.members]
    if len(names) != len(set(names)) or "incident" not in names or "audit" not in names:
        raise _damaged("the manifest names a part twice, or lacks the incident or its audit trail")
    rows: defaultdict[MemberName, list[Record]] = defaultdict(list)
    trail: list[str] = []
    for part, value, line in lines:
        if part.name == "audit":
            trail.append(line.decode())
        else:
            rows[part.name].append(_row(_KINDS[part.name], value, manifest))
    for name in _AT_MOST_ONE:
        if len(rows[name]) > 1 or (name == "incident" and not rows[name]):
            raise _damaged(f"it holds {len(rows[name])} of {name}, where one belongs")
    chain = Chain(_entries(trail))
    capsule = Capsule(
        manifest=manifest,
        incident=_of(rows["incident"], Incident)[0],
        investigation=next(iter(_of(rows["investigation"], Investigation)), None),
        evidence=_of(rows["evidence"], Evidence),
        plans=_of(rows["plans"], Plan),
        notes=_of(rows["notes"], Note),
        postmortem=next(iter(_of(rows["postmortem"], PostMortem)), None),
        conversations=_of(rows["conversations"], Conversation),
        turns=_of(rows["turns"], Turn),
        audit=chain.entries,
        trail=_verified(trail, manifest, key_id),
    )
    wrong = disagreement(capsule, chain)
    if wrong:
        raise _damaged(wrong)
    return capsule.model_copy(
        update={
            "missing": chain.absent(capsule),
            "unbound": chain.unbound(capsule.evidence),
        }
    )


def _row(kind: type[Record], value: Json, manifest: Manifest) -> Record:
    try:
        return kind.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        written = manifest.product_version
        hint = _DAMAGED
        if written != __version__:
            hint = (
                f"It was written by OpsPilot {written[:20]}, this is {__version__}: use that one."
            )
        raise CapsuleRefused(
            f"the capsule is damaged: a row of {kind.__name__} is not understood "
            f"({where}: {first['msg']})",
            hint=hint,
        ) from exc


def _of(rows: Sequence[Record], kind: type[R]) -> tuple[R, ...]:
    return tuple(row for row in rows if isinstance(row, kind))


def _entries(trail: Sequence[str]) -> tuple[AuditEntry, ...]:
    found = [json.loads(line).get("entry") for line in trail]
    try:
        return tuple(AuditEntry.model_validate(one) for one in found if one is not None)
    except ValidationError as exc:
        raise _damaged("an entry of its audit trail cannot be read") from exc


def _verified(trail: Sequence[str], manifest: Manifest, key_id: str) -> AuditReport:
    try:
        report = verify_export(trail)
    except InputError as exc:
        raise _damaged(f"its audit trail is none: {exc.message}") from exc
    if report.problems:
        raise _damaged(f"its audit trail does not verify: {report.problems[0].message}")
    if [one.chain for one in report.chains] != [manifest.incident_id]:
        raise _damaged(f"its audit trail is not that of {manifest.incident_id} alone")
    if key_id and report.key_id != key_id:
        raise CapsuleRefused(
            f"the audit trail of the capsule is signed with the key {report.key_id}, not {key_id}",
            hint="Ask whoever sent it for the id of their key: opspilot audit verify prints it.",
        )
    return report


def _damaged(why: str) -> CapsuleRefused:
    return CapsuleRefused(f"the capsule is damaged: {why}", hint=_DAMAGED)
