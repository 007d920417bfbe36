"""What an incident leaves behind for those that come later: how it looked, what was done, the end.

No name of a resource is compared: the same trouble in another function is the same trouble.
"""

from math import sqrt

from opspilot.domain.model import Instant, Model, Record
from opspilot.domain.plan import VerificationOutcome
from opspilot.domain.resource import Resource

_Z = 1.96


class Treatment(Model):
    """A plan that was carried out, and what the original signal said afterwards.

    Attributes:
        cause_class: The cause that the verdict named when the plan was made; empty without one.
        actions: Types of its actions, in order; `summaries` in words.
        outcome: None when it was not measured to the end.
        undone: It was taken back later.
    """

    plan_id: str
    cause_class: str = ""
    actions: tuple[str, ...]
    summaries: tuple[str, ...] = ()
    outcome: VerificationOutcome | None = None
    undone: bool = False

    @property
    def worked(self) -> bool:
        """Whether the signal recovered."""
        return self.outcome is VerificationOutcome.RECOVERED


class Fingerprint(Record):
    """How an incident looked, and how it went; kept when it is measured, undone or closed.

    Attributes:
        kind: Kind of the resource on which it was seen; `cause_kind` of the one at fault.
        cause_class: Of the newest verdict; empty when it named none.
        also: Classes of further causes that were named beside it.
        setting: The setting at fault, "ORDERS_TABLE"; may be empty.
        errors: Error types in the logs that were not there before.
        stacks: Fingerprints of their stacks.
        patterns: Masked templates of log lines that came, went or changed their rate.
        signals: "own lambda.errors up": what moved, on the resource itself or on a neighbour.
        outcome: The incident's.
        opened_at: Account time; `kept_at`: account time.
    """

    incident_id: str
    title: str
    resource: Resource
    kind: str
    cause_class: str = ""
    cause_kind: str = ""
    also: tuple[str, ...] = ()
    setting: str = ""
    errors: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    outcome: str = ""
    opened_at: Instant
    kept_at: Instant


class SimilarIncident(Model):
    """An earlier incident that looked alike.

    Attributes:
        similarity: 0 to 1.
        shared: What both have, most telling first, in words.
    """

    fingerprint: Fingerprint
    similarity: float
    shared: tuple[str, ...] = ()


class SuccessRate(Model):
    """How often plans with an action of a type cured a cause of a class.

    Attributes:
        tried: Plans that were measured to their end.
    """

    cause_class: str
    action_type: str
    worked: int
    tried: int

    @property
    def bounds(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the rate (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
        if not self.tried:
            return 0.0, 1.0
        rate, z2 = self.worked / self.tried, _Z * _Z
        middle = rate + z2 / (2 * self.tried)
        spread = _Z * sqrt(rate * (1 - rate) / self.tried + z2 / (4 * self.tried**2))
        scale = 1 + z2 / self.tried
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
