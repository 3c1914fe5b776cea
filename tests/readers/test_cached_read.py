"""Files read through the cache: the same table as without it, and nothing read twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SchemaError, SourceError
from dreambolt_steps.readers.cache.cached_read import CachedRead
from dreambolt_steps.readers.cache.file_cache import CachedFile, FileCache, name_key
from dreambolt_steps.readers.cache.reuse_dialect import keep_file
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport, ReadReport
from dreambolt_steps.sources.source import SourceFile, resolve_source


class Folder:
    """A folder of files, read through a cache, and what was read of it."""

    def __init__(self, path: Path) -> None:
        self.files = path / "files"
        self.files.mkdir()
        self.cache = FileCache(path / "cache")
        self.opened: list[str] = []

    def read(self, **arguments: Any) -> CachedRead:
        self.opened = []
        sources = resolve_source(str(self.files / "*"))
        keys = [name_key([file.uri, file.identity], arguments) for file in sources]
        return CachedRead(keys, self.cache, self._open(sources, keys, arguments))

    def _open(
        self, sources: list[SourceFile], keys: list[str], arguments: dict[str, Any]
    ) -> Callable[[int, Any], CachedFile]:
        def open_file(index: int, alike: Any) -> CachedFile:
            self.opened.append(sources[index].name)
            return keep_file(self.cache, keys[index], sources[index].uri, arguments, alike=alike)

        return open_file

    def read_directly(self, **arguments: Any) -> Any:
        return read_table(sorted(self.files.iterdir()), **arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


TEXTS = {
    "a.csv": "id,name\n1,Ann\n2,Bo\n",
    "b.csv": "id,name\n3\n4,Cy\n",  # a row that does not fit
    "c.csv": "id;name\n5;Di\n6;Ed\n",  # another dialect
    "d.csv": "name,id,city\nFay,7,Rome\n",  # other columns
    "e.csv": "# a note\n\nid,name\n8,Gus\n",  # a preamble
    "f.csv": 'id,name\n9,"Ha,l"\n',
    "g.csv": "id,name\n10,Zo\xeb\n",  # cp1252
    "h.csv": "id,name\n",
    "i.csv": 'id,name\n11,"x"y"\n12,ok\n',  # a stray quote, repaired
}


def _leave_out_evidence(report: ReadReport) -> list[FileReport]:
    """A dialect that was taken over from the file before has no evidence of its own."""
    return [replace(file, evidence=()) for file in report.files]


def test_all_kinds_of_files_give_the_same_table_as_without_a_cache(folder: Folder) -> None:
    for name, text in TEXTS.items():
        (folder.files / name).write_bytes(text.encode("cp1252"))
    direct = folder.read_directly()
    wanted = direct.reader.read_all()
    for opened in (sorted(TEXTS), []):
        read = folder.read()
        assert read.reader.read_all().equals(wanted)
        assert sorted(folder.opened) == opened
        assert [sorted(TEXTS)[index] for index in read.fresh] == opened
        assert read.notes == direct.notes
        report = read.report()
        assert report.rejects.equals(direct.report().rejects)
        assert _leave_out_evidence(report) == _leave_out_evidence(direct.report())
        assert (report.rows, report.rejected) == (wanted.num_rows, 1)


def test_only_new_and_changed_files_are_read(folder: Folder) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (folder.files / name).write_text(f"id\n{name}\n")
    folder.read()
    (folder.files / "b.csv").write_text("id\nB\n")
    (folder.files / "d.csv").write_text("id\nd.csv\n")
    (folder.files / "a.csv").unlink()
    read = folder.read()
    assert sorted(folder.opened) == ["b.csv", "d.csv"]
    assert read.reader.read_all().to_pydict() == {"id": ["B", "c.csv", "d.csv"]}
    folder.read(delimiter=";")
    assert sorted(folder.opened) == ["b.csv", "c.csv", "d.csv"]


def test_a_damaged_part_is_read_again_and_no_row_comes_twice(folder: Folder) -> None:
    rows = 300_000
    (folder.files / "a.parquet").touch()
    pq.write_table(pa.table({"id": range(rows)}), folder.files / "a.parquet")
    pq.write_table(pa.table({"id": range(rows, rows + 9)}), folder.files / "b.parquet")
    folder.read()
    for damage in (b"", b"x" * 100):
        read = folder.read()
        assert folder.opened == []
        part = max(folder.cache.folder.iterdir(), key=lambda path: path.stat().st_size)
        content = part.read_bytes()
        half = len(content) // 2
        part.write_bytes(content[:half] + damage + content[half + len(damage) :])
        if not damage:
            part.write_bytes(content[:half])
        assert read.reader.read_all().column("id").to_pylist() == list(range(rows + 9))
        assert folder.opened == ["a.parquet"]
    part.write_bytes(content[:half])
    folder.read()
    assert folder.opened == ["a.parquet"]


def test_small_files_come_in_large_batches(folder: Folder) -> None:
    for number in range(200):
        (folder.files / f"{number:03}.csv").write_text(f"id,name\n{number},x\n")
    batches = list(folder.read().reader)
    assert [batch.num_rows for batch in batches] == [200]
    assert batches[0].column("id").to_pylist() == [str(number) for number in range(200)]


def test_what_was_read_before_an_error_is_kept(folder: Folder) -> None:
    for name in ("a.csv", "b.csv", "d.csv"):
        (folder.files / name).write_text(f"id\n{name}\n")
    (folder.files / "c.csv").write_bytes(b"\0" * 4096)
    with pytest.raises(SourceError, match=r"c\.csv: .*NUL, so this is no text file"):
        folder.read()
    (folder.files / "c.csv").write_text("id\n3\n")
    folder.read()
    assert "a.csv" not in folder.opened
    assert "b.csv" not in folder.opened
    assert "c.csv" in folder.opened


def test_a_check_that_fails_keeps_nothing(folder: Folder) -> None:
    (folder.files / "a.csv").write_text("id\n1\n")

    def fail() -> None:
        raise SourceError("changed while it was read")

    with pytest.raises(SourceError, match="changed"):
        keep_file(folder.cache, "key", folder.files / "a.csv", {}, check=fail)
    assert list(folder.cache.folder.iterdir()) == []
    assert folder.cache.find("key") is None


def test_values_that_no_type_holds_name_their_file(folder: Folder) -> None:
    pq.write_table(pa.table({"id": [2**60 + 1]}), folder.files / "a.parquet")
    pq.write_table(pa.table({"id": [0.5]}), folder.files / "b.parquet")
    with pytest.raises(SchemaError, match=r"a\.parquet: column 'id'"):
        folder.read().reader.read_all()


def test_parts_nobody_names_are_removed(folder: Folder) -> None:
    for name in ("a.csv", "b.csv"):
        (folder.files / name).write_text(f"id\n{name}\n")
    kept, other = folder.read().keys
    (folder.cache.folder / f"{other}.arrow.77.partial").write_text("left by a killed run")
    others = folder.cache.find_others([kept])
    assert [path.name.split(".")[0] for path in others] == [other, other]
    assert len(list(folder.cache.folder.iterdir())) == 3
    for path in others:
        path.unlink()
    assert folder.cache.find(kept) is not None
    assert folder.cache.find(other) is None
