"""Why a cause is only likely, and which rule bounds a confidence."""

from app.verdict_words import capped_by, why_likely
from opspilot.domain.hypothesis import Argument, Hypothesis, Verdict, VerdictStatus
from tests import builders


def likely(*cited: str, confidence: float = 0.91, rivals: tuple[Hypothesis, ...] = ()) -> Verdict:
    """A likely verdict whose leading explanation cites these entries."""
    verdict = builders.verdict(VerdictStatus.LIKELY)
    arguments = (Argument(text="because", evidence=cited, weight=2.3),)
    changed = {"status": "leading", "confidence": confidence, "cap": "", "arguments_for": arguments}
    lead = verdict.hypotheses[0].model_copy(update=changed)
    return verdict.model_copy(update={"hypotheses": (lead, *rivals)})


def test_a_likely_cause_says_which_proof_it_lacks() -> None:
    told = why_likely(likely("E6", "E2"), builders.ledger())
    assert told == "no log is cited for it"


def test_a_low_confidence_and_a_near_rival_are_told() -> None:
    rival = (
        builders.verdict()
        .hypotheses[0]
        .model_copy(update={"status": "possible", "confidence": 0.55})
    )
    told = why_likely(likely("E6", "E2", "E7", confidence=0.8, rivals=(rival,)), builders.ledger())
    assert told.startswith("its confidence is below 85 %; ")
    assert told.endswith("stands at 55 % beside it")


def test_where_all_is_cited_the_proof_is_said_to_be_missing() -> None:
    assert "not as proof" in why_likely(likely("E6", "E2", "E7"), builders.ledger())


def test_only_a_likely_verdict_is_explained() -> None:
    assert why_likely(builders.verdict(), builders.ledger()) == ""


def test_the_ceiling_of_all_rules_is_named_as_the_cap() -> None:
    lead = builders.verdict().hypotheses[0]
    at_ceiling = lead.model_copy(update={"confidence": 0.97, "cap": ""})
    assert capped_by(at_ceiling) == "no rule is surer than 97 %"
    assert capped_by(at_ceiling.model_copy(update={"confidence": 0.9})) == ""
    assert capped_by(at_ceiling.model_copy(update={"cap": "no log"})) == "no log"
