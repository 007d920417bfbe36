"""Errors that the API gives on demand, to test callers against throttling and denials."""

from dataclasses import dataclass

from opspilot.embedded.errors import AwsError

_STATUS = {
    "AccessDeniedException": 403,
    "AccessDenied": 403,
    "TooManyRequestsException": 429,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "ServiceException": 500,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
}


@dataclass(slots=True)
class _Armed:
    code: str
    message: str
    times: int
    said: bool


class ApiFaults:
    """Armed errors by operation: `GetMetricData`, or `cloudwatch:GetMetricData`."""

    def __init__(self) -> None:
        self._armed: dict[str, _Armed] = {}

    def arm(self, operation: str, code: str, times: int, message: str = "") -> None:
        """The next `times` calls of the operation fail with `code`; 0 disarms."""
        name = operation.rpartition(":")[2]
        if times <= 0:
            self._armed.pop(name, None)
            return
        text = message or ("Rate exceeded" if "Throttl" in code else f"{name} failed: {code}")
        self._armed[name] = _Armed(code, text, times, said=bool(message))

    def check(self, action: str, caller_arn: str, permission: str = "") -> None:
        """Raise the armed error of an operation, if there is one, and count it.

        A denial names `permission`, where the IAM action is called otherwise than the operation.
        """
        name = action.rpartition(":")[2]
        armed = self._armed.get(name)
        if armed is None:
            return
        armed.times -= 1
        if armed.times <= 0:
            del self._armed[name]
        message = armed.message
        if armed.code.startswith("AccessDenied") and not armed.said:
            message = (
                f"User: {caller_arn} is not authorized to perform: {permission or action} because "
                "no identity-based policy allows the action"
            )
        raise AwsError(armed.code, message, _STATUS.get(armed.code, 400))
