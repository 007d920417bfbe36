"""A guard that lets sockets reach this machine only.

`install()` is called by conftest for the test process and, through `sitecustomize` beside this
file, by every Python process that a test starts.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

LOCAL_NAMES = frozenset({"", "localhost", "0.0.0.0", "::"})  # noqa: S104 - binding, not connecting


class OutsideConnectionBlocked(OSError):
    """A test tried to leave the machine."""


def _is_local(host: object) -> bool:
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(host: object) -> None:
    raise OutsideConnectionBlocked(
        f"tests stay on this machine, but something wanted to reach {host!r}"
    )


def _guard_address(method: Callable[..., Any], position: int) -> Callable[..., Any]:
    def guarded(self: socket.socket, *args: Any) -> Any:
        address = args[position]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            _refuse(address[0])
        return method(self, *args)

    return guarded


def _guard_name(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: object, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            _refuse(host)
        return function(host, *args, **kwargs)

    return guarded


def install() -> None:
    """Refuse every connection, datagram and name look-up that leaves the machine."""
    for name, position in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        setattr(socket.socket, name, _guard_address(getattr(socket.socket, name), position))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _guard_name(getattr(socket, name)))
