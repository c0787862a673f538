"""The vault's engine: what opens, and that nothing else does."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vault.engine.blind_index import blind_index
from core.vault.engine.derivation import derive_key
from core.vault.engine.envelope import (
    OVERHEAD,
    Header,
    KeyScope,
    Place,
    open_envelope,
    read_header,
    seal,
)
from core.vault.engine.errors import DecryptionRefused
from core.vault.engine.framing import frame
from core.vault.engine.wrapping import unwrap_key, wrap_key

KEY = bytes(range(32))
PLACE = Place("bank_alpha", "customer", "name", "row-1", b"s" * 32)
HEADER = Header(KeyScope.SUBJECT, 7)


@given(st.binary(max_size=3000))
def test_an_envelope_gives_back_exactly_what_was_put_in(plaintext: bytes) -> None:
    envelope = seal(KEY, plaintext, place=PLACE, header=HEADER)
    assert len(envelope) == len(plaintext) + OVERHEAD == len(plaintext) + 46
    assert read_header(envelope) == HEADER
    assert open_envelope(KEY, envelope, place=PLACE) == plaintext


def test_two_envelopes_of_one_value_share_nothing_but_the_header() -> None:
    first, second = (seal(KEY, b"same" * 50, place=PLACE, header=HEADER) for _ in range(2))
    assert first[:6] == second[:6]
    assert first[6:] != second[6:]
    assert b"same" not in first


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, schema="bank_beta"),
        replace(PLACE, purpose="decision"),
        replace(PLACE, column="phone"),
        replace(PLACE, row_id="row-2"),
        replace(PLACE, subject=b"t" * 32),
        Place("bank_alphacustomer", "", "name", "row-1", b"s" * 32),
    ],
)
def test_an_envelope_does_not_open_anywhere_else(other: Place) -> None:
    envelope = seal(KEY, b"secret", place=PLACE, header=HEADER)
    with pytest.raises(DecryptionRefused):
        open_envelope(KEY, envelope, place=other)


def test_every_single_altered_bit_is_refused() -> None:
    envelope = seal(KEY, b"secret", place=PLACE, header=HEADER)
    for position in range(len(envelope)):
        for bit in range(8):
            altered = bytearray(envelope)
            altered[position] ^= 1 << bit
            with pytest.raises(DecryptionRefused):
                open_envelope(KEY, bytes(altered), place=PLACE)


@pytest.mark.parametrize("cut", [0, 5, 45, 46, 51])
def test_a_cut_or_extended_envelope_is_refused(cut: int) -> None:
    envelope = seal(KEY, b"secret", place=PLACE, header=HEADER)
    for wrong in (envelope[:cut], envelope + b"\0"):
        with pytest.raises(DecryptionRefused):
            open_envelope(KEY, wrong, place=PLACE)


def test_another_key_does_not_open_it() -> None:
    envelope = seal(KEY, b"secret", place=PLACE, header=HEADER)
    with pytest.raises(DecryptionRefused):
        open_envelope(KEY[::-1], envelope, place=PLACE)


def test_a_wrapped_key_opens_in_its_context_only() -> None:
    wrapped = wrap_key(KEY, b"k" * 32, context=b"here")
    assert unwrap_key(KEY, wrapped, context=b"here") == b"k" * 32
    for key, data, context in (
        (KEY, wrapped, b"there"),
        (KEY[::-1], wrapped, b"here"),
        (KEY, wrapped[:-1], b"here"),
        (KEY, b"", b"here"),
    ):
        with pytest.raises(DecryptionRefused):
            unwrap_key(key, data, context=context)


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_framing_never_gives_two_lists_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (frame(one) == frame(other)) == (one == other)


def test_a_derived_key_is_hkdf_of_rfc_5869() -> None:
    """Against the two steps of the RFC written out by hand."""
    extracted = hmac.new(b"panorama-vault-v1", KEY, hashlib.sha256).digest()
    expected = hmac.new(extracted, b"audit-row:bank_alpha" + b"\x01", hashlib.sha256).digest()
    assert derive_key(KEY, label="audit-row:bank_alpha") == expected
    assert derive_key(KEY, label="audit-row:bank_beta") != expected


def test_a_blind_index_depends_on_key_purpose_and_value() -> None:
    index = blind_index(KEY, purpose="phone", value="+86 138")
    assert len(index) == 32
    assert index == blind_index(KEY, purpose="phone", value="+86 138")
    assert index != blind_index(KEY[::-1], purpose="phone", value="+86 138")
    assert index != blind_index(KEY, purpose="mail", value="+86 138")
    assert index != blind_index(KEY, purpose="phone+", value="86 138")


def test_the_message_key_is_never_the_key_itself() -> None:
    """A nonce repeated under one long-lived key would show the difference of two values."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    envelope = seal(KEY, b"secret", place=PLACE, header=HEADER)
    associated = frame((envelope[:6], "bank_alpha", "customer", "name", "row-1", b"s" * 32))
    with pytest.raises(InvalidTag):
        AESGCM(KEY).decrypt(envelope[18:30], envelope[30:], associated)
    derived = hmac.digest(KEY, b"panorama-message-v1" + envelope[6:18], "sha256")
    assert AESGCM(derived).decrypt(envelope[18:30], envelope[30:], associated) == b"secret"
