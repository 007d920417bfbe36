"""Which questions an investigation asks next; pure, so that a resumed one asks exactly the rest.

The plan grows with what is known: the resource itself first, then its neighbours; where one of
these stands out, what it depends on in turn, until nothing new stands out; then the logs and
changes of all that does; then what its configuration was before; and at last what would refute the
explanation that leads by then.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from opspilot.diagnosis.refute import Refutation, refutations
from opspilot.domain.evidence import ChangesDetail, ChangesRequest, Evidence, MetricRequest
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource, ResourceKind, lambda_account
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import MetricQuery
from opspilot.engine.comparing import earlier_of
from opspilot.engine.neighbourhood import Neighbourhood
from opspilot.engine.questions import (
    DESCRIBED,
    Question,
    alarms_of,
    changes_of,
    comparison_of,
    configuration_of,
    limits_of,
    logs_of,
    metrics_of,
    topology_of,
    traces_of,
)

MOST_TOPOLOGIES = 8
MOST_LOGS = 6
_MOST_CHANGED = 12
MOST_REFUTATIONS = 8

AHEAD = {
    "ahead:neighbours": "Metrics and configuration of callers and callees",
    "ahead:suspects": "Log and changes of whatever stands out",
    "ahead:refutation": "What would refute the leading explanation",
}
"""What every investigation does later, shown before its questions are known."""

Earlier = Callable[[], Sequence[Evidence]]


def next_questions(
    incident: Incident, ledger: Sequence[Evidence], now: datetime, earlier: Earlier = tuple
) -> list[Question]:
    """All questions that can be asked on what the ledger holds, answered ones included.

    Args:
        incident: As it stands.
        ledger: The entries of this investigation.
        now: Account time.
        earlier: Entries of other investigations, newest last; called when they are of use.
    """
    answered = {item.task.partition("/")[2] for item in ledger}

    def settled(questions: Sequence[Question]) -> bool:
        return all(question.key in answered for question in questions)

    asked = _surveyed(incident, ledger)
    if not settled(asked):
        return asked
    asked += _followed(incident, ledger)
    if not settled(asked):
        return asked
    asked += _compared(asked, incident, ledger, earlier)
    if not settled(asked):
        return asked
    return asked + _attacked(asked, incident, ledger, now)


def ahead(
    incident: Incident, ledger: Sequence[Evidence], questions: Sequence[Question]
) -> set[str]:
    """Which of `AHEAD` have not begun."""
    left = set(AHEAD)
    if Neighbourhood(incident.resource, ledger).mapped:
        left.discard("ahead:neighbours")
    if any(question.key.startswith("changes:") for question in questions):
        left.discard("ahead:suspects")
    if any(question.why for question in questions):
        left.discard("ahead:refutation")
    return left


def _surveyed(incident: Incident, ledger: Sequence[Evidence]) -> list[Question]:
    """The resource, its neighbours, and what stands out among these followed on."""
    own, around = incident.resource, Neighbourhood(incident.resource, ledger)
    asked = [topology_of(own), traces_of(own), *_first_look(own, around), alarms_of(own)]
    if own.kind is ResourceKind.FUNCTION:
        asked.append(logs_of(own, incident))
    near = around.near if around.mapped else ()
    account = _account((own, *near))
    if account is not None:
        asked += [limits_of(account), *metrics_of(account)]
    if not around.mapped:
        return asked
    looks = [question for resource in near for question in _first_look(resource, around)]
    asked += looks
    followed = [topology_of(one) for one in around.mapped_also]
    asked += followed
    answered = {item.task.partition("/")[2] for item in ledger}
    if all(question.key in answered for question in looks):
        left = max(0, MOST_TOPOLOGIES - len(followed))
        asked += [topology_of(one) for one in around.frontier[:left]]
    return asked


def _first_look(resource: Resource, around: Neighbourhood) -> list[Question]:
    described = [configuration_of(resource)] if resource.kind in DESCRIBED else []
    return [*metrics_of(resource, around.indexes.get(resource, ())), *described]


def _account(resources: Sequence[Resource]) -> Resource | None:
    """What the functions among these share; None as long as no function is known."""
    found = (one for one in resources if one.kind is ResourceKind.FUNCTION)
    return next((lambda_account(one.account, one.region) for one in found), None)


def _followed(incident: Incident, ledger: Sequence[Evidence]) -> list[Question]:
    """Logs and changes of what stands out; of all others too where nothing of that changed."""
    own, around = incident.resource, Neighbourhood(incident.resource, ledger)
    suspects = around.standing_out
    functions = [one for one in suspects if one.kind is ResourceKind.FUNCTION]
    asked = [logs_of(one, incident) for one in functions[:MOST_LOGS]]
    accused = tuple(dict.fromkeys((own, *suspects, *around.beside((own, *functions)))))
    accused = accused[:_MOST_CHANGED]
    asked.append(changes_of(accused, "near"))
    others = tuple(one for one in around.near if one not in accused)[:_MOST_CHANGED]
    if others and _nothing_changed(ledger):
        asked.append(changes_of(others, "around"))
    return asked


def _nothing_changed(ledger: Sequence[Evidence]) -> bool:
    """Whether the changes of the suspects were read, and there were none."""
    read = [item.detail for item in ledger if isinstance(item.request, ChangesRequest)]
    return bool(read) and not any(isinstance(one, ChangesDetail) and one.changes for one in read)


def _compared(
    asked: Sequence[Question], incident: Incident, ledger: Sequence[Evidence], earlier: Earlier
) -> list[Question]:
    """Configurations against what a ledger kept of them before this incident's window."""
    described = [one.resource for one in asked if one.key.startswith(("configuration:", "limits:"))]
    if not described:
        return []
    kept = earlier_of(earlier(), ledger, incident.window.start)
    return [comparison_of(one, kept[one]) for one in described if one in kept]


def _attacked(
    asked: Sequence[Question], incident: Incident, ledger: Sequence[Evidence], now: datetime
) -> list[Question]:
    """What would refute the leader, as long as few such questions were asked."""
    planned = {question.key for question in asked}
    done = {item.task.partition("/")[2] for item in ledger} - planned
    if len(done) >= MOST_REFUTATIONS:
        return []
    found = [
        question
        for attack in refutations(incident, ledger, now)
        for question in put(attack, incident)
        if question.key not in planned | done
    ]
    return found[: MOST_REFUTATIONS - len(done)]


def put(attack: Refutation, incident: Incident) -> list[Question]:
    """The questions by which an attack on an explanation is put; empty where there is no such."""
    resource, why = attack.resource, f"{attack.hypothesis}: {attack.why}"
    match attack.source:
        case "metrics":
            queries = [query_of(signal_named(name), resource) for name in attack.signals]
            found = [one for one in metrics_of(resource) if _reads(one, queries)]
        case "logs" if resource.kind is ResourceKind.FUNCTION:
            found = [logs_of(resource, incident)]
        case "configuration" if resource.kind in DESCRIBED:
            found = [configuration_of(resource)]
        case "configuration" if resource.kind is ResourceKind.ACCOUNT:
            found = [limits_of(resource)]
        case "changes":
            found = [changes_of((resource,), "refuting")]
        case "topology":
            found = [topology_of(resource)]
        case _:
            found = []
    return [question.model_copy(update={"why": why}) for question in found]


def _reads(question: Question, queries: Sequence[MetricQuery]) -> bool:
    request = question.request
    return isinstance(request, MetricRequest) and request.metric in queries
