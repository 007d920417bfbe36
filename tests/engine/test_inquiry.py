"""The plan of an investigation: how far it follows a cascade, what it compares, what it attacks."""

from collections.abc import Sequence
from datetime import timedelta

from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    ChangesDetail,
    ChangesRequest,
    ConfigurationDetail,
    ConfigurationRequest,
    Evidence,
    EvidenceDetail,
    EvidenceRequest,
    GapDetail,
    GapReason,
    MetricDetail,
    MetricRequest,
    QueueDetail,
    TableDetail,
    TopologyDetail,
    TopologyRequest,
)
from opspilot.domain.incident import Incident
from opspilot.domain.resource import (
    Resource,
    ResourceKind,
    dynamodb_table,
    lambda_function,
    rest_api,
    sqs_queue,
)
from opspilot.domain.signals import signal_named
from opspilot.domain.workload import (
    Edge,
    EventSource,
    FunctionConfiguration,
    IndexConfiguration,
    QueueConfiguration,
    TableConfiguration,
    Topology,
)
from opspilot.engine.comparing import compared, earlier_of
from opspilot.engine.inquiry import MOST_REFUTATIONS, ahead, next_questions
from opspilot.engine.questions import Question, comparison_of
from tests import builders

ACCOUNT, REGION = "000000000000", "us-east-1"
API = rest_api(REGION, "front")
A, B, C, D, E = (lambda_function(ACCOUNT, REGION, name) for name in "abcde")
TABLE = dynamodb_table(ACCOUNT, REGION, "stock")
QUEUE = sqs_queue(ACCOUNT, REGION, "work")
CHAIN = [(API, A), (A, B), (B, C), (C, D), (D, E), (D, TABLE)]
INCIDENT = builders.incident().model_copy(update={"resource": API})


def edge(caller: Resource, callee: Resource) -> Edge:
    relation = "reads_writes" if callee.kind is ResourceKind.TABLE else "invokes"
    return Edge(caller=caller, callee=callee, relation=relation)


def around(resource: Resource, pairs: Sequence[tuple[Resource, Resource]]) -> Topology:
    """As the adapter tells it: one step up, two steps down."""
    callees = {callee for caller, callee in pairs if caller == resource}
    return Topology(
        edges=tuple(edge(*one) for one in pairs if resource in one or one[0] in callees)
    )


class World:
    """Answers every question, with these resources standing out."""

    def __init__(
        self,
        pairs: Sequence[tuple[Resource, Resource]],
        *loud: Resource,
        silent: Resource | None = None,
    ) -> None:
        self.pairs, self.loud, self.silent = pairs, loud, silent
        self.ledger: list[Evidence] = []

    def entry(
        self, task: str, resource: Resource, request: EvidenceRequest, detail: EvidenceDetail
    ) -> Evidence:
        """An entry of the ledger."""
        like = builders.ledger()[0]
        return like.model_copy(
            update={
                "id": f"E{len(self.ledger) + 1}",
                "task": f"1/{task}",
                "resource": resource,
                "request": request,
                "detail": detail,
                "status": "gap" if isinstance(detail, GapDetail) else "complete",
            }
        )

    def answer(self, question: Question) -> EvidenceDetail:
        """Metrics, topology and tables as laid out; a gap for all the rest."""
        request = question.request
        if isinstance(request, TopologyRequest):
            return TopologyDetail(topology=around(question.resource, self.pairs))
        if isinstance(request, MetricRequest):
            return self._metric(question)
        if isinstance(request, ConfigurationRequest) and question.resource == TABLE:
            indexes = (IndexConfiguration(name="by-day"),)
            return TableDetail(table=TableConfiguration(resource=TABLE, indexes=indexes))
        return GapDetail(reason=GapReason.DENIED, message="no")

    def _metric(self, question: Question) -> MetricDetail:
        name = question.key.split(":arn:")[0].removeprefix("metric:")
        signal = signal_named(name)
        loud = question.resource in self.loud and name in (
            "lambda.errors", "api.5xx", "dynamodb.write_throttles",
        )  # fmt: skip
        quiet = question.resource == self.silent and name == "dynamodb.writes"
        return MetricDetail(
            signal=name,
            statistic=signal.statistic,
            unit=signal.unit,
            metric_kind=signal.kind,
            anomalous=loud or quiet,
            direction="up" if loud else "down" if quiet else "none",
            incident_value=0.0 if quiet else None,
            effect_size=20.0 if loud else -20.0 if quiet else 0.0,
            onset=INCIDENT.window.start if loud or quiet else None,
            points=60,
        )

    def round(self, incident: Incident = INCIDENT) -> list[Question]:
        """Answer what is to be asked now; those questions."""
        answered = {item.task.partition("/")[2] for item in self.ledger}
        now = incident.window.end
        waiting = [
            one for one in next_questions(incident, self.ledger, now) if one.key not in answered
        ]
        for one in waiting:
            self.ledger.append(self.entry(one.key, one.resource, one.request, self.answer(one)))
        return waiting

    def run(self, incident: Incident = INCIDENT) -> list[Question]:
        """Round after round, until nothing is left to ask."""
        asked: list[Question] = []
        for _ in range(30):
            fresh = self.round(incident)
            if not fresh:
                return asked
            asked += fresh
        raise AssertionError("it never ends")


def keys(questions: Sequence[Question], prefix: str) -> list[str]:
    return [one.resource.name for one in questions if one.key.startswith(prefix)]


def test_a_cascade_is_followed_to_its_end_one_topology_at_a_time() -> None:
    world = World(CHAIN, API, A, B, C, D, TABLE)
    asked = world.run()
    assert keys(asked, "topology:") == ["front", "b", "d", "stock"]
    planned = [one for one in asked if not one.why]
    assert set(keys(planned, "logs:")) == {"a", "b", "c", "d"}
    assert {"stock", "e"} <= set(keys(asked, "metric:"))


def test_what_does_not_stand_out_is_not_followed() -> None:
    asked = World(CHAIN, API, A).run()
    planned = [one for one in asked if not one.why]
    assert keys(planned, "topology:") == ["front"]
    assert set(keys(planned, "logs:")) == {"a"}
    assert not {"d", "e"} & set(keys(asked, "metric:"))


def test_a_cascade_is_followed_upwards_as_well() -> None:
    incident = INCIDENT.model_copy(update={"resource": D})
    asked = World(CHAIN, D, C, B, A, API).run(incident)
    assert {"c", "b", "a", "front"} <= set(keys(asked, "metric:"))


def test_the_users_of_a_throttled_table_are_found() -> None:
    pairs = [(A, TABLE), (B, TABLE), (C, TABLE)]
    incident = INCIDENT.model_copy(update={"resource": A})
    asked = World(pairs, A, TABLE).run(incident)
    assert {"b", "c"} <= set(keys(asked, "metric:lambda.invocations"))


def test_a_table_that_fell_silent_leads_to_who_writes_it() -> None:
    pairs = [(API, A), (A, TABLE), (B, TABLE)]
    world = World(pairs, API, A, silent=TABLE)
    assert "b" in keys(world.run(), "metric:lambda.errors")
    assert "b" not in keys(World(pairs, API, A).run(), "metric:lambda.errors")


def test_a_circle_of_callers_ends() -> None:
    asked = World([(A, B), (B, C), (C, A)], A, B, C).run(
        INCIDENT.model_copy(update={"resource": A})
    )
    assert len({one.key for one in asked}) == len(asked)


def test_indexes_are_read_once_the_table_has_told_of_them() -> None:
    asked = World([(A, TABLE)], A).run(INCIDENT.model_copy(update={"resource": A}))
    (index, *_) = [one for one in asked if "index_write_throttles:by-day" in one.key]
    assert isinstance(index.request, MetricRequest)
    assert index.request.metric.dimensions == (
        ("GlobalSecondaryIndexName", "by-day"),
        ("TableName", "stock"),
    )


def test_limits_and_load_of_the_account_are_asked_for_once() -> None:
    asked = World(CHAIN, API, A, B).run()
    assert keys(asked, "limits:") == ["account"]
    assert keys(asked, "metric:account.concurrency") == ["account"]


def test_what_comes_later_is_known_ahead_and_ends() -> None:
    world = World(CHAIN, API, A)
    first = next_questions(INCIDENT, [], INCIDENT.window.end)
    assert ahead(INCIDENT, [], first) == {
        "ahead:neighbours", "ahead:suspects", "ahead:refutation",
    }  # fmt: skip
    world.round()
    second = next_questions(INCIDENT, world.ledger, INCIDENT.window.end)
    assert ahead(INCIDENT, world.ledger, second) == {"ahead:suspects", "ahead:refutation"}


def test_the_leader_is_attacked_after_all_that_was_planned_and_the_attacks_are_few() -> None:
    asked = World(CHAIN, API, A).run()
    attacks = [one for one in asked if one.why]
    assert 0 < len(attacks) <= MOST_REFUTATIONS
    changes = next(at for at, one in enumerate(asked) if one.key.startswith("changes:near"))
    assert asked.index(attacks[0]) > changes


# --- comparing with earlier ledgers ---------------------------------------------------------------


def configured(world: World, at_hours: float, detail: EvidenceDetail, incident: str) -> Evidence:
    resource = {
        "table": TABLE,
        "queue": QUEUE,
        "configuration": A,
    }[str(getattr(detail, "kind", ""))]
    item = world.entry("x", resource, ConfigurationRequest(resource=resource), detail)
    at = INCIDENT.window.start + timedelta(hours=at_hours)
    return item.model_copy(update={"collected_at": at, "incident_id": incident})


def table(units: int) -> TableDetail:
    return TableDetail(table=TableConfiguration(resource=TABLE, write_capacity=units))


def found(before: Evidence, *ledger: Evidence) -> tuple[tuple[Change, ...], str]:
    reading = compared(comparison_of(before.resource, before), before, ledger)
    assert isinstance(reading.detail, ChangesDetail)
    return reading.detail.changes, reading.finding


def test_a_capacity_that_nobody_told_of_is_a_change_found_by_comparing() -> None:
    world = World([])
    before, now = (
        configured(world, -50, table(50), "INC-7"),
        configured(world, 1, table(5), "INC-8"),
    )
    (change,), finding = found(before, now)
    assert (change.kind, change.source) == ("capacity", "ledger")
    assert (change.before, change.after) == ({"write_capacity": "50"}, {"write_capacity": "5"})
    assert (change.since, change.at) == (before.collected_at, now.collected_at)
    assert "write_capacity 50 to 5" in finding
    assert "INC-7" in finding


def test_what_a_feed_has_told_is_not_found_again() -> None:
    world = World([])
    before, now = (
        configured(world, -50, table(50), "INC-7"),
        configured(world, 1, table(5), "INC-8"),
    )
    told = Change(
        at=INCIDENT.window.start,
        resource=TABLE,
        kind="capacity",
        summary="table updated",
        after={"write_capacity": "5"},
        source="cloudtrail",
    )
    feed = ChangesDetail(changes=(told,), complete_until=INCIDENT.window.end)
    listed = world.entry("changes", TABLE, ChangesRequest(resources=(TABLE,)), feed)
    changes, finding = found(before, now, listed)
    assert changes == ()
    assert "as it was" in finding


def function(**environment: str) -> ConfigurationDetail:
    return ConfigurationDetail(
        function=FunctionConfiguration(
            resource=A, memory_mb=128, timeout_seconds=3, environment=environment
        )
    )


def test_variables_are_named_and_their_values_kept_out() -> None:
    world = World([])
    before = configured(world, -9, function(TABLE="stock", MODE="a"), "INC-7")
    now = configured(world, 1, function(TABLE="stork", MODE="a"), "INC-8")
    (change,), finding = found(before, now)
    assert change.after == {"environment": "TABLE"}
    assert "stork" not in finding + change.model_dump_json()


def test_a_consumer_that_was_switched_off_is_found() -> None:
    def queue(enabled: bool) -> QueueDetail:
        source = EventSource(source=QUEUE, function=A, enabled=enabled, batch_size=10)
        return QueueDetail(
            queue=QueueConfiguration(
                resource=QUEUE,
                visibility_timeout_seconds=30,
                retention_seconds=60,
                consumers=(source,),
            )
        )

    world = World([])
    before, now = (
        configured(world, -9, queue(enabled=True), "INC-7"),
        configured(world, 1, queue(enabled=False), "INC-8"),
    )
    (change,), _ = found(before, now)
    assert change.after == {"polling work for a": "disabled"}


def test_only_what_was_read_before_the_incident_began_is_compared_with() -> None:
    world = World([])
    older, newer, during = (configured(world, hours, table(5), "INC-7") for hours in (-50, -2, 0.5))
    now = configured(world, 1, table(5), "INC-8")
    kept = earlier_of([newer, older, during], [now], INCIDENT.window.start)
    assert kept == {TABLE: newer}
    assert earlier_of([older], [], INCIDENT.window.start) == {}
