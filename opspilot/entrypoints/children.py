"""Child processes of the entry command: started, watched, restarted, and never left behind."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from opspilot.errors import OpsPilotError

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_MOST_RESTARTS = 5
_WITHIN = timedelta(minutes=1)


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process.

    Attributes:
        log: File that takes its standard output and error.
        now: Wall clock.
        folder: Working directory; None keeps ours.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    now: Callable[[], datetime]
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    restarts: deque[datetime] = field(default_factory=deque[datetime])

    def start(self) -> None:
        """Start the process."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command line
                list(self.command),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def revive(self) -> bool:
        """Start it again if it has died; True when it was.

        Raises:
            OpsPilotError: It keeps dying.
        """
        if self.alive():
            return False
        now = self.now()
        while self.restarts and now - self.restarts[0] > _WITHIN:
            self.restarts.popleft()
        if len(self.restarts) >= _MOST_RESTARTS:
            raise OpsPilotError(
                f"the {self.name} process keeps ending: {self.last_words()}",
                hint=f"Its log is {self.log}.",
            )
        self.restarts.append(now)
        code = self.process.returncode if self.process else None
        logger.warning("child=<%s> | ended with %s, starting it again", self.name, code)
        self.start()
        return True

    def last_words(self) -> str:
        """The last line of its log."""
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def stop(self, patience: float = 5.0) -> None:
        """End it: politely, then not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
