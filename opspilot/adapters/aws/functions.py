"""Lambda's read API, page by page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.asynchronous import of_latest, to_asynchronous
from opspilot.adapters.aws.event_sources import SourceMapping, to_mappings
from opspilot.adapters.aws.functions_data import (
    VERSIONS_KEPT,
    Listed,
    items_of,
    to_aliases,
    to_configuration,
    to_limits,
    to_listed,
    to_possible_name,
    to_reserved,
    to_update_failure,
    to_versions,
)
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.asynchronous import AsyncSettings
from opspilot.domain.resource import Resource, lambda_function
from opspilot.domain.workload import (
    AccountLimits,
    FunctionAlias,
    FunctionConfiguration,
    FunctionVersion,
)
from opspilot.errors import AwsDenied, AwsError, AwsNotFound

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_lambda.type_defs import ListEventSourceMappingsRequestTypeDef

T = TypeVar("T")

_FAR, _MOST_LOOKED_UP = 2, 16


class Functions:
    """Reads functions, their versions, aliases, policies and event sources."""

    def __init__(self, client: "LambdaClient", calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def describe(self, resource: Resource, budget: Budget) -> FunctionConfiguration:
        """A function with its versions, aliases, reserved concurrency and asynchronous settings.

        What could not be read of the latter four is said in `gaps`.

        Raises:
            AwsNotFound: There is no such function.
            AwsError: Its configuration could not be read.
        """
        base = self.configuration(resource, budget)
        gaps: list[str] = []
        versions = _or_gap(lambda: self.versions(resource, budget), (), gaps, "versions")
        aliases = _or_gap(lambda: self.aliases(resource, budget), (), gaps, "aliases")
        reserved = _or_gap(
            lambda: self._reserved_concurrency(resource, budget), None, gaps, "concurrency"
        )
        asynchronous = _or_gap(
            lambda: self._asynchronous(resource, budget), (), gaps, "asynchronous settings"
        )
        return base.model_copy(
            update={
                "async_max_retries": of_latest(asynchronous).max_retries,
                "async_max_age_seconds": of_latest(asynchronous).max_age_seconds,
                "asynchronous": asynchronous,
                "versions": versions[:VERSIONS_KEPT],
                "aliases": aliases,
                "reserved_concurrency": reserved,
                "gaps": tuple(gaps),
                "request_ids": tuple(budget.request_ids),
            }
        )

    def configuration(self, resource: Resource, budget: Budget) -> FunctionConfiguration:
        """The configuration of $LATEST alone."""
        answer = self._calls.send(
            operations.GET_FUNCTION_CONFIGURATION,
            budget,
            lambda: self._client.get_function_configuration(FunctionName=resource.name),
            resource=resource.arn,
        )
        return to_configuration(resource, answer)

    def update_failure(self, resource: Resource, budget: Budget) -> str:
        """Why AWS gave the last update up, "CODE: reason"."""
        answer = self._calls.send(
            operations.GET_FUNCTION_CONFIGURATION,
            budget,
            lambda: self._client.get_function_configuration(FunctionName=resource.name),
            resource=resource.arn,
        )
        return to_update_failure(answer)

    def versions(self, resource: Resource, budget: Budget) -> tuple[FunctionVersion, ...]:
        """Every published version, newest first."""
        name = resource.name
        pages = self._calls.pages(
            operations.LIST_VERSIONS,
            budget,
            lambda token: (
                self._client.list_versions_by_function(FunctionName=name, Marker=token)
                if token
                else self._client.list_versions_by_function(FunctionName=name)
            ),
            "NextMarker",
            resource=resource.arn,
        )
        return to_versions(items_of(pages, "Versions"))

    def aliases(self, resource: Resource, budget: Budget) -> tuple[FunctionAlias, ...]:
        """Every alias, by name."""
        name = resource.name
        pages = self._calls.pages(
            operations.LIST_ALIASES,
            budget,
            lambda token: (
                self._client.list_aliases(FunctionName=name, Marker=token)
                if token
                else self._client.list_aliases(FunctionName=name)
            ),
            "NextMarker",
            resource=resource.arn,
        )
        return to_aliases(items_of(pages, "Aliases"))

    def all(self, budget: Budget) -> dict[str, Listed]:
        """Every function of the account, by name."""
        pages = self._calls.pages(
            operations.LIST_FUNCTIONS,
            budget,
            lambda token: (
                self._client.list_functions(Marker=token)
                if token
                else self._client.list_functions()
            ),
            "NextMarker",
        )
        return to_listed(items_of(pages, "Functions"))

    def reached_from(self, function: Resource, budget: Budget) -> dict[str, Listed]:
        """A function, and those that its environment may name, and theirs, looked up one by one.

        Raises:
            AwsError: The function itself could not be read.
        """
        found = {function.name: self._listed(function, budget)}
        tried = {function.name}
        for _ in range(_FAR):
            named = [
                one
                for listed in list(found.values())
                for value in listed.environment.values()
                if (one := to_possible_name(value)) and one not in tried
            ]
            for one in list(dict.fromkeys(named))[: _MOST_LOOKED_UP - len(tried)]:
                tried.add(one)
                try:
                    named_so = lambda_function(function.account, function.region, one)
                    found[one] = self._listed(named_so, budget)
                except (AwsNotFound, AwsDenied):
                    continue
        return found

    def _listed(self, function: Resource, budget: Budget) -> Listed:
        known = self.configuration(function, budget)
        return Listed(known.environment, known.role, known.dead_letter)

    def mappings(
        self, budget: Budget, *, function: str = "", source_arn: str = ""
    ) -> tuple[SourceMapping, ...]:
        """Event source mappings: of a function, of a source, or all of the account."""
        about: ListEventSourceMappingsRequestTypeDef = {}
        if function:
            about["FunctionName"] = function
        if source_arn:
            about["EventSourceArn"] = source_arn
        pages = self._calls.pages(
            operations.LIST_EVENT_SOURCE_MAPPINGS,
            budget,
            lambda token: self._client.list_event_source_mappings(**_from_marker(about, token)),
            "NextMarker",
            resource=function or source_arn,
        )
        return to_mappings(items_of(pages, "EventSourceMappings"))

    def limits(self, account: Resource, budget: Budget) -> AccountLimits:
        """What the functions of the account share."""
        answer = self._calls.send(
            operations.GET_ACCOUNT_SETTINGS,
            budget,
            lambda: self._client.get_account_settings(),
            resource=account.arn,
        )
        return to_limits(account, answer)

    def policy(self, resource: Resource, qualifier: str, budget: Budget) -> str:
        """The resource policy (JSON) of a function or of one alias; empty when there is none."""
        try:
            answer = self._calls.send(
                operations.GET_POLICY,
                budget,
                lambda: (
                    self._client.get_policy(FunctionName=resource.name, Qualifier=qualifier)
                    if qualifier
                    else self._client.get_policy(FunctionName=resource.name)
                ),
                resource=resource.arn,
            )
        except AwsNotFound:
            return ""
        return str(answer.get("Policy") or "")

    def _asynchronous(self, resource: Resource, budget: Budget) -> tuple[AsyncSettings, ...]:
        """Of $LATEST and of every alias and version that has settings of its own."""
        name = resource.name
        pages = self._calls.pages(
            operations.LIST_EVENT_INVOKE_CONFIGS,
            budget,
            lambda token: (
                self._client.list_function_event_invoke_configs(FunctionName=name, Marker=token)
                if token
                else self._client.list_function_event_invoke_configs(FunctionName=name)
            ),
            "NextMarker",
            resource=resource.arn,
        )
        return to_asynchronous(items_of(pages, "FunctionEventInvokeConfigs"))

    def _reserved_concurrency(self, resource: Resource, budget: Budget) -> int | None:
        answer = self._calls.send(
            operations.GET_FUNCTION_CONCURRENCY,
            budget,
            lambda: self._client.get_function_concurrency(FunctionName=resource.name),
            resource=resource.arn,
        )
        return to_reserved(answer)


def _from_marker(
    about: "ListEventSourceMappingsRequestTypeDef", token: str
) -> "ListEventSourceMappingsRequestTypeDef":
    return {**about, "Marker": token} if token else about


def _or_gap(read: Callable[[], T], otherwise: T, gaps: list[str], what: str) -> T:
    try:
        return read()
    except AwsError as error:
        gaps.append(f"{what} could not be read: {error}")
        return otherwise
