"""Clients that are built when they are first used.

Building one costs tens of milliseconds of CPU, and few commands need all of them.
"""

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, cast

import boto3


class LateClient:
    """Stands for a client that does not exist yet; every attribute is the client's."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._lock = Lock()
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and inspects an object asks for is not AWS's
            raise AttributeError(name)
        with self._lock:
            if self._client is None:
                self._client = self._build()
        return getattr(self._client, name)


class LateClients:
    """The clients of one session, which builds one at a time: it is not thread-safe."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._lock = Lock()

    def client(self, service: str, **options: Any) -> Any:
        """The client of a service, not built yet; the arguments are those of `Session.client`."""
        return LateClient(partial(self._built, service, options))

    def _built(self, service: str, options: dict[str, Any]) -> Any:
        with self._lock:
            # The stubs know a client by its literal name; this one is given as text.
            build = cast("Callable[..., Any]", self._session.client)
            return build(service, **options)
