"""moto behind the embedded account: the control planes that need no simulation.

moto is imported at the first call, since that takes longer than everything else together. Its answers
pass through, except its HTML pages for what it does not know: those become errors in AWS's shape.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from opspilot.embedded.errors import AwsError
from opspilot.embedded.moto_seed import seed_moto
from opspilot.embedded.wire import failure

if TYPE_CHECKING:
    from opspilot.embedded.account import Account

logger = logging.getLogger(__name__)

_WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MotoGateway:
    """Forwards requests to moto."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._app: _WsgiApp | None = None

    def answer(self, request: Request) -> Response:
        """Moto's answer to a request."""
        app = self._loaded()
        request.environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account.account_id
        response = Response.from_app(app, request.environ, buffered=True)
        if response.status_code >= 500 and response.mimetype == "text/html":
            logger.error("moto cannot answer %s %s", request.method, request.path)
            target = request.headers.get("X-Amz-Target") or f"{request.method} {request.path}"
            text = f"the embedded account does not support this call: {target}"
            return failure(AwsError("NotImplementedException", text, 501))
        return response

    def _loaded(self) -> _WsgiApp:
        with self._lock:
            if self._app is None:
                from moto.server import DomainDispatcherApplication, create_backend_app

                self._app = DomainDispatcherApplication(create_backend_app)
                seed_moto(self._account)
            return self._app
