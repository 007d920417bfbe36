"""What would refute the leading explanation, if it were read; pure.

A leader that nobody attacked is a guess. Before the verdict the engine asks what is named here, as
further questions of the same investigation, and draws the verdict from what they bring.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from opspilot.diagnosis.asking import Source
from opspilot.diagnosis.attacks import attacks_on
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.harm import harmed, harmful
from opspilot.diagnosis.verdict import diagnose
from opspilot.domain.evidence import ChangesRequest, Evidence
from opspilot.domain.hypothesis import Hypothesis
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model
from opspilot.domain.resource import Resource, ResourceKind

_MOST_LEADERS = 2
_MOST_BESIDE = 2
_MOST_BELOW = 4


class Refutation(Model):
    """A question whose answer may refute a hypothesis.

    Attributes:
        signals: Of metrics: those that are asked for.
        why: What an answer would tell, in one sentence.
        hypothesis: Cause class of the hypothesis under attack.
    """

    resource: Resource
    source: Source
    signals: tuple[str, ...] = ()
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
    verdict = diagnose(incident, evidence, now)
    case = Case(incident, tuple(evidence), now)
    leaders = [one for one in verdict.hypotheses if one.status != "ruled_out"][:_MOST_LEADERS]
    attacks = [attack for leader in leaders for attack in _attacks(case, leader)]
    if harmed(case) and not verdict.causes:
        attacks += _unexplained(case)
    told = dict.fromkeys(attack for attack in attacks if not _asked(attack, case))
    unique = {(one.resource, one.source, one.signals): one for one in reversed(list(told))}
    return tuple(reversed(list(unique.values())))


def _attacks(case: Case, leader: Hypothesis) -> Iterator[Refutation]:
    """What would refute a leader of its class; then the accused's own story, its neighbours'."""
    accused = leader.resource
    for ask in attacks_on(case, leader):
        yield Refutation(
            resource=ask.resource,
            source=ask.source,
            signals=ask.signals,
            why=ask.why,
            hypothesis=leader.cause_class,
        )

    def attack(resource: Resource, source: Source, why: str) -> Refutation:
        return Refutation(resource=resource, source=source, why=why, hypothesis=leader.cause_class)

    yield attack(accused, "changes", f"if {accused.name} did not change, something else did")
    yield attack(
        accused, "configuration", f"{accused.name} may not be set up as the explanation has it"
    )
    if accused.kind is ResourceKind.FUNCTION:
        yield attack(accused, "logs", f"the log of {accused.name} may tell of another failure")
        yield attack(accused, "topology", f"what {accused.name} itself calls may have failed first")
    for other in _beside(case, accused):
        yield attack(other, "logs", f"{other.name} may fail by itself, or start cold")
        yield attack(other, "changes", f"{other.name} may be what changed")


def _beside(case: Case, accused: Resource) -> tuple[Resource, ...]:
    """Functions whose log settles what the accused only shows: below it, or users of it."""
    if accused.kind in (ResourceKind.QUEUE, ResourceKind.STREAM):
        return case.consumers_of(accused)[:_MOST_BESIDE]
    if accused.kind is ResourceKind.TABLE:
        return case.users_of(accused)[:_MOST_BESIDE]
    return _changed_first(case, case.callees(accused))[:_MOST_BESIDE]


def _unexplained(case: Case) -> Iterator[Refutation]:
    """Harm that nothing explains yet: the logs right below it, of what changed before the others.

    A cold start or a lost container shows in no duration of the function itself, only in its log.
    """
    hurt = dict.fromkeys(shown.evidence.resource for shown in harmful(case))
    for one in hurt:
        below = (*case.callees(one), *case.consumers_of(one))
        for other in _changed_first(case, below)[:_MOST_BELOW]:
            why = f"{one.name} is hurt, and nothing that was read explains it"
            yield Refutation(resource=other, source="logs", why=why, hypothesis="unexplained")


def _changed_first(case: Case, functions: Sequence[Resource]) -> tuple[Resource, ...]:
    """Those with a change on record first, as they stand otherwise."""
    return tuple(sorted(functions, key=lambda one: not case.changes_of(one)))


def _asked(attack: Refutation, case: Case) -> bool:
    """Whether the question was put already, answered or not: it is not put again."""
    if attack.source == "changes":
        requests = (item.request for item in case.evidence)
        return any(
            isinstance(one, ChangesRequest) and attack.resource in one.resources for one in requests
        )
    if attack.source == "configuration" and attack.resource.kind is ResourceKind.ACCOUNT:
        return case.entries.asked("limits", attack.resource)
    signals = attack.signals or ("",)
    return any(case.entries.asked(attack.source, attack.resource, one) for one in signals)
