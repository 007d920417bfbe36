"""Markdown in which text from outside stays text."""

import re
from collections.abc import Iterable, Mapping

_SPECIAL = re.compile(r"([\\`*_\[\]|~])|^([#+>-])")
_LINKS = re.compile(r"(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE)
"""Where a bare address would become a link; an escaped mark keeps it text."""

_SPACE = re.compile(r"\s+")
_ENTITIES = {"&": "&amp;", "<": "&lt;"}


def plain(text: str) -> str:
    """Text on one line, with nothing in it that Markdown would turn into markup."""
    shown = _SPACE.sub(" ", text).strip()
    for one, entity in _ENTITIES.items():
        shown = shown.replace(one, entity)
    return _LINKS.sub(r"\\\g<0>", _SPECIAL.sub(r"\\\g<0>", shown))


def read(markdown: str) -> str:
    """The text that `plain` was given, spaces aside."""
    shown = re.sub(r"\\([\\`*_\[\]|~#+>:.-])", r"\1", markdown)
    for one, entity in reversed(_ENTITIES.items()):
        shown = shown.replace(entity, one)
    return shown


def bullets(lines: Iterable[str]) -> str:
    """A list; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def to_markdown(title: str, sections: Mapping[str, str]) -> str:
    """The whole document; the sections are Markdown, the title is text."""
    parts = [f"# {plain(title)}"]
    for heading, body in sections.items():
        parts += [f"## {plain(heading)}", body.strip() or "Nothing yet."]
    return "\n\n".join(parts) + "\n"
