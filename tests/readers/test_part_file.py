"""A part gives back what was written, and is never taken for whole when it is not."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.cache.part_file import DamagedPartError, PartFile, PartWriter
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA, Reject, build_rejects

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])
REJECTS = build_rejects([Reject("a.csv", 3, 9, None, None, "odd", "x")])


def write_part(path: Path, sizes: list[int], rejects: pa.Table = REJECTS) -> pa.Table:
    batches, start = [], 0
    with PartWriter(path, SCHEMA) as part:
        for size in sizes:
            ids = pa.array(range(start, start + size), pa.int64())
            names = pa.array([f"é{i}" if i % 3 else None for i in range(start, start + size)])
            batches.append(pa.record_batch([ids, names], schema=SCHEMA))
            part.write(batches[-1])
            start += size
        part.finish(rejects.to_batches(), {"file": "a.csv", "seen": [1, None]})
    return pa.Table.from_batches(batches, SCHEMA)


def read_part(path: Path, start: int = 0) -> pa.Table:
    part = PartFile.open(path)
    return pa.Table.from_batches(part.iterate_batches(start), part.schema)


def read_rejects(part: PartFile) -> pa.Table:
    return pa.Table.from_batches(part.iterate_rejects(), REJECT_SCHEMA)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40), max_size=5), st.integers(0, 210))
def test_rows_come_back_from_any_row_on(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], start: int
) -> None:
    path = tmp_path_factory.mktemp("part") / "a.arrow"
    written = write_part(path, sizes)
    assert read_part(path, start).equals(written.slice(start))
    part = PartFile.open(path)
    assert (part.rows, part.details) == (sum(sizes), {"file": "a.csv", "seen": [1, None]})
    assert read_rejects(part).equals(REJECTS)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.arrow"]


def test_a_part_is_an_arrow_stream_for_everybody(tmp_path: Path) -> None:
    written = write_part(tmp_path / "a.arrow", [3, 4], REJECT_SCHEMA.empty_table())
    with pa.ipc.open_stream(pa.OSFile(str(tmp_path / "a.arrow"))) as stream:
        assert stream.read_all().equals(written)


def test_no_part_cut_off_anywhere_is_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    write_part(path, [3, 4])
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 7), *range(len(whole) - 40, len(whole))}:
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedPartError):
            PartFile.open(path)


def test_no_changed_byte_goes_unseen(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    written = write_part(path, [3, 4])
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            part = PartFile.open(path)
            found = pa.Table.from_batches(part.iterate_batches(), part.schema)
            assert (found, read_rejects(part)) == (written, REJECTS)  # padding
        except DamagedPartError:
            continue
        assert whole[place : place + 1] in b"\0\xff"


def test_nothing_is_left_of_a_part_that_was_given_up(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), PartWriter(tmp_path / "a.arrow", SCHEMA):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
