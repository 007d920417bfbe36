"""The scenarios themselves: each names what exists, and its trouble really changes its world."""

from collections import Counter

import pytest

from bench.incidents.checking import check_references, effect_of
from bench.incidents.drawing import draw
from bench.incidents.loading import load_scenarios
from bench.incidents.names import resources_of
from bench.incidents.scenario import Scenario
from bench.workloads import WORKLOADS
from opspilot.diagnosis import CATALOGUE

SCENARIOS = load_scenarios()


def named(one: Scenario) -> str:
    return one.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
def test_what_it_names_exists_and_its_trouble_makes_the_world_ill(scenario: Scenario) -> None:
    check_references(scenario)
    effect = effect_of(scenario)
    if effect is not None:
        assert effect.ill, effect.figures
        assert effect.well_without, effect.figures_without
        for name, (ill, calm) in effect.failures.items():
            assert ill >= calm + 3, (name, ill, calm)


def test_there_are_enough_of_each_sort() -> None:
    tags = Counter(tag for one in SCENARIOS for tag in one.tags)
    assert len(SCENARIOS) >= 100
    assert {one.level for one in SCENARIOS} == {1, 2, 3, 4}
    assert tags["healthy"] + tags["surge"] + tags["recovered"] >= 12
    assert tags["dual"] >= 8
    assert tags["missing_source"] >= 8
    for herring in ("unrelated_deploy", "noisy_neighbour", "old_error_pattern"):
        assert tags[herring] >= 2
    for line in ("misleading_line", "hostile_line", "deep_cascade"):
        assert tags[line] >= 2


@pytest.mark.parametrize("cause_class", CATALOGUE)
def test_each_signature_has_two_scenarios_and_a_near_miss(cause_class: str) -> None:
    shown = [one.name for one in SCENARIOS if shows(one, cause_class)]
    missed = [
        one.name
        for one in SCENARIOS
        if one.near_miss_of == cause_class and cause_class in one.truth.ruled_out
    ]
    assert len(shown) >= 2, shown
    assert missed


def shows(one: Scenario, cause_class: str) -> bool:
    """Whether a scenario's truth is of this class; a surge is a state, and no cause."""
    if cause_class == "traffic_surge":
        return one.truth.state == "surge"
    return one.truth.state == "fault" and any(
        cause_class in cause.classes for cause in one.truth.causes
    )


def test_a_case_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    scenario = SCENARIOS[0]
    assert draw(scenario, 3) == draw(scenario, 3)
    assert draw(scenario, 3).fleet != draw(scenario, 4).fleet
    assert draw(scenario, 3).origin != draw(scenario, 4).origin


def test_taking_an_event_out_changes_nothing_else() -> None:
    scenario = next(one for one in SCENARIOS if one.events)
    whole, calm = draw(scenario, 2), draw(scenario.model_copy(update={"events": []}), 2)
    assert (whole.origin, whole.renaming) == (calm.origin, calm.renaming)
    assert whole.fleet.traffic == calm.fleet.traffic


@pytest.mark.parametrize("workload", sorted(WORKLOADS))
def test_no_name_of_the_workload_is_left_in_a_case(workload: str) -> None:
    scenario = next(one for one in SCENARIOS if one.workload == workload)
    fleet = draw(scenario, 11).fleet
    old = set(resources_of(WORKLOADS[workload])) | set(WORKLOADS[workload].users)
    assert not old - {"deploy-pipeline"} & set(resources_of(fleet))
    values = {v for one in fleet.functions for v in one.environment.values()}
    assert not old & {value.partition(":")[0] for value in values}
    assert not old & {value.rpartition("/")[2] for value in values}
    changed = {change.user for change in fleet.history}
    assert not (old - {"deploy-pipeline"}) & changed


def test_variables_are_renamed_together_with_the_code_that_reads_them() -> None:
    for workload in WORKLOADS:
        scenario = next(one for one in SCENARIOS if one.workload == workload)
        fleet = draw(scenario, 12).fleet
        for function in fleet.functions:
            missing = set(fleet.builds[function.build].required_variables) - set(
                function.environment
            )
            assert not missing, (workload, function.name)
