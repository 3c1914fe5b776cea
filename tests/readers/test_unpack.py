"""Packed files: every packing around every suffix, limits, and names that lie."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SourceError, UsageError
from dreambolt_steps.readers.table.read import read_table

CSV = b"a,b\n1,x\n2,y\n"
WANT = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstd,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_text(tmp_path: Path, suffix: str) -> None:
    pack = PACKERS[suffix]
    for name, content in {
        f"a.csv{suffix}": pack(CSV),
        f"b.csv{suffix}": pack(CSV[:8]) + pack(CSV[8:]),  # several streams
        "c.csv": pack(CSV),  # the name says nothing
        "d": pack(CSV),
    }.items():
        table = read_table(write(tmp_path / name, content))
        assert table.reader.read_all().to_pylist() == WANT, name
        assert table.report().files[0].file == str(tmp_path / name)
        told = table.report().files[0].findings
        assert bool(told) == (suffix not in name), told


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_cut_short_is_told(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.csv{suffix}", PACKERS[suffix](CSV * 1000)[:-9])
    with pytest.raises(SourceError, match=rf"a\.csv\{suffix}: \w+ stream truncated or damaged"):
        read_table(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_is_refused_with_the_argument_that_allows_it(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.csv{suffix}", PACKERS[suffix](b"a\n" * 5_000_000))
    message = rf"a\.csv\{suffix}: [\d,]+ bytes unpack to more than max_expanded_bytes=1,000,000;"
    with pytest.raises(SourceError, match=message):
        read_table(path, max_expanded_bytes=1_000_000)
    assert read_table(path, max_expanded_bytes=10_000_000, limit=1).reader.read_all().num_rows == 1
    with pytest.raises(UsageError, match="not positive"):
        read_table(path, max_expanded_bytes=0)


def test_a_ratio_of_bombs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreambolt_steps.sources.expand.FREE_BYTES", 1 << 20)
    path = write(tmp_path / "a.csv.gz", gzip.compress(b"a\n" * 1_000_000))
    with pytest.raises(SourceError, match=r"over 200 times its size.*raise max_expanded_bytes"):
        read_table(path)
    archive = make_zip(tmp_path / "a.zip", {"a.csv": b"a\n" * 1_000_000})
    with pytest.raises(SourceError, match=r"a\.zip!a\.csv: .*over 200 times its size"):
        read_table(archive)


def test_zips(tmp_path: Path) -> None:
    path = make_zip(
        tmp_path / "a.zip",
        {
            "x/one.csv": CSV,
            "two.csv.gz": gzip.compress(b"b,c\nz,3\n"),
            "__MACOSX/x/._one.csv": b"junk",
            "readme.md": b"junk",
        },
    )
    table = read_table(path)
    assert table.reader.read_all().to_pylist() == [
        *({**row, "c": None} for row in WANT),
        {"a": None, "b": "z", "c": "3"},
    ]
    assert [report.file for report in table.report().files] == [
        f"{path}!x/one.csv",
        f"{path}!two.csv.gz",
    ]
    only = make_zip(tmp_path / "b.zip", {"players": CSV})
    assert read_table(only).reader.read_all().to_pylist() == WANT
    assert read_table(tmp_path / "a.zip", limit=1).reader.read_all().num_rows == 1


def test_parquet_and_arrow_whatever_packs_and_names_them(tmp_path: Path) -> None:
    table = pa.table({"n": pa.array([1, None], pa.int16()), "d": pa.array(["x", "y"])})
    pq.write_table(table, tmp_path / "a.parquet")
    pyarrow.feather.write_feather(table, tmp_path / "a.feather", compression="zstd")
    with pa.ipc.new_stream(tmp_path / "a.arrows", table.schema) as sink:
        sink.write_table(table)
    for name in ("a.parquet", "a.feather", "a.arrows"):
        content = (tmp_path / name).read_bytes()
        assert read_table(tmp_path / name).reader.read_all() == table
        packed = write(tmp_path / f"{name}.gz", gzip.compress(content))
        assert read_table(packed).reader.read_all() == table
        lying = write(tmp_path / "lying.csv", content)
        read = read_table(lying)
        assert read.reader.read_all() == table
        (finding,) = read.report().files[0].findings
        assert finding.startswith("is named .csv, but holds ")
        nameless = write(tmp_path / "nameless", content)
        assert read_table(nameless).reader.read_all() == table


def test_arrow_files_cut_short_or_damaged_are_told(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(100_000))})
    pyarrow.feather.write_feather(table, tmp_path / "a.arrow", compression="zstd")
    content = (tmp_path / "a.arrow").read_bytes()
    with pytest.raises(SourceError, match="truncated or damaged"):
        read_table(write(tmp_path / "b.arrow", content[:-100]))
    with pa.ipc.new_stream(tmp_path / "c.arrows", table.schema) as sink:
        sink.write_table(table)
    whole = (tmp_path / "c.arrows").read_bytes()
    with pytest.raises(SourceError, match="can't be read further"):
        read_table(write(tmp_path / "d.arrows", whole[:-5000])).reader.read_all()
    with pytest.raises(SourceError, match="is empty"):
        read_table(write(tmp_path / "d.arrow", b""))


def test_a_large_arrow_batch_is_cut(tmp_path: Path) -> None:
    table = pa.table({"n": range(300_000), "d": pa.array(["x"] * 300_000).dictionary_encode()})
    pyarrow.feather.write_feather(table, tmp_path / "a.feather", chunksize=300_000)
    batches = list(read_table(tmp_path / "a.feather").reader)
    assert max(batch.num_rows for batch in batches) == 131_072
    assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(300_000))
    assert batches[0].schema.field("d").type == pa.string()
    assert read_table(tmp_path / "a.feather", limit=131_073).reader.read_all().num_rows == 131_073


def test_structs_are_laid_open_when_told(tmp_path: Path) -> None:
    rows = [{"u": {"n": "a", "p": {"x": 1}}, "u.n": 5}, {"u": None, "u.n": 6}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", flatten=True)
    assert table.files[0].names == ("u.n", "u.p.x", "u.n_2")
    assert table.reader.read_all().to_pylist() == [
        {"u.n": "a", "u.p.x": 1, "u.n_2": 5},
        {"u.n": None, "u.p.x": None, "u.n_2": 6},
    ]


def test_arguments_that_suit_no_file_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1]}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="delimiter=';' is for csv, tsv files; these are parquet"):
        read_table(tmp_path / "a.parquet", delimiter=";")


def test_what_is_unpacked_does_not_stay(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"1.csv.gz": gzip.compress(CSV), "2.csv": CSV})
    table = read_table(path, spool=tmp_path / "spool")
    assert len(list((tmp_path / "spool").rglob("*.csv"))) > 0
    assert table.reader.read_all().num_rows == 4
    assert list((tmp_path / "spool").iterdir()) == []
