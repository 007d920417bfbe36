"""Values of the variable slots in the log corpora: `{ip}`, `{user}`, `{size}` and so on."""

import random
from collections.abc import Callable

_HEX = "0123456789abcdef"
_SYLLABLES = [
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "he",
    "jo",
    "ku",
    "li",
    "ma",
    "no",
    "pe",
    "qui",
    "ra",
    "so",
    "ta",
    "ve",
    "wi",
    "xo",
    "za",
]
_USERS = ("root", "guest", "test", "admin", "oracle", "webmaster", "news", "cyrus", "backup")
_STATES = ("ACTIVE", "STANDBY", "DRAINING", "OFFLINE", "BOOTING", "FAILED", "IDLE", "LOST")
_VERBS = [
    "open",
    "read",
    "write",
    "close",
    "stat",
    "sync",
    "flush",
    "rename",
    "link",
    "mount",
    "seek",
    "lock",
]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_EXTENSIONS = ("log", "tmp", "so", "jar", "conf", "dat", "out")


def _hexes(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(_HEX, k=length))


def _name(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4)))


def _user(rng: random.Random) -> str:
    """Mostly one of a few, as in attempts to log in: half of them root, a tail of names."""
    roll = rng.random()
    if roll < 0.5:
        return "root"
    return rng.choice(_USERS) if roll < 0.8 else _name(rng)


def _ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def _host(rng: random.Random) -> str:
    return f"{_name(rng)}.{rng.choice(_SYLLABLES)}.{rng.choice(['com', 'net', 'org', 'de'])}"


def _path(rng: random.Random) -> str:
    parts = [_name(rng) for _ in range(rng.randint(2, 4))]
    return f"/{'/'.join(parts)}.{rng.choice(_EXTENSIONS)}"


def _uuid(rng: random.Random) -> str:
    return "-".join(_hexes(rng, length) for length in (8, 4, 4, 4, 12))


def _size(rng: random.Random) -> str:
    unit = rng.choice(["B", "KB", "KB", "MB", "GB"])
    return f"{rng.uniform(1, 900):.1f} {unit}"


def _block(rng: random.Random) -> str:
    return f"blk_{rng.choice(['-', ''])}{rng.randint(10**17, 10**19)}"


def _date(rng: random.Random) -> str:
    day = f"{rng.choice(_DAYS)} {rng.choice(_MONTHS)} {rng.randint(1, 28):2d}"
    return f"{day} {_clock(rng)} {rng.randint(2005, 2026)}"


def _clock(rng: random.Random) -> str:
    return f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"


def _several(one: Callable[[random.Random], str], glue: str) -> Callable[[random.Random], str]:
    """Between one and six values: their number varies from line to line."""
    return lambda rng: glue.join(one(rng) for _ in range(rng.randint(1, 6)))


def _lifetime(rng: random.Random) -> str:
    return "<1 sec" if rng.random() < 0.4 else f"{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"


SLOTS: dict[str, Callable[[random.Random], str]] = {
    "int": lambda rng: str(rng.randint(0, 10 ** rng.randint(1, 6))),
    "digit": lambda rng: str(rng.randint(0, 9)),
    "signed": lambda rng: str(rng.randint(-500, 500)),
    "float": lambda rng: f"{rng.uniform(0, 1000):.{rng.randint(1, 4)}f}",
    "hex": lambda rng: f"0x{_hexes(rng, rng.choice([4, 8, 12]))}",
    "hash": lambda rng: _hexes(rng, 32),
    "reg": lambda rng: _hexes(rng, 8),
    "ip": _ip,
    "port": lambda rng: str(rng.randint(1024, 65535)),
    "ipport": lambda rng: f"{_ip(rng)}:{rng.randint(1024, 65535)}",
    "slaship": lambda rng: f"/{_ip(rng)}:{rng.randint(1024, 65535)}",
    "mac": lambda rng: ":".join(_hexes(rng, 2) for _ in range(6)),
    "host": _host,
    "hostport": lambda rng: f"{_host(rng)}:{rng.choice([80, 443, 5070, 8080])}",
    "node": lambda rng: f"{rng.choice(['node', 'tbird', 'dn'])}-{rng.randint(1, 512)}",
    "location": lambda rng: (
        f"R{rng.randint(0, 77):02d}-M{rng.randint(0, 1)}-N{rng.randint(0, 15)}"
        f"-C:J{rng.randint(2, 17):02d}-U{rng.choice(['01', '11'])}"
    ),
    "path": _path,
    "url": lambda rng: f"https://{_host(rng)}{_path(rng)}",
    "uuid": _uuid,
    "user": _user,
    "name": _name,
    "email": lambda rng: f"{_name(rng)}@{_host(rng)}",
    "state": lambda rng: rng.choice(_STATES),
    "verb": lambda rng: rng.choice(_VERBS),
    "bool": lambda rng: rng.choice(["true", "false"]),
    "ms": lambda rng: f"{rng.randint(1, 5000)}ms",
    "dur": lambda rng: f"{rng.uniform(0.1, 90):.3f}{rng.choice(['s', 'ms', 'us', 'm'])}",
    "size": _size,
    "percent": lambda rng: f"{rng.randint(0, 100)}%",
    "block": _block,
    "blocks": _several(_block, " "),
    "task": lambda rng: f"attempt_14450875_0062_{rng.choice('mr')}_{rng.randint(0, 9999):06d}_0",
    "ints": _several(lambda rng: str(rng.randint(0, 99)), ", "),
    "hashes": lambda rng: "##".join(str(rng.randint(0, 9999)) for _ in range(6)),
    "date": _date,
    "clock": _clock,
    "version": lambda rng: ".".join(str(rng.randint(0, 40)) for _ in range(rng.randint(2, 4))),
    "words": lambda rng: " ".join(_name(rng) for _ in range(rng.randint(1, 5))),
    "lifetime": _lifetime,
    "class": lambda rng: f"com.{_name(rng)}.{_name(rng)}.{_name(rng).title()}",
}
