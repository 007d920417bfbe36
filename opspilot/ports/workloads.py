"""What runs in the account, what changed in it, and which alarms watch it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.change import ChangeFeed
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.domain.workload import Configuration, Topology


class Workloads(Protocol):
    """Reads configuration and topology."""

    def resolve(self, name_or_arn: str) -> Resource:
        """The resource that a person means.

        Raises:
            UnknownResource: There is none; the hint names close matches.
            AwsError: The account could not be asked.
        """
        ...

    def resources(self) -> list[Resource]:
        """Functions, APIs, queues, streams and tables of the account, by kind and name.

        A kind that could not be listed is left out; a name can still be resolved.

        Raises:
            AwsError: Not even the functions could be listed.
        """
        ...

    def describe(self, resource: Resource) -> Configuration:
        """How a resource is configured.

        A function with its versions, aliases and event sources, a table with its indexes and
        autoscaling, a queue or stream with its consumers; of the account, what its functions
        share. What of it could not be read is said in `gaps`.

        Raises:
            AwsNotFound: It does not exist.
            AwsRejected: A resource of this kind has no configuration that is read.
            AwsError: The call failed.
        """
        ...

    def topology(self, resource: Resource) -> Topology:
        """Direct callers and callees of a resource, and the callees of those callees.

        Raises:
            AwsError: The call failed.
        """
        ...


class Changes(Protocol):
    """Reads the account's change feeds."""

    def changes(self, resources: Sequence[Resource], window: Window) -> ChangeFeed:
        """Changes of these resources in the window, oldest first.

        A feed that could not be read is named in `gaps`; the others still come.

        Raises:
            AwsError: No feed at all could be read.
        """
        ...


class Alarms(Protocol):
    """Reads alarms."""

    def transitions(self, since: datetime) -> list[AlarmTransition]:
        """Changes of state of metric alarms since this account time, oldest first.

        Raises:
            AwsError: The call failed.
        """
        ...

    def alarms_of(self, resource: Resource) -> list[Alarm]:
        """The alarms whose metric belongs to this resource."""
        ...
