"""Canonical content, chain and checkpoints, without a database."""

import hashlib
import hmac
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.engine.canonical import canonical_json, storable
from audit.engine.chain import GENESIS, ChainChecker, ChainFault, Link, SealedLink, extend
from audit.engine.checkpoint import Checkpoint, check_lines, line_hash, signed_line
from audit.engine.entry import EntryContent, entry_hash

KEY = b"k" * 32
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_what_is_storable_stays_what_it_is(value: object) -> None:
    once = storable(value)
    assert storable(once) == once
    assert canonical_json(json.loads(json.dumps(once))) == canonical_json(value)
    text = canonical_json(value).decode()
    assert "\\u0000" not in text
    assert not any("\ud800" <= letter <= "\udfff" for letter in text)


def test_the_canonical_form_is_sorted_and_exact() -> None:
    value = {
        "b": [1.0, 1e22, 0.1, None, True],
        "a": "银\x00行",
        "c": {"y": float("nan"), "x": {2, 1}},
    }
    expected = (
        '{"a":"银�行","b":[1,10000000000000000000000,0.1,null,true],"c":{"x":[1,2],"y":"nan"}}'
    )
    assert canonical_json(value).decode() == expected


CONTENT = EntryContent(
    uuid.UUID(int=1), AT, "user", "u-1", "ada", "a.b", "model", "7", {"x": 1}, False, "request-0001"
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", uuid.UUID(int=2)), ("at", AT + timedelta(microseconds=1)), ("actor_kind", "client"),
        ("actor_id", "u-2"), ("actor_label", "bob"), ("action", "a.c"), ("target", "policy"), ("target_id", "8"),
        ("detail", {"x": 2}), ("personal", True), ("request_id", "request-0002"),
    ],
)  # fmt: skip
def test_every_field_of_an_entry_counts(name: str, value: object) -> None:
    assert entry_hash(KEY, replace(CONTENT, **{name: value})) != entry_hash(KEY, CONTENT)


def test_an_entrys_hash_needs_the_key_and_not_the_time_zone() -> None:
    elsewhere = replace(CONTENT, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert entry_hash(KEY, elsewhere) == entry_hash(KEY, CONTENT)
    assert entry_hash(KEY[::-1] + b"x", CONTENT) != entry_hash(KEY, CONTENT)


def _chain(length: int) -> list[SealedLink]:
    links = [
        Link(n, "audit", uuid.UUID(int=n), hashlib.sha256(bytes([n])).digest(), AT)
        for n in range(1, length + 1)
    ]
    return [
        SealedLink(link, mac) for link, mac in zip(links, extend(KEY, GENESIS, links), strict=True)
    ]


def _faults(chain: list[SealedLink], *keys: bytes) -> list[ChainFault]:
    checker = ChainChecker(keys or (KEY,))
    return [fault for sealed in chain for fault in checker.check(sealed)]


def test_a_link_is_an_hmac_over_the_one_before() -> None:
    """Against the documented layout, written out here a second time."""
    first = _chain(1)[0]
    microseconds = int(AT.timestamp()) * 1_000_000 + 678_901
    message = (
        b"seal-v1" + b"\0" * 32 + (1).to_bytes(8, "big") + b"\0\5audit" + first.link.row_id.bytes
        + b"\0\x20" + first.link.row_hash + microseconds.to_bytes(8, "big")
    )  # fmt: skip
    assert first.mac == hmac.new(KEY, message, hashlib.sha256).digest()


def test_a_whole_chain_has_no_fault_and_an_old_key_is_still_accepted() -> None:
    assert _faults(_chain(20)) == []
    assert _faults(_chain(20), b"new" * 11, KEY) == []
    assert len(_faults(_chain(3), b"new" * 11)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "decision"}, {"row_id": uuid.UUID(int=99)}, {"row_hash": b"x" * 32},
        {"sealed_at": AT + timedelta(microseconds=1)},
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 4, 9])
def test_an_altered_link_is_named_and_no_other(change: dict, place: int) -> None:
    chain = _chain(10)
    chain[place] = replace(chain[place], link=replace(chain[place].link, **change))
    assert _faults(chain) == [ChainFault(missing=False, first=place + 1, last=place + 1)]


def test_an_altered_code_is_named_and_no_other() -> None:
    chain = _chain(10)
    chain[4] = replace(chain[4], mac=b"x" * 32)
    assert _faults(chain) == [ChainFault(missing=False, first=5, last=5)]


def test_missing_links_are_named_and_what_follows_is_checked() -> None:
    chain = _chain(10)
    chain[8] = replace(chain[8], mac=b"x" * 32)
    del chain[2:5]
    assert _faults(chain) == [
        ChainFault(missing=True, first=3, last=5),
        ChainFault(missing=False, first=9, last=9),
    ]


def test_swapped_links_are_both_named() -> None:
    chain = _chain(10)
    third, sixth = chain[2], chain[5]
    chain[2] = replace(sixth, link=replace(sixth.link, seq=3))
    chain[5] = replace(third, link=replace(third.link, seq=6))
    assert {fault.first for fault in _faults(chain)} >= {3, 6}


SIGNER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


def _lines(count: int) -> list[str]:
    lines: list[str] = []
    for n in range(1, count + 1):
        previous = line_hash(lines[-1]) if lines else ""
        lines.append(
            signed_line(SIGNER, Checkpoint("bank_alpha", n * 10, bytes([n]) * 32, AT, previous))
        )
    return lines


def _wrong_lines(lines: list[str], schema: str = "bank_alpha") -> list[int]:
    return [
        line.number
        for line in check_lines(SIGNER.public_key(), schema, lines)
        if line.checkpoint is None
    ]


def test_signed_lines_are_accepted_as_written() -> None:
    checked = check_lines(SIGNER.public_key(), "bank_alpha", _lines(3))
    assert [line.checkpoint.seq for line in checked if line.checkpoint] == [10, 20, 30]
    assert checked[1].checkpoint == Checkpoint(
        "bank_alpha", 20, b"\2" * 32, AT, line_hash(_lines(1)[0])
    )


def test_every_kind_of_forged_line_is_named() -> None:
    lines = _lines(5)
    assert _wrong_lines(lines[:2] + [lines[2].replace('"seq":30', '"seq":31')] + lines[3:]) == [
        3,
        4,
    ]
    assert _wrong_lines(lines[:2] + lines[3:]) == [3]
    assert _wrong_lines([lines[0], "not json", lines[1]]) == [2, 3]
    assert _wrong_lines([lines[0], "[]", "7", "{}"]) == [2, 3, 4]
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    forged = signed_line(other, Checkpoint("bank_alpha", 60, b"x" * 32, AT, line_hash(lines[-1])))
    assert _wrong_lines([*lines, forged]) == [6]
    back = signed_line(SIGNER, Checkpoint("bank_alpha", 1, b"x" * 32, AT, line_hash(lines[-1])))
    assert _wrong_lines([*lines, back]) == [6]
    assert _wrong_lines(lines, schema="bank_beta") == [1, 2, 3, 4, 5]
