"""Reading files: real CSV oddities, several files, Parquet, and everything that can be wrong."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import DreamboltError, SchemaError, SourceError, UsageError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import ReadReport

SPECTRUM = "comma_in_quotes empty empty_crlf escaped_quotes json location_coordinates newlines"
SPECTRUM += " newlines_crlf quotes_and_newlines simple simple_crlf utf8"


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(paths: Any, **options: Any) -> tuple[list[dict[str, Any]], ReadReport]:
    table = read_table(paths, **options)
    return table.reader.read_all().to_pylist(), table.report()


@pytest.mark.parametrize("name", SPECTRUM.split())
def test_csv_spectrum(shared_data: Path, name: str) -> None:
    folder = shared_data / "csv-spectrum"
    want = json.loads((folder / "json" / f"{name}.json").read_text())
    if name == "location_coordinates":  # its JSON is one row, with another phone number
        want = [want | {"Contact Phone Number": "2095257564"}]
    rows, report = read(folder / "csvs" / f"{name}.csv")
    assert rows == want
    assert report.rejected == 0


def test_real_players_match_the_csv_module(players: Path) -> None:
    rows, report = read(players)
    with players.open(encoding="utf-8", newline="") as handle:
        want = list(csv.DictReader(handle))
    assert [{k: v or "" for k, v in row.items()} for row in rows] == want
    assert (report.rows, report.rejected) == (37784, 0)


def test_missing_and_empty_stay_apart(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path / "a.csv", 'a,b\n,""\n x ,y\n'))
    assert rows == [{"a": None, "b": ""}, {"a": " x ", "b": "y"}]


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a,b\n", ["a", "b"], []),
        ("a,b", ["a", "b"], []),
        ("a\n1\n", ["a"], [["1"]]),
        ("\n\na,b\n1,2\n", ["a", "b"], [["1", "2"]]),
        ("\ufeffa,b\n1,2\n", ["a", "b"], [["1", "2"]]),
        ('\ufeff"a",b\n1,2\n', ["a", "b"], [["1", "2"]]),
        ("a,a,,a_2\n1,2,3,4\n", ["a", "a_3", "column_3", "a_2"], [["1", "2", "3", "4"]]),
        ("A,a\n1,2\n", ["A", "a"], [["1", "2"]]),
        ('"a\nb",c\n1,2\n', ["a\nb", "c"], [["1", "2"]]),
        (" a , b\n1,2\n", [" a ", " b"], [["1", "2"]]),
        ("1,Ann\n2,Bob\n", ["column_1", "column_2"], [["1", "Ann"], ["2", "Bob"]]),
        ("a;b\n1,5;2\n", ["a", "b"], [["1,5", "2"]]),
        ("a\tb\n1\t2\n", ["a", "b"], [["1", "2"]]),
        ("a|b\n1|2\n", ["a", "b"], [["1", "2"]]),
        ("a,b\n'x, y',2\n'u',3\n", ["a", "b"], [["x, y", "2"], ["u", "3"]]),
        ('a,b\n"x \\"y\\" z",2\n"u",3\n', ["a", "b"], [['x "y" z', "2"], ["u", "3"]]),
        ("a,b\r1,2\r3,4", ["a", "b"], [["1", "2"], ["3", "4"]]),
        ('a,b\r\n1,"x\ny"\r\n', ["a", "b"], [["1", "x\ny"]]),
        ('a,b\r\n1,2\n3,"x\r\ny"\r4,5', ["a", "b"], [["1", "2"], ["3", "x\r\ny"], ["4", "5"]]),
        ('a,b\n5" pipe,6"\n', ["a", "b"], [['5" pipe', '6"']]),
    ],
)
def test_text_comes_through_as_it_is(
    tmp_path: Path, text: str, header: list[str], rows: list[list[str]]
) -> None:
    table = read_table(write(tmp_path / "a.csv", text))
    result = table.reader.read_all()
    assert result.column_names == header
    assert [list(row.values()) for row in result.to_pylist()] == rows
    assert table.report().rejected == 0


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_large_file_streams_in_order(tmp_path: Path, suffix: str) -> None:
    """More rows than one of DuckDB's buffers holds, with line ends inside quotes and rejects."""
    separator = "\t" if suffix == "tsv" else ","
    path, bad, line = tmp_path / f"a.{suffix}", [], 2
    with path.open("w", newline="") as handle:
        handle.write(separator.join("abc") + "\n")
        for number in range(300_000):
            text = '"two\nlines"' if number % 7 == 0 else "x" * 120
            cells = [str(number), text] if number % 50_000 == 49 else [str(number), text, "end"]
            if len(cells) == 2:
                bad.append(line)
            handle.write(separator.join(cells) + "\n")
            line += 2 if number % 7 == 0 else 1
    table = read_table(path)
    numbers = pa.concat_arrays([batch.column(0) for batch in table.reader]).cast(pa.int64())
    assert numbers.to_pylist() == [n for n in range(300_000) if n % 50_000 != 49]
    assert table.report().rejects.column("line").to_pylist() == bad


def test_rows_that_do_not_fit_are_rejected_with_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n"x\ny",1\nshort\n1,2,3\n"p" q,2\n4,5\n')
    rows, report = read(path)
    assert rows == [{"a": "x\ny", "b": "1"}, {"a": "4", "b": "5"}]
    found = report.rejects.select(["line", "reason", "raw"]).to_pylist()
    quotes = "text behind a closing quote, or a quote that nothing closes"
    assert [tuple(reject.values()) for reject in found] == [
        (4, "1 fields where the table has 2 columns", "short"),
        (5, "3 fields where the table has 2 columns", "1,2,3"),
        (6, quotes, '"p" q,2'),
    ]
    assert set(report.rejects.column("file").to_pylist()) == {str(path)}


def test_a_quote_nothing_closes_is_text_and_costs_no_other_line(tmp_path: Path) -> None:
    rows, report = read(write(tmp_path / "a.csv", 'a,b\n1,2\n"x,4\n5,6\n7,8\n'))
    assert [row["a"] for row in rows] == ["1", '"x', "5", "7"]
    assert report.rejected == 0
    told = "1 row repaired (line 3): a quote that opens or closes nothing is kept as text"
    assert report.files[0].findings == (told,)


def test_quotes_within_quotes_make_no_phantom_row(tmp_path: Path) -> None:
    text = 'a,b\n1,2\n"5" pipe","6" hose"\n3,4\n"7" hose,"8" pipe\n5,6\n'
    rows, report = read(write(tmp_path / "a.csv", text))
    assert [row["a"] for row in rows] == ["1", '5" pipe', "3", "5"]
    assert [row["b"] for row in rows] == ["2", '6" hose', "4", "6"]
    assert report.rejects.column("raw").to_pylist() == ['"7" hose,"8" pipe']


def test_ragged_files_keep_their_columns(tmp_path: Path) -> None:
    rows, report = read(write(tmp_path / "a.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n7,8,9\n"))
    assert [row["c"] for row in rows] == ["3", "9"]
    assert report.rejected == 2


def test_lines_before_the_header_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Report of X\nmade 2020\n\na,b,c\n1,2,3\n4,5,6\n")
    rows, report = read(path)
    assert [row["a"] for row in rows] == ["1", "4"]
    assert report.files[0].preamble == ("Report of X", "made 2020", "")


WESTERN = "name,city\nJosé,Málaga\nZoë,Köln\nFrançois,Besançon\n"
POLISH = "imię,miasto\nŁukasz,Łódź\nŻaneta,Gdańsk\nMałgorzata,Kraków\n"
RUSSIAN = "имя,город\nИван,Москва\nАнна,Казань\nОльга,Тула\n"
JAPANESE = "名前,都市\n太郎,東京\n花子,大阪\n山田,京都\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (WESTERN, "cp1252", "cp1252"),
        (POLISH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "utf-16", "utf-16"),
        (WESTERN, "utf-16-le", "utf-16-le"),
        (WESTERN, "utf-32", "utf-32"),
        (RUSSIAN, "utf-8-sig", "utf-8"),
    ],
)
def test_other_encodings_are_found(tmp_path: Path, text: str, encoding: str, found: str) -> None:
    table = read_table(write(tmp_path / "a.csv", text.encode(encoding)))
    read_back = table.reader.read_all()
    lines = [read_back.column_names, *(list(row.values()) for row in read_back.to_pylist())]
    assert lines == [line.split(",") for line in text.splitlines()]
    dialect = table.report().files[0].dialect
    assert dialect is not None
    assert dialect.encoding == found


def test_what_is_known_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "junk\n'a;1';2\n".encode("utf-16-be"))
    rows, _ = read(path, encoding="utf-16-be", delimiter=";", quote="'", header=False, skip=1)
    assert rows == [{"column_1": "a;1", "column_2": "2"}]


def test_files_are_united_by_name(tmp_path: Path) -> None:
    one = write(tmp_path / "1.csv", "a,b\n1,2\n")
    two = write(tmp_path / "2.csv", "b;a\n4;3\n5\n")
    rows, report = read([one, two])
    assert rows == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert [(file.rows, file.rejected) for file in report.files] == [(1, 0), (1, 1)]


def test_other_columns_are_united_or_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "1.csv", "a,b\n1,2\n")
    two = write(tmp_path / "2.csv", "a,c\n4,3\n")
    with pytest.raises(SchemaError, match=r"missing: \['b'\], extra: \['c'\]"):
        read_table([one, two], schemas="same")
    rows, report = read([one, two])
    assert rows == [{"a": "1", "b": "2", "c": None}, {"a": "4", "b": None, "c": "3"}]
    assert report.schema_notes == (
        f"column 'b' is not in {two}; NULL there",
        f"column 'c' is not in {one}; NULL there",
    )


@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_limit(tmp_path: Path, limit: int) -> None:
    one = write(tmp_path / "1.csv", "a\n1\n2\n")
    two = write(tmp_path / "2.csv", "a\n3\n4\n")
    rows, report = read([one, two], limit=limit)
    assert [row["a"] for row in rows] == ["1", "2", "3", "4"][:limit]
    assert report.rows == min(limit, 4)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([1, None], pa.int16()),
            "d": pa.array(["x", "y"]).dictionary_encode(),
            "m": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8())),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    result = read_table(tmp_path / "a.parquet").reader.read_all()
    assert result.schema.field("n").type == pa.int16()
    assert result.column("d").type == pa.string()
    assert result.to_pylist() == [
        {"n": 1, "d": "x", "m": [{"key": "k", "value": 1}]},
        {"n": None, "d": "y", "m": None},
    ]


def test_truncated_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="truncated or damaged"):
        read_table(path)


def test_parquet_damaged_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": [f"text {n}" for n in range(50_000)]}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[2000:3000] = bytes(1000)
    path.write_bytes(bytes(content))
    with pytest.raises(SourceError, match="can't be read further"):
        read_table(path).reader.read_all()


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.mark.parametrize(
    ("name", "content", "options", "kind", "message"),
    [
        ("a.csv", b"", {}, SourceError, "is empty"),
        ("a.csv", b"\n\n", {}, SourceError, "only blank lines"),
        ("a.csv", PNG, {}, SourceError, "is a PNG image; convert it"),
        ("a.csv", b"PAR1....", {}, SourceError, "Parquet file truncated"),
        ("a.csv", b"PK\x03\x04...", {}, SourceError, "zip truncated or damaged"),
        ("a.csv", b"a\n1\n", {"encoding": "klingon"}, UsageError, "is no encoding"),
        ("a.parquet", b"", {}, SourceError, "is empty"),
        ("a.parquet", b"a,b\n1,2\n", {}, SourceError, "is not a Parquet file"),
        ("a.arrow", b"a,b\n1,2\n", {}, SourceError, "is not an Arrow file"),
        ("a", b"<!DOCTYPE html>\n<p>404", {}, SourceError, "is an HTML page"),
        ("a", bytes(257) + b"ustar", {}, SourceError, "is a tar archive"),
        ("a.csv", b"a\n1\n", {"file_format": "dbf"}, UsageError, "there are csv, tsv"),
        ("a.csv", b"a\n1\n", {"quote": "''"}, UsageError, "one ASCII character"),
        ("a.csv", b"a\n1\n", {"delimiter": ",\n"}, UsageError, "line end"),
        ("a.csv", b"a\n1\n", {"header_rows": 0}, UsageError, "header_rows=0 is zero"),
        ("a.csv", b"a\n1\n", {"ragged": "maybe"}, UsageError, "there are reject, pad"),
        ("a.csv", b"a\n1\n", {"schemas": "guess"}, UsageError, "there are unite, same"),
        ("a.csv", b"a\n1\n", {"skip": -1}, UsageError, "negative"),
        ("a.csv", b"a\n1\n", {"limit": -1}, UsageError, "negative"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    name: str,
    content: bytes,
    options: dict[str, Any],
    kind: type[DreamboltError],
    message: str,
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(kind, match=message) as caught:
        read_table(path, **options)
    assert "\n" not in str(caught.value)


def test_no_spool_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    path = write(tmp_path / "a[1].csv", "a,b\r\n1,é\n".encode("cp1252"))
    assert read_table(path).reader.read_all().to_pylist() == [{"a": "1", "b": "é"}]
    assert list((tmp_path / "spool").iterdir()) == []
    abandoned, begun = read_table(path), read_table(path)
    begun.reader.read_next_batch()
    del abandoned, begun
    assert list((tmp_path / "spool").iterdir()) == []


def test_report_waits_for_the_end(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", "a\n1\n"))
    with pytest.raises(RuntimeError, match="to its end"):
        table.report()


def test_a_read_that_is_given_up_leaves_nothing_on_the_screen(tmp_path: Path) -> None:
    """DuckDB's bindings print what still lives when the interpreter ends."""
    path = write(tmp_path / "a.csv", "n\n" + "1\n" * 300_000)
    code = (
        "import sys\n"
        "from dreambolt_steps.readers.table.read import read_table\n"
        "table = read_table(sys.argv[1])\n"
        "table.reader.read_next_batch()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_reject_is_where_its_offset_says(tmp_path: Path, head: bytes, end: bytes) -> None:
    path = tmp_path / "a.csv"
    lines = [b"id,name", b"1,a", b"3,c,d", b"1,b", b"4,d,e", b"5,f"]
    content = head + b"".join(line + end for line in lines)
    path.write_bytes(content)
    table = read_table(path)
    table.reader.read_all()
    found = table.report().rejects.to_pylist()
    assert [(row["line"], row["raw"]) for row in found] == [(3, "3,c,d"), (5, "4,d,e")]
    for row in found:
        assert content[row["byte_offset"] :].startswith(row["raw"].encode())


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "FEA1", "ARROW1", "GIF8"])
@pytest.mark.parametrize("suffix", [".csv", ""])
def test_a_header_that_begins_as_another_format_does(
    tmp_path: Path, name: str, suffix: str
) -> None:
    path = tmp_path / f"table{suffix}"
    path.write_text(f"{name},n\nx,1\n")
    assert read_table(path).reader.read_all().to_pylist() == [{name: "x", "n": "1"}]
