"""Kinesis data streams, and Application Auto Scaling of tables: what the world holds of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opspilot.embedded.errors import AwsError
from opspilot.embedded.stores import TableConfig
from opspilot.embedded.wire import Call, Handler, Params

_DIMENSIONS = {"read": "ReadCapacityUnits", "write": "WriteCapacityUnits"}
_PAGE = 100


def _list_streams(call: Call, params: Params) -> Mapping[str, Any]:
    names = sorted(call.account.world.timeline.current.streams)
    after = str(params.get("ExclusiveStartStreamName") or params.get("NextToken") or "")
    left = [name for name in names if name > after]
    shown = left[: int(params.get("Limit") or _PAGE)]
    more = len(shown) < len(left)
    page: dict[str, Any] = {"StreamNames": shown, "HasMoreStreams": more}
    return {**page, "NextToken": shown[-1]} if more else page


def _describe_stream_summary(call: Call, params: Params) -> Mapping[str, Any]:
    state = call.account.world.timeline.current
    name = str(params.get("StreamName") or str(params.get("StreamARN")).rpartition("/")[2])
    stream = state.streams.get(name)
    if stream is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Stream {name} under account {call.account.account_id} not found.",
        )
    arn = f"arn:aws:kinesis:{call.account.region}:{call.account.account_id}:stream/{name}"
    return {
        "StreamDescriptionSummary": {
            "StreamName": name,
            "StreamARN": arn,
            "StreamStatus": "ACTIVE",
            "StreamModeDetails": {"StreamMode": "PROVISIONED"},
            "RetentionPeriodHours": stream.retention_hours,
            "StreamCreationTimestamp": call.account.metrics.history_start,
            "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
            "EncryptionType": "NONE",
            "OpenShardCount": stream.shards,
            "ConsumerCount": 0,
        }
    }


def _scaled(call: Call, wanted: list[str] | None) -> list[tuple[str, str, TableConfig, str, str]]:
    """(resource id, dimension, table, target, direction) of everything that is scaled."""
    found: list[tuple[str, str, TableConfig, str, str]] = []
    for table in call.account.world.timeline.current.tables.values():
        for target, direction in table.autoscaling:
            of_table = target == "table"
            place = f"table/{table.name}" + ("" if of_table else f"/index/{target}")
            kind = "table" if of_table else "index"
            dimension = f"dynamodb:{kind}:{_DIMENSIONS[direction]}"
            if wanted is None or place in wanted:
                found.append((place, dimension, table, target, direction))
    return found


def _describe_scalable_targets(call: Call, params: Params) -> Mapping[str, Any]:
    shown: list[dict[str, Any]] = []
    for place, dimension, table, target, direction in _scaled(call, params.get("ResourceIds")):
        minimum, maximum, _ = table.autoscaling[target, direction]
        shown.append(
            {
                "ServiceNamespace": "dynamodb",
                "ResourceId": place,
                "ScalableDimension": dimension,
                "MinCapacity": minimum,
                "MaxCapacity": maximum,
                "RoleARN": f"arn:aws:iam::{call.account.account_id}:role/aws-service-role/"
                "dynamodb.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
                "CreationTime": 0.0,
            }
        )
    return {"ScalableTargets": shown}


def _describe_scaling_policies(call: Call, params: Params) -> Mapping[str, Any]:
    place = params.get("ResourceId")
    shown: list[dict[str, Any]] = []
    for found, dimension, table, target, direction in _scaled(call, [place] if place else None):
        percent = table.autoscaling[target, direction][2]
        name = f"{_DIMENSIONS[direction]}Utilization:{found}"
        shown.append(
            {
                "PolicyARN": f"arn:aws:autoscaling:{call.account.region}:"
                f"{call.account.account_id}:scalingPolicy:1:resource/dynamodb/{found}:"
                f"policyName/{name}",
                "PolicyName": name,
                "ServiceNamespace": "dynamodb",
                "ResourceId": found,
                "ScalableDimension": dimension,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": float(percent),
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": f"DynamoDB{direction.title()}CapacityUtilization"
                    },
                },
                "CreationTime": 0.0,
            }
        )
    return {"ScalingPolicies": shown}


STREAMS: Mapping[str, Handler] = {
    "ListStreams": _list_streams,
    "DescribeStreamSummary": _describe_stream_summary,
}
AUTOSCALING: Mapping[str, Handler] = {
    "DescribeScalableTargets": _describe_scalable_targets,
    "DescribeScalingPolicies": _describe_scaling_policies,
}
