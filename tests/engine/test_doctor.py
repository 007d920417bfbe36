"""The doctor says of each source whether it answers, and never that a silent one does."""

from opspilot.errors import AwsDenied, AwsUnavailable
from tests.engine.scene import Scene


def examined(stage: Scene) -> dict[str, tuple[bool, str, str]]:
    report = stage.bench.examiner.examine(stage.bench.account)
    return {one.source: (one.ok, one.detail, one.iam_action) for one in report.sources}


def test_an_account_that_answers_is_well(stage: Scene) -> None:
    assert {ok for ok, _, _ in examined(stage).values()} == {True}


def test_a_silent_change_feed_is_named(stage: Scene) -> None:
    stage.account.fail("changes", AwsUnavailable("CloudTrail answered 500"))
    found = examined(stage)
    assert found["changes"] == (False, "CloudTrail answered 500", "")
    assert found["logs"][0]


def test_a_missing_permission_is_named_by_its_action(stage: Scene) -> None:
    stage.account.fail(
        "transitions", AwsDenied("not allowed", iam_action="cloudwatch:DescribeAlarmHistory")
    )
    ok, _, action = examined(stage)["alarms"]
    assert (ok, action) == (False, "cloudwatch:DescribeAlarmHistory")


def test_each_kind_of_resource_is_looked_at_and_a_denial_is_named(stage: Scene) -> None:
    assert {"functions", "tables", "queues", "streams", "limits"} <= examined(stage).keys()
    denied = AwsDenied("not allowed", iam_action="lambda:GetAccountSettings")
    stage.account.fail("describe", denied, times=5)
    found = examined(stage)
    assert found["limits"] == (False, "not allowed", "lambda:GetAccountSettings")
