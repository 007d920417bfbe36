"""Hashes and links of audit entries, and signatures of checkpoints."""

import base64
import json
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from opspilot.domain.audit import (
    GENESIS,
    AuditEntry,
    AuditHead,
    Checkpoint,
    canonical_json,
    link,
    recomputed_hash,
    sha256_hex,
)
from opspilot.domain.model import Json
from opspilot.domain.signing import is_signed_by, key_id_of
from tests.contract.rows import T0, draft

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def entry(**fields: Json) -> AuditEntry:
    return link(draft(**fields), None)


def test_the_first_entry_follows_nothing() -> None:
    first = entry()
    assert (first.seq, first.previous_hash) == (1, GENESIS)


def test_an_entry_follows_the_head_it_is_given() -> None:
    second = link(draft(), AuditHead(chain="INC-0001", seq=1, hash="ab" * 32))
    assert (second.seq, second.previous_hash) == (2, "ab" * 32)


def test_the_same_content_in_another_place_has_another_hash() -> None:
    first = entry()
    second = link(draft(), AuditHead(chain="INC-0001", seq=1, hash=first.hash))
    assert first.hash != second.hash


@given(result=JSON, error=TEXT)
def test_an_entry_that_was_stored_and_loaded_still_has_its_hash(result: Json, error: str) -> None:
    written = entry(result=result, error=error)
    loaded = AuditEntry.model_validate_json(canonical_json(written.model_dump(mode="json")))
    assert recomputed_hash(loaded) == loaded.hash == written.hash


@pytest.mark.parametrize("field", sorted(set(AuditEntry.model_fields) - {"hash"}))
def test_every_field_is_under_the_hash(field: str) -> None:
    body = entry(input={"a": 1}, result={"b": 2}).model_dump(mode="json")
    other: dict[str, Json] = {
        "actor": {**cast("dict[str, Json]", body["actor"]), "name": "Mallory"},
        "input": {"a": 2},
        "result": {"b": 3},
        "aws_request_ids": ["x"],
        "seq": 7,
        "at": "2020-01-01T00:00:00Z",
        "wall": "2020-01-01T00:00:00Z",
    }
    forged = AuditEntry.model_validate(body | {field: other.get(field, "forged")})
    assert recomputed_hash(forged) != forged.hash


def test_a_field_left_out_by_a_forger_is_noticed_though_it_has_a_default() -> None:
    body = entry().model_dump(mode="json")
    del body["error"]
    forged = AuditEntry.model_validate(body)
    assert recomputed_hash(forged) != forged.hash


def test_the_hash_is_the_sha256_of_the_canonical_json_of_all_other_fields() -> None:
    """Anybody can recompute it without this code."""
    body = entry(result={"ä": [1, 2.5, None]}).model_dump(mode="json")
    claimed = body.pop("hash")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256_hex(json.loads(text)) == claimed


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_numbers_that_json_does_not_know_have_no_canonical_form(value: Json) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


def test_the_order_of_keys_does_not_matter_to_the_canonical_form() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'


def signed(key: Ed25519PrivateKey, **changes: Json) -> tuple[Checkpoint, str]:
    """A checkpoint under a key's signature, and the public key."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    plain = Checkpoint(seq=3, hash="ab" * 32, wall=T0, key_id=key_id_of(public))
    signature = base64.b64encode(key.sign(plain.signed_bytes())).decode()
    return plain.model_copy(update={"signature": signature} | changes), public


def test_a_signature_holds_for_the_checkpoint_it_was_made_for() -> None:
    checkpoint, public = signed(Ed25519PrivateKey.generate())
    assert is_signed_by(checkpoint, public)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 4},
        {"hash": "cd" * 32},
        {"wall": T0.replace(year=2020)},
        {"key_id": "0" * 16},
        {"signature": ""},
        {"signature": "not base64!"},
        {"signature": base64.b64encode(b"x" * 64).decode()},
    ],
)
def test_a_signature_does_not_hold_for_anything_else(change: dict[str, Json]) -> None:
    checkpoint, public = signed(Ed25519PrivateKey.generate(), **change)
    assert not is_signed_by(checkpoint, public)


def test_a_signature_of_another_key_does_not_hold() -> None:
    checkpoint, _ = signed(Ed25519PrivateKey.generate())
    _, other = signed(Ed25519PrivateKey.generate())
    assert not is_signed_by(checkpoint, other)


@pytest.mark.parametrize("text", ["", "AAAA", "no key at all"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="public key"):
        key_id_of(text)
