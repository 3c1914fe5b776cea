"""What `query` and `search` write: whole for pipes and files, a part of it for a screen."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dreambolt_steps.cli import query as query_module
from dreambolt_steps.cli import result_output
from dreambolt_steps.cli.app import app

ROWS = 60
LONG = "a long text, longer than any cell of a screen: " + "x" * 300


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.duckdb"
    names = ", ".join(f"i AS column_{n}" for n in range(30))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {names} FROM range({ROWS}) r(i)")
        connection.execute(
            "CREATE TABLE odd AS SELECT $long AS text, NULL AS nothing, '' AS empty,"
            " 1.10::DECIMAL(4,2) AS price, 12345678901234567.89::DECIMAL(20,2) AS exact,"
            " 'nan'::DOUBLE AS nan, [1.5, 2.5] AS list, {'a': 1} AS struct,"
            " DATE '2024-02-03' AS day, 'say \"hi\"\n, there' AS quoted",
            {"long": LONG},
        )
    monkeypatch.chdir(tmp_path)
    return path


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["query", "own.duckdb", *arguments])
    assert done.exit_code == code, done.output
    return done.output if code else done.stdout


def test_a_pipe_gets_every_row_column_and_cell(database: Path) -> None:
    lines = run("FROM t ORDER BY 1").splitlines()
    assert len(lines) == 1 + ROWS
    assert lines[0].split() == [f"column_{n}" for n in range(30)]
    assert lines[-1].split() == [str(ROWS - 1)] * 30
    assert LONG in run("SELECT text FROM odd")
    assert len(run("FROM t", "--limit", "7").splitlines()) == 8


def test_a_screen_gets_the_first_rows_and_is_told_how_many_there_are(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(result_output.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    query_module.show_query("own.duckdb", "SELECT column_0 FROM t ORDER BY 1")
    told = capsys.readouterr().out
    assert "50 of 60 rows" in told
    assert "\n49" in told.replace(" ", "")
    query_module.show_query("own.duckdb", "SELECT column_0 FROM t", 60)
    assert " of " not in capsys.readouterr().out
    query_module.show_query("own.duckdb", "SELECT column_0 FROM t LIMIT 50")
    assert " of " not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_json_is_json_whatever_the_values(database: Path, kind: str) -> None:
    told = run("FROM odd", "--format", kind)
    [row] = json.loads(told) if kind == "json" else [json.loads(told)]
    assert row == {
        "text": LONG,
        "nothing": None,
        "empty": "",
        "price": 1.1,
        "exact": "12345678901234567.89",
        "nan": None,
        "list": [1.5, 2.5],
        "struct": {"a": 1},
        "day": "2024-02-03",
        "quoted": 'say "hi"\n, there',
    }
    assert "NaN" not in told
    empty = run("FROM odd WHERE false", "--format", kind)
    assert empty == ("[]\n" if kind == "json" else "")


def test_csv_tells_null_from_the_empty_text(database: Path) -> None:
    told = run("SELECT nothing, empty, price, quoted FROM odd", "--format", "csv")
    assert told.splitlines()[:2] == ["nothing,empty,price,quoted", ',"",1.10,"say ""hi""']
    [row] = list(csv.DictReader(told.splitlines(keepends=True)))
    assert row["quoted"] == 'say "hi"\n, there'


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.ndjson", "rows.parquet"])
def test_a_file_has_the_format_of_its_suffix(database: Path, tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(app, ["query", "own.duckdb", "FROM t", "-o", name])
    assert done.exit_code == 0, done.output
    assert done.stderr == f"60 rows in {name}\n"
    assert done.stdout == ""
    file = tmp_path / name
    if name.endswith("parquet"):
        assert pq.read_table(file).num_rows == ROWS
    elif name.endswith("csv"):
        assert len(list(csv.reader(file.open()))) == ROWS + 1
    else:
        text = file.read_text()
        rows = json.loads(text) if name.endswith(".json") else text.splitlines()
        assert len(rows) == ROWS
    assert not list(tmp_path.glob(".*partial"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xlsx"], "table, csv, json, jsonl, parquet"),
        (["-o", "rows.dat"], "the suffix says no format"),
        (["-o", "nowhere/rows.csv"], "there is no folder nowhere"),
        (["-o", "folder.csv"], "is a folder"),
        (["-o", "own.duckdb", "--format", "csv"], "is the database itself"),
    ],
)
def test_a_wrong_output_is_told_before_the_query_runs(
    database: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    before = database.read_bytes()
    assert words in run("SELECT error('it ran')", *arguments, code=2)
    assert database.read_bytes() == before


def test_a_query_that_fails_leaves_the_file_as_it_was(database: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("mine\n")
    run("SELECT error('no') FROM t", "-o", "rows.csv", code=1)
    assert (tmp_path / "rows.csv").read_text() == "mine\n"
    assert not list(tmp_path.glob(".*partial"))


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("FROM od", 'Did you mean "odd"'),
        ("SELECT colum_1 FROM t", '"column_1"'),
        ("SELECT lenght('a')", "length"),
    ],
)
def test_the_hints_of_duckdb_are_kept_in_one_line(database: Path, sql: str, hint: str) -> None:
    told = run(sql, code=1)
    assert hint in told
    assert "LINE 1" not in told
    assert len(told.strip().splitlines()) == 1
