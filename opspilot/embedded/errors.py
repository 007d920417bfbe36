"""Errors of the embedded account: its own, and those that it answers with in AWS's shape."""


class EmbeddedError(Exception):
    """The embedded account cannot do what it was asked; the message says what and why."""


class AlreadyRunning(EmbeddedError):
    """Another process holds this state folder."""


class JournalDamaged(EmbeddedError):
    """The journal has a bad record before its end."""


class FaultRefused(EmbeddedError):
    """The fault is unknown or already active."""


class AwsError(Exception):
    """An error answer of an AWS API.

    Attributes:
        code: The code that botocore shows, such as ResourceNotFoundException.
        message: The text that goes with it.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
