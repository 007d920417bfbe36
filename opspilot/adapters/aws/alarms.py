"""CloudWatch metric alarms: their definitions and their changes of state."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.alarms_data import (
    ALARMS_A_PAGE,
    NO_HISTORY,
    from_states,
    to_alarm,
    to_alarms_request,
    to_history_request,
    to_transition,
)
from opspilot.adapters.aws.alarms_watched import concerns
from opspilot.adapters.aws.errors import not_implemented
from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.throttle import Budget, Calls
from opspilot.domain.alarm import Alarm, AlarmTransition
from opspilot.domain.resource import Resource
from opspilot.errors import AwsError

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient

logger = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS = 600.0


class AwsAlarms:
    """The Alarms port on CloudWatch.

    Where an endpoint has no DescribeAlarmHistory (emulators), `transitions` degrades: it derives
    them from the present state of the alarms, says so in each reason and once in the log. A
    transition that was taken back between two polls is then missed.
    """

    def __init__(self, client: "CloudWatchClient", calls: Calls, place: Place) -> None:
        self._client = client
        self._calls = calls
        self._arn_prefix = f"arn:aws:cloudwatch:{place.region}:{place.account_id}:alarm:"
        self._history_missed_at: float | None = None

    def transitions(self, since: datetime) -> list[AlarmTransition]:
        """Changes of state of metric alarms since this account time; see the port."""
        budget = self._calls.budget()
        items = self._history_if_there_is_one(since, budget)
        if items is None:
            return from_states(self._alarms(budget), since)
        names = sorted({str(item.get("AlarmName")) for item in items})
        known = self._named(names, budget)
        found = [to_transition(item, known, self._arn_prefix) for item in items]
        return sorted(
            (each for each in found if each is not None and each.at >= since),
            key=lambda each: (each.at, each.alarm.name),
        )

    def alarms_of(self, resource: Resource) -> list[Alarm]:
        """The alarms whose metric belongs to this resource, by name.

        Those on one of its aliases count as well, and for a function those on what it shares with
        all others: the concurrency of the account.
        """
        found = self._alarms(self._calls.budget())
        return sorted(
            (to_alarm(item) for item in found if concerns(item, resource)),
            key=lambda alarm: alarm.name,
        )

    def _history_if_there_is_one(
        self, since: datetime, budget: Budget
    ) -> list[Mapping[str, Any]] | None:
        """History items; None where the endpoint has no history, which is asked again at times."""
        now, missed_at = self._calls.monotonic(), self._history_missed_at
        if missed_at is not None and now - missed_at < _ASK_AGAIN_SECONDS:
            return None
        try:
            items = self._history(since, budget)
        except AwsError as error:
            if not not_implemented(error):
                raise
            if missed_at is None:
                logger.warning(
                    "operation=<%s> | there is no alarm history here (%s): transitions are %s",
                    operations.DESCRIBE_ALARM_HISTORY.name,
                    error,
                    NO_HISTORY,
                )
            self._history_missed_at = now
            return None
        self._history_missed_at = None
        return items

    def _history(self, since: datetime, budget: Budget) -> list[Mapping[str, Any]]:
        pages = self._calls.pages(
            operations.DESCRIBE_ALARM_HISTORY,
            budget,
            lambda token: self._client.describe_alarm_history(**to_history_request(since, token)),
            "NextToken",
        )
        return [item for page in pages for item in page.get("AlarmHistoryItems") or ()]

    def _named(self, names: Sequence[str], budget: Budget) -> dict[str, Alarm]:
        """Definitions by name; deleted alarms are absent."""
        known: dict[str, Alarm] = {}
        for first in range(0, len(names), ALARMS_A_PAGE):
            for item in self._alarms(budget, names[first : first + ALARMS_A_PAGE]):
                alarm = to_alarm(item)
                known[alarm.name] = alarm
        return known

    def _alarms(self, budget: Budget, names: Sequence[str] = ()) -> list[Mapping[str, Any]]:
        pages = self._calls.pages(
            operations.DESCRIBE_ALARMS,
            budget,
            lambda token: self._client.describe_alarms(**to_alarms_request(names, token)),
            "NextToken",
        )
        return [item for page in pages for item in page.get("MetricAlarms") or ()]
