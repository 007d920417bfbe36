"""A capsule goes out whole, comes back the same, and replays to the verdict that was drawn."""

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.bootstrap.capsule import READER, frozen, open_capsule
from opspilot.domain.audit import AuditDraft, AuditEntry, canonical_json, link, sha256_hex
from opspilot.domain.commands import Command
from opspilot.domain.evidence import Evidence, LogDetail, MetricDetail
from opspilot.domain.incident import IncidentStatus
from opspilot.engine.approve import Approvals
from opspilot.engine.capsule import Capsules, read_capsule, replay
from opspilot.engine.capsule.container import LIMITS, Limits
from opspilot.engine.capsule.pack import lines_of
from opspilot.engine.commands import Desk
from opspilot.engine.execute import Executions
from opspilot.engine.journal import Journal
from opspilot.engine.ledger import Ledger
from opspilot.engine.timeline import told_of
from opspilot.errors import (
    ApprovalDenied,
    CapsuleRefused,
    IllegalTransition,
    InputError,
    ReadOnlyStore,
)
from opspilot.ports.store import Changeset
from tests.engine.scene import ADA, BACK_TO_17, GRACE, HOUR, ROSA, Scene, scene

SECRET = "AKIAQX4BIPWN7EXMPL3T"

Lines = list[dict[str, Any]]


@lru_cache(maxsize=1)
def resolved() -> bytes:
    """The capsule of an incident that was cured, in an account full of secrets."""
    with TemporaryDirectory() as folder:
        stage = scene(Path(folder))
        stage.account.secret = f"{SECRET} password=hunter2-Very-Secret"
        stage.diagnosed()
        stage.bench.plans.request("INC-0001", actor=ROSA)
        stage.reach(IncidentStatus.AWAITING_APPROVAL)
        stage.bench.care.write_note("INC-0001", text=f"is it {SECRET}?", actor=ROSA)
        plan = stage.store.plan("INC-0001-P1")
        stage.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
        stage.bench.executions.start(plan.id, actor=ROSA)
        stage.reach(IncidentStatus.RESOLVED)
        return stage.bench.capsules.export("INC-0001", actor=ADA)


def opened(content: bytes) -> Any:
    return read_capsule(io.BytesIO(content))


def unpacked(content: bytes) -> list[bytes]:
    return gzip.decompress(content).splitlines(keepends=True)


def rebuilt(change: Callable[[str, Lines], Lines]) -> bytes:
    """The capsule with parts changed, and a manifest that agrees with them."""
    manifest, *lines = unpacked(resolved())
    head = json.loads(manifest)
    written: list[bytes] = []
    for part in head["members"]:
        rows = [json.loads(lines.pop(0)) for _ in range(part["lines"])]
        changed = [canonical_json(row).encode() + b"\n" for row in change(part["name"], rows)]
        whole = b"".join(changed)
        part["lines"], part["size"] = len(changed), len(whole)
        part["sha256"] = hashlib.sha256(whole).hexdigest()
        written += changed
    return gzip.compress(canonical_json(head).encode() + b"\n" + b"".join(written))


def only(name: str, change: Callable[[Lines], Lines]) -> Callable[[str, Lines], Lines]:
    return lambda part, rows: change(rows) if part == name else rows


def refusal(content: bytes, limits: Limits = LIMITS) -> CapsuleRefused:
    with pytest.raises(CapsuleRefused) as refused:
        read_capsule(io.BytesIO(content), limits=limits)
    assert refused.value.hint
    return refused.value


# --- what goes out comes back ---------------------------------------------------------------------


def test_a_capsule_holds_the_rows_as_they_are_stored(diagnosed: Scene) -> None:
    content = diagnosed.bench.capsules.export("INC-0001", actor=ADA)
    capsule, store = opened(content), diagnosed.store
    assert capsule.incident == store.incident("INC-0001")
    assert capsule.investigation == store.investigation("INC-0001")
    assert list(capsule.evidence) == store.evidence("INC-0001")
    assert list(capsule.audit) == store.entries("INC-0001")
    assert (capsule.missing, capsule.unbound) == ((), ())


def test_what_was_not_investigated_yet_can_go_out_too(stage: Scene) -> None:
    stage.opened()
    capsule = opened(stage.bench.capsules.export("INC-0001", actor=ADA))
    assert capsule.investigation is None
    with pytest.raises(InputError, match="no verdict"):
        replay(capsule)


def test_who_took_a_capsule_out_is_on_record_with_the_hash_of_each_part(diagnosed: Scene) -> None:
    content = diagnosed.bench.capsules.export("INC-0001", actor=ADA)
    entry = diagnosed.store.entries("INC-0001")[-1]
    assert (entry.action_type, entry.actor) == ("capsule.exported", ADA)
    parts = json.loads(unpacked(content)[0])["members"]
    told = {part["name"]: part["sha256"] for part in parts if part["name"] != "audit"}
    assert entry.result == {"parts": told}
    assert "took the incident out as a capsule" in told_of(entry)


def test_the_same_record_gives_the_same_bytes_but_for_the_record_of_the_export(
    diagnosed: Scene,
) -> None:
    def rows() -> list[bytes]:
        content = diagnosed.bench.capsules.export("INC-0001", actor=ADA)
        manifest, *lines = unpacked(content)
        audit = json.loads(manifest)["members"][-1]
        return lines[: -audit["lines"]]

    assert rows() == rows()


def test_a_capsule_leaves_only_if_that_can_be_put_on_record(diagnosed: Scene) -> None:
    bench = diagnosed.bench
    capsule = opened(bench.capsules.export("INC-0001", actor=ADA))
    desk = Desk(frozen(capsule), diagnosed.clock, Journal(diagnosed.clock))
    with pytest.raises(ReadOnlyStore):
        Capsules(desk, bench.audit).export("INC-0001", actor=READER)


def test_its_audit_slice_is_signed_to_the_last_entry() -> None:
    trail = opened(resolved()).trail
    assert (trail.ok, trail.uncovered, trail.checkpoints) == (True, 0, 1)
    assert trail.entries > 50


def test_a_slice_holds_only_the_anchor_that_covers_it(diagnosed: Scene) -> None:
    diagnosed.bench.audit.checkpoint()
    for _ in range(3):
        diagnosed.put_incident(IncidentStatus.DIAGNOSED)
        diagnosed.bench.intake.close(
            diagnosed.opened("payments").id, actor=ROSA, reason="a false alarm"
        )
        diagnosed.bench.audit.checkpoint()
    kinds = [
        next(iter(json.loads(line)))
        for line in unpacked(diagnosed.bench.capsules.export("INC-0001", actor=ADA))
        if b'"previous_hash"' in line or b'"signature"' in line
    ]
    assert (kinds.count("checkpoint"), kinds.count("anchor")) == (1, 1)


def test_no_secret_leaves() -> None:
    content = gzip.decompress(resolved())
    assert b"INC-0001" in content
    assert SECRET.encode() not in content
    assert b"hunter2" not in content


# --- replay ---------------------------------------------------------------------------------------


def test_the_replay_of_a_capsule_comes_to_the_same_verdict() -> None:
    capsule = opened(resolved())
    result = replay(capsule)
    assert result.outcome == "same"
    assert (result.differences, result.findings) == ((), ())
    assert result.recorded.cause is not None
    assert result.recorded.cause.cause_class == "lambda.slow_dependency"
    ledger = [item for item in capsule.evidence if item.task.startswith("1/")]
    logs = sum(isinstance(item.detail, LogDetail) for item in ledger)
    assert (result.recomputed, result.taken) == (len(ledger) - logs, logs)


def test_a_window_that_was_changed_after_the_verdict_does_not_change_the_replay(
    diagnosed: Scene,
) -> None:
    incident = diagnosed.incident()
    moved = incident.model_copy(update={"window": incident.window.before(HOUR)})
    diagnosed.bench.intake.desk.submit(moved, audit=())
    assert replay(opened(diagnosed.bench.capsules.export("INC-0001", actor=ADA))).outcome == "same"


def test_a_metric_that_is_analysed_otherwise_is_told_number_by_number() -> None:
    capsule = opened(resolved())
    item = next(
        one
        for one in capsule.evidence
        if isinstance(one.detail, MetricDetail) and one.detail.anomalous
    )
    shifted = item.detail.model_copy(update={"effect_size": item.detail.effect_size * 1.001})
    evidence = tuple(
        item.model_copy(update={"detail": shifted}) if one is item else one
        for one in capsule.evidence
    )
    result = replay(capsule.model_copy(update={"evidence": evidence}))
    assert result.outcome == "differs"
    (change,) = result.findings
    assert change.evidence_id == item.id
    assert change.fields[0].startswith("effect_size: ")


def test_a_verdict_of_other_rules_is_shown_beside_the_one_of_these() -> None:
    capsule = opened(resolved())
    verdict = capsule.investigation.verdict
    other = verdict.model_copy(
        update={
            "rules_version": "1",
            "confidence": 0.61,
            "hypotheses": verdict.hypotheses[::-1],
        }
    )
    old = capsule.investigation.model_copy(update={"verdict": other})
    result = replay(capsule.model_copy(update={"investigation": old}))
    assert result.outcome == "differs"
    assert result.rules_recorded == "1"
    assert result.recorded == other
    assert result.again == verdict
    assert any(one.startswith("confidence: 0.61, now ") for one in result.differences)
    assert any(one.startswith("hypotheses[0].cause_class") for one in result.differences)


# --- nothing in it can be used --------------------------------------------------------------------


def test_no_command_is_taken_on_a_capsule_not_even_with_its_approvals(diagnosed: Scene) -> None:
    diagnosed.filed(BACK_TO_17, incident=diagnosed.incident())
    plan = diagnosed.store.plan("INC-0001-P1")
    diagnosed.bench.approvals.approve(plan.id, digest=plan.digest, actor=GRACE)
    capsule = opened(diagnosed.bench.capsules.export("INC-0001", actor=ADA))
    assert capsule.plans[0].approvals
    desk = Desk(frozen(capsule), diagnosed.clock, Journal(diagnosed.clock))
    with pytest.raises(ReadOnlyStore):
        Executions(desk).start(plan.id, actor=ROSA)
    with pytest.raises(ReadOnlyStore):
        Approvals(desk, HOUR).reject(plan.id, reason="no", actor=ADA)
    with pytest.raises(ReadOnlyStore):
        desk.require(READER, Command.EXECUTE_PLAN)
    with pytest.raises(ReadOnlyStore):
        desk.store.claim("worker", now=diagnosed.clock.now(), until=diagnosed.clock.now())
    with pytest.raises(ReadOnlyStore):
        desk.store.next_number("incident")


def test_an_approval_in_a_capsule_is_none_for_the_same_plan_in_a_store(diagnosed: Scene) -> None:
    foreign = opened(resolved()).plans[0]
    diagnosed.bench.plans.request("INC-0001", actor=ROSA)
    diagnosed.reach(IncidentStatus.AWAITING_APPROVAL)
    here = diagnosed.store.plan("INC-0001-P1")
    assert (here.id, here.approvals) == (foreign.id, ())
    with pytest.raises(ApprovalDenied):
        diagnosed.bench.executions.start(here.id, actor=ROSA)
    borrowed = here.model_copy(update={"status": foreign.status, "approvals": foreign.approvals})
    diagnosed.bench.intake.desk.submit(diagnosed.incident(), borrowed, audit=())
    with pytest.raises((ApprovalDenied, IllegalTransition)):
        diagnosed.bench.executions.start(here.id, actor=ROSA)


def test_a_reader_of_a_capsule_may_give_no_command() -> None:
    _, view = open_capsule(resolved())
    assert all(view.refusals[command] for command in Command)
    assert view.incident.status is IncidentStatus.RESOLVED
    assert (len(view.plans), len(view.notes)) == (1, 1)


# --- hostile files --------------------------------------------------------------------------------


@given(at=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_whatever_bit_of_a_file_flips_it_is_refused_or_still_the_same(at: int, bit: int) -> None:
    content = bytearray(resolved())
    content[at % len(content)] ^= 1 << bit
    try:
        capsule = opened(bytes(content))
    except CapsuleRefused:
        return
    assert capsule == opened(resolved())  # a bit of the gzip header that means nothing


@given(at=st.integers(0, 10**9))
@settings(max_examples=25, deadline=None)
def test_a_file_that_was_cut_anywhere_is_refused(at: int) -> None:
    content = resolved()
    refusal(content[: at % len(content)])


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_no_other_file_is_taken_for_a_capsule(content: bytes) -> None:
    refusal(content)
    refusal(gzip.compress(content))


def test_what_follows_behind_the_end_is_not_overlooked() -> None:
    assert "behind its end" in refusal(resolved() + b"more").message
    assert "behind its end" in refusal(resolved() + resolved()).message


def test_a_zip_and_a_pickle_are_foreign() -> None:
    import pickle
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("../../etc/passwd", "x")
    code = pickle.dumps({"format": "opspilot-capsule/1"})
    for content in (archive.getvalue(), code, gzip.compress(code)):
        refused = refusal(content)
        assert "no capsule" in refused.message
        assert "capsule export" in refused.hint


def test_a_bomb_is_left_long_before_it_is_large() -> None:
    bomb = gzip.compress(b"\0" * (300 << 20))
    small = Limits(unpacked=64 << 20)
    assert "unpacks to" in refusal(bomb, small).message
    head = resolved()
    assert "larger than" in refusal(head, Limits(packed=1_000)).message


def test_a_bomb_behind_a_genuine_manifest_is_left_too() -> None:
    manifest = unpacked(resolved())[0]
    for body in (b"[" * (40 << 20), b"\n" * (40 << 20), b'"' + b"x" * (40 << 20)):
        refusal(gzip.compress(manifest + body))


def test_too_many_lines_and_too_long_ones_are_refused() -> None:
    assert "more than 10 lines" in refusal(resolved(), Limits(lines=10)).message
    assert "longer than" in refusal(resolved(), Limits(line=20_000)).message


def test_a_line_of_values_that_weigh_nothing_in_the_file_is_left_before_it_is_parsed() -> None:
    def change(rows: Lines) -> Lines:
        return [rows[0] | {"snapshot": [{}] * 60_000}]

    content = rebuilt(only("evidence", change))
    assert "more than 100,000 values" in refusal(content, Limits(values=100_000)).message


def test_json_that_nests_without_end_is_refused() -> None:
    deep = b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n"
    manifest, *rest = unpacked(resolved())
    head = json.loads(manifest)
    part = head["members"][0]
    part["size"], part["sha256"] = len(deep), hashlib.sha256(deep).hexdigest()
    lines = canonical_json(head).encode() + b"\n" + deep + b"".join(rest[1:])
    assert "line 2" in refusal(gzip.compress(lines)).message


@pytest.mark.parametrize(
    "line",
    [b'{"a":NaN}', b'{"a":1e999}', b'{"a":1,"a":2}', b'{"a": 1}', b'{"a":"\\ud800"}', b"{"],
)
def test_a_line_has_one_spelling_only(line: bytes) -> None:
    manifest, *rest = unpacked(resolved())
    head = json.loads(manifest)
    line += b"\n"
    head["members"][0] |= {"size": len(line), "sha256": hashlib.sha256(line).hexdigest()}
    content = canonical_json(head).encode() + b"\n" + line + b"".join(rest[1:])
    assert "line 2" in refusal(gzip.compress(content)).message


def test_a_wrong_hash_in_the_manifest_names_the_part() -> None:
    manifest, *rest = unpacked(resolved())
    head = json.loads(manifest)
    head["members"][2]["sha256"] = "0" * 64
    content = gzip.compress(canonical_json(head).encode() + b"\n" + b"".join(rest))
    assert "evidence is not what the manifest says" in refusal(content).message


def test_a_newer_capsule_asks_for_a_newer_opspilot() -> None:
    manifest, *rest = unpacked(resolved())
    newer = manifest.replace(b"opspilot-capsule/1", b"opspilot-capsule/2")
    refused = refusal(gzip.compress(newer + b"".join(rest)))
    assert "opspilot-capsule/2" in refused.message
    assert "Update" in refused.hint


def test_a_row_with_a_field_that_nobody_knows_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        return [rows[0] | {"__class__": "os.system"}]

    assert "Incident is not understood" in refusal(rebuilt(only("incident", change))).message


# --- changes that the manifest was made to agree with ---------------------------------------------


def _worse(rows: Lines) -> Lines:
    rows[0]["verification"]["outcome"] = "worse"
    return rows


def _other_words(rows: Lines) -> Lines:
    rows[0]["verdict"]["cause"]["summary"] = "somebody else did it"
    return rows


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("incident", lambda rows: [rows[0] | {"title": "something else"}]),
        ("investigation", _other_words),
        ("evidence", lambda rows: [*rows[:-1], rows[-1] | {"task": "1/other"}]),
        ("plans", _worse),
        ("notes", lambda rows: [rows[0] | {"text": "all is well"}]),
    ],
)
def test_no_part_can_be_rewritten_after_the_export(
    part: str, change: Callable[[Lines], Lines]
) -> None:
    refused = refusal(rebuilt(only(part, change)))
    assert "not those that its audit trail recorded when it was exported" in refused.message


def test_what_was_collected_after_the_export_is_not_missing(diagnosed: Scene) -> None:
    """Another investigation may file evidence between the rows and the trail of an export."""
    bench = diagnosed.bench
    content = bench.capsules.export("INC-0001", actor=ADA)
    ledger = opened(content).evidence
    filing = Ledger(diagnosed.clock, bench.desk.journal)
    late = filing.audit(ledger[-1].model_copy(update={"id": "E999"}))
    diagnosed.store.commit(Changeset(audit=[late]))
    manifest, *lines = unpacked(content)
    audit = json.loads(manifest)["members"][-1]["lines"]
    bench.audit.checkpoint()
    trail = [line.encode() + b"\n" for line in bench.audit.export("INC-0001")]
    rows = lines[:-audit]
    head = json.loads(manifest)
    whole = b"".join(trail)
    head["members"][-1] |= {
        "lines": len(trail),
        "size": len(whole),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
    made = gzip.compress(canonical_json(head).encode() + b"\n" + b"".join(rows) + whole)
    assert opened(made).missing == ()


def test_a_row_of_before_a_field_was_added_goes_out_as_it_was_written() -> None:
    """Its hashes are on record, and cover what was written then."""
    item = next(one for one in opened(resolved()).evidence if one.detail.kind == "configuration")
    older = item.model_dump(mode="json")
    del older["detail"]["function"]["gaps"], older["usage"]
    (line,) = lines_of([Evidence.model_validate(older)])
    assert json.loads(line) == older


def test_data_that_was_exchanged_is_found() -> None:
    def change(rows: Lines) -> Lines:
        metric = next(row for row in rows if row["detail"]["kind"] == "metric")
        metric["snapshot"]["values"][3] = 12345.0
        return rows

    assert "the data of E" in refusal(rebuilt(only("evidence", change))).message


def test_data_that_was_exchanged_with_its_hash_is_found_in_the_trail() -> None:
    def change(rows: Lines) -> Lines:
        metric = next(row for row in rows if row["detail"]["kind"] == "metric")
        metric["snapshot"]["values"][3] = 12345.0
        metric["data_hash"] = sha256_hex(metric["snapshot"])
        return rows

    assert "data hash of E" in refusal(rebuilt(only("evidence", change))).message


def test_a_log_finding_that_was_exchanged_is_found_though_its_data_is_a_sample() -> None:
    def change(rows: Lines) -> Lines:
        log = next(row for row in rows if row["detail"]["kind"] == "logs")
        log["detail"]["timeouts"] += 1
        return rows

    assert "detail hash of E" in refusal(rebuilt(only("evidence", change))).message


def test_evidence_that_had_expired_before_the_export_is_said_to_be_missing(
    diagnosed: Scene,
) -> None:
    """As a store lets it go in the end: DynamoDB's time to live removes rows, not the trail."""

    class Forgetful:
        def __getattr__(self, name: str) -> Any:
            return getattr(diagnosed.store, name)

        def evidence(self, incident_id: str) -> list[Evidence]:
            return diagnosed.store.evidence(incident_id)[1:]

    store: Any = Forgetful()
    desk = Desk(store, diagnosed.clock, Journal(diagnosed.clock))
    capsule = opened(Capsules(desk, diagnosed.bench.audit).export("INC-0001", actor=ADA))
    assert capsule.missing == ("E1",)


def test_evidence_that_was_taken_out_of_a_file_is_refused() -> None:
    assert "not those that" in refusal(rebuilt(only("evidence", lambda rows: rows[1:]))).message


def test_evidence_that_was_made_up_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        return [*rows, rows[0] | {"id": "E999"}]

    assert "E999" in refusal(rebuilt(only("evidence", change))).message


def test_a_verdict_that_was_rewritten_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        rows[0]["verdict"]["cause"]["cause_class"] = "lambda.out_of_memory"
        return rows

    assert "verdict" in refusal(rebuilt(only("investigation", change))).message


def test_an_approval_that_was_added_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        rows[0]["approvals"].append(rows[0]["approvals"][0] | {"by": ADA.model_dump(mode="json")})
        return rows

    assert "approval" in refusal(rebuilt(only("plans", change))).message


def test_a_plan_that_was_changed_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        rows[0]["actions"][0]["change"]["parameters"]["version"] = "99"
        return rows

    assert "P1 is not the plan" in refusal(rebuilt(only("plans", change))).message


def test_rows_of_another_incident_are_refused() -> None:
    def change(rows: Lines) -> Lines:
        return [rows[0] | {"incident_id": "INC-0002"}]

    assert "INC-0002" in refusal(rebuilt(only("notes", change))).message


@pytest.mark.parametrize("turn", [(5, 6), (0, 1), (20, 40)])
def test_a_trail_in_another_order_is_refused(turn: tuple[int, int]) -> None:
    def change(rows: Lines) -> Lines:
        places = [index for index, row in enumerate(rows) if "entry" in row]
        one, other = places[turn[0]], places[turn[1]]
        rows[one], rows[other] = rows[other], rows[one]
        return rows

    assert "audit trail does not verify" in refusal(rebuilt(only("audit", change))).message


def test_a_trail_without_its_end_is_refused() -> None:
    def change(rows: Lines) -> Lines:
        entries = [row for row in rows if "entry" in row]
        return [row for row in rows if row is not entries[-1]]

    assert "audit trail does not verify" in refusal(rebuilt(only("audit", change))).message


def test_a_trail_that_was_rewritten_whole_disagrees_with_its_signature() -> None:
    def change(rows: Lines) -> Lines:
        head = None
        for row in rows:
            if "entry" in row:
                fields = set(AuditDraft.model_fields)
                draft = {name: value for name, value in row["entry"].items() if name in fields}
                if draft["action_type"] == "plan.approved":
                    draft["actor"] = draft["actor"] | {"id": "mallory"}
                entry: AuditEntry = link(AuditDraft.model_validate(draft), head)
                row["entry"] = entry.model_dump(mode="json")
                head = entry
        for row in rows:
            if "head" in row and head:
                row["head"]["hash"] = head.hash
        return rows

    assert "audit trail does not verify" in refusal(rebuilt(only("audit", change))).message


def test_a_key_that_the_reader_knows_must_have_signed_it() -> None:
    key_id = opened(resolved()).trail.key_id
    assert read_capsule(io.BytesIO(resolved()), key_id=key_id)
    with pytest.raises(CapsuleRefused, match="signed with the key"):
        read_capsule(io.BytesIO(resolved()), key_id="0" * 16)
