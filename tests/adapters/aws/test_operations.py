"""The table of operations tells the truth about the calls in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

import opspilot.adapters.aws as adapters
from opspilot.adapters.aws import REQUIRED_ACTIONS, operations
from opspilot.adapters.aws.operations import OPERATIONS, Operation

SOURCES = sorted(Path(adapters.__file__).parent.rglob("*.py"))
CLIENTS = {"_client", "client", "_dynamodb", "_sqs", "_autoscaling", "sts"}


def sent(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Each `send` or `pages` with the operation it names and the client methods it calls."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"send", "pages"}
            and isinstance(node.args[0], ast.Attribute)
        ):
            yield node.args[0].attr, set(client_methods(node))


def client_methods(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)):
            continue
        if node.value.attr in CLIENTS:
            yield node.attr


def calls_in_source() -> list[tuple[str, set[str]]]:
    return [call for path in SOURCES for call in sent(ast.parse(path.read_text()))]


def test_every_operation_in_the_table_is_called_and_every_call_is_in_the_table():
    assert {getattr(operations, name) for name, _ in calls_in_source()} == set(OPERATIONS)


def test_each_call_goes_to_the_method_that_its_operation_names():
    for name, methods in calls_in_source():
        operation: Operation = getattr(operations, name)
        assert methods == {xform_name(operation.name.split(":")[1])}, name


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_operation_exists_in_its_service(operation):
    service, _, name = operation.name.partition(":")
    assert name in Session().get_service_model(service).operation_names


def test_operations_that_share_a_bucket_share_its_rate():
    rates: dict[str, set[float]] = {}
    for operation in OPERATIONS:
        rates.setdefault(operation.bucket, set()).add(operation.per_second)
    assert all(len(each) == 1 for each in rates.values())


def test_the_permissions_of_each_port_are_spelled_out():
    assert REQUIRED_ACTIONS == {
        "actuator": (
            "lambda:GetAlias",
            "lambda:GetFunctionConfiguration",
            "lambda:PublishVersion",
            "lambda:UpdateAlias",
            "lambda:UpdateFunctionConfiguration",
        ),
        "alarms": ("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"),
        "changes": (
            "apigateway:GET",
            "cloudtrail:LookupEvents",
            "dynamodb:ListTables",
            "iam:ListAttachedRolePolicies",
            "kinesis:ListStreams",
            "lambda:ListEventSourceMappings",
            "lambda:ListFunctions",
            "lambda:ListVersionsByFunction",
            "sqs:ListQueues",
        ),
        "identity": (),
        "invocations": ("lambda:InvokeFunction",),
        "logs": (
            "logs:FilterLogEvents",
            "logs:GetQueryResults",
            "logs:StartQuery",
            "logs:StopQuery",
        ),
        "metrics": ("cloudwatch:GetMetricData",),
        "model": ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"),
        "traces": ("xray:GetServiceGraph",),
        "workloads": (
            "apigateway:GET",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "dynamodb:DescribeTable",
            "dynamodb:ListTables",
            "kinesis:DescribeStreamSummary",
            "kinesis:ListStreams",
            "lambda:GetAccountSettings",
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:ListAliases",
            "lambda:ListEventSourceMappings",
            "lambda:ListFunctionEventInvokeConfigs",
            "lambda:ListFunctions",
            "lambda:ListVersionsByFunction",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListDeadLetterSourceQueues",
            "sqs:ListQueues",
        ),
    }


def test_only_the_actuator_and_tests_of_functions_may_change_anything():
    once = {operation.name for operation in OPERATIONS if operation.once}
    assert once == {
        "lambda:Invoke",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionConfiguration",
        "logs:StartQuery",
    }
    changing = [each for each in OPERATIONS if "Update" in each.name or "Publish" in each.name]
    assert all(operation.ports == ("actuator",) for operation in changing)
