"""A function's health, and trying it with events: a person's command, on record before it runs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Never

from opspilot.analysis.report_lines import read_report_lines
from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.commands import Command
from opspilot.domain.identity import Actor
from opspilot.domain.model import Json
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import LogLine, MetricSeries
from opspilot.domain.trial import FunctionHealth, Trial, TrialMode
from opspilot.domain.window import Window
from opspilot.domain.workload import FunctionConfiguration
from opspilot.engine.commands import Desk
from opspilot.engine.health import Vitals, health_of
from opspilot.engine.redaction import redact, redact_text
from opspilot.errors import InputError, OpsPilotError
from opspilot.ports.invocations import Invocations
from opspilot.ports.store import Changeset
from opspilot.ports.telemetry import Metrics
from opspilot.ports.workloads import Workloads

MOST_EVENTS = 20
"""In one batch: a test, not a load."""

_MOST_BYTES = {
    TrialMode.SYNC: 6_000_000,
    TrialMode.DRY_RUN: 6_000_000,
    TrialMode.ASYNC: 256_000,
}
_LOOK_BACK = timedelta(hours=1)
_SIGNALS = ("invocations", "errors", "throttles", "duration_p99")


@dataclass(frozen=True)
class FunctionDesk:
    """Looks at functions, and tries them."""

    desk: Desk
    workloads: Workloads
    metrics: Metrics
    invocations: Invocations

    def find(self, name_or_arn: str) -> Resource:
        """The function that a person means.

        Raises:
            UnknownResource: There is none.
            InputError: It is something else than a function.
        """
        resource = self.workloads.resolve(name_or_arn)
        if resource.kind is not ResourceKind.FUNCTION:
            raise InputError(
                f"{resource.name} is no function but a {resource.kind.replace('_', ' ')}",
                hint="Health and tests are for Lambda functions.",
            )
        return resource

    def health(self, function: Resource) -> FunctionHealth:
        """How a function did in the last hour, and how it is set up.

        Raises:
            AwsError: Its configuration could not be read; metrics that could not be are "unknown".
        """
        configuration = self.workloads.describe(function)
        if not isinstance(configuration, FunctionConfiguration):
            raise InputError(f"{function.name} is no function")
        until = self.desk.clock.account_now()
        window = Window(start=until - _LOOK_BACK, end=until)
        queries = [query_of(signal_named(f"lambda.{name}"), function) for name in _SIGNALS]
        try:
            answered: Sequence[MetricSeries | None] = self.metrics.fetch(queries, window)
            unread = ""
        except OpsPilotError as error:
            answered, unread = [None] * len(queries), error.message
        vitals = Vitals(configuration, *answered, unread=unread)
        return health_of(vitals, window)

    def test(
        self,
        function: Resource,
        events: Sequence[str],
        *,
        mode: TrialMode,
        actor: Actor,
        qualifier: str = "",
    ) -> list[Trial]:
        """Invoke a function with each event, one after the other, until one cannot be sent.

        Args:
            function: Which one.
            events: JSON texts, at most 20.
            mode: A dry run only checks that the call would be permitted.
            actor: Who asks; the trail names them.
            qualifier: Version or alias; empty for $LATEST.

        Returns:
            One result for each event up to one that could not be sent, which says why.

        Raises:
            NotAllowed: The actor is no responder.
            InputError: An event is no JSON, is too large, or there are too many.
            AwsError: The first event could not be sent; nothing ran.
        """
        self.desk.require(actor, Command.TEST_FUNCTION, subject=function.arn)
        _check(events, mode)
        results: list[Trial] = []
        for number, event in enumerate(events, 1):
            given: dict[str, Json] = {
                "function": function.arn,
                "mode": mode.value,
                "qualifier": qualifier,
                "event": redact(json.loads(event)),
                "number": number,
                "of": len(events),
            }
            self._record(actor, "function.test_intent", function, given)
            try:
                trial = self._told(
                    self.invocations.invoke(function, event, mode=mode, qualifier=qualifier)
                )
            except OpsPilotError as error:
                self._record(actor, "function.tested", function, given, error=error.message)
                if not results:
                    raise
                failed = Trial(mode=mode, outcome="not_sent", error=redact_text(error.message))
                return [*results, failed]
            self._record(actor, "function.tested", function, given, trial=trial)
            results.append(trial)
        return results

    def _told(self, trial: Trial) -> Trial:
        """A trial without its secrets, with what the log's REPORT line says."""
        at = self.desk.clock.account_now()
        log = tuple(redact_text(line) for line in trial.log)
        seen = read_report_lines(LogLine(at=at, stream="", message=line) for line in trial.log)
        return trial.model_copy(
            update={
                "payload": redact(trial.payload),
                "error": redact_text(trial.error),
                "log": log,
                "duration_ms": seen.durations_ms[-1] if seen.durations_ms else None,
                "memory_used_mb": seen.memory_used_max_mb,
                "memory_size_mb": seen.memory_size_mb,
            }
        )

    def _record(
        self,
        actor: Actor,
        action: str,
        function: Resource,
        given: dict[str, Json],
        *,
        trial: Trial | None = None,
        error: str = "",
    ) -> None:
        told = trial.model_dump(mode="json", exclude={"log", "request_ids"}) if trial else None
        entry = self.desk.journal.entry(
            SYSTEM_CHAIN,
            actor,
            action,
            function.arn,
            input=given,
            result=told,
            error=error or (trial.error if trial else ""),
            request_ids=trial.request_ids if trial else (),
        )
        self.desk.store.commit(Changeset(audit=(entry,)))


def _check(events: Sequence[str], mode: TrialMode) -> None:
    if not events:
        raise InputError("there is no event to test with", hint="Give at least {}.")
    if len(events) > MOST_EVENTS:
        raise InputError(
            f"{len(events)} events are more than the {MOST_EVENTS} of one batch",
            hint="A test is no load: send fewer.",
        )
    for number, event in enumerate(events, 1):
        which = f"event {number}" if len(events) > 1 else "the event"
        try:
            json.loads(event, parse_constant=_refuse)
        except ValueError as error:
            raise InputError(
                f"{which} is no JSON: {error}", hint='For example {"id": 1}.'
            ) from error
        except RecursionError as error:
            raise InputError(f"{which} is nested too deep") from error
        size, most = len(event.encode()), _MOST_BYTES[mode]
        if size > most:
            raise InputError(
                f"{which} has {size:,} bytes; Lambda takes {most:,} in this mode",
                hint="Put the bulk into S3 and pass its key.",
            )


def _refuse(constant: str) -> Never:
    """Python reads NaN and Infinity as JSON; Lambda does not."""
    raise ValueError(f"it knows no {constant}")
