"""What changed and how far it can be trusted: a denied feed is told as denied."""

from datetime import timedelta

from app.change_rows import onset_of
from app.components.surroundings import what_changed
from app.formatting import Now
from app.rows import lettered
from opspilot.domain.change import Change
from opspilot.domain.evidence import (
    ChangesDetail,
    ComparisonRequest,
    Evidence,
    GapDetail,
    GapReason,
)
from opspilot.engine.timeline import changes_of
from tests import builders

NOW = Now(builders.NOW, builders.NOW)


def denied() -> Evidence:
    """The question for changes, refused."""
    gap = GapDetail(
        reason=GapReason.DENIED, message="not authorized", iam_action="cloudtrail:LookupEvents"
    )
    return builders.changes().model_copy(update={"detail": gap, "status": "gap"})


def compared(*changes: Change) -> Evidence:
    """What a configuration was against an earlier ledger entry."""
    return builders.entry(
        "E30",
        builders.CHECKOUT,
        ComparisonRequest(resource=builders.CHECKOUT, incident_id="INC-0001", evidence_id="E1"),
        ChangesDetail(changes=changes, complete_until=builders.NOW),
        "checkout: as it was",
    )


def told(*evidence: Evidence) -> str:
    """The panel over these entries."""
    marked = lettered(changes_of(evidence), builders.BASELINE.joined(builders.WINDOW))
    onset = onset_of(builders.incident(), builders.verdict())
    return str(what_changed(marked, evidence, onset, NOW))


def test_a_denied_feed_is_told_as_denied_though_a_comparison_was_made() -> None:
    for ledger in ((denied(),), (denied(), compared())):
        text = told(*ledger)
        assert "could not be read: denied, cloudtrail:LookupEvents is missing (E6)" in text
        assert "The feed is whole" not in text
        assert "No change is in the feed" not in text
        assert "have not been read yet" not in text


def test_before_anything_is_asked_the_changes_are_not_read_yet() -> None:
    assert "The changes have not been read yet." in told()


def test_when_nothing_more_will_be_read_changes_that_were_not_read_are_missing() -> None:
    onset = onset_of(builders.incident(), builders.verdict())
    text = str(what_changed((), (builders.logs(),), onset, NOW, over=True))
    assert "The changes were not read. Nothing listed is no proof of no change." in text


def test_a_feed_that_is_whole_for_no_time_names_no_time() -> None:
    whole = builders.changes()
    cut = whole.model_copy(
        update={
            "status": "partial",
            "detail": ChangesDetail(changes=(), complete_until=whole.window.start),
            "finding": "no change found; CloudTrail could not be read: denied",
        }
    )
    text = told(cut)
    assert "E6 was read in part. No change found; CloudTrail could not be read: denied." in text
    assert "The feed is whole" not in text


def test_the_closest_change_before_the_onset_comes_first_whatever_is_newer() -> None:
    later = Change(
        at=builders.NOW - timedelta(minutes=1),
        resource=builders.CHECKOUT,
        kind="configuration",
        summary="memory raised",
        source="cloudtrail",
    )
    text = told(builders.changes(later))
    places = [text.index(one) for one in ("alias live moved", "LOG_LEVEL", "memory raised")]
    assert places == sorted(places)


def test_a_change_whose_moment_is_not_known_is_given_both_bounds() -> None:
    found = Change(
        at=builders.NOW - timedelta(minutes=1),
        since=builders.NOW - timedelta(days=2),
        resource=builders.CHECKOUT,
        kind="configuration",
        summary="timeout 9 s to 3 s",
        source="ledger",
    )
    text = told(builders.changes(), compared(found))
    assert "before or after the onset: its moment is not known" in text
    assert "between 20 Nov 14:15:20 UTC and " in text
