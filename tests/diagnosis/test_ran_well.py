"""A release under which many calls went well did not break what fails since later."""

from datetime import timedelta

from opspilot.domain.hypothesis import Hypothesis
from tests.diagnosis.scene import FRONT, Scene, failing_front, hypothesis

OF_CODE = "lambda.code_error_after_release"


def released(ago: timedelta) -> Scene:
    return failing_front(errors={"KeyError": 790}).release(FRONT, ago=ago).feed()


def of_code(scene: Scene) -> Hypothesis:
    found = hypothesis(scene.verdict(), OF_CODE)
    assert found is not None
    return found


def test_calls_that_went_well_with_a_release_speak_against_it() -> None:
    found = of_code(released(timedelta(minutes=25)))
    (against,) = [one for one in found.arguments_against if "ran well" in one.text]
    assert against.text.endswith("calls ran well with it before the first failed")
    assert found.confidence <= 0.84


def test_a_release_right_before_the_failures_is_not_excused() -> None:
    found = of_code(released(timedelta(minutes=1)))
    assert not any("ran well" in one.text for one in found.arguments_against)
    assert found.confidence > 0.9


def test_few_good_calls_may_be_chance() -> None:
    scene = failing_front(errors={"KeyError": 790})
    scene.metric(FRONT, "lambda.invocations", 1.0).metric(FRONT, "lambda.errors", 0.0, 0.4)
    found = of_code(scene.release(FRONT, ago=timedelta(minutes=9)).feed())
    assert not any("ran well" in one.text for one in found.arguments_against)
