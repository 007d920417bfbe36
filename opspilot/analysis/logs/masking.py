"""What varies in a word of a log line, by its shape alone: numbers, addresses, paths, ids.

Digits are made zeros first, so that words that differ in digits only are one word and are looked at
once: the cost of masking goes with the number of distinct words.
"""

import re

WILDCARD = "<*>"
MARK = "\0"
"""Stands for a variable inside masked text: one character, taken out of every line beforehand."""

MOST_WORDS = 100
"""A message is told by its first words."""

_LONGEST = 2_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ZEROS = {ord(digit): "0" for digit in "123456789"} | {0: " "}
_CACHED_WORD = 48
_CACHED_WORDS = 30_000

_VARIABLE = re.compile(
    r"""
      \w+://[^\s"'<>()\[\],;]+                                 # an address with its scheme
    | \barn:aws[\w-]*:[^\s"',)\]]+
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                             # mail
    | (?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,}:?[0-9a-fA-F.:]+(?![\w])    # hardware and IPv6 addresses
    | (?<![\w.])/?[\w-]+(?:\.[\w-]+)+:0+                       # host and port
    | (?<![\w.])[A-Za-z]:\\[^\s"',;]*                          # a path of Windows
    | (?<![\w.)\]>])/(?:[\w.$~%+@*-]+/?)+(?::0+(?:\+0+)?)*     # a path
    | (?<![\w/])[\w.-]+(?:/[\w.$-]+){2,}
    | (?<![\w.$@\#-])(?:[A-Za-z]{2}[A-Za-z_]*|[A-Z])0[A-Za-z_]*(?![\w.$@\#:/%-])    # kept: ssh2, L1
    | <0+\b
    | (?:(?<![\w.$@\#-])|(?<=\.\.)(?!\.))[+-]?(?:[\w$@\#~+%]|\.(?!\.)|(?<=\w)-|(?<=_)-)*0
        (?:[\w$@\#~+%-]|\.(?=\w)|[:,/](?=[\w.+-]*0))*          # a word with a digit
    | (?<![\w.$-])(?:true|false|null|True|False|None|nil|NULL|TRUE|FALSE)(?![\w.$-])
    | (?<![\w.$-])[a-z][a-z-]*(?:\.[a-z-]+)*\.(?:com|net|org|edu|gov|io|info|internal|local
        |(?<=\w\.\w\w\.)[a-z]{2}|(?<=\w\.\w\w\w\.)[a-z]{2})(?![\w.$-])     # a host's name
    """,
    re.VERBOSE,
)
_NAMED = re.compile(r"(?:[A-Za-z]{2}[A-Za-z_]*|[A-Z])0[A-Za-z_]*")
_PREFIX = re.compile(r"(?:[A-Za-z]{2,}[.-]|[@#$])(?=(?:0x)?[0a-f]+$)")
_DATE_WORD = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?=,? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) )"
    rf"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?= +{MARK})"
)
_UNIT = re.compile(rf"{MARK} ?(?:[KMGTP]?i?B|[mun]?s|secs?|mins?|hrs?)\b")
_DATE = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
    rf"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?={MARK})"
)
_RUN = re.compile(rf"{MARK}(?:(?: ?,? ?|[:/#.+-]){MARK})+")
_TOKEN = re.compile(
    rf"""{MARK}|\.{{2,}}|[=:,;()\[\]{{}}"'|<>]|(?:[^\s=:,;()\[\]{{}}"'|<>{MARK}.]|\.(?!\.))+|\."""
)


def variables_marked(text: str) -> str:
    """Text whose digits are zeros, with a mark for everything that varies by its shape."""
    return _VARIABLE.sub(_mark, text)


def marked(text: str) -> str:
    """Text with marks for variables; names that end in a number keep their name (`core.12`)."""
    text = text.replace(MARK, " ")
    zeros, out, at = zeroed(text), list[str](), 0
    for found in _VARIABLE.finditer(zeros):
        out.append(text[at : found.start()])
        at = found.end()
        if _NAMED.fullmatch(found[0]):
            out.append(text[found.start() : at])
        else:
            prefix = _PREFIX.match(found[0])
            out.append(text[found.start() : found.start() + (prefix.end() if prefix else 0)] + MARK)
    return _DATE_WORD.sub(MARK, "".join(out) + text[at:])


def _mark(found: re.Match[str]) -> str:
    return found[0] if _NAMED.fullmatch(found[0]) else MARK


class WordMasks(dict[str, str]):
    """Word with zeros for digits to word with marks for variables; filled as words come."""

    def __missing__(self, word: str) -> str:
        """Mask a word that was not seen before; long ones, which hardly recur, are not kept."""
        masked = variables_marked(word)
        if len(word) <= _CACHED_WORD:
            if len(self) >= _CACHED_WORDS:
                self.clear()
            self[word] = masked
        return masked


def plain(line: str) -> str:
    """The beginning of a line, without colours."""
    cut = line[:_LONGEST]
    return _COLOUR.sub("", cut) if "\x1b" in cut else cut


def zeroed(text: str) -> str:
    """The text with every digit made a zero and without NULs."""
    return text.translate(_ZEROS)


def without_runs(masked: str) -> str:
    """Neighbouring variables made one, with their units and the words of dates."""
    return _RUN.sub(MARK, _DATE.sub("", _UNIT.sub(MARK, masked)))


def tokens_of(masked: str) -> list[str]:
    """Words, variables and single delimiters of a masked line; blanks are dropped."""
    return _TOKEN.findall(masked)
