"""Processes of the product that end themselves, by SIGKILL, at a named place.

They are forked from a server that has imported the product already, so that a start costs little.
The product has no switch for this: the child wraps its own classes before it runs the real entry.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_PRELOADED = ["opspilot.entrypoints.cli", "opspilot.embedded.__main__", "tests.kill.processes"]
_SHORT_LEASE = timedelta(seconds=1)
_SHORT_BEAT = 0.2
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_PRELOADED)


def start_worker(environment: dict[str, str], place: str = "") -> BaseProcess:
    """`opspilot worker`; with a place it kills itself there."""
    return _started(_worker, environment, place)


def start_embedded(
    folder: Path, port: int, environment: dict[str, str], place: str = ""
) -> BaseProcess:
    """`python -m opspilot.embedded` at 30 times the wall's speed; with a place as above."""
    return _started(_embedded, environment, place, str(folder), port)


def died(process: BaseProcess, seconds: float = 30) -> bool:
    """Wait for a process to end; whether SIGKILL ended it."""
    process.join(seconds)
    return process.exitcode == -signal.SIGKILL


def end(process: BaseProcess) -> None:
    """End a process that this test started."""
    if process.is_alive():
        process.terminate()
        process.join(10)
    if process.is_alive():
        process.kill()
        process.join(10)


def _started(target: Callable[..., None], *args: object) -> BaseProcess:
    process = _context.Process(target=target, args=args, daemon=True)
    process.start()
    return process


# --- in the child ---------------------------------------------------------------------------------


def _worker(environment: dict[str, str], place: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    from opspilot.engine import runner
    from opspilot.entrypoints import cli

    runner.LEASE, runner._BEAT_SECONDS = _SHORT_LEASE, _SHORT_BEAT  # a restart waits for the lease
    if place:
        _arm(place)
    sys.argv = ["opspilot", "worker"]
    cli.main()


def _embedded(environment: dict[str, str], place: str, folder: str, port: int) -> None:
    os.environ.clear()
    os.environ.update(environment)
    from opspilot.embedded.__main__ import main

    if place:
        _arm(place)
    options = ["--state-dir", folder, "--port", str(port), "--speed", "30"]
    sys.exit(main([*options, "--fault", "slow-dependency", "--fault-age", "10m"]))


def _arm(place: str) -> None:
    """A place is WHAT:NAME:WHEN; WHEN is before or after, with the count in front: "5.after"."""
    what, name, when = place.split(":")
    count, _, side = when.rpartition(".")
    fuse = _Fuse(int(count or 1), side)
    if what == "commit":
        _wrap_commits(name, fuse)
    elif what == "journal":
        _wrap_journal(name, fuse)
    elif what == "request":
        _wrap_requests(name, fuse)
    else:
        _wrap_call(name, fuse)


class _Fuse:
    def __init__(self, count: int, side: str) -> None:
        self._left = count
        self._side = side

    def run(self, inside: Callable[[], Any]) -> Any:
        """Do it, and end the process before or after it when the count is reached."""
        self._left -= 1
        if self._left == 0 and self._side == "before":
            _end_this_process()
        result = inside()
        if self._left == 0 and self._side == "after":
            _end_this_process()
        return result


def _end_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap_commits(action_type: str, fuse: _Fuse) -> None:
    from opspilot.adapters.sqlite import SqliteStore

    real = SqliteStore.commit

    def commit(self: SqliteStore, changes: Any) -> Any:
        if any(draft.action_type == action_type for draft in changes.audit):
            return fuse.run(lambda: real(self, changes))
        return real(self, changes)

    SqliteStore.commit = commit


def _wrap_journal(change: str, fuse: _Fuse) -> None:
    from opspilot.embedded.journal import Journal

    real = Journal.append

    def append(self: Journal, record: Any) -> None:
        if record.get("change") == change:
            fuse.run(lambda: real(self, record))
        else:
            real(self, record)

    Journal.append = append


def _wrap_requests(operation: str, fuse: _Fuse) -> None:
    from opspilot.embedded.api_faults import ApiFaults

    real = ApiFaults.check

    def check(self: ApiFaults, action: str, caller_arn: str) -> None:
        if action.endswith(f":{operation}"):
            fuse.run(lambda: None)
        real(self, action, caller_arn)

    ApiFaults.check = check


def _wrap_call(name: str, fuse: _Fuse) -> None:
    from opspilot.adapters.aws.actuator import AwsActuator
    from opspilot.adapters.aws.logs import AwsLogs
    from opspilot.adapters.aws.metrics import AwsMetrics
    from opspilot.adapters.signing.checkpoints import FileCheckpoints

    kinds: dict[str, type] = {
        "apply": AwsActuator,
        "settling": AwsActuator,
        "search": AwsLogs,
        "fetch": AwsMetrics,
        "sign": FileCheckpoints,
    }
    real = getattr(kinds[name], name)

    def call(*args: Any, **kwargs: Any) -> Any:
        return fuse.run(lambda: real(*args, **kwargs))

    setattr(kinds[name], name, call)
