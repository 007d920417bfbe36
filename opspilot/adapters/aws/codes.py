"""The table of AWS error codes: which of our errors each becomes.

Source: the "Common errors" page of each service and the error shapes in botocore's models.
"""

from opspilot.errors import (
    AwsConflict,
    AwsCredentialsMissing,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
)

_CODES: dict[type[AwsError], tuple[str, ...]] = {
    AwsDenied: (
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "NotAuthorized",
        "OperationNotPermittedException",
        "UnauthorizedOperation",
        "UnauthorizedException",
    ),
    AwsCredentialsMissing: (
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ),
    AwsThrottled: (
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "LimitExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceQuotaExceededException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "throttlingException",  # in lower case: inside an event stream
    ),
    AwsNotFound: (
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    ),
    AwsConflict: (
        "ConflictException",
        "PreconditionFailedException",
        "ResourceConflictException",
        "ResourceInUseException",
    ),
    AwsRejected: (
        "BadRequestException",
        "InvalidParameterCombination",
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidTimeRangeException",
        "MalformedQueryException",
        "MissingParameter",
        "SerializationException",
        "UnsupportedOperationException",
        "ValidationError",
        "ValidationException",
        "validationException",
    ),
    AwsUnavailable: (
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceFault",
        "ModelErrorException",
        "ModelNotReadyException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "internalServerException",
        "modelStreamErrorException",
        "serviceUnavailableException",
    ),
}
_BY_CODE: dict[str, type[AwsError]] = {
    code: kind for kind, codes in _CODES.items() for code in codes
}

_BY_STATUS: dict[int, type[AwsError]] = {
    401: AwsCredentialsMissing,
    403: AwsDenied,
    404: AwsNotFound,
    409: AwsConflict,
    412: AwsConflict,
    429: AwsThrottled,
}

_BAD_REQUEST, _SERVER_ERROR = 400, 500


def kind_of(code: str, status: int) -> type[AwsError]:
    """Our error for a code; one that the table does not know is judged by its HTTP status."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= _SERVER_ERROR:
        return AwsUnavailable
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return AwsRejected if status >= _BAD_REQUEST else AwsError
