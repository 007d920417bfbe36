"""The other side of the control routes: handshake, faults, address. Standard library only."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, urlsplit

from opspilot.embedded.address import Address, read_address
from opspilot.embedded.errors import EmbeddedError, FaultRefused
from opspilot.errors import EmbeddedAccountStopped

__all__ = [
    "Address",
    "FaultInfo",
    "World",
    "handshake",
    "inject_fault",
    "list_faults",
    "read_address",
    "reset_faults",
    "set_speed",
]

_PREFIX = "/_opspilot"


@dataclass(frozen=True, slots=True)
class World:
    """What the handshake says.

    Attributes:
        speed: Account seconds in one wall second; 0 when the clock is moved by hand.
    """

    version: str
    account_id: str
    region: str
    seed: int
    account_now: datetime
    wall_now: datetime
    speed: float
    workload: str

    def account_time(self, wall: datetime) -> datetime:
        """Account time at a wall time, as of this handshake."""
        return self.account_now + timedelta(
            seconds=(wall - self.wall_now).total_seconds() * self.speed
        )


@dataclass(frozen=True, slots=True)
class FaultInfo:
    """A fault that can be injected; `injected_at` is account time.

    Attributes:
        hints: One after the other; the last one tells the cause.
    """

    name: str
    title: str
    description: str
    active: bool
    injected_at: datetime | None
    hints: tuple[str, ...] = ()


def handshake(url: str, timeout: float = 1.0) -> World | None:
    """The world behind an endpoint; None when it is not an embedded account.

    Raises:
        EmbeddedAccountStopped: nothing listens there, or it does not answer in time.
    """
    if urlsplit(url).scheme != "http":
        return None
    status, body = _request("GET", url, "/world", timeout=timeout)
    if status != 200 or body.get("embedded") is not True:
        return None
    return World(
        str(body["version"]),
        str(body["account_id"]),
        str(body["region"]),
        int(body["seed"]),
        datetime.fromisoformat(body["account_now"]),
        datetime.fromisoformat(body["wall_now"]),
        float(body["speed"]),
        str(body["workload"]),
    )


def list_faults(url: str) -> list[FaultInfo]:
    """The faults of the embedded account, with what is active."""
    body = _checked("GET", url, "/faults")
    return [
        FaultInfo(
            str(entry["name"]),
            str(entry["title"]),
            str(entry["description"]),
            bool(entry["active"]),
            datetime.fromisoformat(entry["injected_at"]) if entry["injected_at"] else None,
            tuple(str(hint) for hint in entry["hints"]),
        )
        for entry in body["faults"]
    ]


def inject_fault(url: str, name: str) -> datetime:
    """Inject a fault; returns the account time at which it began.

    Raises:
        FaultRefused: unknown, or active already.
    """
    body = _checked("POST", url, f"/faults/{quote(name, safe='')}")
    return datetime.fromisoformat(body["injected_at"])


def reset_faults(url: str) -> list[str]:
    """Restore the seeded configuration; returns the names of the faults that were active."""
    return [str(name) for name in _checked("DELETE", url, "/faults")["reset"]]


def set_speed(url: str, speed: float) -> float:
    """Let account time run at another speed (1 to 30)."""
    return float(_checked("POST", url, "/clock", {"speed": speed})["speed"])


def _checked(method: str, url: str, path: str, body: object = None) -> dict[str, Any]:
    status, answer = _request(method, url, path, body)
    if status == 200 and answer:
        return answer
    error = cast("dict[str, Any]", answer.get("error") or {})
    text = str(error.get("message") or f"{url} answered {status}: not an embedded account?")
    raise FaultRefused(text) if error.get("code") == "fault_refused" else EmbeddedError(text)


def _request(
    method: str, url: str, path: str, body: object = None, timeout: float = 5.0
) -> tuple[int, dict[str, Any]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=timeout
    )
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, _PREFIX + path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, _parsed(response.read())
    except (OSError, http.client.HTTPException) as exc:
        raise EmbeddedAccountStopped(
            f"nothing answers at {url}: {exc}",
            hint="start the workbench with `opspilot demo`, or the account on its own with "
            "`python -m opspilot.embedded --state-dir DIR`",
        ) from exc
    finally:
        connection.close()


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        value: object = json.loads(content)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
