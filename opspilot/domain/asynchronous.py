"""What becomes of the asynchronous invocations of a function."""

from opspilot.domain.model import Model


class AsyncSettings(Model):
    """The settings of one way in; another alias or version has its own, or AWS's defaults.

    Attributes:
        qualifier: Alias or version; empty for $LATEST.
        max_retries: Of a failed event; None where AWS's default holds.
        max_age_seconds: How old an event may get; None as above.
        on_failure: ARN of the destination of events that were given up; empty for none.
        on_success: ARN of the destination of results; empty for none.
    """

    qualifier: str = ""
    max_retries: int | None = None
    max_age_seconds: int | None = None
    on_failure: str = ""
    on_success: str = ""
