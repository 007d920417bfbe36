"""Secrets in nested JSON: by the name of a field, and inside of every text."""

from typing import TypeVar, cast

from opspilot.domain.model import Json, Model
from opspilot.engine.redaction.marker import MARKER, is_empty_or_reference, marker
from opspilot.engine.redaction.names import STRONG, is_about, secret_kind
from opspilot.engine.redaction.text import holds_no_secret, redact_text

M = TypeVar("M", bound=Model)

_DEEPEST = 64
"""Deeper values are cut: the JSON encoder would fail on them further on."""

_NUMBERS = frozenset({int, float, bool, type(None)})

_NAMES = ("name", "Name", "key", "Key", "parameterKey", "ParameterKey")
_VALUES = ("value", "Value", "parameterValue", "ParameterValue")


def redact(value: Json, *, key: bytes = b"") -> Json:
    """A JSON value with its secrets replaced by markers, names of fields included.

    Redacting twice is redacting once; never raises; the time grows in proportion to the size.
    Values that hold no secret come back equal.

    Args:
        value: Any JSON value, or plain text.
        key: The store's redaction key: the markers then carry a fingerprint, by which equal secrets
            of one store can be told from different ones (see `marker`).
    """
    return _walk(value, "", key, _DEEPEST)


def redact_model(model: M, *, key: bytes = b"") -> M:
    """The same kind of model, its JSON redacted."""
    return type(model).model_validate(redact(model.model_dump(mode="json"), key=key))


def _walk(value: Json, kind: str, key: bytes, depth: int) -> Json:
    """Redact below a field whose name announces `kind`; empty when it announces nothing."""
    if isinstance(value, str):
        return _text(value, kind, key)
    if isinstance(value, dict | list | tuple) and depth == 0:
        return "[redacted:too-deep]"
    if isinstance(value, dict):
        return _fields(cast("dict[Json, Json]", value), kind, key, depth - 1)
    if isinstance(value, list | tuple):
        return _items(cast("list[Json]", value), kind, key, depth - 1)
    if kind in STRONG and isinstance(value, int | float) and not isinstance(value, bool):
        return marker(kind, str(value), key)
    return value


def _text(value: str, kind: str, key: bytes) -> str:
    if not kind or is_empty_or_reference(value):
        return redact_text(value, key=key)
    if kind == "connection-string" or "://" in value:
        redacted = redact_text(value, key=key)
        if MARKER.search(redacted):
            return redacted
    return marker(kind, value, key)


def _fields(fields: dict[Json, Json], kind: str, key: bytes, depth: int) -> dict[Json, Json]:
    redacted: dict[Json, Json] = {}
    named = _named_value(fields)
    for name, value in fields.items():
        shown = redact_text(name, key=key) if isinstance(name, str) else name
        own = named if named and name in _VALUES else _kind_of(shown, kind)
        redacted[_free(shown, redacted)] = _walk(value, own, key, depth)
    return redacted


def _kind_of(name: Json, inherited: str) -> str:
    """The kind that a field's name announces; the words of a marker in it announce nothing."""
    if not isinstance(name, str):
        return inherited
    plain = MARKER.sub("", name)
    return secret_kind(plain) or ("" if is_about(plain) else inherited)


def _named_value(fields: dict[Json, Json]) -> str:
    """The kind that a {"Name": "DB_PASSWORD", "Value": ...} announces for its value."""
    names = (fields.get(name) for name in _NAMES)
    return next((secret_kind(name) for name in names if isinstance(name, str)), "")


def _free(name: Json, taken: dict[Json, Json]) -> Json:
    """A field's name, numbered if need be: two secrets must not fall together into one field."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}#{number}"
    return candidate


def _items(items: list[Json], kind: str, key: bytes, depth: int) -> list[Json]:
    if not kind and _is_harmless(items):
        return list(items)
    redacted: list[Json] = []
    announced = ""
    for item in items:
        redacted.append(_walk(item, announced or kind, key, depth))
        announced = _flag_kind(item)
    return redacted


def _is_harmless(items: list[Json]) -> bool:
    """Whether a list is surely left as it is: numbers, or texts of which none looks suspicious."""
    kinds = set(map(type, items))
    if kinds <= _NUMBERS:
        return True
    texts = cast("list[str]", items)
    return kinds == {str} and not any(one[:1] == "-" for one in texts) and holds_no_secret(texts)


def _flag_kind(item: Json) -> str:
    """The kind that a command line's `--password` announces for the argument after it."""
    if not isinstance(item, str) or not item.startswith("-") or "=" in item or " " in item:
        return ""
    return secret_kind(item.lstrip("-"))
