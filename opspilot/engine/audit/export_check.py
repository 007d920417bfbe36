"""The check of an export, by somebody who has nothing but its lines."""

import json
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

from pydantic import ValidationError

from opspilot.domain.audit import SYSTEM_CHAIN, AuditEntry, AuditHead, Checkpoint
from opspilot.domain.audit_report import AuditReport
from opspilot.domain.model import Json, Model
from opspilot.domain.signing import is_signed_by, key_id_of
from opspilot.engine.audit.export import FORMAT, Header
from opspilot.engine.audit.verifying import Verification
from opspilot.errors import AuditDamaged, InputError

M = TypeVar("M", bound=Model)

_UNREADABLE = "unreadable"


def verify_export(lines: Iterable[str], *, trusted_key: str | None = None) -> AuditReport:
    """Check an export with nothing but its lines.

    Args:
        lines: As `AuditTrail.export` gives them; line ends and empty lines are ignored.
        trusted_key: The public key (base64) that the reader knows from elsewhere. Without it the
            key in the header is believed, and the export is checked against itself only.

    Raises:
        InputError: That is no audit export, or `trusted_key` is no key.
    """
    source = _Lines(lines)
    header = _header(source)
    key = trusted_key or header.public_key
    try:
        key_id = key_id_of(key)
    except ValueError as exc:
        raise InputError(f"The audit export cannot be checked: {exc}.") from exc
    verification = Verification(
        key_id=key_id, genuine=lambda checkpoint: is_signed_by(checkpoint, key)
    )
    try:
        _check(source, verification, header.chain)
    except AuditDamaged as exc:
        verification.damaged_export(exc.message)
    return verification.report()


def _header(source: "_Lines") -> Header:
    try:
        header = next(source.take("header", Header), None)
    except AuditDamaged:
        header = None
    if header is None or header.format != FORMAT:
        raise InputError(
            "This is not an audit export of OpsPilot.",
            hint=f"Its first line must be a header of format {FORMAT}.",
        )
    return header


def _check(source: "_Lines", verification: Verification, only: str | None) -> None:
    verification.checkpoints(list(source.take("checkpoint", Checkpoint)))
    seen: set[str] = set()
    if only is not None:
        for entry in source.take("anchor", AuditEntry):
            verification.signed_anchor(entry)
    elif source.next_chain != SYSTEM_CHAIN:
        seen.add(_absent(verification, SYSTEM_CHAIN))
    while source.kind == "head":
        (head,) = source.take("head", AuditHead, most=1)
        seen.add(_section(source, verification, head))
    expected = verification.anchored_chains() if only is None else {only}
    for chain in sorted(expected - seen):
        _absent(verification, chain)
    source.end()


def _section(source: "_Lines", verification: Verification, head: AuditHead) -> str:
    entries = source.take("entry", AuditEntry)
    verification.chain(head.chain, entries, head=head, head_now=lambda: head)
    source.skip("entry", _UNREADABLE)
    return head.chain


def _absent(verification: Verification, chain: str) -> str:
    """A chain without lines; damage, if anything states that it had entries."""
    verification.chain(chain, (), head=None, head_now=lambda: None)
    return chain


class _Lines:
    """Lines of an export, of which the next one's kind can be seen."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
        self._number = 0
        self.kind = ""
        self._value: Json = None
        self._advance()

    @property
    def next_chain(self) -> str:
        """The chain that the next line, a head, begins."""
        value = cast("dict[str, Json]", self._value) if self.kind == "head" else {}
        return str(value.get("chain", ""))

    def take(self, kind: str, model: type[M], *, most: int | None = None) -> Iterator[M]:
        """The lines of this kind that come next.

        Raises:
            AuditDamaged: One is unreadable; the message names it, and it has been passed over.
        """
        taken = 0
        while self.kind in (kind, _UNREADABLE) and taken != most:
            number, value = self._number, self._value
            readable = self.kind == kind
            self._advance()
            try:
                yield model.model_validate(value if readable else None)
            except ValidationError as exc:
                raise AuditDamaged(f"line {number} of the export cannot be read") from exc
            taken += 1

    def skip(self, *kinds: str) -> None:
        """Pass over lines of these kinds."""
        while self.kind in kinds:
            self._advance()

    def end(self) -> None:
        """Nothing may follow but the end.

        Raises:
            AuditDamaged: Something does, or the end is missing.
        """
        if self.kind != "end":
            what = f"line {self._number} is out of place" if self.kind else "the end is missing"
            raise AuditDamaged(f"the export is not whole: {what}")

    def _advance(self) -> None:
        self._number, line = next(self._lines, (self._number + 1, ""))
        if not line:
            self.kind, self._value = "", None
            return
        try:
            ((self.kind, self._value),) = json.loads(line).items()
        except (ValueError, AttributeError, RecursionError):
            self.kind, self._value = _UNREADABLE, None
