"""Every move an incident can make.

Two rules: all moves are rows of `TRANSITIONS`, and this module knows neither stages nor people. A
pair of status and trigger without a row is an error that names all three: status, trigger, and
what would have been allowed.
"""

from enum import StrEnum
from typing import NamedTuple

from opspilot.domain.incident import IncidentStatus as Status
from opspilot.errors import IllegalTransition


class Trigger(StrEnum):
    """What makes an incident move; past tense, because it has happened."""

    INVESTIGATION_STARTED = "investigation_started"
    VERDICT_REACHED = "verdict_reached"
    INVESTIGATION_FAILED = "investigation_failed"
    PLAN_PROPOSED = "plan_proposed"
    PLAN_DROPPED = "plan_dropped"
    EXECUTION_STARTED = "execution_started"
    PLAN_VOIDED = "plan_voided"
    ACTIONS_SETTLED = "actions_settled"
    EXECUTION_FAILED = "execution_failed"
    RECOVERED = "recovered"
    NOT_RECOVERED = "not_recovered"
    UNDO_STARTED = "undo_started"
    UNDO_SETTLED = "undo_settled"
    UNDO_FAILED = "undo_failed"
    ALARM_RETURNED = "alarm_returned"
    CLOSED = "closed"


class Transition(NamedTuple):
    """One row: in `status`, `trigger` leads to `target`; `meaning` is printed in the docs."""

    status: Status
    trigger: Trigger
    target: Status
    meaning: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        Status.OPEN,
        Trigger.INVESTIGATION_STARTED,
        Status.INVESTIGATING,
        "a person or the policy asks for an investigation",
    ),
    Transition(
        Status.INVESTIGATING,
        Trigger.VERDICT_REACHED,
        Status.DIAGNOSED,
        "the rules settled a verdict, inconclusive included",
    ),
    Transition(
        Status.INVESTIGATING,
        Trigger.INVESTIGATION_FAILED,
        Status.FAILED,
        "no source could be read at all",
    ),
    Transition(
        Status.DIAGNOSED,
        Trigger.INVESTIGATION_STARTED,
        Status.INVESTIGATING,
        "somebody wants a fresh look",
    ),
    Transition(
        Status.DIAGNOSED,
        Trigger.PLAN_PROPOSED,
        Status.AWAITING_APPROVAL,
        "a plan within policy was filed",
    ),
    Transition(
        Status.AWAITING_APPROVAL,
        Trigger.PLAN_DROPPED,
        Status.DIAGNOSED,
        "the plan was rejected, withdrawn or expired",
    ),
    Transition(
        Status.AWAITING_APPROVAL,
        Trigger.EXECUTION_STARTED,
        Status.REMEDIATING,
        "an approved plan is started; its approvals are spent",
    ),
    Transition(
        Status.REMEDIATING,
        Trigger.PLAN_VOIDED,
        Status.DIAGNOSED,
        "the account drifted from the approved pre-state; nothing was changed",
    ),
    Transition(
        Status.REMEDIATING,
        Trigger.ACTIONS_SETTLED,
        Status.VERIFYING,
        "every action is in force",
    ),
    Transition(
        Status.REMEDIATING,
        Trigger.EXECUTION_FAILED,
        Status.FAILED,
        "an action failed; those before it stay until somebody undoes them",
    ),
    Transition(
        Status.VERIFYING,
        Trigger.RECOVERED,
        Status.RESOLVED,
        "the original signal meets every criterion",
    ),
    Transition(
        Status.VERIFYING,
        Trigger.NOT_RECOVERED,
        Status.FAILED,
        "the observation ended without recovery",
    ),
    Transition(
        Status.VERIFYING,
        Trigger.UNDO_STARTED,
        Status.ROLLING_BACK,
        "somebody takes the change back while it is observed",
    ),
    Transition(
        Status.RESOLVED,
        Trigger.UNDO_STARTED,
        Status.ROLLING_BACK,
        "somebody takes the change back",
    ),
    Transition(
        Status.FAILED,
        Trigger.UNDO_STARTED,
        Status.ROLLING_BACK,
        "somebody takes the applied actions back",
    ),
    Transition(
        Status.ROLLING_BACK,
        Trigger.UNDO_SETTLED,
        Status.DIAGNOSED,
        "the captured state is in force again",
    ),
    Transition(
        Status.ROLLING_BACK,
        Trigger.UNDO_FAILED,
        Status.FAILED,
        "an undo could not be applied; a person must look",
    ),
    Transition(
        Status.FAILED,
        Trigger.INVESTIGATION_STARTED,
        Status.INVESTIGATING,
        "somebody wants a fresh look",
    ),
    Transition(
        Status.RESOLVED,
        Trigger.ALARM_RETURNED,
        Status.OPEN,
        "the alarm fired again on the same resource",
    ),
    Transition(Status.OPEN, Trigger.CLOSED, Status.CLOSED, "false alarm, said by a person"),
    Transition(Status.DIAGNOSED, Trigger.CLOSED, Status.CLOSED, "nothing to do, said by a person"),
    Transition(Status.FAILED, Trigger.CLOSED, Status.CLOSED, "dealt with elsewhere"),
    Transition(Status.RESOLVED, Trigger.CLOSED, Status.CLOSED, "done"),
)

_TARGETS = {(row.status, row.trigger): row.target for row in TRANSITIONS}


def allowed_triggers(status: Status) -> tuple[Trigger, ...]:
    """The triggers that lead somewhere from `status`, in the table's order."""
    return tuple(row.trigger for row in TRANSITIONS if row.status == status)


def advance(status: Status, trigger: Trigger) -> Status:
    """The status after `trigger`.

    Raises:
        IllegalTransition: The table has no such row.
    """
    target = _TARGETS.get((status, trigger))
    if target is None:
        allowed = ", ".join(allowed_triggers(status)) or "nothing"
        raise IllegalTransition(
            f"an incident that is {status} cannot take {trigger}; allowed: {allowed}",
            hint="Somebody may have moved the incident meanwhile; look at it again.",
        )
    return target
