"""Every AWS API operation that the adapters call: its IAM action, its rate and who needs it.

The one place from which rate limits (`throttle`), denial messages (`errors`) and the permissions
that OpsPilot asks for (`REQUIRED_ACTIONS`) are derived. Rates are requests per second per account
and region, from the AWS quota pages; where a page gives several, the lowest.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One API operation.

    Attributes:
        name: "lambda:UpdateAlias", service and operation as botocore spells them.
        ports: The ports whose adapter calls it.
        iam_action: The permission it needs; empty for one that needs none.
        bucket: Operations of one bucket share one rate; `name` unless AWS counts them together.
        per_second: Sustained requests per second.
        once: Whether sending it twice does harm (it changes the account, or costs): then only what
            was certainly refused is sent again.
        spare: Whether one does well without its answer, as many accounts have none: it is then not
            insisted on.
        mute: Whether AWS's answer may hold nothing at all. Of any other operation such an answer is
            one of something else than AWS.
    """

    name: str
    ports: tuple[str, ...]
    iam_action: str
    bucket: str
    per_second: float
    once: bool = False
    spare: bool = False
    mute: bool = False


def _own_rate(
    name: str,
    *ports: str,
    per_second: float,
    iam_action: str | None = None,
    once: bool = False,
    spare: bool = False,
    mute: bool = False,
) -> Operation:
    action = name if iam_action is None else iam_action
    return Operation(name, ports, action, name, per_second, once, spare, mute)


def _lambda_control(name: str, *ports: str, once: bool = False, mute: bool = False) -> Operation:
    # Lambda's control plane but for GetFunction, GetPolicy and Invoke shares 15 requests a second.
    return Operation(
        f"lambda:{name}",
        ports,
        f"lambda:{name}",
        bucket="lambda control plane",
        per_second=15,
        once=once,
        mute=mute,
    )


GET_METRIC_DATA = _own_rate("cloudwatch:GetMetricData", "metrics", per_second=50)
DESCRIBE_ALARMS = _own_rate("cloudwatch:DescribeAlarms", "alarms", per_second=9, mute=True)
DESCRIBE_ALARM_HISTORY = _own_rate(
    "cloudwatch:DescribeAlarmHistory", "alarms", per_second=3, mute=True
)

FILTER_LOG_EVENTS = _own_rate("logs:FilterLogEvents", "logs", per_second=5)
START_QUERY = _own_rate("logs:StartQuery", "logs", per_second=10, once=True)
GET_QUERY_RESULTS = _own_rate("logs:GetQueryResults", "logs", per_second=10)
STOP_QUERY = _own_rate("logs:StopQuery", "logs", per_second=10, mute=True)

GET_SERVICE_GRAPH = _own_rate("xray:GetServiceGraph", "traces", per_second=5, spare=True)

LOOKUP_EVENTS = _own_rate("cloudtrail:LookupEvents", "changes", per_second=2)

LIST_ATTACHED_ROLE_POLICIES = _own_rate(
    "iam:ListAttachedRolePolicies", "changes", per_second=5, spare=True, mute=True
)

LIST_FUNCTIONS = _lambda_control("ListFunctions", "workloads", "changes")
GET_FUNCTION_CONFIGURATION = _lambda_control("GetFunctionConfiguration", "workloads", "actuator")
LIST_VERSIONS = _lambda_control("ListVersionsByFunction", "workloads", "changes")
LIST_ALIASES = _lambda_control("ListAliases", "workloads")
GET_FUNCTION_CONCURRENCY = _lambda_control("GetFunctionConcurrency", "workloads", mute=True)
LIST_EVENT_SOURCE_MAPPINGS = _lambda_control("ListEventSourceMappings", "workloads", "changes")
LIST_EVENT_INVOKE_CONFIGS = _lambda_control("ListFunctionEventInvokeConfigs", "workloads")
GET_ACCOUNT_SETTINGS = _lambda_control("GetAccountSettings", "workloads")
GET_ALIAS = _lambda_control("GetAlias", "actuator")
UPDATE_FUNCTION_CONFIGURATION = _lambda_control(
    "UpdateFunctionConfiguration", "actuator", once=True
)
PUBLISH_VERSION = _lambda_control("PublishVersion", "actuator", once=True)
UPDATE_ALIAS = _lambda_control("UpdateAlias", "actuator", once=True)
GET_POLICY = _own_rate("lambda:GetPolicy", "workloads", per_second=15)

# Invoke has no rate of its own: the function's concurrency is its limit. Ours keeps a batch gentle.
INVOKE = _own_rate(
    "lambda:Invoke", "invocations", per_second=5, iam_action="lambda:InvokeFunction", once=True
)

LIST_TABLES = _own_rate("dynamodb:ListTables", "workloads", "changes", per_second=10)
DESCRIBE_TABLE = _own_rate("dynamodb:DescribeTable", "workloads", per_second=10)
DESCRIBE_SCALABLE_TARGETS = _own_rate(
    "application-autoscaling:DescribeScalableTargets", "workloads", per_second=5
)
DESCRIBE_SCALING_POLICIES = _own_rate(
    "application-autoscaling:DescribeScalingPolicies", "workloads", per_second=5
)
LIST_QUEUES = _own_rate("sqs:ListQueues", "workloads", "changes", per_second=10, mute=True)
GET_QUEUE_URL = _own_rate("sqs:GetQueueUrl", "workloads", per_second=10)
GET_QUEUE_ATTRIBUTES = _own_rate("sqs:GetQueueAttributes", "workloads", per_second=10, mute=True)
LIST_DEAD_LETTER_SOURCE_QUEUES = _own_rate(
    "sqs:ListDeadLetterSourceQueues", "workloads", per_second=10, mute=True
)
LIST_STREAMS = _own_rate("kinesis:ListStreams", "workloads", "changes", per_second=5)
DESCRIBE_STREAM_SUMMARY = _own_rate("kinesis:DescribeStreamSummary", "workloads", per_second=20)
# API Gateway's permissions are named after HTTP methods.
GET_REST_APIS = _own_rate(
    "apigateway:GetRestApis",
    "workloads",
    "changes",
    per_second=5,
    iam_action="apigateway:GET",
    mute=True,
)
GET_RESOURCES = _own_rate(
    "apigateway:GetResources", "workloads", per_second=5, iam_action="apigateway:GET", mute=True
)
# Accounts and emulators without HTTP APIs are normal, so neither is insisted on.
GET_APIS = _own_rate(
    "apigatewayv2:GetApis",
    "workloads",
    "changes",
    per_second=5,
    iam_action="apigateway:GET",
    spare=True,
    mute=True,
)
GET_INTEGRATIONS = _own_rate(
    "apigatewayv2:GetIntegrations",
    "workloads",
    per_second=5,
    iam_action="apigateway:GET",
    spare=True,
    mute=True,
)
# Bedrock counts requests and tokens per model and minute, and the quotas differ by account: this
# rate only keeps from bursts. A call that failed before its first event costs nothing.
CONVERSE = _own_rate(
    "bedrock-runtime:Converse", "model", per_second=2, iam_action="bedrock:InvokeModel"
)
CONVERSE_STREAM = _own_rate(
    "bedrock-runtime:ConverseStream",
    "model",
    per_second=2,
    iam_action="bedrock:InvokeModelWithResponseStream",
)
GET_CALLER_IDENTITY = _own_rate("sts:GetCallerIdentity", "identity", per_second=10, iam_action="")

OPERATIONS: tuple[Operation, ...] = tuple(
    value for value in globals().values() if isinstance(value, Operation)
)
"""All of the above."""


def _required() -> dict[str, tuple[str, ...]]:
    ports = sorted({port for operation in OPERATIONS for port in operation.ports})
    return {
        port: tuple(
            sorted(
                {
                    operation.iam_action
                    for operation in OPERATIONS
                    if port in operation.ports and operation.iam_action
                }
            )
        )
        for port in ports
    }


REQUIRED_ACTIONS: dict[str, tuple[str, ...]] = _required()
"""The IAM actions that each port needs, sorted; an empty tuple for `identity`."""
