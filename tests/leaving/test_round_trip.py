"""A bank that leaves and comes back is the same, checksum for checksum; a damaged export changes nothing."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection
from django.db.utils import DatabaseError

from audit.services import verify
from core.errors import Gone
from core.storage import open_reader
from core.storage.whole import stored_paths
from core.tenancy import bank_scope, public_scope
from core.vault import vault
from scoring.models import Application, Decision, ModelVersion
from tenants import services
from tenants.archive import errors
from tenants.archive.manifest import MANIFEST
from tenants.models import Bank, BankExport
from tenants.provisioning import versions
from tenants.services.exporting import export_store
from tests.leaving.conftest import ASKS, ERASED, NUMBER, context_of, finish, furnish


def exported(slug: str, keys) -> BankExport:
    with public_scope():
        export = services.request_export(slug=slug, recipient_key=keys.public, actor=ASKS)
    finish(export.job_id)
    with public_scope():
        return BankExport.objects.get(pk=export.pk)


def folder(export: BankExport) -> Path:
    return Path(export_store().path(export.folder))


def brought_back(place: str, name: str, keys) -> dict:
    data = {"slug": f"{name}{NUMBER}", "name": "Returned Bank", "plan": "full"}
    with public_scope():
        _, job = services.request_import(
            place=place, data=data, private_key=keys.private, actor=ASKS
        )
    return finish(job.id)


@pytest.fixture
def leaver(new_bank):
    return new_bank("leaver")


def test_bank_that_comes_back_is_the_same(leaver, keys):
    """Export, import as a new bank beside the first, export again: equal to the byte; and everything in it works."""
    furnish(leaver)
    with bank_scope(leaver):
        path = ModelVersion.objects.get().artifact_path
        with open_reader(path) as reader:
            artifact = reader.read()
    with public_scope():
        services.change_state(slug=f"leaver{NUMBER}", state="suspended", actor=ASKS, reason="test")
    first = exported(f"leaver{NUMBER}", keys)
    _is_plain_parquet(first)
    result = brought_back(str(folder(first)), "returned", keys)
    assert (result["findings"], result["content_sha256"]) == ([], first.content_sha256)
    second = exported(f"returned{NUMBER}", keys)
    assert second.row_count == first.row_count > 50
    _is_equal(folder(first), folder(second))
    assert second.content_sha256 == first.content_sha256
    bank = context_of(f"returned{NUMBER}")
    assert (bank.state, bank.realm) == ("suspended", leaver.schema)
    report = verify(bank.schema)
    assert report.ok
    assert report.seals > 20
    assert (report.checkpoints, report.uncovered) == (1, 0)
    assert set(stored_paths(bank.schema)) == set(stored_paths(leaver.schema)) != set()
    with bank_scope(bank):
        _reads_its_own()
        with open_reader(path) as reader:
            assert reader.read() == artifact
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {leaver.schema}.scoring_decision")


def _is_equal(one: Path, other: Path) -> None:
    """All files but the three that tell who exported when for whom."""
    told = {"manifest.json", "manifest.sig", "keys.sealed"}
    names = {p.relative_to(one) for p in one.rglob("*") if p.is_file()}
    assert names == {p.relative_to(other) for p in other.rglob("*") if p.is_file()}
    unlike = [
        name
        for name in names
        if str(name) not in told and (one / name).read_bytes() != (other / name).read_bytes()
    ]
    assert unlike == []


def _reads_its_own() -> None:
    """In the returned bank's scope: a person's inputs, a reference; and the erased person's stay unreadable."""
    box = vault()
    by_key = {row.idempotency_key: row for row in Decision.objects.all()}
    clear = box.decrypt_for_subject(
        "customer-1", "scoring.decision", str(by_key["k0"].pk), by_key["k0"].payload
    )
    assert json.loads(clear)["inputs"]["income"] == 4_000.5
    with pytest.raises(Gone):
        box.decrypt_for_subject(
            ERASED, "scoring.decision", str(by_key["k2"].pk), by_key["k2"].payload
        )
    assert box.is_erased(ERASED)
    row = Application.objects.get(
        reference_index=box.blind_index("scoring.application.reference", "A0")
    )
    assert bytes(row.subject) == box.subject_id("customer-1")


def _is_plain_parquet(export: BankExport) -> None:
    manifest = json.loads((folder(export) / MANIFEST).read_text())
    entries = {e["path"]: e for e in manifest["contents"]["files"]}
    entry = entries["tables/scoring_decision.parquet"]
    table = pq.read_table(folder(export) / entry["path"])
    assert (table.num_rows, entry["rows"], entry["order"]) == (3, 3, ["id"])
    assert table.column_names == [c["name"] for c in entry["columns"]]
    assert set(table.column("outcome").to_pylist()) <= {"approve", "refer", "decline"}
    assert "tables/django_session.parquet" not in entries
    assert "tables/oauth2_provider_accesstoken.parquet" not in entries


def _missing(place: Path) -> None:
    (place / "tables" / "jobs_job.parquet").unlink()


def _altered(place: Path) -> None:
    path = place / "tables" / "jobs_job.parquet"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def _extra(place: Path) -> None:
    (place / "tables" / "other.parquet").write_bytes(b"x")


def _signature(place: Path) -> None:
    path = place / "manifest.sig"
    said = json.loads(path.read_text())
    said["signature"] = said["signature"][::-1].lstrip("=") + "=="
    path.write_text(json.dumps(said))


def _manifest(place: Path) -> None:
    path = place / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"size":', b'"size":1', 1))


def _keys(place: Path) -> None:
    path = place / "keys.sealed"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def _no_manifest(place: Path) -> None:
    (place / MANIFEST).unlink()


DAMAGE = [
    (_missing, errors.FileMissing, "tables/jobs_job.parquet"),
    (_altered, errors.FileAltered, "tables/jobs_job.parquet"),
    (_extra, errors.FileExtra, "tables/other.parquet"),
    (_signature, errors.SignatureWrong, ""),
    (_manifest, errors.SignatureWrong, ""),
    (_keys, errors.FileAltered, "keys.sealed"),
    (_no_manifest, errors.FileMissing, MANIFEST),
]


def test_what_is_damaged_is_named_and_changes_nothing(leaver, keys, tmp_path, monkeypatch):
    whole = folder(exported(f"leaver{NUMBER}", keys))
    with public_scope():
        before = sorted(Bank.objects.values_list("slug", "state"))
    for number, (damage, error, name) in enumerate(DAMAGE):
        place = tmp_path / f"damaged{number}"
        shutil.copytree(whole, place)
        damage(place)
        with pytest.raises(error) as caught:
            brought_back(str(place), "never", keys)
        assert name in caught.value.detail
    real = versions.code_state()
    later = frozenset({*real.names, ("scoring", "9999_later")})
    other = replace(real, names=later, version=versions.version_of(later))
    monkeypatch.setattr(versions, "code_state", lambda: other)
    with pytest.raises(errors.OtherVersion, match=r"scoring .*9999_later"):
        brought_back(str(whole), "never", keys)
    monkeypatch.undo()
    stranger = X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with public_scope(), pytest.raises(errors.WrongRecipientKey):
        services.request_import(
            place=str(whole),
            data={"slug": "never", "name": "N", "plan": "full"},
            private_key=stranger,
            actor=ASKS,
        )
    with public_scope():
        assert sorted(Bank.objects.values_list("slug", "state")) == before
