"""A ledger entry can be asked again, and the answer is held against what was kept."""

import pytest

from opspilot.domain.evidence import MetricRequest
from opspilot.errors import AwsDenied, NotAllowed, NotFound
from tests.engine.scene import ROSA, VERA, Scene


def entries(stage: Scene) -> list[str]:
    return [item.id for item in stage.store.evidence("INC-0001") if item.status != "gap"]


def test_an_account_that_stands_still_answers_the_same_data_for_every_entry(
    diagnosed: Scene,
) -> None:
    for evidence_id in entries(diagnosed):
        again = diagnosed.bench.reruns.rerun("INC-0001", evidence_id, actor=ROSA)
        assert again.same, (evidence_id, again.before, again.finding)
        assert again.finding == again.before


def test_a_metric_asked_later_is_read_for_the_window_that_it_was_read_for(
    diagnosed: Scene,
) -> None:
    metric = next(
        item
        for item in diagnosed.store.evidence("INC-0001")
        if isinstance(item.request, MetricRequest) and item.status == "complete"
    )
    diagnosed.pass_time(minutes=40)
    assert diagnosed.bench.reruns.rerun("INC-0001", metric.id, actor=ROSA).same


def test_a_source_that_says_something_else_now_is_told_apart_from_one_that_is_silent(
    diagnosed: Scene,
) -> None:
    store = diagnosed.store
    topology = next(
        item for item in store.evidence("INC-0001") if item.request.source == "topology"
    )
    diagnosed.account.fail("topology", AwsDenied("no", iam_action="lambda:ListFunctions"))
    silent = diagnosed.bench.reruns.rerun("INC-0001", topology.id, actor=ROSA)
    assert (silent.answered, silent.same) == (False, False)
    assert len(store.evidence("INC-0001")) == len(entries(diagnosed))


def test_a_viewer_may_not_ask_and_an_unknown_entry_is_named(diagnosed: Scene) -> None:
    with pytest.raises(NotAllowed):
        diagnosed.bench.reruns.rerun("INC-0001", "E1", actor=VERA)
    with pytest.raises(NotFound, match="E999"):
        diagnosed.bench.reruns.rerun("INC-0001", "E999", actor=ROSA)
