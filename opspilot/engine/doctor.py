"""Doctor: which sources answer, and which IAM actions are missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from opspilot.domain.account import Account
from opspilot.domain.model import Model
from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    dynamodb_table,
    kinesis_stream,
    lambda_account,
    lambda_function,
    sqs_queue,
)
from opspilot.domain.signals import query_of, signal_named
from opspilot.domain.telemetry import LogQuery, MetricSeries
from opspilot.domain.views import WorkerState
from opspilot.domain.window import Window
from opspilot.engine.queries import Queries
from opspilot.engine.reading import Reader
from opspilot.errors import (
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsUnavailable,
    AwsUnsupported,
    UnknownResource,
)
from opspilot.ports.clock import Clock

_PROBE = "opspilot-doctor-probe"
_SPAN = timedelta(minutes=15)


class SourceCheck(Model):
    """Whether one source answers.

    Attributes:
        iam_action: The action the identity lacks; empty otherwise.
    """

    source: str
    ok: bool
    detail: str
    iam_action: str = ""


class DoctorReport(Model):
    """What the doctor found."""

    ok: bool
    account: Account
    sources: tuple[SourceCheck, ...]
    worker: WorkerState


@dataclass(frozen=True)
class Doctor:
    """Asks every source for a little; changes nothing."""

    reader: Reader
    queries: Queries
    clock: Clock

    def examine(self, account: Account) -> DoctorReport:
        """Ask each source once."""
        now = self.clock.account_now()
        window = Window(start=now - _SPAN, end=now)
        probe = lambda_function(
            account.account_id or "000000000000", account.region or "us-east-1", _PROBE
        )
        # A table has one feed only, the trail, so what it answers is what the trail answers.
        table = dynamodb_table(probe.account, probe.region, _PROBE)
        sum_and_percentile = [
            query_of(signal_named(name), probe) for name in ("lambda.errors", "lambda.duration_p99")
        ]
        logs = LogQuery(log_group=f"/aws/lambda/{_PROBE}", window=window, limit=1)
        sources: dict[str, Callable[[], object]] = {
            "metrics": lambda: _whole(self.reader.metrics.fetch(sum_and_percentile, window)),
            "logs": lambda: self.reader.logs.search(logs),
            "configuration": lambda: self.reader.workloads.resolve(_PROBE),
            **self._described(probe),
            "changes": lambda: self.reader.changes.changes([table], window),
            "traces": lambda: self.reader.traces.service_graph(window),
            "alarms": lambda: self.reader.alarms.transitions(window.start),
        }
        checks = tuple(_check(name, ask) for name, ask in sources.items())
        ok = not account.problem and all(check.ok for check in checks)
        return DoctorReport(ok=ok, account=account, sources=checks, worker=self.queries.worker())

    def _described(self, probe: Resource) -> dict[str, Callable[[], object]]:
        """Reading one resource of each kind; where the account has none, one that is not there."""
        place = probe.account, probe.region
        sought = {
            "functions": probe,
            "tables": dynamodb_table(*place, _PROBE),
            "queues": sqs_queue(*place, _PROBE),
            "streams": kinesis_stream(*place, _PROBE),
            "limits": lambda_account(*place),
        }
        known = self._known()
        chosen = {name: known.get(one.kind, one) for name, one in sought.items()}
        return {name: partial(self._describe, one) for name, one in chosen.items()}

    def _known(self) -> dict[ResourceKind, Resource]:
        """One resource of each kind; empty where the account cannot be listed."""
        try:
            return {one.kind: one for one in self.reader.workloads.resources()}
        except AwsError:
            # Why it cannot be is told by the check of the configuration.
            return {}

    def _describe(self, resource: Resource) -> None:
        """Raises AwsUnavailable when a part of the configuration could not be read."""
        gaps = self.reader.workloads.describe(resource).gaps
        if gaps:
            raise AwsUnavailable("; ".join(gaps))


def _whole(series: Sequence[MetricSeries]) -> None:
    """Raises AwsUnavailable when CloudWatch refused one of the statistics."""
    for one in series:
        if one.status in ("denied", "failed"):
            why = "; ".join(one.messages) or one.status
            raise AwsUnavailable(f"{one.query.statistic} could not be read: {why}")


def _check(source: str, ask: Callable[[], object]) -> SourceCheck:
    try:
        ask()
    except (AwsNotFound, UnknownResource):
        return SourceCheck(source=source, ok=True, detail="answers")
    except AwsUnsupported as error:
        # An investigation goes without traces where there are none, and without nothing else.
        return SourceCheck(source=source, ok=source == "traces", detail=error.message)
    except AwsDenied as error:
        return SourceCheck(
            source=source, ok=False, detail=error.message, iam_action=error.iam_action
        )
    except AwsError as error:
        return SourceCheck(source=source, ok=False, detail=error.message)
    return SourceCheck(source=source, ok=True, detail="answers")
