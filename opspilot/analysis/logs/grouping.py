"""Masked lines into groups that one statement of a program wrote.

Masked lines with equal delimiters are a table of words. A column with one word is text of the
statement; a column with a few words tells statements apart and splits the table; a column with many
words is a variable. Splitting goes on until no column tells apart any more (after IPLoM, Makanju et
al., KDD 2009, and the tree of Brain, Yu et al., IEEE TSC 2023). Then groups that differ in one word
only, in many variants, are made one: their splitting column was a variable after all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from opspilot.analysis.logs.masking import MARK, tokens_of

Tokens = tuple[str, ...]

_MANY = 9
"""Different words in a column, those seen once counted three times, that make it a variable."""

_DELIMITERS = frozenset("=:,;()[]{}\"'|<>")
_NAMING = frozenset(["user", "username", "login", "host", "hostname", "node", "uid"])


def grouped(masked: Sequence[str], counts: Sequence[int]) -> list[int]:
    """A group number per masked line; `counts` says how many lines each stands for."""
    once: dict[str, str] = {}
    rows = [tuple([once.setdefault(word, word) for word in tokens_of(text)]) for text in masked]
    tables: dict[Tokens, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        tables[_shape(row)].append(at)
    groups = [group for table in tables.values() for group in _split(rows, counts, table)]
    groups = _joined(rows, counts, groups)
    numbers = [0] * len(rows)
    for number, group in enumerate(groups):
        for at in group:
            numbers[at] = number
    return numbers


def _shape(row: Tokens) -> Tokens:
    return tuple(token if token in _DELIMITERS or token[0] == "." else "" for token in row)


def _split(rows: Sequence[Tokens], counts: Sequence[int], table: list[int]) -> Iterable[list[int]]:
    """Groups of one table."""
    pending = [table]
    while pending:
        part = pending.pop()
        column = _telling_column(rows, counts, part) if len(part) > 1 else None
        if column is None:
            yield part
            continue
        by_word: dict[str, list[int]] = defaultdict(list)
        for at in part:
            by_word[rows[at][column]].append(at)
        pending.extend(by_word.values())


def _telling_column(rows: Sequence[Tokens], counts: Sequence[int], part: list[int]) -> int | None:
    """The column that tells statements apart best; None when the part is one group."""
    words = [set(column) for column in zip(*(rows[at] for at in part), strict=True)]
    varying = [at for at, seen in enumerate(words) if len(seen) > 1]
    if not varying:
        return None
    first = rows[part[0]]
    telling = [at for at in varying if not _is_slot(first, at, words[at])]
    if not telling:
        return None
    fewest = min(telling, key=lambda at: len(words[at]))
    seen = Counter[str]()
    for at in part:
        seen[rows[at][fewest]] += counts[at]
    if not _varies(seen):
        return fewest
    constant = sum(
        len(seen) == 1 and first[at] not in _DELIMITERS and first[at] != MARK
        for at, seen in enumerate(words)
    )
    return fewest if constant < len(varying) + 1 else None


def _varies(words: Counter[str]) -> bool:
    """Whether a column with these words and numbers of lines is a variable.

    Words seen once speak for it: by Good and Turing (Biometrika 40, 1953) their share is the chance
    that the next line brings a word not seen before. Names in capitals are states more often than
    values.
    """
    once = sum(lines == 1 for lines in words.values())
    states = all(word.isupper() for word in words)
    return len(words) + 2 * once >= _MANY * (2 if states else 1)


def _is_slot(row: Tokens, at: int, words: set[str]) -> bool:
    """Whether what stands before makes the column a value: `user root`, `tag=x`."""
    if MARK in words:
        return True
    before = row[at - 1] if at else ""
    return before == "=" or before.lower() in _NAMING


def _joined(
    rows: Sequence[Tokens], counts: Sequence[int], groups: list[list[int]]
) -> list[list[int]]:
    """Groups that differ in one word in many variants made one."""
    patterns = [_pattern(rows, group) for group in groups]
    sizes = [sum(counts[at] for at in group) for group in groups]
    parent = list(range(len(groups)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    alike: dict[tuple[int, Tokens], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, pattern in enumerate(patterns):
        for at, token in enumerate(pattern):
            if token not in _DELIMITERS:
                key = (at, (*pattern[:at], MARK, *pattern[at + 1 :]))
                alike[key][token].append(number)
    for (at, key), variants in alike.items():
        if len(variants) < 2 or not _merges(key, at, _lines(variants, sizes)):
            continue
        numbers = [number for several in variants.values() for number in several]
        for number in numbers[1:]:
            parent[root(number)] = root(numbers[0])
    merged: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        merged[root(number)].extend(group)
    return list(merged.values())


def _lines(variants: dict[str, list[int]], sizes: Sequence[int]) -> Counter[str]:
    return Counter({word: sum(sizes[at] for at in numbers) for word, numbers in variants.items()})


def _merges(key: Tokens, at: int, words: Counter[str]) -> bool:
    """Whether groups with these words in one column are one: names with a number are variables."""
    constant = sum(token != MARK and token not in _DELIMITERS for token in key)
    if constant == 0:
        return False
    numbered = all("0" in word for word in words)
    return numbered or _varies(words) or _is_slot(key, at, set(words))


def _pattern(rows: Sequence[Tokens], group: list[int]) -> Tokens:
    columns = zip(*(rows[at] for at in group), strict=True)
    return tuple(
        words.pop() if len(words) == 1 else MARK for words in (set(column) for column in columns)
    )
