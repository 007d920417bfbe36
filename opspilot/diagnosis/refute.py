"""What would refute the leading explanation, if it were read; pure.

A leader that nobody attacked is a guess. Before the verdict the engine asks what is named here, as
further questions of the same investigation, and draws the verdict from what they bring.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from opspilot.diagnosis.verdict import diagnose
from opspilot.domain.evidence import (
    ChangesRequest,
    ConfigurationRequest,
    Evidence,
    LogRequest,
    MetricRequest,
    TopologyRequest,
)
from opspilot.domain.hypothesis import Hypothesis
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind

RefutingSource = Literal["metrics", "logs", "configuration", "changes", "topology"]

_REQUESTS = {
    "metrics": MetricRequest,
    "logs": LogRequest,
    "configuration": ConfigurationRequest,
    "topology": TopologyRequest,
}


class Refutation(Model):
    """A question whose answer may refute a hypothesis.

    Attributes:
        why: What an answer would tell, in one sentence.
        hypothesis: Cause class of the hypothesis under attack.
    """

    resource: Resource
    source: RefutingSource
    why: str
    hypothesis: str


def refutations(
    incident: Incident, evidence: Sequence[Evidence], now: datetime
) -> tuple[Refutation, ...]:
    """What to read before the verdict, most telling first; empty when nothing is left to attack.

    Args:
        incident: As it stands.
        evidence: The ledger of the investigation so far, gaps included.
        now: Account time.
    """
    hypotheses = diagnose(incident, evidence, now).hypotheses
    leader = next((one for one in hypotheses if one.status != "ruled_out"), None)
    if leader is None:
        return ()
    return tuple(one for one in _attacks(leader) if not _asked(one, evidence))


def _attacks(leader: Hypothesis) -> list[Refutation]:
    """What would speak against any leader: the accused resource's own story."""
    accused = leader.resource

    def attack(source: RefutingSource, why: str) -> Refutation:
        return Refutation(resource=accused, source=source, why=why, hypothesis=leader.cause_class)

    attacks = [
        attack("changes", f"if {accused.name} did not change, something else did"),
        attack("configuration", f"{accused.name} may not be set up as the explanation has it"),
    ]
    if accused.kind is ResourceKind.FUNCTION:
        attacks += [
            attack("logs", f"the log of {accused.name} may tell of another failure"),
            attack("topology", f"what {accused.name} itself calls may have failed first"),
        ]
    return attacks


def _asked(attack: Refutation, evidence: Sequence[Evidence]) -> bool:
    """Whether the question was asked already, answered or not."""
    if attack.source == "changes":
        return any(
            isinstance(item.request, ChangesRequest) and attack.resource in item.request.resources
            for item in evidence
        )
    wanted = _REQUESTS[attack.source]
    return any(
        item.resource == attack.resource and isinstance(item.request, wanted) for item in evidence
    )
