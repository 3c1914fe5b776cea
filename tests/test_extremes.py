"""Files at the edge of what there is, from reading to the warehouse: right, or one clear line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import (
    CleanTable,
    CopyIntoDuckDB,
    ExportParquet,
    LoadTable,
    columns,
    open_session,
)
from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.table.read import read_table

READ = r"""
import re, sys
from pathlib import Path
from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.table.read import read_table
try:
    read_table([sys.argv[1]]).reader.read_all()
except SourceError as error:
    print(error)
# the peak since exec; ru_maxrss would count the process that this one was forked from
print(int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def load(folder: Path, source: Path, **clean: object) -> tuple[str, duckdb.DuckDBPyConnection]:
    """Run a file through every stage. Returns: the exported file, and the database."""
    database, path = folder / "t.duckdb", str(folder / "t.parquet")
    with open_session(folder / "session"):
        raw = LoadTable("load", args={"source": str(source)})
        tidy = CleanTable("clean", inputs=columns(raw), args=clean)
        files = ExportParquet("export", inputs=columns(tidy), args={"path": path})
        args = {"database": str(database), "table": "t"}
        CopyIntoDuckDB("copy", inputs=columns(files), args=args)
    return path, duckdb.connect(str(database), read_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("before", [b"", b"a,b\n1,2\n3,4\n", b'a,b\n1,"'])
def test_a_line_of_a_gigabyte_is_an_error_that_needs_no_memory(
    tmp_path: Path, before: bytes
) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(before)
        for _ in range(1024):
            file.write(b"x" * (1 << 20))
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True)
    told, memory = done.stdout.splitlines()
    assert done.stderr == ""
    assert "longer than 16 MiB" in told or "no line ends within the first 16 MiB" in told
    assert int(memory) < 1024


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_thousand_columns_come_through(tmp_path: Path) -> None:
    width, path = 5000, tmp_path / "wide.csv"
    rows = [
        [f"{row * at}" if at % 2 else f"text {row} {at}" for at in range(width)] for row in (1, 2)
    ]
    lines = [[f"Column {at}" for at in range(width)], *rows]
    path.write_text("".join(",".join(line) + "\n" for line in lines))
    exported, database = load(tmp_path, path)
    table = pq.read_table(exported)
    assert table.schema.names == [f"column_{at}" for at in range(width)]
    expected = [[int(v) if at % 2 else v for at, v in enumerate(row)] for row in rows]
    assert [list(row.values()) for row in table.to_pylist()] == expected
    assert [list(row) for row in database.execute("FROM t").fetchall()] == expected


@pytest.mark.parametrize("naming", ["source", "snake_case"])
def test_names_with_quotes_and_sql_in_them_are_names(tmp_path: Path, naming: str) -> None:
    names = [
        'a"; DROP TABLE t; --', "it's", "x" * 300, "x" * 299 + "y", "/* c */", "select",
        "日本 \u202e",
        "a.b", "$1", "%s", "{0}", "\\", "name`", "[x]", "null",
    ]  # fmt: skip
    path = tmp_path / "names.csv"
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    path.write_text(f"{quoted}\n" + ",".join(map(str, range(len(names)))) + "\n", encoding="utf-8")
    exported, database = load(tmp_path, path, naming=naming)
    table = pq.read_table(exported)
    assert list(table.to_pylist()[0].values()) == list(range(len(names)))
    assert len({name.casefold() for name in table.schema.names}) == len(names)
    if naming == "source":
        assert table.schema.names == names
    found = database.execute("FROM t")
    assert [column[0] for column in found.description or []] == table.schema.names
    assert found.fetchall() == [tuple(range(len(names)))]


def test_a_nul_byte_far_down_costs_its_row_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "nul.csv"
    path.write_bytes(b"a,b\n" + b"1,xy\n" * 100_000 + b"2,q\0\n3,zz\n")
    read = read_table([str(path)])
    table = read.reader.read_all()
    assert table.num_rows == 100_001
    assert table.slice(100_000).to_pylist() == [{"a": "3", "b": "zz"}]
    report = read.report()
    assert report.rejected == 1
    (reject,) = report.rejects.to_pylist()
    assert reject["line"] == 100_002
    assert "NUL" in reject["reason"]


@pytest.mark.parametrize(
    ("content", "byte"), [(b"\0" * 4096, 0), (b"a,b\n1,2\n" + b"\0" * 5000, 8)]
)
def test_a_file_of_nul_bytes_is_no_text(tmp_path: Path, content: bytes, byte: int) -> None:
    path = tmp_path / "nul.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"byte {byte} is NUL, so this is no text file"):
        read_table([str(path)]).reader.read_all()
