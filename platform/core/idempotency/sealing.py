"""Answers are stored encrypted: under the bank's key, a person's key, or the platform's own."""

from dataclasses import dataclass

import orjson

from core.idempotency.calls import Answer
from core.tenancy import BankContext, current_context
from core.vault import DecryptionRefused, vault
from core.vault.engine.envelope import Header, KeyScope, Place, open_envelope, seal
from core.vault.providers import key_provider

PURPOSE = "core.idempotency"
COLUMN = "answer"
_SUBJECT_COLUMN = "subject"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Ciphertexts of the answer and of the reference of the person it speaks of (empty for none)."""

    answer: bytes
    subject: bytes = b""


def sealed(answer: Answer, *, row_id: str, subject: str = "") -> Sealed:
    """Encrypt an answer for its row. Raises `SubjectErased`."""
    plain = _packed(answer)
    if not isinstance(current_context(), BankContext):
        return Sealed(seal(_platform_keys()[0], plain, place=_place(row_id), header=_HEADER))
    box = vault()
    if not subject:
        return Sealed(box.encrypt(PURPOSE, COLUMN, row_id, plain))
    return Sealed(
        box.encrypt_for_subject(subject, PURPOSE, row_id, plain),
        box.encrypt(PURPOSE, _SUBJECT_COLUMN, row_id, subject.encode()),
    )


def opened(stored: Sealed, *, row_id: str) -> Answer:
    """The answer again. Raises `SubjectErased` when its person was erased, `DecryptionRefused` when it was altered."""
    if not isinstance(current_context(), BankContext):
        return _unpacked(_opened_by_platform(stored.answer, row_id))
    box = vault()
    if not stored.subject:
        return _unpacked(box.decrypt(PURPOSE, COLUMN, row_id, stored.answer))
    subject = box.decrypt(PURPOSE, _SUBJECT_COLUMN, row_id, stored.subject).decode()
    return _unpacked(box.decrypt_for_subject(subject, PURPOSE, row_id, stored.answer))


_HEADER = Header(KeyScope.BANK, 1)


def _place(row_id: str) -> Place:
    return Place(current_context().schema, PURPOSE, COLUMN, row_id)


def _platform_keys() -> tuple[bytes, ...]:
    return key_provider().derived_keys(f"idempotency:{current_context().schema}")


def _opened_by_platform(envelope: bytes, row_id: str) -> bytes:
    for key in _platform_keys():
        try:
            return open_envelope(key, envelope, place=_place(row_id))
        except DecryptionRefused:
            continue
    raise DecryptionRefused("The stored answer was altered or belongs to another place.")


def _packed(answer: Answer) -> bytes:
    head = orjson.dumps([answer.status, answer.headers])
    return len(head).to_bytes(4, "big") + head + answer.body


def _unpacked(plain: bytes) -> Answer:
    size = int.from_bytes(plain[:4], "big")
    status, headers = orjson.loads(plain[4 : 4 + size])
    pairs = tuple((name, value) for name, value in headers)
    return Answer(status, pairs, plain[4 + size :], replayed=True)
