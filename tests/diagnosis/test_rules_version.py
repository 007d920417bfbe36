"""A version names one set of rules: whoever changes a rule raises it."""

import ast
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import opspilot.diagnosis
from opspilot.diagnosis import RULES_VERSION

PINNED = ("10", "838f2b1b30763afe")
"""(RULES_VERSION, digest of the rules that it names)."""

_RULES = Path(opspilot.diagnosis.__file__).parent


def tokens(node: ast.AST) -> Iterator[str]:
    """The node as text that neither layout, comments nor docstrings change."""
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                if not _says_nothing(one):
                    yield from tokens(one)
            elif one is not None:
                yield f"{name}={one!r}"
    yield ")"


def _says_nothing(node: ast.AST) -> bool:
    """Whether it is a docstring, or the version itself."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    names = [one.id for one in getattr(node, "targets", ()) if isinstance(one, ast.Name)]
    return names == ["RULES_VERSION"]


def digest(sources: dict[str, str]) -> str:
    """Of modules by name."""
    told = "\n".join(
        f"{name} {' '.join(tokens(ast.parse(sources[name])))}" for name in sorted(sources)
    )
    return sha256(told.encode()).hexdigest()[:16]


def test_the_version_names_the_rules_that_decide() -> None:
    sources = {
        path.relative_to(_RULES).as_posix(): path.read_text("utf-8")
        for path in _RULES.rglob("*.py")
    }
    found = digest(sources)
    assert (RULES_VERSION, found) == PINNED, (
        "opspilot/diagnosis decides otherwise than the version says that capsules record. Raise"
        " RULES_VERSION in opspilot/diagnosis/verdict.py by one, and set PINNED here to"
        f' ("<that version>", "{found}"). A change that moves code and no verdict needs the digest'
        " alone."
    )


def test_wording_of_comments_and_layout_are_no_rules() -> None:
    plain = 'def rule(x):\n    """One."""\n    return x > 0.5\n'
    other = 'def rule(\n    x,\n):\n    """Two, and more."""\n    # Why.\n    return x > 0.5\n'
    assert digest({"a.py": plain}) == digest({"a.py": other})


def test_a_weight_and_a_name_are_rules() -> None:
    plain = "CAP = 0.7\n"
    assert digest({"a.py": plain}) != digest({"a.py": "CAP = 0.8\n"})
    assert digest({"a.py": plain}) != digest({"b.py": plain})
    assert digest({"a.py": plain}) == digest({"a.py": 'CAP = 0.7\nRULES_VERSION = "7"\n'})
