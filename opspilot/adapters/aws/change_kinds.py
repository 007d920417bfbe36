"""The words for CloudTrail's events: names without the date of their API version."""

from opspilot.domain.change import ChangeKind

KINDS: dict[str, ChangeKind] = {
    "UpdateAlias": "release",
    "CreateAlias": "release",
    "UpdateFunctionCode": "release",
    "CreateDeployment": "release",
    "UpdateStage": "configuration",
    "UpdateFunctionConfiguration": "configuration",
    "UpdateFunctionEventInvokeConfig": "configuration",
    "PutFunctionEventInvokeConfig": "configuration",
    "CreateEventSourceMapping": "configuration",
    "UpdateEventSourceMapping": "configuration",
    "DeleteEventSourceMapping": "configuration",
    "UpdateIntegration": "configuration",
    "PutIntegration": "configuration",
    "UpdateMethod": "configuration",
    "UpdateShardCount": "capacity",
    "PutRolePolicy": "permission",
    "DeleteRolePolicy": "permission",
    "AttachRolePolicy": "permission",
    "DetachRolePolicy": "permission",
    "PutRolePermissionsBoundary": "permission",
    "DeleteRolePermissionsBoundary": "permission",
    "UpdateAssumeRolePolicy": "permission",
    "CreatePolicyVersion": "permission",
    "SetDefaultPolicyVersion": "permission",
    "AddPermission": "permission",
    "RemovePermission": "permission",
    "SetQueueAttributes": "configuration",
    "UpdateTable": "capacity",
    "PutFunctionConcurrency": "capacity",
    "DeleteFunctionConcurrency": "capacity",
    "PutProvisionedConcurrencyConfig": "capacity",
    "DeleteProvisionedConcurrencyConfig": "capacity",
}

"""What kind of change an event of CloudTrail tells of; any other is "other"."""

WORDS = {
    "UpdateFunctionCode": "code of $LATEST updated",
    "UpdateFunctionConfiguration": "configuration of $LATEST updated",
    "PutFunctionConcurrency": "reserved concurrency set",
    "DeleteFunctionConcurrency": "reserved concurrency removed",
    "UpdateTable": "table updated",
    "SetQueueAttributes": "queue attributes set",
    "CreateEventSourceMapping": "event source mapping created",
    "UpdateEventSourceMapping": "event source mapping updated",
    "DeleteEventSourceMapping": "event source mapping deleted",
    "PutFunctionEventInvokeConfig": "asynchronous settings replaced",
    "UpdateFunctionEventInvokeConfig": "asynchronous settings updated",
    "PutRolePolicy": "policy put into its role",
    "DeleteRolePolicy": "policy deleted from its role",
    "AttachRolePolicy": "policy attached to its role",
    "DetachRolePolicy": "policy detached from its role",
    "CreatePolicyVersion": "policy of its role rewritten",
    "SetDefaultPolicyVersion": "policy of its role set to another version",
    "UpdateIntegration": "integration updated",
    "UpdateShardCount": "shard count updated",
}
"""How a summary begins, where the event's own name would not do."""
