"""The alarms on a resource and how they moved, as the ledger keeps them."""

from collections.abc import Sequence

from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.evidence import AlarmsDetail, AlarmsRequest
from opspilot.domain.window import Window
from opspilot.domain.wording import clock, plural
from opspilot.engine.answer import Reading
from opspilot.errors import AwsCredentialsMissing, AwsError
from opspilot.ports.workloads import Alarms


def read_alarms(
    alarms: Alarms, request: AlarmsRequest, baseline: Window, incident: Window
) -> Reading:
    """The alarms and their transitions since the baseline began.

    A history that cannot be read is said; the alarms themselves are told all the same.

    Raises:
        AwsCredentialsMissing: Nothing at all can be read.
        AwsError: The alarms could not be read.
    """
    found = tuple(alarms.alarms_of(request.resource))
    history, missing = _transitions(alarms, found, baseline)
    detail = AlarmsDetail(alarms=found, history=history)
    states = ", ".join(f"{alarm.name} {alarm.state}" for alarm in found)
    moved = f"; {plural(len(history), 'transition')} since {clock(baseline.start)}"
    return Reading(
        detail=detail,
        finding=f"{request.resource.name} has {plural(len(found), 'alarm')}"
        + (f": {states}{moved}" if states else "")
        + (f"; {missing}" if missing else ""),
        snapshot=detail.model_dump(mode="json"),
        window=incident,
        partial=bool(missing),
    )


def _transitions(
    alarms: Alarms, found: Sequence[Alarm], baseline: Window
) -> tuple[tuple[AlarmTransition, ...], str]:
    """How these alarms moved, and why that is not known."""
    if not found:
        return (), ""
    known = {alarm.arn for alarm in found}
    try:
        moves = alarms.transitions(baseline.start)
    except AwsCredentialsMissing:
        raise
    except AwsError as error:
        return (), f"their history could not be read: {error}"
    return tuple(one for one in moves if one.alarm.arn in known), ""
