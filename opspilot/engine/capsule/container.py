"""The container: lines of canonical JSON, gzip-compressed; the first is the manifest.

Nothing in it is a path, a class or code, so a file cannot be made to write or run anything. What it
can be made to do is to be large; reading stops at the limits, whatever the manifest claims.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from opspilot.domain.audit import canonical_json
from opspilot.domain.capsule import FORMAT, Manifest, Member, MemberName
from opspilot.domain.model import Json
from opspilot.errors import CapsuleRefused

_JSON: TypeAdapter[Json] = TypeAdapter(Json)
"""Pydantic's parser: it stops at 200 levels, and a lone surrogate is no text to it."""

_GZIP = 31
_CHUNK = 64 * 1024
_PIECE = 256 * 1024
_LONGEST_MANIFEST = 16 * 1024
_FAMILY = FORMAT.rpartition("/")[0]

_NO_CAPSULE = "Capsules are made by `opspilot capsule export` and by the review page."
_DAMAGED = "Ask for the file again, or export it anew where the incident is kept."
_TOO_LARGE = "No incident needs that much; look at where the file comes from."


@dataclass(frozen=True)
class Limits:
    """What reading takes in at most.

    Attributes:
        packed: Bytes of the file.
        unpacked: Bytes of its lines together; `line`: of one of them.
        lines: How many.
        values: Values (of lists, of objects, alone) in all lines together: an empty one takes two
            bytes in the file and a hundred in memory.
        ratio: Bytes of lines to bytes of file; the lines' first megabyte is free.
    """

    packed: int = 16 << 20
    unpacked: int = 128 << 20
    line: int = 16 << 20
    lines: int = 200_000
    values: int = 2_000_000
    ratio: int = 200


LIMITS = Limits()
"""About ten times what the largest incident comes to; nesting is bounded by the JSON parser, at 200
levels."""

_FREE = 1 << 20


def member(name: MemberName, lines: Sequence[bytes]) -> Member:
    """The manifest's line on one part."""
    whole = b"".join(lines)
    digest = hashlib.sha256(whole).hexdigest()
    return Member(name=name, lines=len(lines), size=len(whole), sha256=digest)


def line_of(value: Json) -> bytes:
    """A value as a line."""
    return canonical_json(value).encode() + b"\n"


def packed(manifest: Manifest, lines: Iterable[bytes]) -> bytes:
    """The file; the same content gives the same bytes.

    Raises:
        CapsuleRefused: It would be larger than is read back.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    parts = [deflate.compress(line_of(manifest.model_dump(mode="json")))]
    parts += [deflate.compress(line) for line in lines]
    content = b"".join([*parts, deflate.flush()])
    size = sum(one.size for one in manifest.members)
    if len(content) > LIMITS.packed or size > LIMITS.unpacked:
        raise CapsuleRefused(
            f"{manifest.incident_id} comes to {size:,} bytes, {len(content):,} compressed: more "
            f"than the {LIMITS.unpacked:,} and {LIMITS.packed:,} that a capsule may have",
            hint="Its audit chain can be exported alone: opspilot audit export --chain ID.",
        )
    return content


def unpacked(
    source: BinaryIO, limits: Limits = LIMITS
) -> tuple[Manifest, Iterator[tuple[Member, Json, bytes]]]:
    """The manifest, and then each line with its part; each part is checked at its end.

    Raises:
        CapsuleRefused: That is no capsule, or a newer one; from the iterator also: it is damaged,
            cut off or too large.
    """
    lines = _lines(source, limits)
    try:
        first = next(lines, b"")
    except CapsuleRefused as exc:
        raise _foreign(exc.message) from exc
    manifest = _manifest(first)
    return manifest, _members(manifest, _bounded(lines, limits.values))


def _manifest(line: bytes) -> Manifest:
    if len(line) > _LONGEST_MANIFEST:
        raise _foreign("its first line is too long for a manifest")
    try:
        value: Json = _JSON.validate_json(line)
        found = str(value["format"])
    except (ValueError, TypeError, KeyError) as exc:
        raise _foreign("its first line is no manifest") from exc
    if found != FORMAT and found.rpartition("/")[0] == _FAMILY:
        raise CapsuleRefused(
            f"the capsule has the format {found}, written by OpsPilot "
            f"{str(value.get('product_version'))[:20]}; this OpsPilot reads {FORMAT}",
            hint="Update OpsPilot, and open it again.",
        )
    if found != FORMAT:
        raise _foreign(f"it says that its format is {found[:60]!r}")
    try:
        return Manifest.model_validate(value)
    except ValidationError as exc:
        raise _damaged(f"its manifest is not understood ({_first(exc)})") from exc


def _members(manifest: Manifest, lines: Iterator[bytes]) -> Iterator[tuple[Member, Json, bytes]]:
    number = 1
    for part in manifest.members:
        seen, size = hashlib.sha256(), 0
        for _ in range(part.lines):
            number += 1
            line = next(lines, b"")
            if not line:
                raise _damaged(f"it ends in {part.name}, at line {number}")
            seen.update(line)
            size += len(line)
            yield part, _value(line, number), line
        if size != part.size or seen.hexdigest() != part.sha256:
            raise _damaged(f"{part.name} is not what the manifest says: its SHA-256 differs")
    if next(lines, b""):
        raise _damaged("lines follow that the manifest does not name")


def _value(line: bytes, number: int) -> Json:
    """The value of a line, which has one spelling only: no key twice, no NaN, no odd number."""
    try:
        value: Json = _JSON.validate_json(line)
        canonical = line_of(value) == line
    except (ValueError, RecursionError) as exc:
        raise _damaged(f"line {number} is no JSON that a capsule may hold") from exc
    if not canonical:
        raise _damaged(f"line {number} is not written as OpsPilot writes it")
    return value


def _lines(source: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """The lines with their ends; the last one may lack it."""
    rest, count = bytearray(), 0
    too_long = f"a line of it is longer than {limits.line:,} bytes"
    for piece in _pieces(source, limits):
        start, searched = 0, len(rest)
        rest += piece
        while (end := rest.find(b"\n", max(start, searched))) >= 0:
            count += 1
            _must(count <= limits.lines, f"it has more than {limits.lines:,} lines")
            _must(end - start < limits.line, too_long)
            yield bytes(rest[start : end + 1])
            start = end + 1
        del rest[:start]
        _must(len(rest) <= limits.line, too_long)
    if rest:
        yield bytes(rest)


def _bounded(lines: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The lines, as long as they cannot hold more values than that; counted before parsing."""
    values = 0
    for line in lines:
        # Each value but the first of a list or object follows a comma; commas in text count too.
        values += line.count(b",") + line.count(b"[") + line.count(b"{")
        _must(values <= most, f"it holds more than {most:,} values")
        yield line


def _pieces(source: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """What the file unpacks to, piece by piece, never more than the limits allow."""
    inflate = zlib.decompressobj(_GZIP)
    taken = given = 0
    try:
        while chunk := source.read(_CHUNK):
            taken += len(chunk)
            _must(taken <= limits.packed, f"it is larger than {limits.packed:,} bytes")
            while chunk and not inflate.eof:
                piece = inflate.decompress(chunk, _PIECE)
                chunk = inflate.unconsumed_tail
                given += len(piece)
                _must(
                    given <= limits.unpacked and given <= _FREE + limits.ratio * taken,
                    f"it unpacks to {given:,} bytes and more, from {taken:,}",
                )
                yield piece
            if inflate.eof and (inflate.unused_data or source.read(1)):
                raise _damaged("something follows behind its end")
    except zlib.error as exc:
        raise _damaged(f"it cannot be unpacked ({exc})") from exc
    if not inflate.eof:
        raise _damaged("it is cut off" if taken else "it is empty")


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CapsuleRefused(f"the file is not opened: {otherwise}", hint=_TOO_LARGE)


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"


def _foreign(why: str) -> CapsuleRefused:
    return CapsuleRefused(f"this is no capsule of OpsPilot: {why}", hint=_NO_CAPSULE)


def _damaged(why: str) -> CapsuleRefused:
    return CapsuleRefused(f"the capsule is damaged: {why}", hint=_DAMAGED)
