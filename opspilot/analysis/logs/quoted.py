"""Quoted values of several words, `tag="View Lock"`: one variable, as a value without quotes is."""

import re

from opspilot.analysis.logs.masking import MARK

_QUOTED = re.compile(r"""(?<![\w.-])([\w.-]+)=("[^"]*"|'[^']*'(?!\w))""")
_PAIR = re.compile(r"""(?<![\w.-])[\w.-]+=(?:"[^"]*"|'[^']*'(?!\w)|[^\s"']*)""")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SAYING = frozenset(
    {
        *("msg", "message", "text", "log", "event", "action", "description", "detail", "details"),
        *("error", "err", "exception", "reason", "cause", "status", "state", "outcome", "result"),
    }
)
"""Keys whose text says what happened."""


def quoted_values_marked(masked: str) -> str:
    """Masked text with one mark in each pair of quotes behind a `=`, if a blank is between them.

    Not where nothing would be left to tell statements apart by: no word stands beside the pairs,
    and no key says what happened.
    """
    if '="' not in masked and "='" not in masked:
        return masked
    said = any(found[1].lower() in _SAYING for found in _QUOTED.finditer(masked))
    if said or _WORD.search(_PAIR.sub("", masked)):
        return _QUOTED.sub(_marked, masked)
    return masked


def _marked(found: re.Match[str]) -> str:
    key, value = found.groups()
    if " " not in value or key.lower() in _SAYING:
        return found[0]
    return f"{key}={value[0]}{MARK}{value[0]}"
