"""The review: drafted from the record, saved by people, exported as Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opspilot.domain.incident import IncidentStatus
from opspilot.engine.review import SECTIONS, Record, draft, to_markdown
from opspilot.engine.review.markdown import plain, read
from opspilot.errors import Conflict, InputError, NotAllowed, NotFound
from tests import builders
from tests.engine.scene import GRACE, ROSA, VERA, Scene


def record(status: IncidentStatus = IncidentStatus.RESOLVED, **changes: object) -> Record:
    """The record of the builders' incident, carried to recovered."""
    incident = builders.incident(
        status, resolved_at=builders.ago(minutes=1), outcome="recovered", **changes
    )
    return Record(
        incident=incident,
        investigation=builders.investigation(),
        evidence=builders.ledger(),
        plans=(builders.executed(),),
        audit=builders.audit(),
    )


def test_a_draft_has_every_section_and_only_facts_of_the_record() -> None:
    sections = draft(record())
    assert tuple(sections) == SECTIONS
    assert "payments" in sections["Cause"]
    assert "checkout-errors" in sections["Detection"]
    assert "8 of 1,910 calls failed" in sections["Response"]
    assert "recovered" in sections["Summary"]


def test_what_only_people_can_tell_is_left_to_them() -> None:
    sections = draft(record())
    for heading in ("What went well", "What went wrong", "Where we got lucky"):
        assert sections[heading] == "_To be written by those who were there._"


def test_cited_evidence_is_listed_with_its_hash() -> None:
    sections = draft(record())
    cited = set(re.findall(r"E\d+", sections["Cause"] + sections["Impact"]))
    assert cited
    for one in cited:
        assert re.search(
            rf"^- {one}: .* SHA-256 of the data [0-9a-f]+", sections[SECTIONS[-1]], re.M
        )


def test_an_incident_that_nobody_looked_into_has_a_draft_that_says_so() -> None:
    bare = Record(builders.incident(IncidentStatus.OPEN, alarms=()), None, (), (), ())
    sections = draft(bare)
    assert sections["Cause"] == "There is no verdict."
    assert sections["Impact"] == "No impact was measured."
    assert sections["Response"] == "No plan was made."
    assert "Set an alarm on checkout" in sections["Action items"]


def test_hostile_text_stays_text_in_the_export() -> None:
    hostile = (
        "![x](http://evil/a.png) <img src=x> [click](http://evil) `code` # head | cell www.evil.io"
    )
    text = to_markdown(hostile, draft(record(title=hostile)))
    assert "![x](" not in text
    assert "<img" not in text
    assert "[click](" not in text
    assert "http://" not in text
    assert "www." not in text


@given(st.text())
def test_escaped_text_reads_back_as_it_was(text: str) -> None:
    assert read(plain(text)) == " ".join(text.split())


def test_the_whole_loop_gives_a_draft_that_tells_when_what_happened(diagnosed: Scene) -> None:
    review = diagnosed.bench.reviews.current("INC-0001")
    assert review.version == 0
    assert "slow\\_dependency" in review.sections["Cause"]
    assert "Rosa: opened the incident" in review.sections["Timeline (UTC)"]
    assert diagnosed.store.postmortem("INC-0001") is None


def test_a_saved_review_stays_as_it_was_saved(diagnosed: Scene) -> None:
    reviews = diagnosed.bench.reviews
    saved = reviews.save(
        "INC-0001", sections={"What went well": "We had a rollback."}, version=0, actor=ROSA
    )
    assert (saved.version, saved.edited_by) == (1, ROSA)
    assert reviews.current("INC-0001") == saved
    assert saved.sections["What went well"] == "We had a rollback."
    assert "slow\\_dependency" in saved.sections["Cause"]
    entry = diagnosed.store.entries("INC-0001")[-1]
    assert (entry.action_type, entry.actor) == ("postmortem.saved", ROSA)
    assert entry.input["sections"] == ["What went well"]


def test_of_two_who_edit_the_same_version_the_second_is_told(diagnosed: Scene) -> None:
    reviews = diagnosed.bench.reviews
    reviews.save("INC-0001", sections={"Summary": "first"}, version=0, actor=ROSA)
    with pytest.raises(Conflict, match="Rosa saved version 1"):
        reviews.save("INC-0001", sections={"Summary": "second"}, version=0, actor=GRACE)
    assert reviews.current("INC-0001").sections["Summary"] == "first"


def test_secrets_in_a_review_are_taken_out(diagnosed: Scene) -> None:
    text = "the key was AKIAIOSFODNN7EXAMPLE"
    saved = diagnosed.bench.reviews.save(
        "INC-0001", sections={"Summary": text}, version=0, actor=ROSA
    )
    assert "AKIAIOSFODNN7EXAMPLE" not in saved.sections["Summary"]


def test_a_viewer_reads_but_does_not_save(diagnosed: Scene) -> None:
    reviews = diagnosed.bench.reviews
    assert reviews.current("INC-0001").sections
    with pytest.raises(NotAllowed):
        reviews.save("INC-0001", sections={"Summary": "mine"}, version=0, actor=VERA)
    assert diagnosed.store.postmortem("INC-0001") is None
    assert diagnosed.store.entries("INC-0001")[-1].action_type == "command.refused"


@pytest.mark.parametrize("sections", [{"Blame": "x"}, {"Summary": "x" * 100_001}])
def test_a_review_that_is_none_is_refused(diagnosed: Scene, sections: dict[str, str]) -> None:
    with pytest.raises(InputError):
        diagnosed.bench.reviews.save("INC-0001", sections=sections, version=0, actor=ROSA)


def test_an_unknown_incident_has_no_review(diagnosed: Scene) -> None:
    with pytest.raises(NotFound):
        diagnosed.bench.reviews.current("INC-9999")
    with pytest.raises(NotFound):
        diagnosed.bench.reviews.save("INC-9999", sections={}, version=0, actor=ROSA)
    assert diagnosed.store.entries("INC-9999") == []
