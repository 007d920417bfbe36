"""Secrets known by their shape, wherever they stand.

Every expression is built so that its time grows with the length of the text and no faster, whatever
the text: a look-behind lets it start only where a run of characters starts, and possessive
quantifiers (`++`) never give back what they took.

The shapes are those that the vendors document, or that public secret scanners agree on.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

Found = tuple[int, int, str]
"""Start and end of a secret in the text, and its kind."""

_Finder = Callable[[str], Iterator[Found]]
_Kind = Callable[[str], str]


def _shape(expression: str, kind: str | _Kind, flags: re.RegexFlag = re.NOFLAG) -> _Finder:
    """Finds the group `secret`; `kind` may look at it and answer "" to leave it alone."""
    compiled = re.compile(expression, flags)

    def find(text: str) -> Iterator[Found]:
        for match in compiled.finditer(text):
            found = kind if isinstance(kind, str) else kind(match["secret"])
            if found:
                yield *match.span("secret"), found

    return find


def _opaque(secret: str) -> str:
    """A token, not a word of prose ("bearer authentication")."""
    return "token" if any(char.isdigit() for char in secret) else ""


def _user_and_password(secret: str) -> str:
    try:
        decoded = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return "authorization" if b":" in decoded else ""


_SCHEME = re.compile(r"(?i:bearer|basic|token|digest|negotiate|apikey|aws4-[\w-]+|oauth|hawk)\b")


def _credentials(secret: str) -> str:
    """What follows "Authorization:", unless it is prose."""
    known = _SCHEME.match(secret) or _opaque(secret) or (" " not in secret and len(secret) > 15)
    return "authorization" if known else ""


_PORT = re.compile(r"\d{1,5}[/?#]")


def _password(secret: str) -> str:
    """The password in a URL; host:port/path with an @ further on is none."""
    return "" if _PORT.match(secret) else "password"


_RANDOM_ENOUGH = 4.3
"""Bits per character: 40 random characters of base64 have 4.8 on average; words and paths fewer."""


def _random(secret: str) -> str:
    counts = Counter(secret).values()
    entropy = -sum(n / len(secret) * math.log2(n / len(secret)) for n in counts)
    mixed = any(map(str.islower, secret)) and any(map(str.isupper, secret))
    return "random-key" if mixed and entropy > _RANDOM_ENOUGH and _opaque(secret) else ""


# A block that was cut off goes to the end of the text.
private_keys = _shape(
    r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z0-9 ]{0,20}-----"
    r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z0-9 ]{0,20}-----|\Z))",
    "private-key",
)
"""PEM and OpenPGP blocks."""

json_web_tokens = _shape(
    r"(?<![\w-])(?P<secret>eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+){0,3})", "jwt", re.ASCII
)
"""Signed and encrypted tokens; the first part is base64 of a JSON object."""

_VENDORS = (
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}+",  # Slack
    r"xapp-[A-Za-z0-9-]{10,}+",
    r"gh[oprsu]_[A-Za-z0-9]{30,}+",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,}+",
    r"glpat-[A-Za-z0-9_-]{20,}+",  # GitLab
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}+",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,}+",
    r"sk-[A-Za-z0-9_-]{20,}+",  # OpenAI, Anthropic
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}+",
    r"SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+",  # SendGrid
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,}+",
    r"dop_v1_[a-f0-9]{64}",  # DigitalOcean
    r"hv[sb]\.[A-Za-z0-9_-]{20,}+",  # Vault
)
VENDOR_NEEDLES = (
    *("xox", "xapp-", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "k_live_"),
    *("k_test_", "whsec_", "sk-", "aiza", "ya29.", "sg.", "npm_", "pypi-", "dop_v1_", "hvs."),
    *("hvb.", "hooks.slack.com/"),
)
_vendor = _shape(rf"(?<![A-Za-z0-9_-])(?P<secret>{'|'.join(_VENDORS)})", _opaque)
_hooks = _shape(r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]++)", "token")


def vendor_tokens(text: str) -> Iterator[Found]:
    """Tokens that begin with their vendor's prefix, and Slack's web hooks."""
    yield from _vendor(text)
    if "hooks.slack.com/" in text:
        yield from _hooks(text)


aws_key_ids = _shape(
    r"(?<![A-Za-z0-9])(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Za-z0-9])",
    "aws-access-key-id",
)
"""Access key ids; ids of roles and users (AROA, AIDA) open nothing and stay."""

aws_sessions = _shape(
    r"(?<![A-Za-z0-9])(?P<secret>(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=%]{40,}+)",
    "aws-session-token",
)

random_keys = _shape(
    r"(?<![A-Za-z0-9/+_.-])(?P<secret>[A-Za-z0-9/+]{40}(?:[A-Za-z0-9/+]{24})?)"
    r"(?![A-Za-z0-9/+=_.-])",
    _random,
)
"""What has no prefix: an AWS secret access key is 40 characters of base64; the lines of a private
key, when each came as a log event of its own, are 64."""

_urls = _shape(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+://[^\s/?#:@\"'<>\[\]]*+:"
    r"(?P<secret>(?:[^\s@:/\"'<>]|[:/](?!/))++)@",
    _password,
)
_go_names = _shape(
    r"(?<![\w.:\[-])[\w.-]++:(?P<secret>(?:[^\s@:/\"'<>])++)@(?=(?:tcp|unix)\()", "password"
)


def passwords_in_urls(text: str) -> Iterator[Found]:
    """The password of `scheme://user:password@host` and of Go's `user:password@tcp(host)`."""
    yield from _urls(text)
    if "@tcp(" in text or "@unix(" in text:
        yield from _go_names(text)


secrets_in_queries = _shape(
    r"[?&;](?:sig|signature|auth|code)=(?P<secret>[^&\s\"'#<>]{16,}+)", _opaque, re.IGNORECASE
)
"""Query parameters that are too common as names elsewhere."""

_SIGN = r"""\\{0,3}["'`]?[ \t]{0,4}(?:=>|[=:])[ \t]{0,4}(?:\\{0,3}["'`])?[ \t]{0,4}"""
_authorization = _shape(
    r"(?i:(?<![A-Za-z])authorization)" + _SIGN + r"(?P<secret>"
    r"(?i:AWS4-[\w-]++|Digest|OAuth|Hawk)[ \t]++[^\"'\\\r\n]++"
    r"|(?:[A-Za-z][\w-]*+[ \t]{1,4})?[^\s\"'\\,;]++)",
    _credentials,
)
_cookies = _shape(
    r"(?i:(?<![A-Za-z])(?:set-)?cookie)" + _SIGN + r"(?P<secret>[^\"'\\\r\n]*[^\"'\\\s])",
    "cookie",
)


def headers(text: str) -> Iterator[Found]:
    """The values of Authorization and Cookie headers, which hold spaces."""
    yield from _authorization(text)
    yield from _cookies(text)


_bearer = _shape(r"(?i:\bbearer)[ \t]{1,4}(?P<secret>[\w.~+/=-]{8,}+)", _opaque, re.ASCII)
_basic = _shape(r"(?i:\bbasic)[ \t]{1,4}(?P<secret>[A-Za-z0-9+/=]{6,}+)", _user_and_password)


def schemes(text: str) -> Iterator[Found]:
    """`Bearer TOKEN` and `Basic BASE64` outside of a header."""
    yield from _bearer(text)
    yield from _basic(text)
