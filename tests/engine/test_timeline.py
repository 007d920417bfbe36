"""The timeline: all records in the order of the account's clock."""

from opspilot.domain.incident import IncidentStatus
from opspilot.domain.views import IncidentView
from opspilot.engine import timeline as told
from tests import builders


def timeline(view: IncidentView) -> tuple[told.Happening, ...]:
    """Of what a page shows."""
    return told.timeline(view.evidence, view.audit)


def test_changes_onsets_and_steps_stand_in_one_order() -> None:
    happened = timeline(builders.view(builders.incident(IncidentStatus.DIAGNOSED)))
    assert [one.at for one in happened] == sorted(one.at for one in happened)
    assert {one.kind for one in happened} == {"change", "breach", "person", "system"}


def test_a_change_says_what_was_changed_on_which_resource_and_by_whom() -> None:
    happened = timeline(builders.view())
    release = next(one for one in happened if one.at == builders.RELEASE)
    assert (release.who, release.what) == (
        "bob",
        "payments-api: alias live moved from version 17 to version 18",
    )


def test_an_onset_tells_its_uncertainty_and_its_evidence() -> None:
    onset = next(one for one in timeline(builders.view()) if one.kind == "breach")
    assert onset.what.endswith("(± 30 s)")
    assert onset.evidence_id == "E2"


def test_single_answers_of_aws_are_left_to_the_evidence_tab() -> None:
    assert not [one for one in timeline(builders.view()) if "collected" in one.what]


def test_a_refused_command_shows_its_reason() -> None:
    refused = next(one for one in timeline(builders.view()) if "refused" in one.what)
    assert refused.what == "was refused to approve: no role"


def test_an_onset_seen_twice_is_told_once() -> None:
    once = builders.view(evidence=(builders.metric("E2", "lambda.errors"),))
    twice = builders.view(
        evidence=(builders.metric("E2", "lambda.errors"), builders.metric("E7", "lambda.errors"))
    )
    assert len(timeline(twice)) == len(timeline(once))
