"""Files that are not what their names say, and what lies beside them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import LoadTable
from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import resolve_source

TEXT = b"id,name\n1,Ann\n2,Bob\n"
ROWS = [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]


def _read(
    source: Path, spool: Path = Path("unused")
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    files = resolve_source(str(source))
    paths = [fetch_file(file, spool) for file in files]
    table = read_table(paths, sources=files)
    rows = table.reader.read_all().to_pylist()
    return rows, tuple(one for file in table.report().files for one in file.findings)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst", "zip"])
def test_a_plain_file_with_a_packed_suffix_is_read_and_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv.{suffix}"
    path.write_bytes(TEXT)
    rows, findings = _read(path)
    assert rows == ROWS
    assert "is not packed; read as it is" in findings[0]


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
@pytest.mark.parametrize("behind", [bytes(512), b"TRAILER of a backup"])
def test_what_stands_behind_packed_streams_is_left_out_and_told(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes], behind: bytes
) -> None:
    path = tmp_path / f"a.csv.{suffix}"
    path.write_bytes(pack(TEXT[:14]) + pack(TEXT[14:]) + behind)
    rows, findings = _read(path)
    assert rows == ROWS
    assert f"{len(behind):,} bytes behind the" in findings[0]


@pytest.mark.parametrize("lost", [1, 9, 30])
def test_a_stream_that_is_cut_is_no_stream_with_something_behind_it(
    tmp_path: Path, lost: int
) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TEXT) + gzip.compress(bytes(range(256)) * 40)[:-lost])
    with pytest.raises(SourceError, match="gzip stream truncated or damaged"):
        read_table(path)


def test_a_readme_in_a_zip_is_left_out_with_a_word(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("data/jan.csv", TEXT)
        opened.writestr("README.txt", "Hello, this is\nno table\n")
    rows, findings = _read(tmp_path / "a.zip", tmp_path / "spool")
    assert rows == ROWS
    assert findings == ("texts about the others left out: README.txt",)


def test_a_readme_alone_is_read(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_bytes(TEXT)
    assert _read(tmp_path)[0] == ROWS


def test_files_of_no_bytes_in_a_folder_are_left_out_with_a_word(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_bytes(TEXT)
    (folder / "b.csv").write_bytes(b"")
    assert _read(folder) == (ROWS, ("files of 0 bytes left out: b.csv",))
    (folder / "c.csv").write_bytes(b"id,name\n3,Cy\n")
    with session():
        loaded = LoadTable("load", args={"source": str(folder)})
        assert [row["id"] for row in loaded.output.dataset] == ["1", "2", "3"]
        assert "files of 0 bytes left out: b.csv" in loaded.receipt.notes


def test_a_column_that_stands_in_the_folder_too_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "city=NA"
    folder.mkdir()
    pq.write_table(pa.table({"v": [1], "city": ["inside"]}), folder / "f.parquet")
    rows, findings = _read(tmp_path)
    assert rows == [{"v": 1, "city": "inside"}]
    assert findings == (
        "column 'city' stands in the file and in its folder (city=NA); the file's own values are "
        "read",
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<html><body><table><tr><td>a</td></tr></table></body></html>", "an HTML page named as"),
        ('<div>\n<table border="1"><tr><th>a</th></tr></table></div>', "an HTML page named as"),
        ("\ufeff<meta charset=utf-8><table><tr><td>a</td></tr></table>", "an HTML page named as"),
        ("MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html>", "a web archive"),
        (
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "an XML spreadsheet of Excel 2003",
        ),
    ],
)
def test_text_that_is_called_xls_is_refused_by_its_true_name(
    tmp_path: Path, text: str, name: str
) -> None:
    (tmp_path / "a.xls").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=f"is {name}.*save it as .xlsx"):
        read_table(tmp_path / "a.xls")
