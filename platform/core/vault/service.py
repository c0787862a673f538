"""Encryption for the bank in force: under its own key, or under a key of one person that can be
destroyed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import now
from core.tenancy import current_bank
from core.vault import ledger_file, store
from core.vault.engine.blind_index import blind_index
from core.vault.engine.envelope import Header, KeyScope, Place, open_envelope, read_header, seal
from core.vault.errors import DecryptionRefused, SubjectErased
from core.vault.keyring import Keyring, bank_keyring, keyring_with
from core.vault.providers import KEY_BYTES

_SUBJECT_PURPOSE = "vault.subject"
_SUBJECT_COLUMN = "-"


@dataclass(frozen=True, slots=True)
class SubjectValue:
    """A value of one person: whose, in which row, and the bytes (clear or encrypted)."""

    subject_ref: str
    row_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SubjectBox:
    """One person's key in use: seals any number of values without asking the database again."""

    realm: str
    subject: bytes
    _key: bytes

    def seal(self, purpose: str, row_id: str, plaintext: bytes) -> bytes:
        """The envelope of `plaintext`, bound to the person, the purpose and the row."""
        place = Place(self.realm, purpose, _SUBJECT_COLUMN, row_id, self.subject)
        return seal(self._key, plaintext, place=place, header=Header(KeyScope.SUBJECT, 1))


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A person's key in use, with how it is kept: for who writes it by the SQL of `core.vault.claim`."""

    wrapped: bytes
    version: int
    box: SubjectBox


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A value of a person known by the id in the key store alone."""

    subject: bytes
    row_id: str
    data: bytes


class Vault:
    """The vault of one bank; take it by `vault()`, never keep it across scopes."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self.schema = ring.schema
        self.realm = ring.realm

    # --- under the bank's key
    # --------------------------------------------------------------------------
    def encrypt(self, purpose: str, column: str, row_id: str, plaintext: bytes) -> bytes:
        """The envelope (46 bytes longer). It opens only for the same bank, purpose, column and row."""
        version = self._ring.newest
        place = Place(self.realm, purpose, column, row_id)
        return seal(
            self._ring.data[version], plaintext, place=place, header=Header(KeyScope.BANK, version)
        )

    def decrypt(self, purpose: str, column: str, row_id: str, envelope: bytes) -> bytes:
        """Raises `DecryptionRefused` when the envelope was altered or made for another place."""
        envelope = bytes(envelope)
        header = read_header(envelope)
        if header.scope is not KeyScope.BANK:
            raise DecryptionRefused("The value is under a person's key.")
        key = keyring_with(self.schema, header.key_version).data[header.key_version]
        return open_envelope(key, envelope, place=Place(self.realm, purpose, column, row_id))

    def blind_index(self, purpose: str, value: str) -> bytes:
        """32 bytes by which an encrypted value is found again; the caller normalises `value`."""
        return blind_index(self._ring.index, purpose=purpose, value=value)

    def file_key(self, *, version: int | None = None) -> tuple[int, bytes]:
        """(version, bank data key) for `core.storage`, which derives one key a file from it."""
        version = self._ring.newest if version is None else version
        return version, keyring_with(self.schema, version).data[version]

    # --- under a person's key
    # --------------------------------------------------------------------------
    def subject_id(self, subject_ref: str) -> bytes:
        """What the key store knows a person by: a blind index, so that the ledger names nobody."""
        return blind_index(self._ring.index, purpose=_SUBJECT_PURPOSE, value=subject_ref)

    def encrypt_for_subject(
        self, subject_ref: str, purpose: str, row_id: str, plaintext: bytes
    ) -> bytes:
        """Encrypt under the person's own key, made at first use. One INSERT then; raises
        `SubjectErased`.

        `subject_ref` is the bank's internal id of the customer: who comes back after an erasure
        gets a new one.
        """
        return self.subject_box(subject_ref).seal(purpose, row_id, plaintext)

    def encrypt_for_subjects(self, purpose: str, values: Sequence[SubjectValue]) -> list[bytes]:
        """Many at once, two statements in all; envelopes in the order of `values`."""
        boxes = self.subject_boxes([value.subject_ref for value in values])
        return [boxes[v.subject_ref].seal(purpose, v.row_id, v.data) for v in values]

    def subject_box(self, subject_ref: str) -> SubjectBox:
        """The person's key, made at first use: one statement then. Raises `SubjectErased`."""
        subject = self.subject_id(subject_ref)
        fresh = secrets.token_bytes(KEY_BYTES)
        version, wrapped = self._ring.wrap_subject(subject, fresh)
        row = store.SubjectKeyRow(subject, wrapped, version)
        kept = store.add_or_find_subject_key(self.schema, row)
        key = fresh if kept.wrapped == wrapped else self._subject_key(kept)
        return SubjectBox(self.realm, subject, key)

    def fresh_subject_key(self, subject: bytes) -> SubjectKey:
        """A key nobody keeps yet. It is written in the transaction of what is sealed under it; where the person has
        one already, that one is taken by `kept_subject_key`.
        """
        key = secrets.token_bytes(KEY_BYTES)
        version, wrapped = self._ring.wrap_subject(subject, key)
        return SubjectKey(wrapped, version, SubjectBox(self.realm, subject, key))

    def kept_subject_key(self, subject: bytes, wrapped: bytes | None, version: int) -> SubjectKey:
        """The key a stored row holds. Raises `SubjectErased` when it was destroyed."""
        if wrapped is None:
            raise SubjectErased()
        key = self._ring.unwrap_subject(subject, wrapped, version=version)
        return SubjectKey(wrapped, version, SubjectBox(self.realm, subject, key))

    def subject_boxes(self, subject_refs: Sequence[str]) -> dict[str, SubjectBox]:
        """The same for many by two statements."""
        refs = list(dict.fromkeys(subject_refs))
        if len(refs) == 1:
            return {refs[0]: self.subject_box(refs[0])}
        ids = {ref: self.subject_id(ref) for ref in refs}
        store.add_subject_keys(self.schema, [self._fresh_row(s) for s in ids.values()])
        kept = store.subject_keys(self.schema, list(ids.values()))
        return {
            ref: SubjectBox(self.realm, subject, self._subject_key(kept[subject]))
            for ref, subject in ids.items()
        }

    def decrypt_for_subject(
        self, subject_ref: str, purpose: str, row_id: str, envelope: bytes
    ) -> bytes:
        """Raises `SubjectErased` after the person's erasure, `DecryptionRefused` for another
        person, place or bytes.
        """
        opened = self.decrypt_for_subjects(
            purpose, [SubjectValue(subject_ref, row_id, bytes(envelope))]
        )[0]
        if opened is None:
            raise SubjectErased()
        return opened

    def decrypt_for_subjects(
        self, purpose: str, values: Sequence[SubjectValue]
    ) -> list[bytes | None]:
        """Many at once by one SELECT; None stands for a person who was erased."""
        ids = {value.subject_ref: self.subject_id(value.subject_ref) for value in values}
        return self.decrypt_for_ids(
            purpose, [SealedValue(ids[v.subject_ref], v.row_id, v.data) for v in values]
        )

    def decrypt_for_ids(self, purpose: str, values: Sequence[SealedValue]) -> list[bytes | None]:
        """The same for people whose reference is itself among what is encrypted."""
        kept = store.subject_keys(self.schema, list({value.subject for value in values}))
        keys = {
            row.subject: self._subject_key(row) for row in kept.values() if row.wrapped is not None
        }
        out: list[bytes | None] = []
        for value in values:
            if value.subject not in kept:
                raise DecryptionRefused("Nothing was ever encrypted for this person.")
            key = keys.get(value.subject)
            place = Place(self.realm, purpose, _SUBJECT_COLUMN, value.row_id, value.subject)
            out.append(None if key is None else open_envelope(key, bytes(value.data), place=place))
        return out

    def erase_subject(self, subject_ref: str) -> None:
        """Destroy the person's key, in the caller's transaction; final, and noted in the ledger and
        outside.
        """
        self.erase_id(self.subject_id(subject_ref))

    def erase_id(self, subject: bytes) -> None:
        """The same for who is known by the id in the key store."""
        at = now()
        store.destroy_subject_key(self.schema, subject, at=at)
        ledger_file.append_after_commit(self.schema, subject, at=at)

    def is_erased(self, subject_ref: str) -> bool:
        return bool(self.erased_ids([self.subject_id(subject_ref)]))

    def erased_ids(self, subjects: Sequence[bytes]) -> frozenset[bytes]:
        """Those of `subjects` whose key was destroyed; one SELECT, none for nobody."""
        if not subjects:
            return frozenset()
        kept = store.subject_keys(self.schema, list(subjects))
        return frozenset(s for s, row in kept.items() if row.wrapped is None)

    # --- a key of its own for each file, which can be destroyed like a person's
    # --------------------------------------------------------------------------
    def new_file_key(self, file_id: bytes) -> bytes:
        """A fresh key (32 bytes) for the file of this random id (32 bytes), kept beside the people's keys.

        So one ledger and one `reapply_erasures` speak of both: a destroyed file stays unreadable after a restore.
        """
        fresh = secrets.token_bytes(KEY_BYTES)
        version, wrapped = self._ring.wrap_subject(file_id, fresh)
        store.add_or_find_subject_key(self.schema, store.SubjectKeyRow(file_id, wrapped, version))
        return fresh

    def key_of_file(self, file_id: bytes) -> bytes:
        """The file's key. Raises `SubjectErased` when it was destroyed, `DecryptionRefused` for an unknown file."""
        row = store.subject_keys(self.schema, [file_id]).get(file_id)
        if row is None:
            raise DecryptionRefused("No file of this bank has this id.")
        return self._subject_key(row)

    def _fresh_row(self, subject: bytes) -> store.SubjectKeyRow:
        version, wrapped = self._ring.wrap_subject(subject, secrets.token_bytes(KEY_BYTES))
        return store.SubjectKeyRow(subject, wrapped, version)

    def _subject_key(self, row: store.SubjectKeyRow) -> bytes:
        if row.wrapped is None:
            raise SubjectErased()
        return self._ring.unwrap_subject(row.subject, row.wrapped, version=row.bank_key_version)


def vault() -> Vault:
    """The vault of the bank in force. Raises `NoBankSet` outside a bank's scope."""
    return Vault(bank_keyring(current_bank().schema))
