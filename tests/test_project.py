"""The project's own promises: pins, contracts that bite, isolation of tests, readable colours."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback.loopback_only import OutsideConnectionBlocked

ROOT = Path(__file__).resolve().parent.parent
OWN = {"opspilot", "app", "pages", "bench"}
RUN = {"opspilot", "app", "pages", "bench/incidents", "bench/workloads"}
"""What runs with requirements.txt alone; `opspilot bench` is a verb of the program."""
STANDARD = sys.stdlib_module_names
OUTSIDE = "192.0.2.1"  # reserved for documentation: nobody answers there
PIN = re.compile(r"^[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+\])?==[^ ]+( ; .+)?$")


def _requirements(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


def _tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


# --- requirements -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name: str) -> None:
    loose = [line for line in _requirements(name) if not PIN.match(line)]
    assert loose == []


def test_both_requirement_files_agree_on_what_they_share() -> None:
    def pins(name: str) -> dict[str, set[str]]:
        versions: dict[str, set[str]] = {}
        for line in _requirements(name):
            package, _, rest = line.partition("==")
            versions.setdefault(package, set()).add(rest)
        return versions

    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name for name in run.keys() & dev.keys() if run[name] != dev[name]} == set()


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev"])
def test_every_direct_requirement_has_its_pin(stem: str) -> None:
    wanted = {re.split(r"[\[=<>]", line)[0] for line in _requirements(f"{stem}.in")} - {
        "-c requirements.txt"
    }
    pinned = {line.partition("==")[0].partition("[")[0] for line in _requirements(f"{stem}.txt")}
    assert wanted <= pinned


COMES_WITH = {"botocore": "boto3", "urllib3": "boto3", "werkzeug": "flask", "yaml": "pyyaml"}
"""Import that needs no line of its own -> the declared package that it is or is part of."""

NEVER_IMPORTED = {
    "flask": "moto's server needs it",
    "flask-cors": "moto's server needs it",
    "plotly": "streamlit draws figures with it; ours are plain JSON, so that pages open sooner",
}


def _declared() -> set[str]:
    return {re.split(r"[\[=<>]", line)[0] for line in _requirements("requirements.in")}


def _imports_of_the_code() -> dict[str, set[str]]:
    """Top-level package -> the files that import it, without our own and the standard library."""
    found: dict[str, set[str]] = {}
    for path in (path for top in RUN for path in (ROOT / top).rglob("*.py")):
        for module in _imported_modules(path):
            found.setdefault(module.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return {name: files for name, files in found.items() if name not in OWN | STANDARD}


def test_the_code_imports_only_what_is_declared() -> None:
    known = {name.replace("-", "_") for name in _declared()} | COMES_WITH.keys()
    assert {k: files for k, files in _imports_of_the_code().items() if k not in known} == {}


def test_nothing_is_required_that_the_code_does_not_import() -> None:
    imported = {COMES_WITH.get(name, name) for name in _imports_of_the_code()}
    unused = {name for name in _declared() if name.replace("-", "_") not in imported}
    assert unused - NEVER_IMPORTED.keys() == set()


def _imported_modules(path: Path) -> Iterator[str]:
    """Yield what a module imports when it runs: stubs under TYPE_CHECKING are for pyright only."""
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


# --- import contracts ---------------------------------------------------------------------------

VIOLATIONS = {
    "opspilot/domain/planted.py": "import opspilot.engine",
    "opspilot/engine/planted.py": "import boto3\nimport opspilot.config",
    "opspilot/analysis/planted.py": "import sqlite3",
    "opspilot/adapters/sqlite/planted.py": "import opspilot.adapters.memory\nimport moto",
    "opspilot/entrypoints/planted.py": "import app\nimport streamlit",
}


def _lint_imports(folder: Path) -> str:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_every_import_contract_catches_its_violation(tmp_path: Path) -> None:
    for name in ("opspilot", "app"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for path, line in VIOLATIONS.items():
        (tmp_path / path).write_text(line)

    verdicts = re.findall(r"\b(KEPT|BROKEN)\b", _lint_imports(tmp_path))

    contracts = (ROOT / ".importlinter").read_text().count("[importlinter:contract:")
    assert verdicts == ["BROKEN"] * contracts


def test_a_new_package_must_find_its_place_in_the_house(tmp_path: Path) -> None:
    for name in ("opspilot", "app"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    (tmp_path / "opspilot" / "planted").mkdir()
    (tmp_path / "opspilot" / "planted" / "__init__.py").touch()

    assert "planted" in _lint_imports(tmp_path)


# --- isolation of tests -------------------------------------------------------------------------


def test_a_connection_off_the_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(OutsideConnectionBlocked, match=OUTSIDE):
        client.connect((OUTSIDE, 80))


def test_a_datagram_off_the_machine_is_refused() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as client,
        pytest.raises(OutsideConnectionBlocked, match=OUTSIDE),
    ):
        client.sendto(b"x", (OUTSIDE, 53))


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(OutsideConnectionBlocked, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        client.close()


def test_a_python_child_is_kept_in_as_well() -> None:
    program = f"import socket; socket.create_connection(({OUTSIDE!r}, 80), timeout=1)"
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "OutsideConnectionBlocked" in child.stderr


def test_other_children_see_a_proxy_that_does_not_exist() -> None:
    assert urllib.request.getproxies()["https"] == "http://127.0.0.1:9"
    assert urllib.request.proxy_bypass("127.0.0.1")


def test_no_account_of_the_developer_is_visible() -> None:
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    assert aws["AWS_ACCESS_KEY_ID"] == aws["AWS_SECRET_ACCESS_KEY"] == "testing"
    assert aws["AWS_EC2_METADATA_DISABLED"] == "true"
    assert "AWS_PROFILE" not in aws
    assert not Path(aws["AWS_CONFIG_FILE"]).exists()


def test_every_test_has_a_state_folder_of_its_own(tmp_path: Path) -> None:
    assert Path(os.environ["OPSPILOT_STATE_DIR"]) == tmp_path / "state"


SKIPPING_BROWSER_TEST = """
import pytest

@pytest.mark.e2e
def test_browser():
    pytest.skip("no browser")
"""


@pytest.mark.parametrize(("required", "status"), [("1", 1), ("", 0)])
def test_a_skipped_browser_test_fails_where_a_browser_is_required(
    required: str, status: int, tmp_path: Path
) -> None:
    (tmp_path / "test_planted.py").write_text(SKIPPING_BROWSER_TEST)
    options = ["-p", "tests.conftest", "-c", ROOT / "pyproject.toml", "-p", "no:cacheprovider"]
    environment = os.environ | {"CI": "", "OPSPILOT_REQUIRE_BROWSER": required}
    child = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == status, child.stdout


# --- what is published --------------------------------------------------------------------------


def test_no_tracked_file_names_a_package_registry_or_a_home_folder() -> None:
    hosts = [
        "pypi" + r"\.org",
        "python" + r"hosted\.org",
        r"registry\.npm" + "js",
        "index" + "-url",
    ]
    homes = ["/ho" + r"me/\w+/", "/Us" + r"ers/\w+/", re.escape(f"{ROOT}/")]
    pattern = re.compile("|".join([*hosts, *homes]).encode())
    assert {path for path in _tracked_files() if pattern.search(path.read_bytes())} == set()


def test_the_changelog_has_room_for_the_next_release() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


# --- colours ------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _theme(mode: str) -> dict[str, str]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][mode]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["textColor", "linkColor", "grayTextColor"])
def test_text_is_readable_on_both_grounds(mode: str, name: str) -> None:
    theme = _theme(mode)
    assert _contrast(theme[name], theme["backgroundColor"]) >= 5
    assert _contrast(theme[name], theme["secondaryBackgroundColor"]) >= 5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("hue", ["red", "orange", "yellow", "green", "violet", "blue", "gray"])
def test_a_colour_with_a_meaning_is_readable_on_its_grounds(mode: str, hue: str) -> None:
    theme = _theme(mode)
    grounds = ["backgroundColor", "secondaryBackgroundColor", f"{hue}BackgroundColor"]
    ratios = [_contrast(theme[f"{hue}TextColor"], theme[ground]) for ground in grounds]
    assert min(ratios) >= 5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_white_is_readable_on_a_primary_button(mode: str) -> None:
    assert _contrast("#FFFFFF", _theme(mode)["primaryColor"]) >= 4.5
