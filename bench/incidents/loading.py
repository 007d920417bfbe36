"""Reads scenarios from YAML with a safe loader; says which file and field is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bench.incidents.problems import BenchmarkError
from bench.incidents.scenario import Scenario
from bench.incidents.truth import CALM

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
_CALM = "calm"
_LARGEST = 64 * 1024
_HINT = "docs/benchmarks-incidents.md explains each field."

# A C loader is ten times as fast and reads the same language.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """A safe loader that refuses a key given twice and an alias, which could expand without end."""

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        _refuse_aliases(node, set())
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"a key must be a word, not {key!r}", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _refuse_aliases(node: Any, seen: set[int]) -> None:
    """An alias is the same node in two places."""
    if node is None:
        return
    if id(node) in seen:
        raise yaml.constructor.ConstructorError(
            None, None, "aliases are not read here", node.start_mark
        )
    seen.add(id(node))
    parts = node.value if isinstance(node.value, list) else []
    for part in parts:
        for one in part if isinstance(part, tuple) else (part,):
            _refuse_aliases(one, seen)


_Loader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG,
    lambda loader, node: loader.construct_mapping(node, deep=True),
)


def load_scenarios(folder: Path = FOLDER) -> list[Scenario]:
    """Every scenario of a folder, by name.

    Raises:
        BenchmarkError: A file cannot be read, or there is none.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise BenchmarkError(f"there are no scenarios in {folder}", "They are files *.yaml.")
    return [load_scenario(path) for path in files]


def load_scenario(path: Path) -> Scenario:
    """The scenario of one file.

    Raises:
        BenchmarkError: It cannot be read, is no YAML, or a field is wrong; file and field named.
    """
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise BenchmarkError(f"{path.name} is larger than {_LARGEST // 1024} KiB")
        parsed: object = yaml.load(content.decode("utf-8"), Loader=_Loader)  # noqa: S506 - safe
    except (OSError, UnicodeDecodeError) as exc:
        raise BenchmarkError(f"{path.name} cannot be read: {exc}") from exc
    except yaml.YAMLError as exc:
        raise BenchmarkError(f"{path.name} is no valid YAML: {_place(exc)}", _HINT) from exc
    except RecursionError as exc:
        raise BenchmarkError(f"{path.name} is nested too deeply") from exc
    if not isinstance(parsed, dict):
        raise BenchmarkError(f"{path.name} must be a mapping of fields to values", _HINT)
    if "name" in parsed:
        raise BenchmarkError(f"{path.name}: name: the file's name is the scenario's", _HINT)
    try:
        return Scenario.model_validate({**parsed, "name": path.stem})
    except ValidationError as exc:
        raise BenchmarkError(f"{path.name}: {_fields(exc)}", _HINT) from exc


def chosen(scenarios: Sequence[Scenario], pattern: str = "", level: int = 0) -> list[Scenario]:
    """Those whose name, tag, state or cause fits a pattern (`*` is wild), of one level if given.

    "calm" is whatever is healthy, surging or recovered: where no cause may be named.

    Raises:
        BenchmarkError: None does.
    """
    fitting = [
        one
        for one in scenarios
        if (not level or one.level == level) and (not pattern or _fits(one, pattern))
    ]
    if not fitting:
        wanted = " ".join(
            part for part in (repr(pattern) if pattern else "", f"of level {level}" * bool(level))
            if part
        )  # fmt: skip
        known = ", ".join(one.name for one in scenarios[:6])
        raise BenchmarkError(
            f"no scenario fits {wanted}", f"There are {len(scenarios)}: {known} ..."
        )
    return fitting


def _fits(scenario: Scenario, pattern: str) -> bool:
    state = scenario.truth.state
    words = [scenario.name, *scenario.tags, state, *([_CALM] if state in CALM else [])]
    words += [name for cause in scenario.truth.causes for name in cause.classes]
    return any(fnmatchcase(word, pattern) or fnmatchcase(word, f"*{pattern}*") for word in words)


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", "") or error).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _fields(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    told = []
    for one in problems[:3]:
        where = ".".join(str(part) for part in one["loc"]) or "the whole"
        told.append(f"{where}: {one['msg'].removeprefix('Value error, ')}")
    more = len(problems) - len(told)
    return "; ".join(told) + (f" (and {more} more)" if more else "")
