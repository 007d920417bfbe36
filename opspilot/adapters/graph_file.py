"""Reads the file of a declared graph, YAML or JSON, and says what is wrong with it, and where.

edges:
  - caller: checkout
    callee: queue:orders
  - caller: function:relay
    callee: arn:aws:lambda:eu-west-1:123456789012:function:mailer
    relation: invokes
    through: live
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, cast, get_args

import yaml

from opspilot.domain.declared import DeclaredEdge, DeclaredGraph
from opspilot.domain.workload import Relation
from opspilot.errors import InputError

_MOST_BYTES = 1_000_000
_MOST_EDGES = 2_000
_RELATIONS = get_args(Relation)
_KEYS = ("caller", "callee", "relation", "through")
KINDS = ("function", "table", "queue", "stream", "api")
"""What may stand before the colon of `kind:name`."""

_HINT = "docs/connect.md shows the form of this file; OPSPILOT_GRAPH_FILE names it."


def read_graph(path: Path) -> DeclaredGraph:
    """The graph that a file declares.

    Raises:
        InputError: There is no such file, or it is malformed; the message names file, line and
            key, and says what belongs there.
    """
    root = _composed(path)
    if root is None:
        return DeclaredGraph(file=path.name)
    top = _mapping(root, path, "the file", ("edges",))
    edges = top.get("edges")
    if edges is None or _is_empty(edges):
        return DeclaredGraph(file=path.name)
    if not isinstance(edges, yaml.SequenceNode):
        _refuse(path, edges, "edges", "must be a list of dependencies")
    items = cast(list[Any], edges.value)
    if len(items) > _MOST_EDGES:
        _refuse(path, edges, "edges", f"holds {len(items)} dependencies; at most {_MOST_EDGES}")
    return DeclaredGraph(
        file=path.name,
        edges=tuple(_edge(item, f"edges[{at}]", path) for at, item in enumerate(items)),
    )


def _composed(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} is larger than {_MOST_BYTES:,} bytes", hint=_HINT)
        return cast(Any, yaml).compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8", hint=_HINT) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        why = f"{path}, line {line}: neither YAML nor JSON: {error.problem}"
        raise InputError(why, hint=_HINT) from error
    except yaml.YAMLError as error:
        raise InputError(f"{path} is neither YAML nor JSON: {error}", hint=_HINT) from error


def _edge(item: Any, key: str, path: Path) -> DeclaredEdge:
    given = _mapping(item, path, key, _KEYS)
    for needed in ("caller", "callee"):
        if needed not in given:
            _refuse(path, item, key, f"lacks {needed}: an ARN, kind:name or a name")
    texts = {name: _text(node, path, f"{key}.{name}") for name, node in given.items()}
    relation = texts.get("relation")
    if relation is not None and relation not in _RELATIONS:
        allowed = ", ".join(_RELATIONS)
        _refuse(path, given["relation"], f"{key}.relation", f"is {relation!r}; one of {allowed}")
    for end in ("caller", "callee"):
        _check_end(texts[end], given[end], f"{key}.{end}", path)
    if texts["caller"] == texts["callee"]:
        _refuse(path, item, key, f"says that {texts['caller']!r} calls itself")
    return DeclaredEdge(
        caller=texts["caller"],
        callee=texts["callee"],
        relation=cast(Relation | None, relation),
        through=texts.get("through", ""),
        line=_line(item),
    )


def _check_end(text: str, node: Any, key: str, path: Path) -> None:
    kind, colon, name = text.partition(":")
    if colon and kind != "arn" and kind not in KINDS:
        _refuse(path, node, key, f"is {text!r}: {kind!r} is no kind; one of {', '.join(KINDS)}")
    if colon and not name:
        _refuse(path, node, key, f"is {text!r}: the name is missing")


def _mapping(node: Any, path: Path, key: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The members of a mapping by their names, each allowed and given once."""
    if not isinstance(node, yaml.MappingNode):
        _refuse(path, node, key, f"must be a mapping with {' and '.join(allowed[:2])}")
    found: dict[str, Any] = {}
    for name_node, value in _pairs(node):
        name = str(name_node.value)
        if name not in allowed:
            _refuse(path, name_node, key, f"has {name!r}, which is none of {', '.join(allowed)}")
        if name in found:
            _refuse(path, name_node, key, f"has {name!r} twice")
        found[name] = value
    return found


def _pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    yield from cast(list[tuple[Any, Any]], node.value)


def _text(node: Any, path: Path, key: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or _is_empty(node) or not str(node.value).strip():
        _refuse(path, node, key, "must be a text")
    return str(node.value).strip()


def _is_empty(node: Any) -> bool:
    return str(node.tag) == "tag:yaml.org,2002:null"


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _refuse(path: Path, node: Any, key: str, why: str) -> NoReturn:
    raise InputError(f"{path}, line {_line(node)}: {key} {why}", hint=_HINT)


__all__ = ["KINDS", "read_graph"]
