"""What the audit tab says about a check."""

from app.components.history import told
from opspilot.domain.audit_report import AuditProblem, AuditReport, ChainReport

WHOLE = AuditReport(
    ok=True,
    entries=61,
    chains=(ChainReport(chain="INC-0001", ok=True, entries=61),),
    checkpoints=4,
    key_id="fd0e563edf2e7ab5",
)


def test_a_whole_chain_is_said_with_its_numbers() -> None:
    notice = told(WHOLE)
    assert notice.tone == "healthy"
    assert "61 entries in 1 chain, 4 signed checkpoints" in notice.what
    assert notice.kept == "Signed checkpoints cover every entry."


def test_the_uncovered_tail_is_said_but_is_no_damage() -> None:
    notice = told(WHOLE.model_copy(update={"uncovered": 3}))
    assert notice.tone == "healthy"
    assert notice.kept == "The newest 3 entries are not covered by a signed checkpoint yet."


def test_damage_names_the_chain_and_the_first_bad_entry() -> None:
    problem = AuditProblem(
        kind="changed", chain="INC-0001", seq=7, message="entry 7 is not the one that was written"
    )
    notice = told(WHOLE.model_copy(update={"ok": False, "problems": (problem,)}))
    assert notice.tone == "breach"
    assert "INC-0001, entry 7: Entry 7 is not the one that was written." in notice.what
    assert notice.todo
