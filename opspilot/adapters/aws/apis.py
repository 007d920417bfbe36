"""API Gateway's REST APIs: their names and the functions behind them."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.throttle import Budget, Calls

if TYPE_CHECKING:
    from types_boto3_apigateway.client import APIGatewayClient

_PAGE = 500
# A Lambda integration: .../functions/arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS/invocations
_INTEGRATION = re.compile(r"/functions/(arn:[^/]+)/invocations")
_FUNCTION = re.compile(r"arn:[^:]+:lambda:[^/]+")


class RestApis:
    """Reads REST APIs."""

    def __init__(self, client: "APIGatewayClient", calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def names(self, budget: Budget) -> dict[str, str]:
        """Names of all REST APIs by id."""
        pages = self._calls.pages(
            operations.GET_REST_APIS,
            budget,
            lambda token: (
                self._client.get_rest_apis(limit=_PAGE, position=token)
                if token
                else self._client.get_rest_apis(limit=_PAGE)
            ),
            "position",
        )
        return _to_names(pages)

    def function_arns(self, api_id: str, budget: Budget) -> list[str]:
        """ARNs, with alias if any, of the functions that an API's methods invoke, sorted."""
        pages = self._calls.pages(
            operations.GET_RESOURCES,
            budget,
            lambda token: (
                self._client.get_resources(
                    restApiId=api_id, limit=_PAGE, embed=["methods"], position=token
                )
                if token
                else self._client.get_resources(restApiId=api_id, limit=_PAGE, embed=["methods"])
            ),
            "position",
            resource=api_id,
        )
        return _to_function_arns(pages)


def _to_names(pages: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(item["id"]): str(item["name"]) for page in pages for item in page.get("items") or ()
    }


def _to_function_arns(pages: Iterable[Mapping[str, Any]]) -> list[str]:
    uris: set[str] = set()
    for item in (item for page in pages for item in page.get("items") or ()):
        methods: dict[str, Any] = item.get("resourceMethods") or {}
        for method in methods.values():
            integration: dict[str, Any] = method.get("methodIntegration") or {}
            uris.add(str(integration.get("uri") or ""))
    return sorted(set(filter(None, map(function_arn, uris))))


def function_arn(uri: str) -> str:
    """ARN of the function that an integration's URI names, with alias if any; empty for none.

    HTTP APIs take the bare ARN as well as the form that REST APIs have.
    """
    match = _INTEGRATION.search(uri)
    if match is not None:
        return match.group(1)
    return uri if _FUNCTION.fullmatch(uri) else ""
