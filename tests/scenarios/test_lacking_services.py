"""An investigation on an emulator with half of AWS: what is lacking is said, the rest is used."""

from pathlib import Path

import pytest

from opspilot.domain.hypothesis import VerdictStatus
from tests.adapters.aws.lacking import lacking
from tests.scenarios.world import world

SPARE = ("xray", "iam", "cloudtrail", "kinesis", "application-autoscaling", "apigateway", "sqs")


@pytest.mark.parametrize("answer", ["404 page", "500 page"])
def test_the_cause_is_found_without_what_is_lacking_which_is_told(
    tmp_path: Path, answer: str
) -> None:
    with world(tmp_path) as here, lacking(here.account, answer, *SPARE) as server:
        begun = here.clock.now()
        verdict = here.verdict()
        ledger = here.bench.store.evidence("INC-0001")
        took = (here.clock.now() - begun).total_seconds()
    assert verdict.status in (VerdictStatus.CONFIRMED, VerdictStatus.LIKELY)
    assert verdict.cause is not None
    assert (verdict.cause.cause_class, verdict.cause.resource.name) == (
        "lambda.slow_dependency", "payments",
    )  # fmt: skip
    notes = " ".join(item.finding for item in ledger if item.status != "complete")
    for lacks in ("xray:", "cloudtrail:", "kinesis:", "apigateway:", "sqs:"):
        assert lacks in notes
    assert sum(server.repeated.values()) < 40
    assert took < 20


def test_a_log_that_is_answered_with_nothing_is_not_a_quiet_log(tmp_path: Path) -> None:
    with world(tmp_path) as here, lacking(here.account, "200 empty", "logs"):
        here.diagnosed()
        ledger = here.bench.store.evidence("INC-0001")
    logs = [item for item in ledger if item.request.source == "logs"]
    assert logs
    assert {item.status for item in logs} == {"gap"}
