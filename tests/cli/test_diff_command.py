from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app
from dreambolt_steps.tables.arrow_stream import write_stream


def keep(folder: str, name: str, kind: str, day: int, names: list[str]) -> None:
    """A finished step, as a session keeps it."""
    data = Path(folder, "_dataset")
    data.mkdir(parents=True)
    table = pa.table({"id": range(len(names)), "name": names})
    write_stream(table.to_reader(), data / "data.arrow")
    (data / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data.arrow"}]}))
    told = {"fingerprint": "f", "pickled": False, "data_card": {}, "type": kind, "name": name}
    step = Path(folder, "step.json")
    step.write_text(json.dumps({**told, "datetime": f"2026-01-{day:02}T10:00:00"}))


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep("sessions/s/load", "load", "LoadTable", 3, ["Ann", "Bob", "Cid"])
    keep("sessions/s/clean", "clean", "CleanTable", 4, ["ann", "bob", "cid"])
    keep("sessions/s/export", "export", "ExportParquet", 5, ["file"])
    keep("sessions/s/_backups/clean/f1", "clean", "CleanTable", 1, ["too old"])
    keep("sessions/s/_backups/clean/f2", "clean", "CleanTable", 2, ["ann", "bo"])
    pq.write_table(pa.table({"id": [0, 1], "name": ["ann", "bob"]}), "rows.parquet")
    Path("rows.csv").write_text("ID,Name\n0,ann\n1,bob\n")
    with duckdb.connect("x.duckdb") as connection:
        connection.execute("CREATE TABLE people AS FROM 'rows.parquet'")
        connection.execute("CREATE TABLE other AS SELECT 1 AS a")


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["diff", *arguments])


def test_the_last_two_results_of_a_session_are_compared() -> None:
    done = run("s", "--key", "id")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[:4] == [
        "before: clean of sessions/s, before (2026-01-02 10:00:00), 2 rows",
        "after:  clean of sessions/s, now (2026-01-04 10:00:00), 3 rows",
        "rows: 1 added, 0 removed, 1 changed, 1 as before",
        "changed values: name 1",
    ]
    assert [line.split() for line in lines[5:7]] == [
        ["changed", "1", "name", "bo", "bob"],
        ["added", "2", "NULL", "NULL", "NULL"],
    ]
    assert run().stdout.startswith("before: clean of sessions/s, before")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("rows.parquet", "x.duckdb:people", "the same columns and rows"),
        ("rows.parquet", "s", "rows: 1 added, 0 removed, 2 as before"),
        ("rows.csv", "rows.parquet", "column id: VARCHAR became BIGINT"),
        ("sessions/s", "s", "the same columns and rows"),
    ],
)
def test_sessions_files_and_tables_can_be_compared(before: str, after: str, words: str) -> None:
    done = run(before, after)
    assert done.exit_code == 0, done.stderr
    assert words in done.stdout


def test_a_script_is_told_by_the_exit_code_and_gets_the_rows_alone() -> None:
    assert run("rows.parquet", "x.duckdb:people", "--exit-code").exit_code == 0
    done = run("rows.parquet", "s", "--exit-code", "--format", "jsonl")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"change": "added", "id": 2, "name": "cid"}
    done = run("rows.parquet", "s", "-o", "rows.csv")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 row in rows.csv\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["s", "--step", "claen"], "--step claen: no step of sessions/s; did you mean 'clean'?"),
        (["s", "--step", "load"], "no earlier result to compare with; --step names another: clean"),
        (["nothing", "s"], "nothing: no such file"),
        (["x.duckdb", "s"], "name the table, as x.duckdb:TABLE; there are other, people"),
        (["x.duckdb:poeple", "s"], "no table poeple in x.duckdb; did you mean 'people'?"),
        (["s", "--key", "nam"], "--key nam: no column of both tables; did you mean 'name'?"),
        (["rows.parquet", "x.duckdb:other"], "no column in common"),
    ],
)
def test_what_is_not_there_is_a_usage_error(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
