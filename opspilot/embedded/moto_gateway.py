"""moto behind the embedded account: the control planes that need no simulation.

moto is imported at the first call, since that takes longer than everything else together. What it
does not know, or fails at, becomes an error in AWS's shape instead of an HTML page.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from opspilot.embedded.dynamodb import DynamoDbGate, pick_values_by_name, replace_transactions
from opspilot.embedded.errors import AwsError
from opspilot.embedded.moto_http_api import sync_http_api
from opspilot.embedded.moto_seed import seed_moto, sync_api
from opspilot.embedded.overlay import Overlay
from opspilot.embedded.wire import failure, query_failure

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
        self._dynamodb = DynamoDbGate()
        self._overlay = Overlay(account)

    def answer(self, request: Request) -> Response:
        """Answer of moto to a request."""
        body = request.get_data()
        asked = request.headers.get("X-Amz-Target", "")
        try:
            self._account.api_faults.check(asked.rpartition(".")[2], "")
            instead = self._overlay.change(request, body)
        except AwsError as error:
            return failure(error)
        if instead:
            request.environ["HTTP_X_AMZ_TARGET"] = instead
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account.account_id
        try:
            response = self._dynamodb.answer(request, body, lambda: self._forward(request))
        except Exception as exc:  # noqa: BLE001 - moto raises anything for what it does not know
            return self._unsupported(request, repr(exc))
        if response.status_code >= 500 and response.mimetype == "text/html":
            return self._unsupported(request, "HTML")
        return self._overlay.corrected(asked, body, response)

    def _forward(self, request: Request) -> Response:
        app = self._loaded()
        with self._account.lock:
            if request.path.startswith("/restapis"):
                sync_api(self._account)
            elif request.path.startswith("/v2/apis/"):
                sync_http_api(self._account)
        return Response.from_app(app, request.environ, buffered=True)

    def _unsupported(self, request: Request, why: str) -> Response:
        target = request.headers.get("X-Amz-Target") or request.form.get("Action")
        name = target or f"{request.method} {request.path}"
        logger.error("moto cannot answer %s: %s", name, why)
        error = AwsError(
            "NotImplementedException", f"the embedded account does not support {name}", 501
        )
        is_query = "form" in request.headers.get("Content-Type", "")
        return query_failure(error) if is_query else failure(error)

    def _loaded(self) -> _WsgiApp:
        with self._lock:
            if self._app is None:
                replace_transactions()
                pick_values_by_name()
                seed_moto(self._account)
                self._app = _moto()
            return self._app


@cache
def _moto() -> _WsgiApp:
    """The application of moto: one for all accounts of this process, whose state it keeps apart."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    return DomainDispatcherApplication(create_backend_app)
