"""Which names announce a secret: DB_PASSWORD does, TOKEN_TTL_SECONDS does not."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]")
_LONGEST_NAME = 128


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALONE = {
    "password": "password",
    "passwords": "password",
    "passwd": "password",
    "passphrase": "password",
    "passcode": "password",
    "pwd": "password",
    "pass": "pass",
    "secret": "secret",
    "secrets": "secret",
    "credential": "credential",
    "credentials": "credential",
    "creds": "credential",
    "token": "token",
    "jwt": "token",
    "bearer": "token",
    "authorization": "authorization",
    "cookie": "cookie",
    "cookies": "cookie",
    "jsessionid": "cookie",
    "phpsessid": "cookie",
    "dsn": "connection-string",
    "connstr": "connection-string",
}

_ENDINGS = {
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "secret": "secret",
    "credentials": "credential",
    "token": "token",
    "apikey": "key",
    "accesskey": "key",
    "secretkey": "key",
    "privatekey": "key",
    "accountkey": "key",
    "connectionstring": "connection-string",
    "connstring": "connection-string",
}
"""Words that were run together: dbpassword, accesstoken."""

_KEYS = _words(
    "api access secret private signing encryption encrypt master account storage shared auth app"
    " consumer client deploy license webhook hmac cipher crypto aes rsa ssh pgp gpg jwt session"
    " root admin subscription"
)
"""`<word>_KEY` is a secret after these; a partition key, cache key or public key is none."""

_TOKENS = _words("access api auth bearer refresh secret security session")
"""`<word>_TOKENS` are secrets after these; otherwise they are counted (MAX_TOKENS)."""

_ABOUT = _words(
    "age alg algorithm arn arns attempts audience bucket budget cache capacity class count"
    " created date days domain enabled endpoint env error errors exception expiration expired"
    " expires expiry field file filename format function group handler header headers hint host"
    " hours id identifier ids interval invalid issuer kind label length lifetime limit limits"
    " location manager max message min minutes missing mode ms name names number parameter path"
    " period policy port prefix profile protocol provider queue rate reason regex region required"
    " requirements reset retries role rotation rule rules scope scopes seconds service size source"
    " status store strength table tag threshold time timeout timestamp topic ttl type types"
    " updated uri url usage used user username valid validator version window"
)
"""A name that ends so tells something about a secret and not the secret itself."""

_QUESTIONS = _words(
    "allow allows can continuation disable disabled enable enabled has have is max min need needs"
    " next no num page pagination require requires should starting total use uses"
)
"""A name that begins so asks about a secret, or counts, or turns pages."""

STRONG = frozenset({"password", "secret", "credential", "key"})
"""Kinds whose numbers are secrets too; a number under `token` is a count."""


@lru_cache(maxsize=4096)
def secret_kind(name: str) -> str:
    """The kind of secret that a name announces; empty when it announces none."""
    words = [word.lower() for word in _WORD.findall(name[-_LONGEST_NAME:])]
    if not words or words[-1] in _ABOUT or words[0] in _QUESTIONS:
        return ""
    if name in ("PWD", "OLDPWD"):  # the shell's working directory
        return ""
    found = [_kind_of(word, before) for before, word in zip(["", *words], words, strict=False)]
    return next(filter(None, found), "")


def is_about(name: str) -> bool:
    """Whether a name inside a secret's record tells something harmless: its user, host, ARN."""
    words = [word.lower() for word in _WORD.findall(name[-_LONGEST_NAME:])]
    return bool(words) and (words[-1] in _ABOUT or words[-1] in ("engine", "database", "dbname"))


def _kind_of(word: str, before: str) -> str:
    if word in ("key", "keys"):
        return "key" if before in _KEYS else ""
    if word == "tokens":
        return "token" if before in _TOKENS else ""
    if word in ("string", "str"):
        return "connection-string" if before in ("connection", "conn") else ""
    if word == "signature":
        return "signature" if before else ""
    if word in _ALONE:
        return _ALONE[word]
    return next((kind for ending, kind in _ENDINGS.items() if word.endswith(ending)), "")
