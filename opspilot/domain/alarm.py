"""CloudWatch alarms and their transitions."""

from typing import Literal

from opspilot.domain.model import Instant, Model, Record
from opspilot.domain.telemetry import MetricQuery

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Comparator = Literal[">=", ">", "<", "<="]


class Alarm(Model):
    """An alarm on one metric.

    Attributes:
        query: The metric it watches; None for expression and composite alarms.
        since: Account time of the last change of state.
    """

    arn: str
    name: str
    description: str = ""
    query: MetricQuery | None = None
    comparator: Comparator = ">="
    threshold: float = 0.0
    datapoints_to_alarm: int = 1
    evaluation_periods: int = 1
    state: AlarmState
    reason: str = ""
    since: Instant


class AlarmTransition(Model):
    """One change of state; its `key` is the same however often it is read."""

    alarm: Alarm
    before: AlarmState
    after: AlarmState
    at: Instant

    @property
    def key(self) -> str:
        """Identity of this very transition."""
        return f"{self.alarm.arn}@{self.at.isoformat(timespec='seconds')}:{self.after}"


class AlarmReceipt(Record):
    """The store's note that something happened once: a transition was handled, an incident opened.

    Attributes:
        key: The transition's key, or the place of the opening among all incidents.
        incident_id: What it opened or joined; empty when the transition was ignored.
    """

    key: str
    incident_id: str
    at: Instant
