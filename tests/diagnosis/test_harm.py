"""What rose and hurts, what rose by too little to say so, and what is said of either."""

from opspilot.diagnosis.case import Case
from opspilot.diagnosis.harm import harmed
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.hypothesis import VerdictStatus
from tests.diagnosis.scene import CHAIN, CONSUMES, FRONT, JOBS, NOW, Scene


def unnoticed(scene: Scene) -> Scene:
    """The last metric as it is told where its band is too wide for it to stand out."""
    last = scene.evidence[-1]
    assert isinstance(last.detail, MetricDetail)
    told = last.detail.model_copy(
        update={"anomalous": False, "direction": "none", "onset": None, "incident_value": 2.0}
    )
    scene.evidence[-1] = last.model_copy(update={"detail": told})
    return scene


def piled_up(age: float) -> Scene:
    """More and more waits in the queue; how long the oldest does stands out nowhere."""
    scene = Scene(resource=JOBS).topology(CHAIN, CONSUMES).queue()
    scene.metric(JOBS, "sqs.sent", 100.0).metric(JOBS, "sqs.received", 100.0, 20.0)
    scene.metric(JOBS, "sqs.visible", 0.0, 470.0)
    return unnoticed(scene.metric(JOBS, "sqs.oldest_age", 2.0, age))


def hurt(scene: Scene) -> bool:
    return harmed(Case(scene.incident(""), tuple(scene.evidence), NOW))


def test_a_backlog_is_harm_though_one_stuck_message_hides_the_age_that_rises() -> None:
    scene = piled_up(660.0)
    assert hurt(scene)
    assert scene.verdict().status is VerdictStatus.INCONCLUSIVE


def test_more_messages_of_which_none_waits_for_long_are_no_backlog() -> None:
    scene = piled_up(5.0)
    assert not hurt(scene)
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT


def test_a_message_that_was_stuck_long_before_makes_no_backlog_of_a_wave() -> None:
    scene = Scene(resource=JOBS).topology(CHAIN, CONSUMES).queue()
    scene.metric(JOBS, "sqs.visible", 0.0, 47.0)
    scene.metric(JOBS, "sqs.oldest_age", 1_900.0)
    assert not hurt(scene)


def test_a_signal_of_harm_that_rose_a_little_is_neither_harm_nor_well() -> None:
    scene = Scene().topology().healthy(FRONT).log(FRONT)
    assert scene.verdict().status is VerdictStatus.NO_INCIDENT
    scene.metric(FRONT, "lambda.duration_p99", 400.0, 480.0)
    verdict = scene.verdict()
    assert not hurt(scene)
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert "too little to call it harm" in verdict.next_query
