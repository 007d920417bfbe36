"""Control routes of the embedded account, for screens, command line and tests: JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from werkzeug.wrappers import Request, Response

from opspilot.embedded.account import Account
from opspilot.embedded.clock import ScaledClock, utc, wall_now
from opspilot.embedded.errors import EmbeddedError, FaultRefused

PREFIX = "/_opspilot/"
VERSION = "1"

_Result = tuple[int, Mapping[str, Any]]


class Control:
    """Answers requests below `PREFIX`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def answer(self, request: Request) -> Response:
        """The response to a control request."""
        with self._account.lock:
            status, body = self._route(request)
        return Response(json.dumps(body), status, {"Content-Type": "application/json"})

    def _route(self, request: Request) -> _Result:
        path = request.path.removeprefix(PREFIX)
        routes: dict[tuple[str, str], Callable[[Request], _Result]] = {
            ("GET", "world"): lambda _: (200, self.world()),
            ("GET", "faults"): lambda _: (200, {"faults": self._faults()}),
            ("DELETE", "faults"): lambda _: self._reset(),
            ("POST", "clock"): self._clock,
            ("POST", "api-faults"): self._api_fault,
        }
        handler = routes.get((request.method, path))
        try:
            if handler is not None:
                return handler(request)
            if request.method == "POST" and path.startswith("faults/"):
                return self._inject(path.removeprefix("faults/"))
        except FaultRefused as refused:
            return 409, _problem("fault_refused", str(refused))
        except (EmbeddedError, ValueError, KeyError, TypeError) as exc:
            return 400, _problem("bad_request", str(exc))
        return 404, _problem("not_found", f"no route {request.method} {request.path}")

    def world(self) -> Mapping[str, Any]:
        """The handshake."""
        account = self._account
        return {
            "embedded": True,
            "version": VERSION,
            "account_id": account.account_id,
            "region": account.region,
            "seed": account.world.origin.seed,
            "account_now": account.account_now().isoformat(),
            "wall_now": wall_now().isoformat(),
            "speed": account.clock.speed,
            "workload": account.world.fleet.name,
        }

    def _faults(self) -> list[dict[str, Any]]:
        world = self._account.world
        return [
            {
                "name": fault.name,
                "title": fault.title,
                "description": fault.description,
                "hints": list(fault.hints),
                "active": fault.name in world.active_faults,
                "injected_at": (
                    utc(world.active_faults[fault.name]).isoformat()
                    if fault.name in world.active_faults
                    else None
                ),
            }
            for fault in world.faults.values()
        ]

    def _inject(self, name: str) -> _Result:
        at = self._account.world.inject(name, self._account.now())
        return 200, {"name": name, "injected_at": utc(at).isoformat()}

    def _reset(self) -> _Result:
        return 200, {"reset": self._account.world.reset(self._account.now())}

    def _clock(self, request: Request) -> _Result:
        clock = self._account.clock
        if not isinstance(clock, ScaledClock):
            return 409, _problem("manual_clock", "this account's clock is moved by hand")
        clock.set_speed(float(_body(request)["speed"]))
        return 200, self.world()

    def _api_fault(self, request: Request) -> _Result:
        """Body: operation (such as "GetMetricData"), code, times, message."""
        body = _body(request)
        operation = str(body["operation"])
        self._account.api_faults.arm(
            operation, str(body["code"]), int(body.get("times", 1)), str(body.get("message", ""))
        )
        return 200, {"armed": operation}


def _body(request: Request) -> dict[str, Any]:
    parsed = json.loads(request.get_data() or b"{}")
    if not isinstance(parsed, dict):
        raise ValueError("the body must be a JSON object")
    return cast("dict[str, Any]", parsed)


def _problem(code: str, message: str) -> Mapping[str, Any]:
    return {"error": {"code": code, "message": message}}
