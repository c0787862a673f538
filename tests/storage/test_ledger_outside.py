"""The erasure ledger on an object store: any host writes, every host reads, nothing is ever replaced."""

from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings

from config.file_stores import file_store
from core.vault import ledger_file
from tests.object_store import BUCKET
from tests.storage.conftest import Bucket

FIRST, SECOND = bytes(range(16)), bytes(range(16, 32))
EARLY = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATE = datetime(2026, 6, 7, 8, 9, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _ledger(bucket: Bucket, settings, tmp_path) -> None:
    url = bucket.store.url(bucket.prefix + "ledger")
    entry = file_store(url, folder="erasures", local=tmp_path)
    settings.STORAGES = {**settings.STORAGES, ledger_file.STORE: entry}
    settings.CHECKPOINT_DIR = str(tmp_path / "none")


def test_what_was_appended_is_read_by_bank(bucket: Bucket) -> None:
    ledger_file.append("bank_alpha", {FIRST: EARLY})
    ledger_file.append("bank_alpha", {SECOND: LATE})
    ledger_file.append("bank_beta", {SECOND: EARLY})
    assert ledger_file.read("bank_alpha") == {FIRST: EARLY, SECOND: LATE}
    assert ledger_file.read("bank_beta") == {SECOND: EARLY}
    assert ledger_file.read("bank_gamma") == {}
    assert not ledger_file.ledger_path("bank_alpha").parent.exists(), django_settings.CHECKPOINT_DIR


def test_an_entry_may_come_twice_and_is_never_replaced(bucket: Bucket) -> None:
    ledger_file.append("bank_alpha", {FIRST: EARLY})
    before = [v["VersionId"] for v in _versions(bucket)]
    ledger_file.append("bank_alpha", {FIRST: EARLY})
    assert [v["VersionId"] for v in _versions(bucket)] == before
    assert len(before) == 1


def test_a_foreign_object_is_left_out(bucket: Bucket) -> None:
    ledger_file.append("bank_alpha", {FIRST: EARLY})
    bucket.write("ledger/erasures/bank_alpha/nothing", b"x")
    assert ledger_file.read("bank_alpha") == {FIRST: EARLY}


def _versions(bucket: Bucket) -> list[dict[str, str]]:
    found = bucket.client.list_object_versions(Bucket=BUCKET, Prefix=bucket.prefix + "ledger/")
    return list(found.get("Versions", ()))
