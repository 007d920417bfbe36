"""A capsule shows who calls whom, what changed and what looked alike, like an incident's page."""

from io import BytesIO

import pytest

from opspilot.bootstrap.capsule import frozen, history_beside
from opspilot.engine.capsule import read_capsule
from opspilot.engine.fingerprints import fingerprint_now
from tests.app.conftest import Fill, said
from tests.app.test_capsule_page import HARMLESS, uploaded
from tests.engine.test_capsule import resolved


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("Call graph", "payments (function)"),
        ("Changes", "Held against the onset of the cause"),
        ("Similar", "No earlier incident looked like this one."),
    ],
)
def test_a_tab_of_a_capsule_opens_without_the_account(fill: Fill, tab: str, words: str) -> None:
    fill()
    app = uploaded(resolved(), tab=tab)
    text = said(app)
    assert not app.exception
    assert "in a way that OpsPilot does not know" not in text
    assert words in text
    assert all((one.key or "").startswith(HARMLESS) for one in app.button)
    assert "whether embedded is not recorded" in text


def test_the_incident_of_a_capsule_is_held_against_what_the_workbench_learnt() -> None:
    capsule = read_capsule(BytesIO(resolved()))
    own = fingerprint_now(frozen(capsule), capsule.incident)
    learnt = own.model_copy(update={"incident_id": "INC-0777"})
    found = history_beside(capsule, [learnt]).similar(capsule.incident.id)
    assert [(one.fingerprint.incident_id, one.similarity) for one in found] == [("INC-0777", 1.0)]
    assert history_beside(capsule, ()).similar(capsule.incident.id) == ()
