"""AWS error codes and SDK exceptions become our errors."""

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.errors import aws_call, may_pass, not_implemented
from opspilot.errors import (
    AwsConflict,
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
    AwsUnsupported,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:checkout"


def translated(
    raised: Exception, operation: operations.Operation = operations.UPDATE_ALIAS
) -> AwsError:
    with pytest.raises(AwsError) as caught, aws_call(operation, ARN):
        raise raised
    assert caught.value.__cause__ is raised
    return caught.value


def refusal(
    code: str, status: int = 400, message: str = "said so", content_type: str = ""
) -> ClientError:
    headers = {"content-type": content_type}
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "RequestId": "r-9",
                "HTTPStatusCode": status,
                "HTTPHeaders": headers,
            },
        },
        "UpdateAlias",
    )


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 403, AwsDenied),
        ("AccessDenied", 403, AwsDenied),
        ("ThrottlingException", 400, AwsThrottled),
        ("Throttling", 400, AwsThrottled),
        ("TooManyRequestsException", 429, AwsThrottled),
        ("ResourceNotFoundException", 404, AwsNotFound),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, AwsNotFound),
        ("PreconditionFailedException", 412, AwsConflict),
        ("ResourceConflictException", 409, AwsConflict),
        ("InvalidParameterValueException", 400, AwsRejected),
        ("MalformedQueryException", 400, AwsRejected),
        ("ValidationError", 400, AwsRejected),
        ("ServiceException", 500, AwsUnavailable),
        ("InternalServiceFault", 500, AwsUnavailable),
        ("ExpiredTokenException", 403, AwsCredentialsMissing),
        ("InvalidClientTokenId", 403, AwsCredentialsMissing),
        ("UnrecognizedClientException", 400, AwsCredentialsMissing),
    ],
)
def test_a_known_code_has_its_kind(code, status, kind):
    error = translated(refusal(code, status))
    assert (type(error), error.aws_code) == (kind, code)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("SomethingNew", 400, AwsRejected),
        ("SomethingNew", 503, AwsUnavailable),
        ("", 403, AwsDenied),
        ("403", 403, AwsDenied),
        ("", 429, AwsThrottled),
        ("", 412, AwsConflict),
        ("500", 500, AwsUnavailable),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(code, status, kind):
    error = translated(refusal(code, status))
    assert (type(error), error.aws_code) == (kind, code or str(status))


def test_a_bare_404_that_speaks_of_the_resource_is_not_found():
    error = translated(refusal("", 404, "no such alias", content_type="application/json"))
    assert (type(error), error.aws_code) == (AwsNotFound, "404")


@pytest.mark.parametrize(
    ("content_type", "message"),
    [("text/html", "<h1>Not Found</h1>"), ("text/plain", "404 page not found"), ("", "Not found"),
     ("application/json", "")],
)  # fmt: skip
def test_a_bare_404_of_a_web_server_means_that_the_operation_is_not_there(content_type, message):
    error = translated(refusal("", 404, message, content_type=content_type))
    assert type(error) is AwsUnsupported
    assert not may_pass(error, operations.GET_POLICY)


@pytest.mark.parametrize(
    ("code", "status"),
    [("", 501), ("InvalidAction", 400), ("UnknownOperationException", 404), ("405", 405)],
)
def test_an_operation_that_is_surely_lacking_is_not_asked_for_again(code, status):
    error = translated(refusal(code, status))
    assert type(error) is AwsUnsupported
    assert not may_pass(error, operations.GET_POLICY)


def test_an_error_names_operation_resource_and_request():
    error = translated(refusal("PreconditionFailedException", 412))
    assert (error.operation, error.resource, error.request_id) == ("lambda:UpdateAlias", ARN, "r-9")


def test_the_two_conflicts_say_what_to_do():
    assert "plan again" in translated(refusal("PreconditionFailedException", 412)).hint
    assert "try again soon" in translated(refusal("ResourceConflictException", 409)).hint


def test_a_denial_names_the_action_and_the_resource_that_aws_names():
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/ops/x is not authorized to perform: "
        f"lambda:UpdateFunctionConfiguration on resource: {ARN}:7 because no identity-based policy "
        "allows the lambda:UpdateFunctionConfiguration action"
    )
    error = translated(refusal("AccessDeniedException", 403, message))
    assert isinstance(error, AwsDenied)
    assert error.iam_action == "lambda:UpdateFunctionConfiguration"
    assert error.resource == f"{ARN}:7"
    assert (
        error.hint == f"allow lambda:UpdateFunctionConfiguration on {ARN}:7 for the identity in use"
    )


def test_a_denial_that_says_nothing_names_the_action_of_the_operation():
    error = translated(refusal("AccessDeniedException", 403, "no"), operations.GET_REST_APIS)
    assert isinstance(error, AwsDenied)
    assert (error.iam_action, error.resource) == ("apigateway:GET", ARN)


def test_an_explicit_deny_is_not_answered_with_the_advice_to_allow():
    message = "not authorized to perform: lambda:UpdateAlias with an explicit deny in a policy"
    assert "denies" in translated(refusal("AccessDeniedException", 403, message)).hint


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (sdk.NoCredentialsError(), AwsCredentialsMissing),
        (sdk.PartialCredentialsError(provider="env", cred_var="key"), AwsCredentialsMissing),
        (sdk.UnauthorizedSSOTokenError(), AwsCredentialsMissing),
        (sdk.TokenRetrievalError(provider="sso", error_msg="old"), AwsCredentialsMissing),
        (sdk.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), AwsUnavailable),
        (sdk.ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), AwsUnavailable),
        (sdk.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), AwsUnavailable),
        (sdk.ConnectionClosedError(endpoint_url="http://127.0.0.1:1"), AwsUnavailable),
        (sdk.ParamValidationError(report="bad"), AwsRejected),
        (ResponseParserError("not XML"), AwsUnavailable),
        (sdk.DataNotFoundError(data_path="x"), AwsError),
    ],
)
def test_what_the_sdk_raises_has_its_kind(raised, kind):
    assert type(translated(raised)) is kind


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("InternalFailure", 501, "API action 'X' for service 'cloudwatch' not yet implemented"),
        ("InternalFailure", 500, "The X action has not been implemented"),
        ("UnknownOperationException", 400, "no such operation"),
        ("InvalidAction", 400, "could not find operation"),
        ("", 404, "Not found"),
        ("500", 500, "Internal Server Error"),
    ],
)
def test_a_lacking_operation_is_recognised_however_the_endpoint_says_it(code, status, message):
    assert not_implemented(translated(refusal(code, status, message)))


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServiceFault", "AccessDenied"])
def test_trouble_on_the_way_does_not_count_as_a_lacking_operation(code):
    assert not not_implemented(translated(refusal(code, 500)))


def test_a_page_of_html_is_shortened_to_its_words():
    page = "<!doctype html>\n<title>500</title>\n<h1>Internal   Server Error</h1>" + "x" * 999
    message = translated(refusal("500", 500, page)).message
    assert "<" not in message
    assert "500 Internal Server Error" in message
    assert len(message) < 500


def test_other_exceptions_pass_untouched():
    with pytest.raises(KeyError), aws_call(operations.UPDATE_ALIAS):
        raise KeyError("ours")
