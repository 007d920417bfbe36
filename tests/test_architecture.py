"""The house rules that no linter knows: sizes, names, what a page may import."""

import ast
import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path for top in ("opspilot", "app", "pages") for path in (ROOT / top).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))

MAX_MODULE = 300
MAX_FUNCTION = 60
MAX_PAGE = 110

LONG_MODULES: dict[str, str] = {}
"""Module longer than MAX_MODULE lines -> why it is not split."""

LONG_FUNCTIONS: dict[str, str] = {}
"""path:name of a function longer than MAX_FUNCTION lines -> why it is not split."""

CATCH_ALLS = {"utils", "util", "helpers", "helper", "common", "shared", "misc"}
PAGE_MAY_IMPORT = ("streamlit", "app", "opspilot.domain")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{_name(path)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module or ""


def _is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _dependency_names() -> set[str]:
    """Top-level import names of everything in requirements.txt."""
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower() for line in pins if "==" in line}
    return {
        name
        for name, distributions in packages_distributions().items()
        if pinned & {distribution.lower() for distribution in distributions}
    }


def test_modules_are_short_or_say_why_not() -> None:
    long = {_name(path) for path in SOURCES if _lines(path) > MAX_MODULE}
    assert long == set(LONG_MODULES)


def test_functions_are_short_or_say_why_not() -> None:
    sizes = [size for path in SOURCES for size in _functions(path)]
    long = {name for name, length in sizes if length > MAX_FUNCTION}
    assert long == set(LONG_FUNCTIONS)


def test_no_module_or_folder_is_a_catch_all() -> None:
    parts = {(_name(path), part) for path in SOURCES + TESTS for part in _name(path).split("/")}
    names = {(name, part.removesuffix(".py").strip("_")) for name, part in parts}
    assert {name for name, part in names if part in CATCH_ALLS} == set()


def test_no_module_of_the_app_hides_a_package() -> None:
    taken = sys.stdlib_module_names | _dependency_names() | {"opspilot", "app", "pages", "tests"}
    modules = [path for path in (ROOT / "app").rglob("*.py") if path.stem != "__init__"]
    assert {_name(path) for path in modules if path.stem in taken} == set()


def test_dependencies_are_found_by_import_name() -> None:
    assert {"streamlit", "boto3", "PIL", "flask_cors", "yaml"} <= _dependency_names()


def test_every_module_says_what_it_is_for() -> None:
    silent = {_name(path) for path in SOURCES + TESTS if not ast.get_docstring(_tree(path))}
    assert silent == set()


def test_pages_are_thin() -> None:
    assert {_name(page) for page in PAGES if _lines(page) > MAX_PAGE} == set()


def test_pages_stand_on_the_app_and_the_domain_only() -> None:
    foreign = {
        (_name(page), module)
        for page in PAGES
        for module in _imports(page)
        if not _is_within(module, PAGE_MAY_IMPORT)
        and module.partition(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


def test_analysis_exports_exactly_its_public_names() -> None:
    analysis = importlib.import_module("opspilot.analysis")
    public = {
        name
        for name, value in vars(analysis).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert set(getattr(analysis, "__all__", [])) == public
