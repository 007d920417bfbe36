"""The Traces port on X-Ray's service graph.

Tracing is switched on function by function and samples, so the graph shows less than there is: what
it shows was called, and what it does not show may have been called as well. X-Ray gives six hours
at once.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.throttle import Calls
from opspilot.adapters.aws.traces_data import to_calls
from opspilot.domain.traces import ServiceGraph
from opspilot.domain.window import Window

LONGEST = timedelta(hours=6)


class TraceClient(Protocol):
    """What is used of the client of X-Ray, for which there are no stubs."""

    def get_service_graph(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...


class AwsTraces:
    """The Traces port."""

    def __init__(self, client: TraceClient, calls: Calls, place: Place) -> None:
        self._client = client
        self._calls = calls
        self._place = place

    def service_graph(self, window: Window) -> ServiceGraph:
        """Who called whom; see the port."""
        budget = self._calls.budget()
        asked = window if window.length <= LONGEST else _newest(window)
        pages = self._calls.pages(
            operations.GET_SERVICE_GRAPH,
            budget,
            lambda token: self._client.get_service_graph(**_to_request(asked, token)),
            "NextToken",
        )
        calls, outside = to_calls(_services(pages), self._place)
        cut = f"X-Ray gives six hours at once: nothing before {asked.start:%H:%M} UTC was read"
        return ServiceGraph(
            window=asked,
            calls=calls,
            outside=outside,
            gaps=() if asked == window else (cut,),
            request_ids=tuple(budget.request_ids),
        )


def _newest(window: Window) -> Window:
    return Window(start=window.end - LONGEST, end=window.end)


def _to_request(window: Window, token: str) -> dict[str, Any]:
    request: dict[str, Any] = {"StartTime": window.start, "EndTime": window.end}
    return {**request, "NextToken": token} if token else request


def _services(pages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [service for page in pages for service in page.get("Services") or ()]
