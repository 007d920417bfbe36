"""Scenario files: what is wrong with one is said with file and field."""

from pathlib import Path

import pytest

from bench.incidents.benchmark import Asked, run_benchmark
from bench.incidents.drawing import draw
from bench.incidents.loading import FOLDER, chosen, load_scenario, load_scenarios
from bench.incidents.problems import BenchmarkError
from bench.incidents.running import jobs_of
from bench.incidents.truth import CALM
from bench.incidents.vocabulary import FORESEEN
from opspilot.remediation import CATALOGUE as ACTIONS

GOOD = (FOLDER / "bad-environment-missing-table.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("level: 1", "level: 7", "mine.yaml: level:"),
        ("level: 1", "level: 1\nlevel: 2", "'level' is given twice"),
        ("level: 1", "levle: 1", "levle: Extra inputs"),
        ("state: fault", "state: broken", "truth.state"),
        ("  cure:", "  cura:", "truth.cura"),
        ("ruled_out: [", "ruled_out: [lambda.out_of_memroy, ", "no cause class 'lambda.out_of_m"),
        ("ruled_out: [", "ruled_out: [lambda.bad_environment, ", "is true and cannot be ruled out"),
        ("class: lambda.bad_environment", "class: lambda.bad_enviroment", "no cause class"),
        ("forbidden:", "forbidden:\n      - {type: lambda.set_memroy}", "there is no action"),
        ("level: 1", "level: 1\nnear_miss_of: nothing", "no cause class 'nothing'"),
        ("source: metrics", "source: metrix", "source: Input should be"),
        ("level: 1", "level: &one 1\ntags: *one", "aliases are not read"),
        ("level: 1", "level: [1", "no valid YAML: line"),
        ("level: 1", "level: !!python/object:os.system 1", "no valid YAML"),
        ("level: 1", "name: other\nlevel: 1", "name: the file's name"),
        ("component: checkout", "component: checkout, onset: never", "no event is called 'never'"),
    ],
)
def test_a_damaged_file_is_refused_by_file_and_field(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    with pytest.raises(BenchmarkError) as refused:
        load_scenario(written(tmp_path, GOOD.replace(before, after, 1)))
    assert said in refused.value.message
    assert "mine.yaml" in refused.value.message


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("workload: shop", "workload: bakery", "workload: there is no 'bakery'"),
        ("function: checkout", "function: till", "there is no 'till'"),
        ("$table", "$tables", "there is no 'tables'"),
        ("lambda.update_configuration", "lambda.paint", "there is no 'lambda.paint'"),
    ],
)
def test_what_a_scenario_names_and_there_is_not_is_said(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    scenario = load_scenario(written(tmp_path, GOOD.replace(before, after)))
    with pytest.raises(BenchmarkError) as refused:
        draw(scenario, 1)
    assert said in refused.value.message


def test_neither_a_list_nor_an_empty_file_is_a_scenario(tmp_path: Path) -> None:
    for text in ("", "- 1\n- 2\n", "just words"):
        with pytest.raises(BenchmarkError, match="must be a mapping"):
            load_scenario(written(tmp_path, text))


def test_a_folder_without_scenarios_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="no scenarios in"):
        run_benchmark(Asked(folder=tmp_path))


def test_an_unknown_scenario_and_no_case_at_all_are_errors() -> None:
    scenarios = load_scenarios()
    with pytest.raises(BenchmarkError, match="no scenario fits 'nothing-like-this'"):
        chosen(scenarios, "nothing-like-this")
    with pytest.raises(BenchmarkError, match="no case"):
        jobs_of(scenarios, 1, 0)


def test_scenarios_are_chosen_by_name_tag_cause_and_level() -> None:
    scenarios = load_scenarios()
    assert [one.name for one in chosen(scenarios, "healthy-shop")] == ["healthy-shop"]
    assert all("dual" in one.tags for one in chosen(scenarios, "dual"))
    named = chosen(scenarios, "lambda.out_of_memory")
    assert {"out-of-memory-job-shrunk", "cascade-registry-out-of-memory"} <= {
        one.name for one in named
    }
    assert {one.level for one in chosen(scenarios, level=4)} == {4}


def test_the_calm_are_the_healthy_the_surging_and_the_recovered() -> None:
    calm = chosen(load_scenarios(), "calm")
    assert {one.truth.state for one in calm} == {"healthy", "surge", "recovered"}
    assert len(calm) == sum(one.truth.state in CALM for one in load_scenarios())


def test_an_action_is_foreseen_only_until_it_is_built_and_only_where_one_would_cure() -> None:
    right = {one.type for scenario in load_scenarios() for one in scenario.truth.actions.right}
    assert not set(FORESEEN) & set(ACTIONS)
    assert set(FORESEEN) <= right
    assert all(FORESEEN.values())


def test_more_cases_than_scenarios_get_seeds_of_their_own_and_a_tenth_runs_over_http() -> None:
    scenarios = load_scenarios()[:3]
    jobs = jobs_of(scenarios, 5, 7)
    plain = [(job.scenario.name, job.seed) for job in jobs if not job.http]
    assert len(set(plain)) == 7
    assert {seed for _, seed in plain} == {5, 6, 7}
    assert [job.seed for job in jobs if job.http] == [5]
    assert len({job.number for job in jobs}) == len(jobs)
