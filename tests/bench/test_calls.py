"""What the product says that it asked of AWS is what went over the wire."""

import pytest

from bench.incidents.drawing import draw
from bench.incidents.loading import load_scenarios
from bench.incidents.playing import investigate
from bench.incidents.stage import Hall, staged

SCENARIOS = {one.name: one for one in load_scenarios()}
HALL = Hall.opened()


@pytest.mark.parametrize(
    "name", ["cascade-slow-end-of-chain", "denied-topology-slow", "unobservable-all-denied"]
)
def test_the_calls_told_are_the_calls_made(name: str) -> None:
    with staged(draw(SCENARIOS[name], 101, 0), HALL) as stage:
        found = investigate(stage)
        kept = stage.bench.store.investigation(found.incident.id)
    assert kept is not None
    assert kept.usage.api_calls == found.calls
    assert sum(item.usage.api_calls for item in found.evidence) == found.calls
