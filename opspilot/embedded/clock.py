"""Account time: the only module of the embedded account that reads the wall clock.

Account time runs `speed` times as fast as the wall and stands still while the server is down. It
must never run backwards for an observer, kill -9 included. So the file holds a high-water mark
that lies ahead of every time ever handed out: readings never pass the mark, a thread moves it on
every few seconds, and a start after a kill resumes from it (account time then jumps ahead by a few
wall seconds).
"""

import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from opspilot.embedded.errors import EmbeddedError

MIN_SPEED, MAX_SPEED, DEFAULT_SPEED = 1.0, 30.0, 10.0
_RESERVE_WALL_S = 6.0
_RENEW_WALL_S = 2.0


class AccountClock(Protocol):
    """Where account time comes from, in epoch seconds."""

    @property
    def speed(self) -> float:
        """Account seconds in one wall second; 0 for a clock that is moved by hand."""
        ...

    def now(self) -> float:
        """Account time, never smaller than any earlier answer."""
        ...

    def close(self) -> None:
        """Stop; account time stands still until somebody opens it again."""
        ...


class ManualClock:
    """A clock for tests and benchmarks: stands still until it is advanced."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = (start or datetime(2026, 3, 4, 12, 0, 20, tzinfo=UTC)).timestamp()

    @property
    def speed(self) -> float:
        """Always 0: no wall second moves it."""
        return 0.0

    def now(self) -> float:
        """The time it was last set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` account seconds; it cannot be moved back."""
        if seconds < 0:
            raise EmbeddedError("account time cannot run backwards")
        self._now += seconds

    def close(self) -> None:
        """Nothing to stop."""


@dataclass(slots=True)
class _Anchor:
    wall: float
    account: float
    speed: float

    def at(self, wall: float) -> float:
        return self.account + max(0.0, wall - self.wall) * self.speed


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


class ScaledClock:
    """The clock of a running account; see the module's first lines for its durability."""

    def __init__(self, path: Path, speed: float | None = None) -> None:
        """Resume from `path`, or begin at wall time; `speed` None keeps the stored one."""
        self._path = path
        self._lock = threading.Lock()
        stored = self._stored()
        start = stored[0] if stored else time.time()
        chosen = speed if speed is not None else stored[1] if stored else DEFAULT_SPEED
        self._anchor = _Anchor(time.monotonic(), start, _checked(chosen))
        self._mark = start
        self._closed = threading.Event()
        with self._lock:
            self._reserve(start)
        self._thread = threading.Thread(target=self._renew, name="account-clock", daemon=True)
        self._thread.start()

    @property
    def speed(self) -> float:
        """Account seconds in one wall second."""
        return self._anchor.speed

    def now(self) -> float:
        """Account time; moves the mark itself when the thread was held up."""
        with self._lock:
            now = self._anchor.at(time.monotonic())
            if now > self._mark:
                self._reserve(now)
            return now

    def set_speed(self, speed: float) -> None:
        """Run at another speed from this moment; raises EmbeddedError outside 1 to 30."""
        checked = _checked(speed)
        with self._lock:
            wall = time.monotonic()
            self._anchor = _Anchor(wall, self._anchor.at(wall), checked)
            self._reserve(self._anchor.account)

    def close(self) -> None:
        """Stop the thread and write the exact time down."""
        self._closed.set()
        self._thread.join(timeout=5)
        with self._lock:
            self._write(self._anchor.at(time.monotonic()))

    def _renew(self) -> None:
        while not self._closed.wait(_RENEW_WALL_S):
            with self._lock:
                self._reserve(self._anchor.at(time.monotonic()))

    def _reserve(self, now: float) -> None:
        self._mark = now + _RESERVE_WALL_S * self._anchor.speed
        self._write(self._mark)

    def _write(self, account: float) -> None:
        _write_durably(
            self._path, json.dumps({"account_time": account, "speed": self._anchor.speed})
        )

    def _stored(self) -> tuple[float, float] | None:
        if not self._path.exists():
            return None
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return float(content["account_time"]), float(content["speed"])
        except (ValueError, KeyError, TypeError) as exc:
            raise EmbeddedError(f"the clock file {self._path} is damaged: {exc}") from exc


def _checked(speed: float) -> float:
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise EmbeddedError(
            f"speed must lie between {MIN_SPEED:g} and {MAX_SPEED:g}, not {speed:g}"
        )
    return float(speed)


def wall_now() -> datetime:
    """Wall time, for the handshake."""
    return datetime.now(UTC)


def utc(epoch_s: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch_s, UTC)
