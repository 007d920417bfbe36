"""Which way a metric is bad, read from its own name and never from the resource's."""

import re
from typing import Final

_WORD: Final = re.compile(r"[a-z]+")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MORE_IS_WORSE: Final = re.compile(
    r"latency|duration|delay|errors?|faults?|fail(ures?|ed)|exceptions?|throttl(es?|ed|ing)"
    r"|timeouts?|retries"
)
_LESS_IS_WORSE: Final = re.compile(r"availab(le|ility)|success(es)?|healthy|uptime")
_ASKED_FOR: Final = re.compile(r"requests?|invocations|load|workload|traffic|throughput|rps|qps")


def bad_direction(quantity: str) -> int:
    """+1 where more is worse, -1 where less is worse, 0 where the name does not say."""
    words = _words(quantity)
    if any(_LESS_IS_WORSE.fullmatch(word) for word in words):
        return -1
    return int(any(_MORE_IS_WORSE.fullmatch(word) for word in words))


def cause_direction(quantity: str) -> int:
    """The way in which a metric can be a cause: as above, and less traffic is an effect."""
    asked_for = any(_ASKED_FOR.fullmatch(word) for word in _words(quantity))
    return bad_direction(quantity) or int(asked_for)


def _words(name: str) -> list[str]:
    return _WORD.findall(_HUMP.sub(" ", name).lower())
