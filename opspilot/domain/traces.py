"""Calls that tracing saw: who called whom, how often, and how it went."""

from opspilot.domain.model import Model
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.domain.workload import Edge, Relation


class SeenCall(Model):
    """Calls along one dependency, added up over a window; traces are a sample of all calls.

    Attributes:
        relation: As in Edge: a function that a queue or stream feeds is the caller.
        calls: How many were traced.
        failed: Of these, answered with a fault (5xx) or an error (4xx); `throttled` is among them.
        mean_seconds: Until the answer; None where it was not told.
    """

    caller: Resource
    callee: Resource
    relation: Relation
    calls: int
    failed: int = 0
    throttled: int = 0
    mean_seconds: float | None = None

    def edge(self) -> Edge:
        """The dependency that such calls give away."""
        return Edge(
            caller=self.caller,
            callee=self.callee,
            relation=self.relation,
            via=f"X-Ray, {self.calls} traced calls",
        )


class OutsideCall(Model):
    """Calls to something that is no resource of ours, a host or another service of AWS.

    Attributes:
        name: As tracing names it, "psp.example.com".
    """

    caller: Resource
    name: str
    calls: int
    failed: int = 0
    mean_seconds: float | None = None


class ServiceGraph(Model):
    """What tracing saw in a window.

    Attributes:
        window: What was asked for, which may be less than was wanted.
        calls: Between resources of this account.
        outside: From a resource of this account to something else.
        gaps: What is missing, as sentences.
    """

    window: Window
    calls: tuple[SeenCall, ...] = ()
    outside: tuple[OutsideCall, ...] = ()
    gaps: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
