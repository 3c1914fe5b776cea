"""Folders, partitions, zips and file systems of fsspec as sources."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import (
    SourceFile,
    check_unchanged,
    fingerprint_source,
    resolve_source,
)
from dreambolt_steps.sources.source_file import find_partitions


def write_csv(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"x\n{value}\n")
    return path


def read_all(source: Any, spool: Path, **options: Any) -> list[dict[str, Any]]:
    files = resolve_source(source)
    paths = [fetch_file(file, spool) for file in files]
    rows = read_table(paths, sources=files, **options).reader.read_all().to_pylist()
    return sorted(rows, key=str)


def test_a_folder_is_every_file_of_a_known_format(tmp_path: Path) -> None:
    for name in ("b.csv", "a.CSV.gz", "deep/c.parquet", "deep/.hidden.csv", "_tmp/d.csv", "e.py"):
        write_csv(tmp_path / "in" / name, 1)
    names = [file.name for file in resolve_source(tmp_path / "in")]
    assert names == ["a.CSV.gz", "b.csv", "c.parquet"]


def test_links_that_lead_around_show_each_file_once(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "a" / "x.csv", 1)
    write_csv(tmp_path / "in" / "b" / "y.csv", 1)
    (tmp_path / "in" / "a" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "b" / "self").symlink_to(tmp_path / "in" / "b")
    (tmp_path / "in" / "again.csv").symlink_to(tmp_path / "in" / "a" / "x.csv")
    (tmp_path / "outside").mkdir()
    write_csv(tmp_path / "outside" / "z.csv", 1)
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "outside")
    for source in (tmp_path / "in", tmp_path / "in" / "**" / "*.csv"):
        found = {Path(file.uri).resolve().name for file in resolve_source(source)}
        assert found == {"x.csv", "y.csv", "z.csv"}
        assert len(resolve_source(source)) == 3


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("**/*.csv", ["b.csv", "c.csv", "a.csv"]),
        ("**/one/*.csv", ["b.csv"]),
        ("o*/**/[!b].csv", ["c.csv"]),
        ("**", ["b.csv", "c.csv", "a.csv"]),
        ("one/**/?.csv", ["b.csv", "c.csv"]),
        ("*/.h/d.csv", ["d.csv"]),
    ],
)
def test_globs_across_folders(tmp_path: Path, pattern: str, names: list[str]) -> None:
    for name in ("x.csv/a.csv", "one/b.csv", "one/two/c.csv", "one/.h/d.csv"):
        write_csv(tmp_path / name, 1)
    assert [file.name for file in resolve_source(tmp_path / pattern)] == names


def test_partitions_are_typed_over_all_files(tmp_path: Path) -> None:
    root = tmp_path / "in"
    write_csv(root / "year=2024" / "day=2024-01-31" / "code=007" / "a.csv", "p")
    write_csv(root / "year=__HIVE_DEFAULT_PARTITION__" / "day=2023-12-01" / "code=1" / "b.csv", "q")
    (root / "year=2023" / "day=2023-12-02" / "code=%2Fx").mkdir(parents=True)
    pq.write_table(
        pa.table({"x": ["r"]}), root / "year=2023" / "day=2023-12-02" / "code=%2Fx" / "c.parquet"
    )
    files = resolve_source(root)
    paths = [fetch_file(file, tmp_path) for file in files]
    table = read_table(paths, sources=files)
    assert str(table.schema.field("year").type) == "int64"
    assert str(table.schema.field("day").type) == "date32[day]"
    assert str(table.schema.field("code").type) == "string"
    rows = table.reader.read_all().select(["x", "year", "code"]).to_pylist()
    assert sorted(rows, key=str) == [
        {"x": "p", "year": 2024, "code": "007"},
        {"x": "q", "year": None, "code": "1"},
        {"x": "r", "year": 2023, "code": "/x"},
    ]
    assert read_all(root, tmp_path, partitions=False) == [{"x": "p"}, {"x": "q"}, {"x": "r"}]
    moved = fingerprint_source(files)
    (root / "year=2024").rename(root / "year=2025")
    assert fingerprint_source(resolve_source(root)) != moved


def test_partitions_are_the_same_however_the_file_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "year=2024" / "a.csv", 1)
    for source in (path, tmp_path / "year=*" / "*.csv", tmp_path / "year=*", tmp_path):
        assert read_all(source, tmp_path) == [{"x": "1", "year": 2024}]
    assert find_partitions("/a=1/b/c=%20/=x/d=/f.csv") == (("d", ""),)


def test_a_column_of_the_file_wins_over_the_partition(tmp_path: Path) -> None:
    write_csv(tmp_path / "x=9" / "a.csv", 1)
    assert read_all(tmp_path, tmp_path) == [{"x": "1"}]


def test_partitions_on_s3(s3: Any, tmp_path: Path) -> None:
    s3.pipe_file("s3://bucket/parts/year=2024/country=DE/a.csv", b"x\n1\n")
    s3.pipe_file("s3://bucket/parts/year=2023/country=FR/a.csv", b"x\n2\n")
    s3.pipe_file("s3://bucket/parts/_tmp/a.csv", b"x\n3\n")
    for source in ("s3://bucket/parts", "s3://bucket/parts/year=*/*/*.csv"):
        assert read_all(source, tmp_path) == [
            {"x": "1", "year": 2024, "country": "DE"},
            {"x": "2", "year": 2023, "country": "FR"},
        ]


def make_zip(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_zip_on_s3_is_listed_without_fetching_it(s3: Any, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"year=1/x.csv": "x\n1\n", "year=2/y.csv": "x\n2\n"})
    s3.put_file(str(path), "s3://bucket/zips/a.zip")
    files = resolve_source("s3://bucket/zips/a.zip")
    assert [file.uri for file in files] == [
        "s3://bucket/zips/a.zip!year=1/x.csv",
        "s3://bucket/zips/a.zip!year=2/y.csv",
    ]
    want = [{"x": "1", "year": 1}, {"x": "2", "year": 2}]
    assert read_all("s3://bucket/zips/a.zip", tmp_path / "spool") == want


def test_members_are_known_by_their_own_content(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x.csv": "x\n1\n", "y.csv": "x\n2\n"})
    before = resolve_source(path)
    assert [file.name for file in before] == ["a.zip!x.csv", "a.zip!y.csv"]
    make_zip(path, {"w.csv": "x\n0\n", "x.csv": "x\n1\n", "y.csv": "x\n3\n"})
    after = {file.name: file.identity for file in resolve_source(path)}
    assert after["a.zip!x.csv"] == before[0].identity
    assert after["a.zip!y.csv"] != before[1].identity
    assert [file.member for file in resolve_source(f"{path}!?.csv")] == ["w.csv", "x.csv", "y.csv"]


def test_names_in_a_zip_never_lead_out_of_the_spool(tmp_path: Path) -> None:
    spool = tmp_path / "spool" / "deep"
    names = ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../../b.csv", "n" * 300 + ".csv"]
    make_zip(tmp_path / "a.zip", dict.fromkeys(names, "x\n1\n"))
    files = resolve_source(tmp_path / "a.zip")
    paths = [fetch_file(file, spool) for file in files]
    assert len(files) == len(names)
    assert all(path.resolve().is_relative_to(spool) for path in paths)
    assert all(path.suffix == ".csv" for path in paths)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "spool"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "no member to read; it holds nothing"),
        ({"a.py": "", "b": ""}, r"it holds a\.py, b; name one as a\.zip!MEMBER"),
        ({"in.zip": "x"}, r"in\.zip: is a zip inside a zip"),
        ({"in.zip": "x", "a.csv": "x"}, r"in\.zip: is a zip inside a zip"),
    ],
)
def test_zips_without_a_table_are_told(
    tmp_path: Path, members: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        resolve_source(make_zip(tmp_path / "a.zip", members))


def test_damaged_and_encrypted_zips_are_told(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.csv": "x\n" * 500})
    sound = path.read_bytes()
    path.write_bytes(sound[:-30])
    with pytest.raises(SourceError, match="zip truncated or damaged"):
        resolve_source(path)
    place = sound.index(b"PK\x01\x02")
    path.write_bytes(sound[: place + 8] + b"\x01" + sound[place + 9 :])
    with pytest.raises(SourceError, match=r"a\.zip!a\.csv: is encrypted"):
        resolve_source(path)
    damaged = bytearray(sound)
    damaged[40:44] = b"\0\0\0\0"
    path.write_bytes(bytes(damaged))
    with pytest.raises(SourceError, match=r"damaged|can't be unpacked"):
        fetch_file(resolve_source(path)[0], tmp_path / "spool")


def test_any_file_system_of_fsspec(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe({"/box/year=1/a.csv": b"x\n1\n", "/box/year=2/b.csv": b"x\n2\n"})
    try:
        want = [{"x": "1", "year": 1}, {"x": "2", "year": 2}]
        assert read_all("memory://box", tmp_path) == want
        assert read_all("memory://box/*/*.csv", tmp_path) == want
        (file,) = resolve_source("memory://box/year=1/a.csv")
        assert fetch_file(file, tmp_path).read_text() == "x\n1\n"
        with pytest.raises(SourceError, match="no such file"):
            resolve_source("memory://box/none.csv")
        memory.pipe("/box/year=1/a.csv", b"x\n9\n")
        with pytest.raises(SourceError, match="changed while it was read"):
            fetch_file(file, tmp_path / "other")
    finally:
        memory.rm("/box", recursive=True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://bucket/a.csv", r"gs:// needs a library that is not .*install gcsfs"),
        ("sftp://host/a.csv", r"sftp:// needs a library.*paramiko"),
        ("klingon://host/a.csv", r"klingon:// is not supported"),
        ("zip://a.csv::s3://bucket/a.zip", "chained URLs are not read"),
    ],
)
def test_what_a_scheme_needs_is_told(url: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        resolve_source(url)
    assert "\n" not in str(caught.value)


def test_file_urls_are_local(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a b.csv", 1)
    (file,) = resolve_source(f"file://{tmp_path}/a%20b.csv")
    assert file.uri == str(path)


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", 1)
    files = resolve_source(path)
    check_unchanged(files)
    os.utime(path, (1, 1))
    check_unchanged(files)  # only touched
    path.write_text("x\n2\n")
    with pytest.raises(SourceError, match=r"a\.csv: changed while it was read"):
        check_unchanged(files)
    path.unlink()
    with pytest.raises(SourceError, match=r"a\.csv: went away while it was read"):
        check_unchanged(files)


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("a user that is not root is missing: root may read every folder")
    (tmp_path / "in").mkdir(mode=0)
    with pytest.raises(SourceError, match="may not be read"):
        resolve_source(tmp_path / "in")


def test_a_source_file_compares_by_content_not_by_time() -> None:
    one, two = (SourceFile("/a", 1, "x", stamp=(1, when)) for when in (1, 2))
    assert one == two
