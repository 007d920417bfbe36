"""Which settings a change's record speaks of, in our words; pure.

Source: request parameters as CloudTrail writes them, in the member names of each API with a small
first letter. Environment variables are left out on purpose.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

# Field of the record to our word, in the order in which a summary names them.
_FIELDS = {
    "timeout": "timeout_seconds",
    "memorySize": "memory_mb",
    "runtime": "runtime",
    "handler": "handler",
    "role": "role",
    "reservedConcurrentExecutions": "reserved_concurrency",
    "provisionedConcurrentExecutions": "provisioned_concurrency",
    "billingMode": "billing_mode",
    "enabled": "enabled",
    "batchSize": "batch_size",
    "maximumEventAgeInSeconds": "async_max_age_seconds",
    "targetShardCount": "shards",
    "policyName": "policy",
    "policyArn": "policy",
    "versionId": "policy_version",
}
_THROUGHPUT = {"readCapacityUnits": "read_capacity", "writeCapacityUnits": "write_capacity"}
_QUEUE = {
    "VisibilityTimeout": "visibility_timeout_seconds",
    "MessageRetentionPeriod": "retention_seconds",
    "DelaySeconds": "delay_seconds",
}
_PATCHES = {"/timeoutInMillis": "integration_timeout_ms", "/uri": "integration"}
# HTTP APIs are changed field by field: those of integrations, routes and stages.
_API_FIELDS = {
    "timeoutInMillis": "integration_timeout_ms",
    "integrationUri": "integration",
    "routeKey": "route",
    "target": "target",
    "authorizationType": "authorization",
    "deploymentId": "deployment",
}
_ROUTE_LIMITS = {"throttlingRateLimit": "throttle_rate", "throttlingBurstLimit": "throttle_burst"}


def settings_in(event: str, elements: Mapping[str, Any]) -> dict[str, str]:
    """The settings in the request or answer of an event, by our words."""
    found = {
        ours: _text(value)
        for field, ours in _FIELDS.items()
        if (value := elements.get(field)) is not None
    }
    for name, value in _nested(event, elements):
        found[name] = _text(value)
    return found


def _nested(event: str, elements: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _throughput("", elements)
    for update in elements.get("globalSecondaryIndexUpdates") or ():
        one: Mapping[str, Any] = update.get("update") or {}
        yield from _throughput(f"{one.get('indexName')}.", one)
    scaling: Mapping[str, Any] = elements.get("scalingConfig") or {}
    if scaling.get("maximumConcurrency") is not None:
        yield "maximum_concurrency", scaling["maximumConcurrency"]
    if elements.get("maximumRetryAttempts") is not None:
        invoke = event.endswith("FunctionEventInvokeConfig")
        yield "async_max_retries" if invoke else "maximum_retries", elements["maximumRetryAttempts"]
    yield from _attributes(elements.get("attributes") or {})
    yield from _patches(elements)
    if elements.get("apiId"):
        yield from _of_http_api(elements)


def _throughput(prefix: str, elements: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    units: Mapping[str, Any] = elements.get("provisionedThroughput") or {}
    for field, ours in _THROUGHPUT.items():
        if units.get(field) is not None:
            yield f"{prefix}{ours}", units[field]


def _attributes(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Of a queue; the policy about dead letters is JSON within."""
    for field, ours in _QUEUE.items():
        if attributes.get(field) is not None:
            yield ours, attributes[field]
    policy = attributes.get("RedrivePolicy")
    try:
        redrive: Mapping[str, Any] = json.loads(policy) if isinstance(policy, str) else policy or {}
    except ValueError:
        return
    if redrive.get("maxReceiveCount") is not None:
        yield "maximum_receives", redrive["maxReceiveCount"]
    if redrive.get("deadLetterTargetArn"):
        yield "dead_letter", redrive["deadLetterTargetArn"]


def _patches(elements: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """API Gateway's changes are lists of patches, at times one level down."""
    inner: Mapping[str, Any] = elements.get("updateIntegrationInput") or elements
    for patch in inner.get("patchOperations") or ():
        if patch.get("path") in _PATCHES and patch.get("value") is not None:
            yield _PATCHES[patch["path"]], patch["value"]


def _of_http_api(elements: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Of an HTTP API, whose request may stand one level down (`updateIntegrationInput`).

    The values of stage variables are left out like those of environments.
    """
    inner = next((one for name, one in elements.items() if name.endswith("Input")), None)
    given: Mapping[str, Any] = {**elements, **(inner or {})}
    for field, ours in _API_FIELDS.items():
        if given.get(field) is not None:
            yield ours, given[field]
    limits: Mapping[str, Any] = given.get("defaultRouteSettings") or {}
    for field, ours in _ROUTE_LIMITS.items():
        if limits.get(field) is not None:
            yield ours, limits[field]
    if given.get("stageVariables") is not None:
        yield "stage_variables", "set"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
