"""The call graph around an incident, and changes held against its onset."""

from datetime import timedelta

from app.call_graph import MOST_NODES, graph_of
from app.change_rows import Difference, Onset, by_closeness, version_differences
from app.graph_figure import graph_figure
from app.palette import LIGHT
from opspilot.domain.change import Change
from opspilot.domain.resource import lambda_function
from tests.diagnosis.scene import (
    BACK,
    CHAIN,
    CONSUMES,
    FRONT,
    GATEWAY,
    JOBS,
    MIDDLE,
    ONSET,
    SIDE,
    Scene,
)

MINUTE = timedelta(minutes=1)


def broken() -> Scene:
    """Back fails by itself, and whoever waits for it fails with it."""
    scene = Scene().topology(CHAIN, CONSUMES)
    for one in (BACK, MIDDLE, FRONT):
        scene.metric(one, "lambda.errors", 0.0, 40.0)
    return scene.healthy(SIDE)


def test_work_flows_from_left_to_right_also_through_a_queue() -> None:
    scene = broken()
    graph = graph_of(scene.incident(), scene.evidence, None)
    column = {node.resource: node.column for node in graph.nodes}
    assert column[GATEWAY] < column[FRONT] < column[MIDDLE] < column[BACK]
    assert column[JOBS] < column[SIDE]
    assert (JOBS, SIDE) in graph.arrows
    assert {node.resource for node in graph.nodes if node.symptom} == {FRONT}


def test_who_is_harmed_is_marked_and_who_was_never_read_is_told_apart() -> None:
    scene = broken()
    parts = {
        node.resource: node.part for node in graph_of(scene.incident(), scene.evidence, None).nodes
    }
    assert parts[BACK] == parts[MIDDLE] == "harmed"
    assert parts[SIDE] == "quiet"
    assert parts[JOBS] == "unread"


def test_a_loop_of_calls_is_drawn_once() -> None:
    scene = Scene().topology(((FRONT, MIDDLE, ""), (MIDDLE, FRONT, "")))
    graph = graph_of(scene.incident(), scene.evidence, None)
    assert len(graph.nodes) == 2
    assert len(graph.arrows) == 2


def test_of_a_large_account_the_nearest_are_drawn_and_the_rest_counted() -> None:
    many = [lambda_function("1", "eu-west-1", f"f{number}") for number in range(MOST_NODES + 20)]
    scene = Scene().topology([(FRONT, one, "") for one in many])
    graph = graph_of(scene.incident(), scene.evidence, None)
    assert len(graph.nodes) == MOST_NODES
    assert graph.left_out == len(many) + 1 - MOST_NODES
    assert len(str(graph_figure(graph, LIGHT))) > 0


def test_a_hostile_name_is_text_in_the_figure() -> None:
    scene = Scene().topology(((FRONT, lambda_function("1", "eu-west-1", "<b>x</b>"), ""),))
    figure = str(graph_figure(graph_of(scene.incident(), scene.evidence, None), LIGHT))
    assert "<b>x</b>" not in figure
    assert "&lt;b&gt;x" in figure


def change(minutes_before: float, **more: object) -> Change:
    fields: dict[str, object] = {
        "at": ONSET - minutes_before * MINUTE,
        "resource": MIDDLE,
        "kind": "release",
        "summary": "alias live moved",
        "source": "cloudtrail",
    }
    return Change.model_validate(fields | more)


def test_the_closest_change_before_the_onset_stands_first_and_later_ones_last() -> None:
    held = by_closeness(
        [change(90), change(-20), change(2), change(-0.5)], Onset(ONSET, MINUTE, "the onset")
    )
    assert [one.lead / MINUTE for one in held] == [-0.5, 2, 90, -20]
    assert [one.came_before for one in held] == [True, True, True, False]
    assert held[0].at_onset


def test_a_release_shows_the_settings_of_its_version_beside_those_before() -> None:
    scene = Scene().configuration(
        MIDDLE,
        alias="live",
        environments={"18": {"MODE": "fast"}, "17": {"MODE": "safe"}, "16": {}},
    )
    title, found = version_differences(
        MIDDLE, change(1, before={"version": "17"}, after={"version": "18"}), scene.evidence
    )
    assert title == "version 17 beside version 18"
    assert Difference("MODE", "safe", "fast") in found
    assert version_differences(BACK, change(1), scene.evidence) == ("", [])
