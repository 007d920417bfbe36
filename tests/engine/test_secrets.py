"""No secret reaches the store: not from a log, an environment, an alarm, an error or a person."""

from pathlib import Path

import pytest

from opspilot.adapters.sqlite import open_store
from opspilot.domain.incident import IncidentStatus
from opspilot.errors import AwsConflict, AwsRejected, AwsUnavailable
from tests.engine.account import ACCOUNT_ID, REGION
from tests.engine.scene import ADA, BACK_TO_17, GRACE, LONGER, ROSA, Scene, scene

KEY_ID, PASSWORD = "AKIAQX4BIPWN7EXMPL3T", "hunter2-Very-Secret"
SECRET = f"{KEY_ID} password={PASSWORD}"


def bytes_of(folder: Path) -> bytes:
    """Everything in the state folder: store, write-ahead log, checkpoints."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("store.db") for path in files)
    return b"".join(path.read_bytes() for path in files)


@pytest.fixture
def durable(tmp_path: Path) -> Scene:
    """The scene on SQLite, with a secret in logs, environment and alarms."""
    store = open_store(tmp_path / "store.db", account=f"{ACCOUNT_ID}/{REGION}")
    stage = scene(tmp_path, store=store)
    stage.account.secret = SECRET
    return stage


def assert_clean(stage: Scene) -> None:
    stage.bench.audit.checkpoint()
    content = bytes_of(stage.folder)
    assert b"INC-0001" in content
    assert KEY_ID.encode() not in content
    assert PASSWORD.encode() not in content


def test_a_whole_loop_over_an_account_full_of_secrets_stores_none(durable: Scene) -> None:
    durable.account.ring()
    durable.poll_alarms()
    durable.work(lambda: durable.status() is IncidentStatus.DIAGNOSED)
    log = [one for one in durable.store.evidence("INC-0001") if one.detail.kind == "logs"]
    assert log
    durable.bench.plans.request("INC-0001", actor=ROSA)
    durable.work(lambda: durable.status() is IncidentStatus.AWAITING_APPROVAL)
    plan = durable.store.plan("INC-0001-P1")
    durable.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    durable.bench.executions.start(plan.id, actor=ROSA)
    durable.work(lambda: durable.status() is IncidentStatus.RESOLVED)
    assert durable.status() is IncidentStatus.RESOLVED
    assert_clean(durable)


def test_what_people_write_is_stored_without_its_secrets(durable: Scene) -> None:
    durable.bench.intake.open_incident("checkout", actor=ROSA, title=f"broken {SECRET}")
    durable.bench.intake.close("INC-0001", actor=ROSA, reason=f"used {SECRET}")
    plan = durable.filed(LONGER, incident=durable.put_incident(IncidentStatus.DIAGNOSED))
    durable.bench.approvals.reject(plan.id, reason=f"because {SECRET}", actor=ADA)
    assert_clean(durable)


def test_what_errors_say_is_stored_without_its_secrets(durable: Scene) -> None:
    durable.account.fail(
        "apply", AwsUnavailable(SECRET), AwsConflict(SECRET), AwsRejected(f"bad {SECRET}")
    )
    durable.account.fail("search", AwsUnavailable(SECRET), times=5)
    durable.started(BACK_TO_17)
    durable.reach(IncidentStatus.FAILED)
    durable.bench.investigations.start("INC-0001", actor=ROSA)
    durable.account.fail("read", AwsRejected(SECRET))
    durable.work(lambda: durable.status() is IncidentStatus.DIAGNOSED)
    durable.bench.plans.request("INC-0001", actor=ROSA)
    durable.work(lambda: durable.incident().plan_requested_by is None)
    assert "bad" in " ".join(entry.error for entry in durable.trail())
    assert_clean(durable)
