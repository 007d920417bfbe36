"""Starting other processes at a store, and ending them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Child = subprocess.Popen[str]


@pytest.fixture
def start_child(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    """Starts a child that has imported all it needs and waits for one line to begin."""
    children: list[Child] = []

    def start(work: str) -> Child:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.sqlite.child", work, str(tmp_path)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def begin(*children: Child) -> None:
    """Let them all begin at once."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()


def lines(child: Child) -> list[str]:
    """What a child says until it ends well."""
    output, _ = child.communicate()
    assert child.returncode == 0
    return output.split()
