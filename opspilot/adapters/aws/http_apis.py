"""API Gateway's HTTP APIs (version 2 of its API): their names and what is behind them.

WebSocket APIs come in the same listing and are left out: nothing is read of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.apis import function_arn
from opspilot.adapters.aws.throttle import Budget, Calls

# The API takes a number of items as a text.
_PAGE = "500"
# Integrations with other services name the resource in a parameter.
_TARGETS = ("QueueUrl", "StreamName")


class HttpClient(Protocol):
    """What is used of the client of API Gateway's version 2, for which there are no stubs."""

    def get_apis(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...

    def get_integrations(self, **request: Any) -> dict[str, Any]:
        """As in AWS's API."""
        ...


class HttpApis:
    """Reads HTTP APIs."""

    def __init__(self, client: HttpClient, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def names(self, budget: Budget) -> dict[str, str]:
        """Names of all HTTP APIs by id."""
        pages = self._calls.pages(
            operations.GET_APIS,
            budget,
            lambda token: self._client.get_apis(**_paged({}, token)),
            "NextToken",
        )
        return _to_names(pages)

    def targets(self, api_id: str, budget: Budget) -> list[str]:
        """What an API's integrations lead to, sorted.

        ARNs of functions with alias if any, URLs of queues, names of streams. One that no route
        leads to any more counts as well.
        """
        pages = self._calls.pages(
            operations.GET_INTEGRATIONS,
            budget,
            lambda token: self._client.get_integrations(**_paged({"ApiId": api_id}, token)),
            "NextToken",
            resource=api_id,
        )
        return sorted({target for page in pages for target in _to_targets(page)})


def _paged(request: dict[str, str], token: str) -> dict[str, str]:
    return {**request, "MaxResults": _PAGE, **({"NextToken": token} if token else {})}


def _to_names(pages: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(item["ApiId"]): str(item.get("Name") or item["ApiId"])
        for page in pages
        for item in page.get("Items") or ()
        if item.get("ProtocolType") == "HTTP"
    }


def _to_targets(page: Mapping[str, Any]) -> Iterator[str]:
    for item in page.get("Items") or ():
        if arn := function_arn(str(item.get("IntegrationUri") or "")):
            yield arn
        parameters: Mapping[str, Any] = item.get("RequestParameters") or {}
        yield from (str(parameters[name]) for name in _TARGETS if parameters.get(name))
