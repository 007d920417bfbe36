"""Invoking a function with an event that a person chose."""

from typing import Protocol

from opspilot.domain.resource import Resource
from opspilot.domain.trial import Trial, TrialMode


class Invocations(Protocol):
    """Invokes functions; never more than once for one call."""

    def invoke(
        self, function: Resource, event: str, *, mode: TrialMode, qualifier: str = ""
    ) -> Trial:
        """Invoke a function.

        Args:
            function: Which one.
            event: JSON text, sent as it is.
            mode: Whether to wait for the answer, to hand it over, or only to check permission.
            qualifier: Version or alias; empty for $LATEST.

        Raises:
            AwsNotFound: There is no such function, version or alias.
            AwsThrottled: It has no free concurrency; it did not run.
            AwsDenied: The identity may not invoke it.
            AwsRejected: The event was refused (too large, no JSON).
            AwsError: The call failed before the function can have run.
        """
        ...
