"""What the verdict's box says where no cause is named."""

from app.components.verdict import lead_lines
from opspilot.domain.hypothesis import VerdictStatus
from tests import builders


def test_without_a_cause_the_strongest_lead_is_told_with_its_own_confidence() -> None:
    told = "".join(map(str, lead_lines(builders.verdict(VerdictStatus.INCONCLUSIVE))))
    assert "Strongest lead: </b>payments-api release 18" in told
    assert "(91 %)" in told


def test_leads_that_fit_alike_are_all_told_and_none_is_called_the_strongest() -> None:
    verdict = builders.verdict(VerdictStatus.INCONCLUSIVE)
    best, other, *rest = verdict.hypotheses
    tied = (best, other.model_copy(update={"confidence": best.confidence - 0.01}), *rest)
    told = "".join(map(str, lead_lines(verdict.model_copy(update={"hypotheses": tied}))))
    assert told.count("Fits as well as another: ") == 2
    assert "timeout of 3 s is below what its dependency needs (90 %)" in told
    assert "Strongest lead" not in told
