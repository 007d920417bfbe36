"""Events of changes of roles, tables, queues, the API and the account's limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from opspilot.embedded.changes.roles import policy_name, role_of
from opspilot.embedded.moto_http_api import integration_id
from opspilot.embedded.trail.trace import Change, Trace, present

_ROLE_EVENTS: Mapping[str, str] = {
    "iam.put_role_policy": "PutRolePolicy",
    "iam.delete_role_policy": "DeleteRolePolicy",
    "iam.detach_role_policy": "DetachRolePolicy",
    "iam.attach_role_policy": "AttachRolePolicy",
    "iam.create_policy_version": "CreatePolicyVersion",
}


def role_trace(change: Change) -> Trace:
    """IAM names the role and the policy, never the function; of a policy's version not the role."""
    function = str(change.params["function"])
    known = function in change.state.functions
    name = role_of(change.state, function).name if known else f"{function}-role"
    policy = policy_name(change.params)
    if change.kind == "iam.create_policy_version":
        return _policy_trace(change, policy)
    request: dict[str, object] = {"roleName": name}
    if change.kind in ("iam.detach_role_policy", "iam.attach_role_policy"):
        request["policyArn"] = change.place.arn("iam", f"policy/{policy}")
    else:
        request["policyName"] = policy
    if change.kind == "iam.put_role_policy":
        request["policyDocument"] = _document(change.params)
    resources = (
        ("AWS::IAM::Role", name),
        ("AWS::IAM::Role", change.place.arn("iam", f"role/{name}")),
        ("AWS::IAM::Policy", policy),
    )
    return Trace(_ROLE_EVENTS[change.kind], "iam.amazonaws.com", resources, request)


def _policy_trace(change: Change, policy: str) -> Trace:
    arn = change.place.arn("iam", f"policy/{policy}")
    request: dict[str, object] = {
        "policyArn": arn,
        "policyDocument": _document({}),
        "setAsDefault": True,
    }
    response = {"policyVersion": {"versionId": "v2", "isDefaultVersion": True}}
    return Trace(
        _ROLE_EVENTS[change.kind],
        "iam.amazonaws.com",
        (("AWS::IAM::Policy", arn),),
        request,
        None if change.refused else response,
    )


def _document(params: Mapping[str, object]) -> str:
    denied = params.get("deny")
    statement = (
        {"Effect": "Deny", "Action": denied, "Resource": "*"}
        if denied
        else {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]}
        | {"Resource": "*"}
    )
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_BILLING = {"provisioned": "PROVISIONED", "on_demand": "PAY_PER_REQUEST"}


def table_trace(change: Change) -> Trace:
    """UpdateTable with the parameters that were given."""
    params = change.params
    name = str(params["table"])
    indexes = cast("Mapping[str, Mapping[str, object]]", params.get("indexes") or {})
    request = present(
        tableName=name,
        billingMode=_BILLING.get(str(params.get("billing"))),
        provisionedThroughput=_throughput(params),
        globalSecondaryIndexUpdates=[
            {"update": present(indexName=index, provisionedThroughput=_throughput(wanted))}
            for index, wanted in indexes.items()
        ]
        or None,
    )
    resources = (
        ("AWS::DynamoDB::Table", name),
        ("AWS::DynamoDB::Table", change.place.arn("dynamodb", f"table/{name}")),
    )
    response = None if change.refused else {"tableDescription": {"tableStatus": "UPDATING"}}
    return Trace("UpdateTable", "dynamodb.amazonaws.com", resources, request, response)


def _throughput(params: Mapping[str, object]) -> dict[str, object] | None:
    return (
        present(
            readCapacityUnits=params.get("read_capacity"),
            writeCapacityUnits=params.get("write_capacity"),
        )
        or None
    )


def queue_trace(change: Change) -> Trace:
    """SetQueueAttributes; values are texts, as SQS has them."""
    params, place = change.params, change.place
    name = str(params["queue"])
    queue = change.state.queues.get(name)
    attributes: dict[str, object] = {}
    for key, label in (
        ("visibility_timeout_s", "VisibilityTimeout"),
        ("retention_s", "MessageRetentionPeriod"),
    ):
        value = params.get(key)
        if value is not None:
            attributes[label] = str(int(cast("float", value)))
    if queue is not None and (params.get("max_receives") or params.get("dead_letter")):
        target = params.get("dead_letter") or queue.dead_letter
        receives = params.get("max_receives") or queue.max_receives
        attributes["RedrivePolicy"] = json.dumps(
            {"deadLetterTargetArn": place.arn("sqs", str(target)), "maxReceiveCount": receives}
        )
    url = f"https://sqs.{place.region}.amazonaws.com/{place.account_id}/{name}"
    arn = place.arn("sqs", name)
    resources = (("AWS::SQS::Queue", url), ("AWS::SQS::Queue", arn), ("AWS::SQS::Queue", name))
    request = {"queueUrl": url, "attributes": attributes}
    return Trace("SetQueueAttributes", "sqs.amazonaws.com", resources, request)


def method_trace(change: Change) -> Trace:
    """UpdateIntegration of one method."""
    params, place = change.params, change.place
    api = change.state.api_id
    if change.state.api_protocol == "HTTP":
        return _integration_trace(change, api)
    patches: list[dict[str, object]] = []
    seconds = params.get("integration_timeout_s")
    if seconds is not None:
        value = str(int(cast("float", seconds) * 1000))
        patches.append({"op": "replace", "path": "/timeoutInMillis", "value": value})
    request = {
        "restApiId": api,
        "resourceId": str(params["path"]).strip("/"),
        "httpMethod": params["method"],
        "updateIntegrationInput": {"patchOperations": patches},
    }
    arn = f"arn:aws:apigateway:{place.region}::/restapis/{api}"
    resources = (("AWS::ApiGateway::RestApi", api), ("AWS::ApiGateway::RestApi", arn))
    return Trace("UpdateIntegration", "apigateway.amazonaws.com", resources, request)


def _integration_trace(change: Change, api: str) -> Trace:
    """The same of an HTTP API, which is asked for by fields; the event names no resource."""
    params = change.params
    seconds = params.get("integration_timeout_s")
    request = present(
        apiId=api,
        integrationId=integration_id(str(params["method"]), str(params["path"])),
        timeoutInMillis=None if seconds is None else int(cast("float", seconds) * 1000),
    )
    return Trace("UpdateIntegration", "apigateway.amazonaws.com", (), request)


def quota_trace(change: Change) -> Trace:
    """A request to Service Quotas for the limit of concurrent executions."""
    request = {
        "serviceCode": "lambda",
        "quotaCode": "L-B99A9384",
        "desiredValue": change.params.get("limit"),
    }
    return Trace("RequestServiceQuotaIncrease", "servicequotas.amazonaws.com", (), request)
