"""Events of changes of functions and of the mappings that feed them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opspilot.embedded.changes import Params
from opspilot.embedded.changes.mappings import mapping_of
from opspilot.embedded.configuration import FunctionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.stores import MappingConfig
from opspilot.embedded.trail.trace import Change, Place, Trace, present

SOURCE = "lambda.amazonaws.com"

_NAMES: Mapping[str, str] = {
    "lambda.update_configuration": "UpdateFunctionConfiguration20150331v2",
    "lambda.update_code": "UpdateFunctionCode20150331v2",
    "lambda.publish_version": "PublishVersion20150331",
    "lambda.update_alias": "UpdateAlias20150331",
    "lambda.create_alias": "CreateAlias20150331",
    "lambda.put_concurrency": "PutFunctionConcurrency20171031",
    "lambda.delete_concurrency": "DeleteFunctionConcurrency20171031",
    "lambda.put_event_invoke_config": "PutFunctionEventInvokeConfig",
    "lambda.remove_permission": "RemovePermission20150331v2",
    "lambda.add_permission": "AddPermission20150331v2",
}


def function_trace(change: Change) -> Trace:
    """The event of a change of one function."""
    kind, params = change.kind, change.params
    name = str(params["function"])
    request: dict[str, object] = {"functionName": name, **_REQUESTS[kind](params)}
    function = None if change.refused else change.state.functions.get(name)
    response = _response(kind, params, function) if function else None
    return Trace(_NAMES[kind], SOURCE, _resources(name, change.place), request, response)


def _resources(name: str, place: Place) -> tuple[tuple[str, str], ...]:
    arn = place.arn("lambda", f"function:{name}")
    return (("AWS::Lambda::Function", name), ("AWS::Lambda::Function", arn))


def _configuration_request(params: Params) -> dict[str, object]:
    size = params.get("ephemeral_mb")
    return present(
        memorySize=params.get("memory_mb"),
        timeout=params.get("timeout_s"),
        description=params.get("description"),
        handler=params.get("handler"),
        runtime=params.get("runtime"),
        ephemeralStorage={"size": size} if size is not None else None,
        environment={} if params.get("environment") is not None else None,
        revisionId=params.get("revision_id"),
    )


def _alias_request(params: Params) -> dict[str, object]:
    weights = params.get("weights")
    return present(
        name=params.get("alias"),
        functionVersion=params.get("version"),
        description=params.get("description"),
        routingConfig={"additionalVersionWeights": weights} if weights is not None else None,
        revisionId=params.get("revision_id"),
    )


def _statement(params: Params) -> str:
    method, _, path = str(params["route"]).partition(" ")
    return f"apigateway-{method.lower()}-{path.strip('/').replace('/', '-')}"


_REQUESTS: Mapping[str, Callable[[Params], dict[str, object]]] = {
    "lambda.update_configuration": _configuration_request,
    "lambda.update_code": lambda _: {"publish": False, "dryRun": False},
    "lambda.publish_version": lambda p: present(
        description=p.get("description"), revisionId=p.get("revision_id")
    ),
    "lambda.update_alias": _alias_request,
    "lambda.create_alias": _alias_request,
    "lambda.put_concurrency": lambda p: {"reservedConcurrentExecutions": p["reserved"]},
    "lambda.delete_concurrency": lambda _: {},
    "lambda.remove_permission": lambda p: {"statementId": _statement(p)},
    "lambda.add_permission": lambda p: {
        "statementId": _statement(p),
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
    },
    "lambda.put_event_invoke_config": lambda p: present(
        maximumRetryAttempts=p.get("max_retries"), maximumEventAgeInSeconds=p.get("max_age_s")
    ),
}


_SILENT = (
    "lambda.delete_concurrency",
    "lambda.put_event_invoke_config",
    "lambda.remove_permission",
    "lambda.add_permission",
)


def _response(kind: str, params: Params, function: FunctionConfig) -> dict[str, object] | None:
    if kind == "lambda.put_concurrency":
        return {"reservedConcurrentExecutions": function.reserved}
    if kind in _SILENT:
        return None
    if kind in ("lambda.update_alias", "lambda.create_alias"):
        alias = function.aliases[str(params["alias"])]
        return {
            "name": alias.name,
            "functionVersion": alias.version,
            "description": alias.description,
            "revisionId": alias.revision_id,
        }
    version = function.latest
    if kind == "lambda.publish_version":
        version = list(function.versions.values())[-1]
    return {
        "functionName": function.name,
        "version": version.version,
        "memorySize": version.memory_mb,
        "timeout": version.timeout_s,
        "handler": version.handler,
        "runtime": version.runtime,
        "description": version.description,
        "revisionId": version.revision_id,
    }


def mapping_trace(change: Change) -> Trace:
    """The event of a change of an event source mapping; it names function and source too."""
    params, place = change.params, change.place
    request = present(
        uUID=params.get("id"),
        enabled=params.get("enabled"),
        batchSize=params.get("batch_size"),
        maximumRetryAttempts=params.get("maximum_retries"),
        bisectBatchOnFunctionError=params.get("bisect_on_error"),
    )
    if params.get("maximum_concurrency") is not None:
        request["scalingConfig"] = {"maximumConcurrency": params["maximum_concurrency"]}
    name = "UpdateEventSourceMapping20150331"
    try:
        mapping = mapping_of(change.state, params)
    except AwsError:
        return Trace(name, SOURCE, (), request)
    request["uUID"] = mapping.id
    function = mapping.target.partition(":")[0]
    request["functionName"] = function
    resources = (
        *_resources(function, place),
        ("AWS::Lambda::EventSourceMapping", mapping.id),
        (_SOURCE_TYPES[mapping.kind], source_arn(mapping, place)),
    )
    response = None if change.refused else _mapping_response(mapping, place)
    return Trace(name, SOURCE, resources, request, response)


_SOURCE_TYPES = {"queue": "AWS::SQS::Queue", "stream": "AWS::Kinesis::Stream"}


def source_arn(mapping: MappingConfig, place: Place) -> str:
    """The ARN of what a mapping reads."""
    if mapping.kind == "queue":
        return place.arn("sqs", mapping.source)
    return place.arn("kinesis", f"stream/{mapping.source}")


def _mapping_response(mapping: MappingConfig, place: Place) -> dict[str, object]:
    answer: dict[str, object] = {
        "uUID": mapping.id,
        "batchSize": mapping.batch_size,
        "eventSourceArn": source_arn(mapping, place),
        "functionArn": place.arn("lambda", f"function:{mapping.target}"),
        "state": "Enabling" if mapping.enabled else "Disabling",
        "stateTransitionReason": "USER_INITIATED",
    }
    if mapping.maximum_concurrency is not None:
        answer["scalingConfig"] = {"maximumConcurrency": mapping.maximum_concurrency}
    return answer
