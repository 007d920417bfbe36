"""Lambda: functions, versions, aliases, concurrency, policies, event source mappings, invoke."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from opspilot.embedded import changes
from opspilot.embedded.clock import utc
from opspilot.embedded.configuration import AliasConfig, FunctionConfig, VersionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.fleet import LATEST, QueueSpec
from opspilot.embedded.handlers.invocation import invoke
from opspilot.embedded.handlers.requests import bounded, encode_token, page_start
from opspilot.embedded.wire import Call, Handler, Params, Reply, RestRoute

_INVALID = "InvalidParameterValueException"
_ARN = re.compile(
    r"(?:arn:aws:lambda:[^:]+:(\d+):function:|(?:\d+:)?(?:function:)?)([\w-]+)(?::([\w$-]+))?"
)


def function_arn(call: Call, name: str, qualifier: str | None = None) -> str:
    """ARN of a function, or of one of its versions or aliases."""
    account = call.account
    arn = f"arn:aws:lambda:{account.region}:{account.account_id}:function:{name}"
    return arn if qualifier is None else f"{arn}:{qualifier}"


def named(call: Call, params: Params) -> tuple[FunctionConfig, str | None]:
    """The function that a request names and the qualifier, from the name or beside it."""
    text = str(params.get("FunctionName") or "")
    found = _ARN.fullmatch(text)
    if found is None:
        raise AwsError(
            _INVALID,
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern",
        )
    qualifier = params.get("Qualifier") or found[3]
    arn = function_arn(call, found[2])
    return changes.function_of(call.account.world.timeline.current, found[2], arn), qualifier


def version_of(call: Call, function: FunctionConfig, qualifier: str | None) -> VersionConfig:
    """The version behind a qualifier; ResourceNotFoundException when there is none."""
    version = function.version(qualifier)
    if version is None:
        arn = function_arn(call, function.name, qualifier)
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
    return version


def configuration_json(
    call: Call, function: FunctionConfig, version: VersionConfig, qualifier: str | None = None
) -> dict[str, Any]:
    """A version's configuration as the API shows it."""
    digest = hashlib.sha256(version.build.encode()).digest()
    is_latest = version.version == LATEST
    shown = qualifier if qualifier else (None if is_latest else version.version)
    settled = not is_latest or call.now >= function.updating_until
    answer: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": function_arn(call, function.name, shown),
        "Runtime": version.runtime,
        "Role": version.role,
        "Handler": version.handler,
        "CodeSize": 180_000 + int.from_bytes(digest[:3], "big") // 8,
        "Description": version.description,
        "Timeout": version.timeout_s,
        "MemorySize": version.memory_mb,
        "LastModified": utc(version.last_modified).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "CodeSha256": base64.b64encode(digest).decode(),
        "Version": version.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful" if settled else "InProgress",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": version.ephemeral_mb},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }
    if not settled:
        answer["LastUpdateStatusReason"] = "The function is being updated."
        answer["LastUpdateStatusReasonCode"] = "Creating"
    if version.environment:
        answer["Environment"] = {"Variables": dict(version.environment)}
    return answer


def _alias_json(call: Call, function: FunctionConfig, alias: AliasConfig) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "AliasArn": function_arn(call, function.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.weights)}
    return answer


# -- reading --------------------------------------------------------------------------------------


def _list_functions(call: Call, params: Params) -> Mapping[str, Any]:
    functions = sorted(call.account.world.timeline.current.functions.values(), key=lambda f: f.name)
    versions: list[dict[str, Any]] = []
    for function in functions:
        versions.append(configuration_json(call, function, function.latest))
        if params.get("FunctionVersion") == "ALL":
            versions += [configuration_json(call, function, v) for v in function.versions.values()]
    return _paged(versions, "Functions", params)


def _paged(items: list[dict[str, Any]], key: str, params: Params) -> Mapping[str, Any]:
    limit = bounded(params, "MaxItems", 50, 1, 10_000, _INVALID)
    first = page_start(params.get("Marker"), _INVALID)
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
    return _paged([_alias_json(call, function, a) for a in aliases], "Aliases", params)


def _get_alias(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    return _alias_json(call, function, changes.alias_of(function, str(params["Name"])))


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
            "ConcurrentExecutions": changes.ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": changes.unreserved(state),
        },
        "AccountUsage": {"TotalCodeSize": 4_812_345, "FunctionCount": len(state.functions)},
    }


def _get_policy(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    account, api = call.account, call.account.world.fleet.api
    routes = [r for r in api.routes if r.target.partition(":")[0] == function.name]
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


def _list_mappings(call: Call, params: Params) -> Mapping[str, Any]:
    wanted = None
    if params.get("FunctionName"):
        wanted = named(call, params)[0].name
    shown = [
        _mapping_json(call, queue)
        for queue in call.account.world.fleet.queues
        if queue.consumer is not None and wanted in (None, queue.consumer)
    ]
    source = params.get("EventSourceArn")
    return {"EventSourceMappings": [m for m in shown if source in (None, m["EventSourceArn"])]}


def _mapping_json(call: Call, queue: QueueSpec) -> dict[str, Any]:
    account = call.account
    return {
        "UUID": queue.mapping_id,
        "BatchSize": 1,
        "MaximumBatchingWindowInSeconds": 0,
        "EventSourceArn": f"arn:aws:sqs:{account.region}:{account.account_id}:{queue.name}",
        "FunctionArn": function_arn(call, str(queue.consumer)),
        "LastModified": account.world.origin.epoch - 40 * 86400.0,
        "State": "Enabled",
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": [],
    }


def _list_tags(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, {"FunctionName": params["Resource"]})
    return {"Tags": dict(function.tags)}


# -- changing -------------------------------------------------------------------------------------


def _change(call: Call, kind: str, function: str, params: Params) -> FunctionConfig:
    wanted = {k: v for k, v in params.items() if v is not None}
    after = call.account.world.change(kind, {"function": function, **wanted}, call.caller, call.now)
    return after.functions[function]


def _update_configuration(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    environment = params.get("Environment")
    storage: Params = params.get("EphemeralStorage") or {}
    after = _change(
        call,
        "lambda.update_configuration",
        function.name,
        {
            "memory_mb": params.get("MemorySize"),
            "timeout_s": params.get("Timeout"),
            "ephemeral_mb": storage.get("Size"),
            "environment": None if environment is None else environment.get("Variables") or {},
            "description": params.get("Description"),
            "handler": params.get("Handler"),
            "runtime": params.get("Runtime"),
            "role": params.get("Role"),
            "revision_id": params.get("RevisionId"),
        },
    )
    return configuration_json(call, after, after.latest)


def _publish_version(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    wanted = params.get("CodeSha256")
    if (
        wanted is not None
        and wanted != configuration_json(call, function, function.latest)["CodeSha256"]
    ):
        raise AwsError(
            _INVALID, f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST"
        )
    after = _change(
        call,
        "lambda.publish_version",
        function.name,
        {"description": params.get("Description"), "revision_id": params.get("RevisionId")},
    )
    version = changes.newest_version(after)
    return Reply(configuration_json(call, after, version, version.version), status=201)


def _alias_params(params: Params) -> Params:
    routing = params.get("RoutingConfig")
    return {
        "alias": params.get("Name"),
        "version": params.get("FunctionVersion"),
        "description": params.get("Description"),
        "weights": None if routing is None else routing.get("AdditionalVersionWeights") or {},
        "revision_id": params.get("RevisionId"),
    }


def _update_alias(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    after = _change(call, "lambda.update_alias", function.name, _alias_params(params))
    return _alias_json(call, after, after.aliases[str(params["Name"])])


def _create_alias(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    after = _change(call, "lambda.create_alias", function.name, _alias_params(params))
    return Reply(_alias_json(call, after, after.aliases[str(params["Name"])]), status=201)


def _put_concurrency(call: Call, params: Params) -> Mapping[str, Any]:
    function, _ = named(call, params)
    reserved = params.get("ReservedConcurrentExecutions")
    if reserved is None:
        raise AwsError(_INVALID, "ReservedConcurrentExecutions is required.")
    after = _change(call, "lambda.put_concurrency", function.name, {"reserved": int(reserved)})
    return {"ReservedConcurrentExecutions": after.reserved}


def _delete_concurrency(call: Call, params: Params) -> Reply:
    function, _ = named(call, params)
    _change(call, "lambda.delete_concurrency", function.name, {})
    return Reply(b"", status=204)


def _invoke(call: Call, params: Params) -> Reply:
    function, qualifier = named(call, params)
    version = version_of(call, function, qualifier)
    kind = params.get("InvocationType") or "RequestResponse"
    if kind == "DryRun":
        return Reply(b"", status=204)
    result = invoke(call, function, qualifier, version)
    if kind == "Event":
        return Reply(b"", status=202)
    return result


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
    "ListEventSourceMappings": _list_mappings,
    "ListTags": _list_tags,
    "UpdateFunctionConfiguration": _update_configuration,
    "PublishVersion": _publish_version,
    "UpdateAlias": _update_alias,
    "CreateAlias": _create_alias,
    "PutFunctionConcurrency": _put_concurrency,
    "DeleteFunctionConcurrency": _delete_concurrency,
    "Invoke": _invoke,
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
    ("GET", "/2017-03-31/tags/(?P<Resource>.+)", "ListTags"),
)

ROUTES = tuple(
    RestRoute(method, re.compile(path.replace("{f}", "(?P<FunctionName>[^/]+)")), operation)
    for method, path, operation in _ROUTES
)
