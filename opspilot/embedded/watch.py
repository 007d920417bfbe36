"""The thread that evaluates alarms while the account runs, and remembers how far it has come.

The memory is a cache: what it holds follows from the journal and would be computed again without
it.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from opspilot.embedded.account import Account

logger = logging.getLogger(__name__)

_EVERY_S = 1.0
_SAVE_EVERY = 10


class AlarmWatch:
    """Evaluates alarms every second of wall time; `close` writes the memory a last time."""

    def __init__(self, account: Account, path: Path) -> None:
        self._account = account
        self._path = path
        self._restore()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and save."""
        self._closed.set()
        self._thread.join(timeout=30)
        self._save()

    def _run(self) -> None:
        rounds = 0
        while not self._closed.wait(_EVERY_S):
            self._evaluate()
            rounds += 1
            if rounds % _SAVE_EVERY == 0:
                self._save()

    def _evaluate(self) -> None:
        try:
            with self._account.lock:
                self._account.alarms.states(self._account.now())
        except Exception as exc:  # noqa: BLE001 - one bad alarm must not end the evaluation of all
            logger.error("alarms could not be evaluated: %r", exc)

    def _save(self) -> None:
        with self._account.lock:
            content = {"epoch": self._account.world.origin.epoch}
            content["alarms"] = cast("Any", self._account.alarms.snapshot())
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(self._path)

    def _restore(self) -> None:
        if not self._path.exists():
            return
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if content["epoch"] == self._account.world.origin.epoch:
                self._account.alarms.restore(content["alarms"])
        except (ValueError, KeyError, TypeError) as exc:
            logger.warning("the alarm memory %s is evaluated anew: %r", self._path, exc)
