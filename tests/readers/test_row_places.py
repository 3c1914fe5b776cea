"""Rows are found again in their files: the very line, byte and text they were read from."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.table.locate_rows import locate_rows
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import resolve_source

Found = list[tuple[str, RowPlace] | None]


def find(path: Path, spool: Path, rows: list[int] | None = None, **told: object) -> Found:
    """Read a file, and look up rows of it (all of them unless told)."""
    sources = resolve_source(str(path))
    paths = [fetch_file(one, spool) for one in sources]
    read = read_table(paths, sources=sources, spool=spool, **told)
    count = read.reader.read_all().num_rows
    by_file = [(one.file, one.rows) for one in read.report().files]
    wanted = range(count) if rows is None else rows
    return list(locate_rows(wanted, sources, by_file, spool, **told))


def show(found: Found) -> list[tuple[int, int | None, str]]:
    return [(place.line, place.byte_offset, place.raw) for _, place in filter(None, found)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,x\n2,y\n", [(2, 4, "1,x"), (3, 8, "2,y")]),
        ("a,b\n1,x\n2,y", [(2, 4, "1,x"), (3, 8, "2,y")]),
        ("a,b\r\n1,x\r\n2,y\r\n", [(2, 5, "1,x"), (3, 10, "2,y")]),
        ("a,b\r1,x\r2,y\r", [(2, 4, "1,x"), (3, 8, "2,y")]),
        ('a,b\n1,"x\ny"\n2,z\n', [(2, 4, '1,"x\ny"'), (4, 12, "2,z")]),
        ('a,b\n1,"say ""hi"""\n2,z\n', [(2, 4, '1,"say ""hi"""'), (3, 19, "2,z")]),
        # rejected rows, comments and blank lines are no rows of the table, but lines of the file
        ("a,b\n1,x\n1,2,3\n2,y\n", [(2, 4, "1,x"), (4, 14, "2,y")]),
        ("a,b\n1,x\n\n\n2,y\n", [(2, 4, "1,x"), (5, 10, "2,y")]),
        ("\ufeffa,b\né,x\n2,y\n", [(2, 7, "é,x"), (3, 12, "2,y")]),
    ],
)
def test_rows_of_delimited_files(
    tmp_path: Path, text: str, expected: list[tuple[int, int, str]]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    found = find(path, tmp_path / "spool")
    assert show(found) == expected
    assert {file for file, _ in filter(None, found)} == {str(path)}
    assert show(find(path, tmp_path / "spool", [1])) == expected[1:]


def test_a_row_that_was_repaired_is_told_as_it_stands(tmp_path: Path) -> None:
    lines = [f"{at};name {at};{at}.5" for at in range(50)]
    lines[20] = '20;"name" 20;20.5'
    path = tmp_path / "a.csv"
    path.write_text("id;name;n\n" + "\n".join(lines) + "\n")
    found = show(find(path, tmp_path / "spool"))
    left = lines if len(found) == 50 else [one for one in lines if one != lines[20]]
    assert [raw for _, _, raw in found] == left
    content = path.read_bytes()
    for line, offset, raw in found:
        assert content[offset:].startswith(raw.encode())
        assert content[:offset].count(b"\n") == line - 1


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_offsets_are_those_of_the_file_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    text = "name,n\n" + "".join(f"Zoë {at} Müller,{at}\n" for at in range(40))
    path.write_bytes(text.encode(encoding))
    for line, offset, raw in show(find(path, tmp_path / "spool")):
        assert raw == f"Zoë {line - 2} Müller,{line - 2}"
        assert offset is not None
        plain = encoding.replace("utf-16", "utf-16-le").replace("-sig", "")
        assert path.read_bytes()[offset:].startswith(raw.encode(plain))


def test_packed_files_and_several(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("n\n1\n2\n")
    with gzip.open(folder / "b.csv.gz", "wt") as file:
        file.write("n\n3\n4\n")
    with bz2.open(folder / "c.jsonl.bz2", "wt") as file:
        file.write('{"n": "5"}\n')
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("x.csv", "n\n6\n")
        archive.writestr("y.csv", "n\n7\n8\n")
    found = [one for one in find(folder, tmp_path / "spool") if one is not None]
    assert [(Path(file).name, place.line, place.raw) for file, place in found] == [
        ("a.csv", 2, "1"),
        ("a.csv", 3, "2"),
        ("b.csv.gz", 2, "3"),
        ("b.csv.gz", 3, "4"),
        ("c.jsonl.bz2", 1, '{"n": "5"}'),
        ("d.zip!x.csv", 2, "6"),
        ("d.zip!y.csv", 2, "7"),
        ("d.zip!y.csv", 3, "8"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}\n\n{"a": 2}\n', [(1, 0, '{"a": 1}'), (3, 10, '{"a": 2}')]),
        ('{"a": 1}\nnot json\n{"a": 2}', [(1, 0, '{"a": 1}'), (3, 18, '{"a": 2}')]),
        ('[{"a": 1},\n {"a": 2}]', [(1, 1, '{"a": 1}'), (2, 12, '{"a": 2}')]),
        ('{"meta": 1, "rows": [{"a": 1}, {"a": 2}]}', None),
    ],
)
def test_rows_of_json(
    tmp_path: Path, text: str, expected: list[tuple[int, int, str]] | None
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    found = show(find(path, tmp_path / "spool"))
    assert expected is None or found == expected
    for (line, offset, raw), value in zip(found, [1, 2], strict=True):
        assert json.loads(raw) == {"a": value}
        assert offset is not None
        assert text[offset:].startswith(raw)
        assert text[:offset].count("\n") == line - 1


def test_formats_without_lines_have_no_places(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<rows><row><a>1</a></row><row><a>2</a></row></rows>")
    assert find(path, tmp_path / "spool") == [None, None]


def test_another_number_of_rows_has_no_places(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    sources = resolve_source(str(path))
    assert list(locate_rows([0, 1], sources, [(str(path), 3)], tmp_path)) == [None, None]
    assert list(locate_rows([5], sources, [(str(path), 2)], tmp_path)) == [None]


CELLS = st.text(st.sampled_from('ab1 é"\n\r'), max_size=6)
RECORDS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=15)
JUNK = st.sampled_from(["1,2,3,4,5\n", "\n", 'x,"y"z,w\n', "only\n", '"open,1,2\n', "a,b,c\n"])


@settings(max_examples=150)
@given(RECORDS, st.lists(st.tuples(st.integers(0, 15), JUNK), max_size=3))
def test_what_is_found_is_what_was_read(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[list[str]],
    junk: list[tuple[int, str]],
) -> None:
    folder = tmp_path_factory.mktemp("places")
    path = folder / "a.csv"
    pieces = []
    for record in records:
        sink = io.StringIO(newline="")
        csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(record)
        pieces.append(sink.getvalue())
    for at, text in junk:
        pieces.insert(at, text)
    content = ("h1,h2,h3\n" + "".join(pieces)).encode()
    path.write_bytes(content)
    told = {"delimiter": ",", "quote": '"', "header": True, "skip": 0}
    read = read_table(path, spool=folder, **told)
    rows = [list(row.values()) for row in read.reader.read_all().to_pylist()]
    found = find(path, folder, **told)
    assert len(found) == len(rows)
    before = -1
    for row, one in zip(rows, found, strict=True):
        assert one is not None
        place = one[1]
        assert place.byte_offset is not None
        assert place.byte_offset > before
        before = place.byte_offset
        assert content[place.byte_offset :].startswith(place.raw.encode())
        ends = content[: place.byte_offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert place.line == ends.count(b"\n") + 1
        if b'"y"z' not in content and b'"open' not in content:
            [parsed] = csv.reader(io.StringIO(place.raw, newline=""), strict=True)
            assert [cell or None for cell in parsed] == [cell or None for cell in row]
