"""Secrets in running text: log lines, error messages, command lines, JSON inside of strings.

Most lines hold no secret: a rule runs only when one of its needles occurs in the lower-cased text,
which costs next to nothing.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from opspilot.engine.redaction import shapes
from opspilot.engine.redaction.assignments import assigned_secrets, flagged_secrets
from opspilot.engine.redaction.marker import MARKER, marker
from opspilot.engine.redaction.shapes import Found

_ROUNDS = 4
"""Taking one secret out may bare the edge of another; two rounds settle all but contrived texts."""


@dataclass(frozen=True)
class _Rule:
    """One way to find secrets; `needles` are lower-case texts, one of which must occur."""

    needles: tuple[str, ...]
    find: Callable[[str], Iterable[Found]]


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_RULES = (
    _Rule(("private key",), shapes.private_keys),
    _Rule(("eyj",), shapes.json_web_tokens),
    _Rule(shapes.VENDOR_NEEDLES, shapes.vendor_tokens),
    _Rule(("akia", "asia", "abia", "acca"), shapes.aws_key_ids),
    _Rule(("ioojb3jpz2lu", "iqojb3jpz2lu", "fwogzxivyxdz", "fqogzxivyxdz"), shapes.aws_sessions),
    _Rule(("://", "@tcp(", "@unix("), shapes.passwords_in_urls),
    _Rule(("sig=", "signature=", "auth=", "code="), shapes.secrets_in_queries),
    _Rule(("authorization", "cookie"), shapes.headers),
    _Rule(("bearer", "basic"), shapes.schemes),
    _Rule(
        _names("pass pwd secret token key cred jwt bearer signature sessid sessionid dsn conn"),
        assigned_secrets,
    ),
    _Rule((" --", "\t--"), flagged_secrets),
    _Rule(("",), shapes.random_keys),
)

_NEEDLES = tuple({needle for rule in _RULES for needle in rule.needles if needle})
_ALWAYS = tuple(rule for rule in _RULES if "" in rule.needles)


def redact_text(text: str, *, key: bytes = b"") -> str:
    """The text with its secrets replaced by markers; equal to `text` when it holds none.

    Redacting twice is redacting once. The time grows in proportion to the length. Lone surrogates,
    which no store could encode, become U+FFFD.

    Args:
        text: Any text.
        key: The store's redaction key (see `marker`).
    """
    text = _encodable(text)
    for _ in range(_ROUNDS):
        before = text
        lowered = text.lower()
        # Most texts are numbers and times: they hold no needle at all, which one pass tells.
        suspected = any(map(lowered.__contains__, _NEEDLES))
        for rule in _RULES if suspected else _ALWAYS:
            if any(map(lowered.__contains__, rule.needles)):
                text = _replaced(text, rule.find(text), key)
        if text == before:
            break
    return text


def holds_no_secret(texts: Sequence[str]) -> bool:
    """Whether `redact_text` surely leaves every one of many texts as it is; False proves nothing.

    A snapshot has thousands of times and names in its lists: this looks at them all at once. No
    needle and no random key reaches over the end of a line.
    """
    together = "\n".join(texts)
    lowered = together.lower()
    return (
        not any(map(lowered.__contains__, _NEEDLES))
        and _encodable(together) == together
        and all(next(iter(rule.find(together)), None) is None for rule in _ALWAYS)
    )


def _replaced(text: str, found: Iterable[Found], key: bytes) -> str:
    places = list(found)
    if not places:
        return text
    parts = list(_parts(text, places, key))
    return "".join(parts) if len(parts) > 1 else text


def _parts(text: str, found: Iterable[Found], key: bytes) -> Iterator[str]:
    marked = [match.span() for match in MARKER.finditer(text)]
    done = 0
    for start, end, kind in found:
        secret = text[start:end]
        if start < done or not secret or MARKER.fullmatch(secret) or _is_inside(start, marked):
            continue
        yield text[done:start]
        yield marker(kind, secret, key)
        done = end
    yield text[done:]


def _is_inside(place: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a place is within one of these spans (ascending), behind its start."""
    before = bisect_left(spans, (place, 0)) - 1
    return before >= 0 and place < spans[before][1]


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
