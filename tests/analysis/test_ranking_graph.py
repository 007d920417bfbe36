"""Blame goes down the call graph, past fronts, as far as the trouble goes."""

import numpy as np
import pandas as pd

from opspilot.analysis import rank_suspects

COURSE = np.array([0.0, 0.0, 1.0, 0.8, 0.1])
USUAL = {"shop": 0.1, "cart": 0.03, "base": 0.01, "edge": 0.04, "mail": 0.02}
GRAPH = {"shop": ["cart", "edge", "mail"], "cart": ["base"], "edge": [], "mail": [], "base": []}
SYMPTOM = ("shop", "latency", "Average")


def incident(**rise: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Latency of every resource over 5 rows, with a rise of some of them in the middle."""
    rng = np.random.default_rng(4)
    before = {
        (name, "latency", "Average"): usual * (1 + 0.02 * rng.standard_normal(300))
        for name, usual in USUAL.items()
    }
    after = {
        (name, "latency", "Average"): usual * (1 + 0.02 * rng.standard_normal(5))
        + rise.get(name, 0.0) * COURSE
        for name, usual in USUAL.items()
    }
    return pd.DataFrame(before), pd.DataFrame(after)


def ranked(**rise: float) -> list[str]:
    before, after = incident(**rise)
    return [s.resource for s in rank_suspects(before, after, graph=GRAPH, symptom=SYMPTOM)]


def test_the_deepest_resource_of_the_chain_is_the_first_suspect() -> None:
    assert ranked(shop=0.3, cart=0.3, base=0.3)[0] == "base"


def test_a_callee_that_is_well_is_not_blamed() -> None:
    assert ranked(shop=0.3, cart=0.3)[0] == "cart"


def test_a_callee_whose_part_is_small_does_not_explain_its_caller() -> None:
    assert ranked(shop=0.3, cart=0.3, base=0.004)[0] == "cart"


def test_a_front_that_mirrors_its_sibling_ranks_behind_it() -> None:
    order = ranked(shop=0.3, cart=0.25, edge=0.4)
    assert order[0] == "cart"


def test_a_leaf_that_is_slow_for_itself_is_no_front() -> None:
    assert ranked(shop=0.3, mail=0.3)[0] == "mail"


def test_names_neither_help_nor_are_needed() -> None:
    plain = ranked(shop=0.3, cart=0.25, edge=0.4)
    alias = {name: f"svc-{at}" for at, name in enumerate(sorted(USUAL, reverse=True))}
    before, after = (
        f.rename(columns=alias, level=0) for f in incident(shop=0.3, cart=0.25, edge=0.4)
    )
    graph = {alias[caller]: [alias[c] for c in callees] for caller, callees in GRAPH.items()}
    symptom = (alias["shop"], *SYMPTOM[1:])
    renamed = rank_suspects(before, after, graph=graph, symptom=symptom)
    assert [s.resource for s in renamed] == [alias[name] for name in plain]


def test_a_circle_of_calls_ends() -> None:
    before, after = incident(shop=0.3, cart=0.3)
    circle = {"shop": ["cart"], "cart": ["shop", "cart"]}
    assert rank_suspects(before, after, graph=circle, symptom=SYMPTOM)


def test_without_a_symptom_the_graph_still_points_down() -> None:
    before, after = incident(shop=0.3, cart=0.3, base=0.3)
    assert rank_suspects(before, after, graph=GRAPH)[0].resource == "base"


def chain_of_five(seed: int, rows: int, calm: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Latency of seven resources; one to five, a chain of calls, are slow after some calm rows."""
    rng = np.random.default_rng(seed)
    names = ["one", "two", "three", "four", "five", "six", "seven"]
    keys = [(name, "latency", statistic) for name in names for statistic in ("p50", "p99")]
    usual = rng.uniform(50.0, 500.0, len(keys))
    frames = [
        pd.DataFrame(rng.normal(usual, 0.05 * usual, (count, len(keys))), columns=pd.Index(keys))
        for count in (300, rows)
    ]
    extra = float(usual[8])
    for at, name in enumerate(reversed(names[:5])):
        for statistic in ("p50", "p99"):
            frames[1].loc[calm:, [(name, "latency", statistic)]] += extra * (1 + 0.03 * at)
    return frames[0], frames[1]


CALLS = {"one": ["two", "six"], "two": ["three"], "three": ["four", "seven"], "four": ["five"]}


def test_in_a_small_system_most_of_which_waits_the_deepest_is_named() -> None:
    tops = [
        rank_suspects(*chain_of_five(seed, 30, calm), graph=CALLS, symptom=symptom)[0].resource
        for seed in range(8)
        for calm in (0, 15)
        for symptom in (None, ("one", "latency", "p99"))
    ]
    assert tops.count("five") >= len(tops) - 1


def test_a_symptom_that_is_faint_and_bad_all_along_hides_nobody() -> None:
    unnamed = 0
    for seed in range(20):
        before, after = chain_of_five(seed, 30, 0)
        before[("one", "latency", "p99")] = np.random.default_rng(seed).normal(100.0, 5.0, 300)
        after[("one", "latency", "p99")] = np.random.default_rng(seed + 99).normal(108.0, 5.0, 30)
        found = rank_suspects(before, after, graph=CALLS, symptom=("one", "latency", "p99"))
        unnamed += not found
    assert unnamed == 0
