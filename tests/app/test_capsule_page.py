"""The capsule page: a file is shown as the record it is, and nothing on it gives a command."""

from pathlib import Path

from tests.app.conftest import ENTRY, Fill, opened, said
from tests.engine.scene import ADA, BACK_TO_17, diagnosed_scene
from tests.engine.test_capsule import resolved

PAGE = str(ENTRY.parent.parent / "pages" / "capsule.py")
REVIEW = str(ENTRY.parent.parent / "pages" / "review.py")

HARMLESS = ("chip-", "capsule-replay", "as", "tab")


def uploaded(content: bytes, **query: str):
    app = opened(PAGE, **query)
    assert not app.exception
    app.file_uploader(key="capsule-file").upload("x.capsule.gz", content, "application/gzip").run()
    return app


def test_without_a_file_the_page_asks_for_one(fill: Fill) -> None:
    fill()
    app = opened(PAGE)
    assert not app.exception
    assert app.button == [] or all(one.key != "capsule-replay" for one in app.button)


def test_a_capsule_is_shown_with_its_strip_verdict_and_plan(fill: Fill) -> None:
    fill()
    app = uploaded(resolved(), tab="Plan")
    assert not app.exception
    text = said(app)
    assert "Capsule, read-only" in text
    assert "signed to its end" in text
    assert "slow dependency in payments" in text
    assert "Plan 1 for INC-0001" in text


def test_no_button_on_a_capsule_gives_a_command(fill: Fill) -> None:
    fill()
    for tab in ("Hypotheses", "Evidence", "Logs diff", "Plan", "Verification", "Notes", "Audit"):
        app = uploaded(resolved(), tab=tab)
        assert not app.exception, tab
        keys = [one.key or "" for one in app.button]
        assert all(key.startswith(HARMLESS) for key in keys), (tab, keys)


def test_a_replay_on_the_page_says_that_the_verdict_is_the_same(fill: Fill) -> None:
    fill()
    app = uploaded(resolved())
    app.button(key="capsule-replay").click().run()
    assert not app.exception
    assert "The same verdict, order and numbers." in said(app)


def test_a_foreign_file_is_refused_in_words(fill: Fill) -> None:
    fill()
    app = uploaded(b"PK\x03\x04 no capsule")
    assert not app.exception
    assert "no capsule of OpsPilot" in said(app)
    assert "Nothing of it was taken in." in said(app)


def test_the_review_leads_to_capsules(fill: Fill) -> None:
    fill()
    app = opened(REVIEW)
    assert "Open a capsule" in [link.proto.label for link in app.get("page_link")]


def test_a_plan_that_was_open_when_it_was_exported_cannot_be_decided_on(
    fill: Fill, tmp_path: Path
) -> None:
    stage = diagnosed_scene(tmp_path / "elsewhere")
    stage.filed(BACK_TO_17, incident=stage.incident())
    fill()
    app = uploaded(stage.bench.capsules.export("INC-0001", actor=ADA), tab="Plan")
    assert not app.exception
    assert "Plan 1 for INC-0001" in said(app)
    assert all((one.key or "").startswith(HARMLESS) for one in app.button)
