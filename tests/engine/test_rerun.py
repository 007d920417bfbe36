"""A ledger entry can be asked again, and the answer is held against what was kept."""

import pytest

from opspilot.domain.evidence import Evidence, MetricRequest
from opspilot.errors import AwsDenied, NotAllowed, NotFound
from opspilot.ports.store import Changeset
from tests.engine.account import PAYMENTS
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


def test_what_is_asked_again_is_paid_from_the_incidents_budget_and_not_asked_beyond_it(
    diagnosed: Scene,
) -> None:
    def elsewhere() -> int:
        found = diagnosed.store.investigation("INC-0001")
        assert found is not None
        return found.elsewhere.api_calls

    metric = next(
        item for item in diagnosed.store.evidence("INC-0001") if item.request.source == "metrics"
    )
    diagnosed.bench.reruns.rerun("INC-0001", metric.id, actor=ROSA)
    assert elsewhere() == 4
    diagnosed.spend(2_000)
    before = len(diagnosed.account.calls)
    again = diagnosed.bench.reruns.rerun("INC-0001", metric.id, actor=ROSA)
    assert "the budget of 2000 AWS calls for all looks at this incident is spent" in again.finding
    assert (again.answered, again.same) == (False, False)
    assert len(diagnosed.account.calls) == before


def second_look(stage: Scene) -> list[Evidence]:
    """The comparisons of an incident that a later look at the same resources opened."""
    stage.pass_time(hours=30)
    stage.account.change(PAYMENTS, "memory_mb", 128)
    stage.pass_time(hours=1)
    stage.bench.intake.close("INC-0001", actor=ROSA, reason="looked at")
    later = stage.diagnosed()
    return [one for one in stage.store.evidence(later.id) if one.request.source == "comparison"]


def test_a_comparison_is_made_again_from_the_two_entries_that_it_compared(
    diagnosed: Scene,
) -> None:
    found = second_look(diagnosed)
    assert any("memory_mb 512 to 128" in item.finding for item in found)
    diagnosed.account.change(PAYMENTS, "memory_mb", 256)
    diagnosed.pass_time(minutes=10)
    for item in found:
        again = diagnosed.bench.reruns.rerun(item.incident_id, item.id, actor=ROSA)
        assert (again.same, again.answered, again.finding) == (True, True, item.finding)


def test_a_comparison_with_an_entry_that_is_gone_says_which(diagnosed: Scene) -> None:
    item = second_look(diagnosed)[0]
    lost = item.request.model_copy(update={"evidence_id": "E998"})
    other = item.model_copy(update={"id": "E999", "task": "2/comparison:lost", "request": lost})
    diagnosed.store.commit(Changeset(puts=(other.model_copy(update={"version": 0}),)))
    again = diagnosed.bench.reruns.rerun(item.incident_id, "E999", actor=ROSA)
    assert (again.answered, again.same) == (False, False)
    assert "INC-0001 E998 is not kept" in again.finding


def test_a_viewer_may_not_ask_and_an_unknown_entry_is_named(diagnosed: Scene) -> None:
    with pytest.raises(NotAllowed):
        diagnosed.bench.reruns.rerun("INC-0001", "E1", actor=VERA)
    with pytest.raises(NotFound, match="E999"):
        diagnosed.bench.reruns.rerun("INC-0001", "E999", actor=ROSA)
