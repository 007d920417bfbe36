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

LONGEST = 2_000
"""Characters of a line that are looked at."""
_COLOUR = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
"""Sequences of a terminal: colours and cursor, titles and links (ECMA-48, 5.4 and 8.3.89)."""
_ZEROS = bytes.maketrans(b"123456789\0", b"000000000 ")
_DIGIT = re.compile(r"\d")
_CACHED_WORD = 48

_NAME_OF_HOST = (
    r"(?<![\w.$-])[a-z][a-z-]*(?:\.[a-z-]+)*"
    r"\.(?:com|net|org|edu|gov|io|info|internal|local"
    r"|(?<=\w\.\w\w\.)[a-z]{2}|(?<=\w\.\w\w\w\.)[a-z]{2})(?![\w.$-])"
)
_HOST = re.compile(_NAME_OF_HOST)
# What may begin with a run of characters may not begin inside of one: a line without blanks that is
# made to be slow would else be gone over once from each of its characters.
_VARIABLE = re.compile(
    rf"""
      (?<!\w)\w+://[^\s"'<>()\[\],;]+                                 # an address with its scheme
    | \barn:aws[\w-]*:[^\s"',)\]]+
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+                             # mail
    | (?<![\w:])(?:[0-9a-fA-F]{{1,4}}:){{2,}}:?[0-9a-fA-F.:]+(?![\w])    # hardware, IPv6
    | (?<![\w.-])/?[\w-]+(?:\.[\w-]+)+:0+                       # host and port
    | (?<![\w.])[A-Za-z]:\\[^\s"',;]*                          # a path of Windows
    | (?<![\w.)\]>])/(?:[\w.$~%+@*-]+/?)+(?::0+(?:\+0+)?)*     # a path
    | (?<![\w/.-])[\w.-]+(?:/[\w.$-]+){{2,}}
    | (?<![\w.$@\#-])(?![0a-f]{{7,}}(?!\w))                       # kept
        (?:[A-Za-z]{{2}}[A-Za-z_]*|[A-Z])0[A-Za-z_]*(?![\w.$@\#:/%-])
    | <0+\b(?!>)
    | (?:(?<![\w.$@\#~+%-])|(?<=\.\.)(?!\.))[+-]?(?:[\w$@\#~+%]|\.(?!\.)|(?<=\w)-|(?<=_)-)*0
        (?:[\w$@\#~+%-]|\.(?=\w)|[:,/](?=[\w.+-]*0))*          # a word with a digit
    | (?<![\w.$-])(?:true|false|null|True|False|None|nil|NULL|TRUE|FALSE)(?![\w.$-])
    | {_NAME_OF_HOST}
    """,
    re.VERBOSE,
)
_SIMPLE = re.compile(r"""([\[({"'=,;:]*)([\w-]*)([\])}"',;:]*|\.)""", re.ASCII)
"""A word without inner punctuation, as most are: no need to try all the shapes."""
_HARD = re.compile(r"""([\[\](){}"',;=|<>]+)""")
_TELLING = re.compile(r"[0/@:\\]")
_CONSTANTS = frozenset(
    {"true", "false", "null", "True", "False", "None", "nil", "NULL", "TRUE", "FALSE"}
)
_NAMED = re.compile(r"(?![0a-f]{7,}(?!\w))(?:[A-Za-z]{2}[A-Za-z_]*|[A-Z])0[A-Za-z_]*")
_PREFIX = re.compile(r"(?:[A-Za-z]{2,}[.-]|[@#$])(?=(?:0x)?[0a-f]+$)")
_DATE_WORD = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?=,? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) )"
    rf"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?= +{MARK})"
)
_LESS = re.compile(rf"<{MARK}(?!>)")
_VALUE = re.compile(rf"(?<==)[^\s=:,;()\[\]{{}}\"'|<>{MARK}]+(?!=)")
_UNIT = re.compile(rf"{MARK} ?(?:[KMGTP]?i?B|[mun]?s|secs?|mins?|hrs?)\b")
_DATE = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
    rf"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?={MARK})"
)
_RUN = re.compile(rf"{MARK}(?:(?: ?,? ?|[:/#.+-]){MARK})+")
_TOKEN = re.compile(
    rf"""{MARK}|\.{{2,}}|[=:,;()\[\]{{}}"'|<>]|(?:[^\s=:,;()\[\]{{}}"'|<>{MARK}.]|\.(?!\.))+|\."""
)


def variables_marked(word: str) -> str:
    """A word whose digits are zeros, with a mark for everything that varies by its shape."""
    simple = _SIMPLE.fullmatch(word)
    if simple is not None:
        core = simple[2]
        varies = not _NAMED.fullmatch(core) if "0" in core else core in _CONSTANTS
        return f"{simple[1]}{MARK}{simple[3]}" if varies else word
    if "://" in word or "arn:" in word:
        return _VARIABLE.sub(_mark, word)
    parts = _HARD.split(word)
    if len(parts) > 1:
        parts[::2] = [variables_marked(part) if part else "" for part in parts[::2]]
        return "".join(parts)
    if _TELLING.search(word):
        return _VARIABLE.sub(_mark, word)
    return _HOST.sub(MARK, word) if "." in word else word


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

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __missing__(self, word: str) -> str:
        """Mask a word that was not seen before; long ones, which hardly recur, are not kept."""
        masked = variables_marked(word)
        if len(word) <= _CACHED_WORD:
            if len(self) >= self._most:
                self.clear()
            self[word] = masked
        return masked


def plain(line: str) -> str:
    """The beginning of a line, without colours."""
    cut = line[:LONGEST]
    return _COLOUR.sub("", cut) if "\x1b" in cut else cut


def zeroed(text: str) -> str:
    """The text with every digit of any script made a zero and without NULs; as long as before."""
    if not text.isascii():
        text = _DIGIT.sub("0", text)
    encoded = text.encode("utf-8", "surrogatepass").translate(_ZEROS)
    return encoded.decode("utf-8", "surrogatepass")


def without_runs(masked: str) -> str:
    """Neighbouring variables made one, with their units and the words of dates."""
    valued = _VALUE.sub(MARK, _LESS.sub(MARK, masked))
    return _RUN.sub(MARK, _DATE.sub("", _UNIT.sub(MARK, valued)))


def tokens_of(masked: str) -> list[str]:
    """Words, variables and single delimiters of a masked line; blanks are dropped."""
    return _TOKEN.findall(masked)
