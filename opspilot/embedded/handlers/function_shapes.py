"""Lambda: names and ARNs in requests, functions and aliases in answers."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from opspilot.embedded import changes
from opspilot.embedded.clock import utc
from opspilot.embedded.configuration import AliasConfig, FunctionConfig, VersionConfig
from opspilot.embedded.errors import AwsError
from opspilot.embedded.fleet import LATEST
from opspilot.embedded.wire import Call, Params

INVALID = "InvalidParameterValueException"
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
            INVALID,
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
        "TracingConfig": {"Mode": "Active" if call.account.world.fleet.traced else "PassThrough"},
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
    letters = function.asynchronous.dead_letter
    if letters is not None:
        target = f"arn:aws:sqs:{call.account.region}:{call.account.account_id}:{letters}"
        answer["DeadLetterConfig"] = {"TargetArn": target}
    if version.environment:
        answer["Environment"] = {"Variables": dict(version.environment)}
    return answer


def alias_json(call: Call, function: FunctionConfig, alias: AliasConfig) -> dict[str, Any]:
    """An alias as the API shows it."""
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
