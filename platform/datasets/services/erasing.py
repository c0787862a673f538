"""Taking one person out of files that many share: found by blind index, blanked, and the older copies' keys destroyed.

A row keeps its place and loses its content: other rows' encrypted values are bound to their position. The raw file of
a load in which the person stood is shredded whole; what was read from it stays in the Parquet file.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import transaction

from audit.services import record
from core import storage
from core.actors import system_actor
from core.erasure import Found, Holder, Person, Step, register_holder
from core.ids import new_id
from core.vault import vault
from datasets import contracts
from datasets.choices import Privacy, Role
from datasets.contracts import DataContract
from datasets.engine.dialects import BLIND_SUFFIX, ROW_COLUMN
from datasets.models import DatasetLoad
from datasets.services.files import binary, reading
from datasets.services.identities import blind_purpose, normalised
from datasets.services.lock_objects import locked_load
from datasets.states import LoadState

KIND = "datasets.load"
# Shorter words are in too many records by chance to blank them.
SHORTEST_WORD = 3
LONGEST_WORD = 1_000
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for: blind indexes by identity column, words by clear column that names rows."""

    blind: Mapping[str, pa.Array]
    clear: Mapping[str, pa.Array]


def find_in_loads(person: Person) -> list[Found]:
    """Rows of ready loads in which the person stands; nothing is changed."""
    out = []
    for load in _ready_loads():
        sought = _sought(load, person)
        count = sum(_count(hits) for _table, hits in _groups(load.data_path, sought, columns=True))
        if count:
            out.append(Found(KIND, str(load.dataset_id), count))
    return out


def remove_from_loads(person: Person, step: Step) -> Mapping[str, int]:
    """Blank the person's rows in every load. May run again: what is blank is not found again."""
    totals = {"rows": 0, "quarantined": 0, "raw_files": 0, "files_not_searched": 0}
    pattern = _pattern(person)
    for load in _ready_loads():
        step()
        rows = _blank_rows(load, _sought(load, person))
        refused = _drop_refused(load, pattern)
        totals["rows"] += rows
        totals["quarantined"] += refused
        if rows or refused:
            totals["raw_files"] += _shred_raw(load)
    for load in DatasetLoad.objects.exclude(raw_path="").order_by("id"):
        step()
        named = _raw_names(load, pattern)
        if named:
            totals["raw_files"] += _shred_raw(load)
        totals["files_not_searched"] += named is None
    return totals


def _raw_names(load: DatasetLoad, pattern: re.Pattern[str] | None) -> bool | None:
    """Does the raw file name the person? None for one that is not plain text and has rows nobody could look into."""
    if pattern is None:
        return False
    seen = load.format or {}
    plain = seen.get("kind", "text") == "text" and seen.get("compression", "none") == "none"
    if not plain:
        searched = load.state == LoadState.READY and not load.rows_quarantined
        return False if searched else None
    decode = codecs.getincrementaldecoder(str(seen.get("encoding", "utf-8")))("replace").decode
    tail = ""
    with reading(load.raw_path) as source:
        while block := source.read(BLOCK_BYTES):
            text = tail + decode(block)
            if pattern.search(text):
                return True
            tail = text[-LONGEST_WORD:]
    return False


def _ready_loads() -> list[DatasetLoad]:
    rows = DatasetLoad.objects.select_related("contract").filter(state=LoadState.READY)
    return list(rows.order_by("id"))


def _sought(load: DatasetLoad, person: Person) -> Sought:
    box = vault()
    blind, clear = {}, {}
    for column in _contract(load).columns:
        words = sorted(person.references | person.identities.get(column.name, frozenset()))
        if column.role == Role.PROHIBITED:
            continue
        if column.privacy == Privacy.IDENTITY:
            purpose = blind_purpose(column.name)
            indexes = [box.blind_index(purpose, normalised(word)) for word in words]
            blind[column.name] = pa.array(indexes, pa.binary())
        elif column.role == Role.ID or column.name in person.identities:
            clear[column.name] = pa.array(words, pa.string())
    return Sought(blind, clear)


def _contract(load: DatasetLoad) -> DataContract:
    assert load.contract is not None
    return contracts.contract_from_json(load.contract.body)


def _groups(
    path: str, sought: Sought, *, columns: bool = False
) -> Iterator[tuple[pa.Table, pa.BooleanArray]]:
    """Row groups with a flag for each row of the person; with `columns` only what is needed to find it."""
    needed = [*(name + BLIND_SUFFIX for name in sought.blind), *sought.clear]
    if not needed:
        return
    with storage.open_reader(path) as reader:
        file = pq.ParquetFile(reader)
        for number in range(file.num_row_groups):
            table = file.read_row_group(number, columns=needed if columns else None)
            yield table, _hits(table, sought)


def _hits(table: pa.Table, sought: Sought) -> pa.BooleanArray:
    found = [
        pc.is_in(table.column(name + BLIND_SUFFIX), value_set=values)
        for name, values in sought.blind.items()
    ]
    found += [
        pc.is_in(table.column(name).cast(pa.string()), value_set=values)
        for name, values in sought.clear.items()
    ]
    return reduce(pc.or_, found)


def _count(hits: pa.BooleanArray) -> int:
    return int(pc.sum(hits).as_py() or 0)


def _blank_rows(load: DatasetLoad, sought: Sought) -> int:
    count = sum(_count(hits) for _table, hits in _groups(load.data_path, sought, columns=True))
    if not count:
        return 0
    target = f"{_folder(load.data_path)}/data-{new_id()}.parquet"
    with storage.open_writer(target) as sink:
        writer: pq.ParquetWriter | None = None
        for table, hits in _groups(load.data_path, sought):
            writer = writer or pq.ParquetWriter(
                binary(sink), table.schema, compression="zstd", compression_level=1
            )
            writer.write_table(_blanked(table, hits))
        assert writer is not None
        writer.close()
    with transaction.atomic():
        row = locked_load(str(load.id))
        old, row.data_path, row.data_sha256 = row.data_path, target, sink.sha256
        row.save(update_fields=["data_path", "data_sha256"])
        storage.retire(old)
        _note(row, "rows", count)
    load.data_path = target
    return count


def _blanked(table: pa.Table, hits: pa.BooleanArray) -> pa.Table:
    for place, field in enumerate(table.schema):
        if field.name != ROW_COLUMN:
            empty = pa.scalar(None, field.type)
            table = table.set_column(place, field, pc.if_else(hits, empty, table.column(place)))
    return table


def _drop_refused(load: DatasetLoad, pattern: re.Pattern[str] | None) -> int:
    """Refused records in which one of the person's words stands go; the counts of the load stay what they were."""
    if pattern is None or not load.rows_quarantined or not load.quarantine_path:
        return 0
    with reading(load.quarantine_path) as source:
        table = pq.read_table(source)
    rows = table.column(ROW_COLUMN).to_pylist()
    texts = zip(table.column("value").to_pylist(), table.column("record").to_pylist(), strict=True)
    # A row has a line for each of its faults, and only one of them may hold the whole record.
    named = {
        row
        for row, pair in zip(rows, texts, strict=True)
        if any(pattern.search(text or "") for text in pair)
    }
    keep = [row not in named for row in rows]
    count = len(named)
    if not count:
        return 0
    target = f"{_folder(load.quarantine_path)}/quarantine-{new_id()}.parquet"
    with storage.open_writer(target) as sink:
        pq.write_table(table.filter(pa.array(keep)), binary(sink), compression="zstd")
    with transaction.atomic():
        row = locked_load(str(load.id))
        old, row.quarantine_path = row.quarantine_path, target
        row.save(update_fields=["quarantine_path"])
        storage.retire(old)
        storage.retire(f"{old}.csv")
        _note(row, "quarantined", count)
    return count


def _pattern(person: Person) -> re.Pattern[str] | None:
    """Any of the person's words, standing alone. All of it is escaped: nothing a bank wrote is a pattern."""
    words = set(person.references)
    for values in person.identities.values():
        words |= values
    usable = sorted(word for word in words if len(word) >= SHORTEST_WORD)
    if not usable:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, usable)) + r")(?!\w)")


def _shred_raw(load: DatasetLoad) -> int:
    """Several loads may have come from one raw file: none of them can be loaded again."""
    with transaction.atomic():
        path = locked_load(str(load.id)).raw_path
        if not path:
            return 0
        DatasetLoad.objects.filter(raw_path=path).update(raw_path="")
        storage.retire(path)
        _note(load, "raw_files", 1)
    return 1


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _note(load: DatasetLoad, what: str, count: int) -> None:
    record(
        actor=system_actor("erasure"), action="datasets.load.erase", target="dataset_load",
        target_id=str(load.id), detail={what: count, "sha256": load.data_sha256},
    )  # fmt: skip


def _learns_nothing(person: Person) -> Person:
    return person


HOLDER = Holder(
    key="datasets", expand=_learns_nothing, find=find_in_loads, remove=remove_from_loads
)


def register_person() -> None:
    """Called once at start-up."""
    register_holder(HOLDER)
