"""The command line in this process: the real entry, its output and its exit status."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from opspilot.entrypoints.cli import main


@dataclass(frozen=True)
class Answer:
    """What a verb answered.

    Attributes:
        status: The exit status.
        out: Standard output.
        err: Standard error.
    """

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> tuple[str, str]:
        """Code, and message with hint, of a failed verb."""
        assert self.status != 0
        assert set(self.document) == {"error"}
        error = self.document["error"]
        assert set(error) == {"code", "message", "hint"}
        return error["code"], f"{error['message']} {error['hint']}"


Opspilot = Callable[..., Answer]


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Opspilot:
    """Runs one verb; with `--json` unless told otherwise."""

    def run(*words: str, as_json: bool = True) -> Answer:
        monkeypatch.setattr(sys, "argv", ["opspilot", *words, *(["--json"] if as_json else [])])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run
