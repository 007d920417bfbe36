"""One call graph from all that a ledger holds."""

from opspilot.domain.asynchronous import AsyncSettings
from opspilot.domain.evidence import ConfigurationDetail, TopologyDetail, TracesDetail
from opspilot.domain.graph import known_edges
from opspilot.domain.resource import Resource, dynamodb_table, lambda_function, sqs_queue
from opspilot.domain.traces import SeenCall
from opspilot.domain.workload import Edge, FunctionConfiguration, Relation, Topology

A, B, C = (lambda_function("000000000000", "us-east-1", name) for name in "abc")
TABLE = dynamodb_table("000000000000", "us-east-1", "stock")
QUEUE = sqs_queue("000000000000", "us-east-1", "work")


def seen(caller: Resource, callee: Resource, relation: Relation = "invokes") -> SeenCall:
    return SeenCall(caller=caller, callee=callee, relation=relation, calls=7)


def told(*edges: Edge) -> TopologyDetail:
    return TopologyDetail(topology=Topology(edges=edges))


LIVE = Edge(caller=A, callee=B, relation="invokes", qualifier="live", via="environment B")


def test_what_only_traces_show_joins_the_graph_with_its_source():
    edges = known_edges([told(LIVE), TracesDetail(calls=(seen(A, TABLE, "reads_writes"),))])
    assert [(one.callee, one.via) for one in edges] == [
        (B, "environment B"),
        (TABLE, "X-Ray, 7 traced calls"),
    ]


def test_traces_do_not_hide_the_alias_that_configuration_names():
    for details in ([told(LIVE), TracesDetail(calls=(seen(A, B),))],) * 2:
        assert known_edges(reversed(details)) == (LIVE,)


def test_a_consumer_is_told_once_whoever_tells_of_it():
    consumes = Edge(caller=C, callee=QUEUE, relation="consumes", via="event source mapping")
    assert known_edges([told(consumes), TracesDetail(calls=(seen(C, QUEUE, "consumes"),))]) == (
        consumes,
    )


def test_the_same_traced_call_in_two_entries_is_one_edge():
    detail = TracesDetail(calls=(seen(A, C),))
    assert len(known_edges([detail, detail])) == 1


def configured(*settings: AsyncSettings) -> ConfigurationDetail:
    return ConfigurationDetail(
        function=FunctionConfiguration(
            resource=A, memory_mb=128, timeout_seconds=3, asynchronous=settings
        )
    )


def test_destinations_of_asynchronous_invocations_are_edges():
    detail = configured(
        AsyncSettings(on_failure=QUEUE.arn),
        AsyncSettings(qualifier="live", on_success=f"{B.arn}:live"),
    )
    assert [(one.relation, one.callee, one.via) for one in known_edges([detail])] == [
        ("gives_up_to", QUEUE, "on-failure destination"),
        ("sends_to", B, "on-success destination of live"),
    ]


def test_destinations_that_are_not_read_or_lie_elsewhere_are_no_edges():
    far = "arn:aws:sqs:us-east-1:999999999999:work"
    for arn in ("", "arn:aws:sns:us-east-1:000000000000:topic", far, "nonsense"):
        assert known_edges([configured(AsyncSettings(on_failure=arn))]) == ()
