"""Lambda: the operations that read, and the routes of all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from opspilot.embedded import changes
from opspilot.embedded.errors import AwsError
from opspilot.embedded.handlers.function_shapes import (
    INVALID,
    alias_json,
    configuration_json,
    function_arn,
    named,
    version_of,
)
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start
from opspilot.embedded.wire import Call, Handler, Params, RestRoute


def _list_functions(call: Call, params: Params) -> Mapping[str, Any]:
    functions = sorted(call.account.world.timeline.current.functions.values(), key=lambda f: f.name)
    versions: list[dict[str, Any]] = []
    for function in functions:
        versions.append(configuration_json(call, function, function.latest))
        if params.get("FunctionVersion") == "ALL":
            versions += [configuration_json(call, function, v) for v in function.versions.values()]
    return _paged(versions, "Functions", params)


def _paged(items: list[dict[str, Any]], key: str, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "MaxItems", 50, 1, 10_000, INVALID)
    first = page_start(params.get("Marker"), INVALID)
    answer: dict[str, Any] = {key: items[first : first + limit]}
    if first + limit < len(items):
        answer["NextMarker"] = encode_token(first + limit)
    return answer


def _get_function(call: Call, params: Params) -> Mapping[str, Any]:
    function, qualifier = named(call, params)
    version = version_of(call, function, qualifier)
    answer: dict[str, Any] = {
        "Configuration": configuration_json(call, function, version, qualifier),
        "Code": {"RepositoryType": "S3", "Location": ""},
        "Tags": dict(function.tags),
    }
    if function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return answer


def _get_function_configuration(call: Call, params: Params) -> Mapping[str, Any]:
    function, qualifier = named(call, params)
    return configuration_json(call, function, version_of(call, function, qualifier), qualifier)


def _list_versions(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    versions = [function.latest, *function.versions.values()]
    shown = [configuration_json(call, function, v, v.version) for v in versions]
    return _paged(shown, "Versions", params)


def _list_aliases(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    wanted = params.get("FunctionVersion")
    aliases = [a for a in function.aliases.values() if wanted in (None, a.version)]
    return _paged([alias_json(call, function, a) for a in aliases], "Aliases", params)


def _get_alias(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    return alias_json(call, function, changes.alias_of(function, str(params["Name"])))


def _get_concurrency(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    if function.reserved is None:
        return {}
    return {"ReservedConcurrentExecutions": function.reserved}


def _get_account_settings(call: Call, _: Params) -> Mapping[str, Any]:
    state = call.account.world.timeline.current
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": state.account_concurrency,
            "UnreservedConcurrentExecutions": changes.unreserved(state),
        },
        "AccountUsage": {"TotalCodeSize": 4_812_345, "FunctionCount": len(state.functions)},
    }


def _get_policy(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    account, api = call.account, call.account.world.fleet.api
    routes = [
        r
        for r in api.routes
        if r.target.partition(":")[0] == function.name
        and f"{r.method} {r.path}" not in function.closed_to
    ]
    if not routes:
        raise AwsError(
            "ResourceNotFoundException", "The resource you requested does not exist.", 404
        )
    source = f"arn:aws:execute-api:{account.region}:{account.account_id}:{api.id}"
    statements = [
        {
            "Sid": f"{api.name}-{number}",
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function_arn(call, function.name),
            "Condition": {"ArnLike": {"AWS:SourceArn": f"{source}/*/{r.method}{r.path}"}},
        }
        for number, r in enumerate(routes)
    ]
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return {"Policy": json.dumps(policy), "RevisionId": function.latest.revision_id}


def _list_tags(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, {"FunctionName": params["Resource"]})
    return {"Tags": dict(function.tags)}


HANDLERS: Mapping[str, Handler] = {
    "ListFunctions": _list_functions,
    "GetFunction": _get_function,
    "GetFunctionConfiguration": _get_function_configuration,
    "ListVersionsByFunction": _list_versions,
    "ListAliases": _list_aliases,
    "GetAlias": _get_alias,
    "GetFunctionConcurrency": _get_concurrency,
    "GetAccountSettings": _get_account_settings,
    "GetPolicy": _get_policy,
    "ListTags": _list_tags,
}

_ROUTES = (
    ("GET", "/2015-03-31/functions/?", "ListFunctions"),
    ("GET", "/2015-03-31/functions/{f}", "GetFunction"),
    ("GET", "/2015-03-31/functions/{f}/configuration", "GetFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{f}/configuration", "UpdateFunctionConfiguration"),
    ("GET", "/2015-03-31/functions/{f}/versions", "ListVersionsByFunction"),
    ("POST", "/2015-03-31/functions/{f}/versions", "PublishVersion"),
    ("GET", "/2015-03-31/functions/{f}/aliases", "ListAliases"),
    ("POST", "/2015-03-31/functions/{f}/aliases", "CreateAlias"),
    ("GET", "/2015-03-31/functions/{f}/aliases/(?P<Name>[^/]+)", "GetAlias"),
    ("PUT", "/2015-03-31/functions/{f}/aliases/(?P<Name>[^/]+)", "UpdateAlias"),
    ("GET", "/2015-03-31/functions/{f}/policy", "GetPolicy"),
    ("POST", "/2015-03-31/functions/{f}/invocations", "Invoke"),
    ("GET", "/2019-09-30/functions/{f}/concurrency", "GetFunctionConcurrency"),
    ("PUT", "/2017-10-31/functions/{f}/concurrency", "PutFunctionConcurrency"),
    ("DELETE", "/2017-10-31/functions/{f}/concurrency", "DeleteFunctionConcurrency"),
    ("GET", "/2016-08-19/account-settings/?", "GetAccountSettings"),
    ("GET", "/2015-03-31/event-source-mappings/?", "ListEventSourceMappings"),
    ("GET", "/2015-03-31/event-source-mappings/(?P<UUID>[^/]+)", "GetEventSourceMapping"),
    ("PUT", "/2015-03-31/event-source-mappings/(?P<UUID>[^/]+)", "UpdateEventSourceMapping"),
    (
        "GET",
        "/2019-09-25/functions/{f}/event-invoke-config/list",
        "ListFunctionEventInvokeConfigs",
    ),
    ("GET", "/2019-09-25/functions/{f}/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("PUT", "/2019-09-25/functions/{f}/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("GET", "/2017-03-31/tags/(?P<Resource>.+)", "ListTags"),
)

ROUTES = tuple(
    RestRoute(method, re.compile(path.replace("{f}", "(?P<FunctionName>[^/]+)")), operation)
    for method, path, operation in _ROUTES
)
