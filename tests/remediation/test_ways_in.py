"""Who calls through what: no action is proposed that those who call would not meet."""

from collections.abc import Sequence

from opspilot.domain.evidence import ConfigurationDetail
from opspilot.domain.resource import Resource
from opspilot.domain.workload import PERMITTED, Edge, EventSource, FunctionConfiguration
from opspilot.remediation import NoProposal, Proposal, propose
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.ways_in import LATEST, ways_in
from tests.diagnosis.scene import CHAIN, FRONT, GATEWAY, JOBS, ONSET, SIDE, Scene, failing_front

TIMED_OUT = {"timeouts": 800, "timeout_seconds": 3.0, "first_timeout": ONSET}


def permitted(qualifier: str) -> Edge:
    return Edge(
        caller=GATEWAY, callee=FRONT, relation="invokes", qualifier=qualifier, via=PERMITTED
    )


def seen(scene: Scene, function: Resource = FRONT) -> set[str]:
    return set(ways_in(function, Ledger(scene.evidence)))


def less(scene: Scene, *sources: str) -> Scene:
    scene.evidence = [item for item in scene.evidence if item.request.source not in sources]
    return scene


def with_function(scene: Scene, resource: Resource, **fields: object) -> Scene:
    """The scene with other fields in what was read of a function last."""
    item = next(
        one
        for one in reversed(scene.evidence)
        if one.resource == resource and isinstance(one.detail, ConfigurationDetail)
    )
    assert isinstance(item.detail, ConfigurationDetail)
    function: FunctionConfiguration = item.detail.function.model_copy(update=fields)
    return scene.add(resource, item.request, ConfigurationDetail(function=function))


def front_called(edges: Sequence[tuple[Resource, Resource, str]], *more: Edge) -> Scene:
    """Front times out; its timeout was lowered, published and put behind the alias live."""
    scene = less(failing_front(**TIMED_OUT), "topology").topology(edges, *more)
    scene.change(FRONT, "configuration", {"timeout_seconds": "10"}, {"timeout_seconds": "3"})
    return scene.release(FRONT).feed()


def the_plan(scene: Scene) -> list[tuple[str, dict[str, object]]]:
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, Proposal), found
    return [(one.instruction.type, one.instruction.parameters) for one in found.actions]


def test_a_permission_is_no_call_where_the_caller_is_known_to_call_otherwise() -> None:
    aliased = ((GATEWAY, FRONT, "live"), *CHAIN[1:])
    assert seen(front_called(aliased, permitted(""), permitted("live"))) == {"live"}


def test_of_permissions_alone_the_log_tells_which_one_is_used() -> None:
    scene = front_called(CHAIN[1:], permitted(""), permitted("live"))
    assert seen(scene) == {LATEST, "live"}
    scene.log(FRONT, versions={"17": ONSET, "18": ONSET})
    assert seen(scene) == {"live"}


def test_without_a_known_caller_the_log_tells_what_served() -> None:
    scene = front_called(CHAIN[1:])
    assert seen(scene) == set()
    assert seen(scene.log(FRONT, versions={"18": ONSET})) == {"live"}


def test_what_is_polled_for_a_function_comes_through_its_mapping() -> None:
    feeds = EventSource(source=JOBS, function=SIDE, qualifier="live")
    scene = Scene().topology(()).configuration(SIDE, alias="live")
    assert seen(with_function(scene, SIDE, event_sources=(feeds,)), SIDE) == {"live"}


def test_a_timeout_lowered_behind_an_alias_goes_back_with_the_alias() -> None:
    aliased = ((GATEWAY, FRONT, "live"), *CHAIN[1:])
    scene = front_called(aliased, permitted(""), permitted("live"))
    assert the_plan(scene) == [("lambda.move_alias", {"alias": "live", "version": "17"})]


def test_a_timeout_of_those_who_call_latest_is_set_there() -> None:
    assert the_plan(front_called(CHAIN)) == [("lambda.set_timeout", {"timeout_seconds": 10})]


def test_an_alias_that_nobody_uses_is_not_moved() -> None:
    scene = failing_front(errors={"KeyError": 800}).release(FRONT).feed()
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, NoProposal)
    assert "nobody who calls front is known to use alias live" in found.reason
    assert "by hand: deploy the code of front again" in found.reason


def test_a_version_like_the_one_that_serves_is_no_way_back() -> None:
    aliased = ((GATEWAY, FRONT, "live"), *CHAIN[1:])
    scene = front_called(aliased)
    configuration = Ledger(scene.evidence).configuration(FRONT)
    assert configuration is not None
    alike = tuple(one.model_copy(update={"code_sha256": "same"}) for one in configuration.versions)
    scene = with_function(scene, FRONT, versions=alike)
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, NoProposal)
    assert "version 17 of front has the code and settings of version 18" in found.reason
    assert "publish a version with it and point the alias there" in found.reason


def test_a_version_published_after_the_onset_is_no_way_back() -> None:
    aliased = ((GATEWAY, FRONT, "live"), *CHAIN[1:])
    scene = front_called(aliased)
    configuration = Ledger(scene.evidence).configuration(FRONT)
    assert configuration is not None
    late = tuple(
        one.model_copy(update={"published_at": ONSET.replace(minute=15)})
        for one in configuration.versions
    )
    scene = with_function(scene, FRONT, versions=late)
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, NoProposal)
    assert "version 17 of front was published after the trouble began" in found.reason
