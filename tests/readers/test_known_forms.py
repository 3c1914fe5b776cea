"""Files that begin as another one does: read at once, and as they would be by themselves."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.readers.cache.file_cache import FileCache
from dreambolt_steps.readers.cache.reuse_dialect import keep_file
from dreambolt_steps.readers.cache.templates import KnownForms
from dreambolt_steps.readers.csv.reader import DelimitedFile
from dreambolt_steps.readers.csv.sniff.dialect import DialectOverrides
from dreambolt_steps.readers.csv.template import DelimitedForm
from dreambolt_steps.readers.table.read import read_table

FIRST = 'id,name,born\n1,Ann,1990-01-02\n2,"Li, Bo",1991-03-04\n3,"C ""x""",1992-05-06\n'
HEAD = "id,name,born\n"


def _learn(text: str, name: str = "a.csv") -> KnownForms:
    forms = KnownForms()
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(text.encode())
        read = read_table(path)
        read.reader.read_all()
        forms.learn(read, path.name)
    return forms


def _find_form(text: str) -> DelimitedForm | None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        file = DelimitedFile(path, DialectOverrides(), Path(folder))
        for _ in file.iterate_batches():
            pass
        return None if list(file.iterate_rejects()) else file.find_form()


ALIKE = {
    "one row": HEAD + "4,Di,1993-01-01\n",
    "no line end": HEAD + "4,Di,1993-01-01\n5,Ed,1994-01-01",
    "quoted": HEAD + '4,"D,i",1993-01-01\n5,"",\n6,,\n',
    "emoji": HEAD + "4,D\N{WHITE SMILING FACE}i,1993-01-01\n",
    "other kinds": HEAD + "x,9,?\ny,8,!\n",
    "a row of several lines in the middle": HEAD + '4,Di,\n5,"E\nd",\n6,Fay,\n',
}
OTHER = {
    "nothing behind the header": HEAD,
    "another header": "id,born,name\n4,1993-01-01,Di\n",
    "a short row": HEAD + "4,Di,1993-01-01\n5,Ed\n",
    "a stray quote": HEAD + '4,"D"i,1993-01-01\n',
    "a row of several lines at the end": HEAD + '4,Di,\n5,"E\nd",\n',
    "blank lines": HEAD + "4,Di,1993-01-01\n\n\n",
    "the header again": HEAD + "4,Di,1993-01-01\n" + HEAD + "5,Ed,1994-01-01\n",
    "units": HEAD + "(no),(text),(date)\n4,Di,1993-01-01\n",
    "a footer": HEAD + "4,Di,1993-01-01\nTotal: 1,,\n",
    "other line ends": HEAD + "4,Di,1993-01-01\r\n5,Ed,1994-01-01\r\n",
    "NUL": HEAD + "4,D\0i,1993-01-01\n",
    "an empty field at the end": HEAD + "4,Di,1993-01-01\n5,Ed,",
    "another delimiter": HEAD + "4;Di;1993-01-01\n5;Ed;1994-01-01\n",
}


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE)
def test_a_file_alike_is_read_at_once(text: str) -> None:
    form = _find_form(FIRST)
    assert form is not None
    batch = form.read(text.encode())
    assert batch is not None
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [[cell or "" for cell in row.values()] for row in batch.to_pylist()] == rows
    assert [row["name"] for row in form.read(ALIKE["quoted"].encode()).to_pylist()] == [
        *("D,i", "", None)
    ]


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_any_other_file_is_looked_at_by_itself(text: str) -> None:
    form = _find_form(FIRST)
    assert form is not None
    assert form.read(text.encode()) is None


def test_bytes_that_are_not_utf8_are_looked_at() -> None:
    form = _find_form(FIRST)
    assert form is not None
    assert form.read(HEAD.encode() + b"4,Zo\xeb,1993-01-01\n") is None


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",  # no header
        "id\n1\n2\n",  # one column
        "id,name\n1,Ann\n2\n",  # a reject
        "id,name\n1,Ann\n# a note\n2,Bo\n",
        "id,name\n1,Ann,\n2,Bo,\n",  # a delimiter at the end of every row
        "Players\n\nid,name\n1,Ann\n2,Bo\n",  # a preamble, to be told for each file
        "id||name\n1||Ann\n2||Bo\n",
        "id,name\n1,Ann\nTotal,\n",  # a footer
    ],
)
def test_nothing_is_learned_of_a_file_with_oddities(text: str) -> None:
    assert _find_form(text) is None


def test_a_file_of_another_suffix_or_packed_is_looked_at(tmp_path: Path) -> None:
    forms = _learn(FIRST)
    for name in ("b.tsv", "b.csv.gz", "b"):
        path = tmp_path / name
        path.write_text(FIRST)
        assert forms.read(path, name, name) is None
    path = tmp_path / "b.CSV"
    path.write_text(FIRST)
    found = forms.read(path, "b.CSV", "shown")
    assert found
    assert found[1].file == "shown"
    assert found[1].rows == found[0].num_rows == 3


def test_a_large_file_is_looked_at(tmp_path: Path) -> None:
    forms, path = _learn(FIRST), tmp_path / "b.csv"
    path.write_text(HEAD + "4,Di,1993-01-01\n" * 300_000)
    assert forms.read(path, "b.csv", "b.csv") is None


def test_what_is_kept_is_what_reading_it_alone_keeps(tmp_path: Path) -> None:
    forms = _learn(FIRST)
    path = tmp_path / "b.csv"
    path.write_text(ALIKE["quoted"])
    quick = keep_file(FileCache(tmp_path / "one"), "key", path, {}, forms=forms)
    alone = keep_file(FileCache(tmp_path / "two"), "key", path, {"delimiter": ","})
    again = FileCache(tmp_path / "one").find("key")
    assert again is not None
    assert again.reports == quick.reports
    for cached in (quick, again):
        assert list(cached.part.iterate_batches()) == list(alone.part.iterate_batches())
        assert list(cached.part.iterate_rejects()) == []
    assert quick.reports[0].evidence[0].startswith("begins as ")
    assert replace(quick.reports[0], evidence=()) == replace(alone.reports[0], evidence=())


_CELLS = st.text(st.sampled_from('ab1 ,;"\n\r\t-.é#'), max_size=6)


@given(
    rows=st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
    at=st.integers(0, 200),
    what=st.sampled_from(["", "cut", *'",;\n\r\0 #xé']),
    end=st.sampled_from(["\n", ""]),
)
def test_what_is_read_at_once_is_what_a_look_at_the_file_gives(
    rows: list[list[str]], at: int, what: str, end: str
) -> None:
    """Rows as Python writes them, with one character put in or taken out somewhere."""
    form = _find_form(FIRST)
    assert form is not None
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    text = written.getvalue()[: -1 or None] + end
    at %= len(text) + 1
    if what:
        text = text[:at] + ("" if what == "cut" else what) + text[at + (what == "cut") :]
    content = (HEAD + text).encode()
    batch = form.read(content)
    if batch is None:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, "b.csv")
        path.write_bytes(content)
        told = {"delimiter": ",", "quote": '"', "escape": '"', "header": True, "skip": 0}
        read = read_table(path, comment="", **told)
        assert read.reader.read_all().to_pylist() == batch.to_pylist()
        assert not read.report().rejected
