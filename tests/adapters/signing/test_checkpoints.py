"""The signing key and the file of checkpoints: made once, appended durably, damage named."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from opspilot.adapters.signing import FileCheckpoints, open_checkpoints, open_redaction_key
from opspilot.domain.audit import Checkpoint
from opspilot.domain.signing import is_signed_by, key_id_of
from opspilot.errors import AuditDamaged, StoreUnavailable
from tests.contract.rows import T0

ROOT = Path(__file__).resolve().parents[3]


def unsigned(seq: int) -> Checkpoint:
    return Checkpoint(seq=seq, hash=f"{seq:064x}", wall=T0, key_id="")


def filled(folder: Path, count: int = 3) -> FileCheckpoints:
    checkpoints = open_checkpoints(folder)
    for seq in range(1, count + 1):
        checkpoints.sign(unsigned(seq))
    return checkpoints


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_signed_checkpoint_is_kept_and_genuine(tmp_path: Path) -> None:
    checkpoints = open_checkpoints(tmp_path / "keys")
    signed = checkpoints.sign(unsigned(1))
    assert checkpoints.all() == [signed]
    assert checkpoints.genuine(signed)
    assert signed.key_id == checkpoints.key_id() == key_id_of(checkpoints.public_key())
    assert is_signed_by(signed, checkpoints.public_key())


def test_a_changed_checkpoint_is_not_genuine(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path, 1)
    (signed,) = checkpoints.all()
    assert not checkpoints.genuine(signed.model_copy(update={"seq": 2}))


def test_checkpoints_come_oldest_first_after_opening_again(tmp_path: Path) -> None:
    filled(tmp_path)
    again = open_checkpoints(tmp_path)
    assert [one.seq for one in again.all()] == [1, 2, 3]
    assert all(again.genuine(one) for one in again.all())


def test_the_key_is_readable_to_its_owner_only(tmp_path: Path) -> None:
    filled(tmp_path / "keys")
    assert mode(tmp_path / "keys") == 0o700
    assert {path.name: mode(path) for path in (tmp_path / "keys").iterdir()} == dict.fromkeys(
        ("signing-key.pem", "signing-key.pub", "checkpoints.jsonl"), 0o600
    )


def test_processes_that_make_the_key_at_once_agree_on_one(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from opspilot.adapters.signing import *;"
        "print('ready', flush=True); sys.stdin.readline();"
        "print(open_checkpoints(Path(sys.argv[1])).key_id())"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "keys")],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert len({child.communicate()[0] for child in children}) == 1


def test_threads_that_make_the_key_at_once_agree_on_one(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        with ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(open_checkpoints, [folder] * 4))
        assert len({one.key_id() for one in opened}) == 1
        names = ["checkpoints.jsonl", "signing-key.pem", "signing-key.pub"]
        assert sorted(path.name for path in folder.iterdir()) == names


def test_many_writers_append_whole_lines(tmp_path: Path) -> None:
    writers = [open_checkpoints(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: writers[n % 4].sign(unsigned(n)), range(1, 41)))
    assert sorted(one.seq for one in writers[0].all()) == list(range(1, 41))


@given(cut=st.integers(min_value=1, max_value=400))
def test_a_torn_last_line_is_passed_over_and_repaired_by_the_next(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    checkpoints = filled(folder)
    file = folder / "checkpoints.jsonl"
    whole = file.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    file.write_bytes(whole[: len(whole) - min(cut, last)])
    assert [one.seq for one in checkpoints.all()] == [1, 2]
    checkpoints.sign(unsigned(3))
    assert [one.seq for one in checkpoints.all()] == [1, 2, 3]
    assert file.read_bytes() == whole


def test_a_file_that_was_torn_in_its_first_line_starts_anew(tmp_path: Path) -> None:
    checkpoints = open_checkpoints(tmp_path)
    (tmp_path / "checkpoints.jsonl").write_bytes(b'{"seq": 1, ' + b" " * 10_000)
    assert checkpoints.all() == []
    checkpoints.sign(unsigned(1))
    assert [one.seq for one in checkpoints.all()] == [1]


@pytest.mark.parametrize("line", [b"{}", b"", b"garbage", b"\xff\xfe", b'{"seq": 1'])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    checkpoints = filled(tmp_path)
    file = tmp_path / "checkpoints.jsonl"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], line, lines[2], b""]))
    with pytest.raises(AuditDamaged, match="Line 2 of") as caught:
        checkpoints.all()
    assert str(file) in caught.value.message
    assert caught.value.hint


def test_a_removed_file_is_told_from_one_that_never_was(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "checkpoints.jsonl").unlink()
    again = open_checkpoints(tmp_path)
    with pytest.raises(AuditDamaged, match="removed"):
        again.all()
    with pytest.raises(AuditDamaged, match="removed"):
        again.sign(unsigned(4))


@pytest.mark.parametrize("kept", ["signing-key.pub", "checkpoints.jsonl"])
def test_no_new_key_is_made_where_an_old_one_was_at_work(tmp_path: Path, kept: str) -> None:
    filled(tmp_path)
    for path in tmp_path.iterdir():
        if path.name != kept:
            path.unlink()
    with pytest.raises(AuditDamaged, match="is gone"):
        open_checkpoints(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [kept]


def test_a_replaced_private_key_is_noticed_by_its_public_half(tmp_path: Path) -> None:
    filled(tmp_path / "ours")
    filled(tmp_path / "theirs")
    (tmp_path / "theirs" / "signing-key.pem").rename(tmp_path / "ours" / "signing-key.pem")
    with pytest.raises(AuditDamaged, match="replaced"):
        open_checkpoints(tmp_path / "ours")


def _other_kind_of_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize("content", [b"", b"garbage", _other_kind_of_key()])
def test_a_private_key_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    filled(tmp_path)
    (tmp_path / "signing-key.pem").write_bytes(content)
    with pytest.raises(AuditDamaged, match=r"signing-key\.pem"):
        open_checkpoints(tmp_path)


def test_a_lost_public_key_is_written_again(tmp_path: Path) -> None:
    filled(tmp_path)
    public = (tmp_path / "signing-key.pub").read_bytes()
    (tmp_path / "signing-key.pub").unlink()
    open_checkpoints(tmp_path)
    assert (tmp_path / "signing-key.pub").read_bytes() == public


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="file/keys") as caught:
        open_checkpoints(tmp_path / "file" / "keys")
    assert caught.value.hint


def test_a_folder_that_was_removed_meanwhile_is_told(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path / "keys")
    (tmp_path / "keys").rename(tmp_path / "moved")
    with pytest.raises(AuditDamaged, match="removed"):
        checkpoints.sign(unsigned(4))


def test_the_redaction_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    key = open_redaction_key(tmp_path / "keys")
    assert len(key) == 32
    assert open_redaction_key(tmp_path / "keys") == key
    assert open_redaction_key(tmp_path / "others") != key
    assert mode(tmp_path / "keys" / "redaction.key") == 0o600
    assert os.listdir(tmp_path / "keys") == ["redaction.key"]
