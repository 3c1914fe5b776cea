"""What is wrong with a command is told before any work begins: no session, no file, no table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from dreambolt_steps.cli.app import app

RECIPE = """
from dreambolt_steps import LoadTable
def recipe(source: str = "cups.csv") -> None:
    LoadTable("read it", args={"source": source})
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("cups.csv").write_text("Year , Winner,Code\n1930,Uruguay ,007\n1934, Italy,008\n")
    Path("notes.txt").write_text("mine")
    Path("own").mkdir()
    Path("own/notes.txt").write_text("mine")
    with duckdb.connect("own.duckdb") as connection:
        connection.execute("CREATE TABLE cups AS SELECT 1 AS id; CREATE VIEW seen AS FROM cups")
    return tmp_path


def run(*arguments: str, code: int) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, done.output
    [line] = [one for one in done.output.splitlines() if one]
    return line


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("--embed winnner", 2, "did you mean 'winner'"),
        ("--embed card={winner},{yeer}", 2, "did you mean 'year'"),
        ("--columns yeer=text", 2, "did you mean 'year'"),
        ("--clean rename=yeer=x", 2, "did you mean 'year'"),
        ("--copy key=cod --mode merge", 2, "did you mean 'code'"),
        ("--fresh lod", 2, "did you mean 'load'"),
        ("--max-rejects many", 2, "write a number of rows"),
        ("--mode replce", 2, "replace"),
        ("--to own", 1, "is a folder"),
        ("--to notes.txt", 1, "is no DuckDB database"),
        ("--to cups.csv", 1, "is no DuckDB database"),
        ("--to notes.txt/x.duckdb", 1, "is a file"),
        ("--to own.duckdb", 1, "holds 1 row that this session did not load"),
        ("--to own.duckdb --mode create", 1, "use mode replace or append"),
        ("--to own.duckdb --table seen", 1, "is a view"),
        ("--to own.duckdb --table a.b.c", 2, "is no table name"),
        ("--out notes.txt", 1, "is a file"),
        ("--out own", 1, "holds 'notes.txt'"),
        ("--out notes.txt/x", 1, "is a file"),
    ],
)
def test_an_argument_is_checked_before_work_begins(options: str, code: int, words: str) -> None:
    before = sorted(map(str, Path().rglob("*")))
    assert words in run("ingest", "cups.csv", *options.split(), code=code)
    assert sorted(map(str, Path().rglob("*"))) == before
    assert Path("notes.txt").read_text() == "mine"
    with duckdb.connect("own.duckdb", read_only=True) as connection:
        assert connection.execute("FROM cups").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("options", "words"),
    [("--fresh rad", "--fresh names no step"), ("--max-rejects 2%%", "a number of rows")],
)
def test_a_recipe_is_checked_before_it_is_begun(options: str, words: str) -> None:
    Path("own.py").write_text(RECIPE)
    assert words in run("run", "own.py", *options.split(), code=2)
    assert not Path("sessions").exists()


def test_a_step_that_a_recipe_names_may_be_made_fresh() -> None:
    Path("own.py").write_text(RECIPE)
    for _ in range(2):
        done = CliRunner().invoke(app, ["run", "own.py", "--fresh", "read it"])
        assert done.exit_code == 0, done.output
    assert "from the cache" not in done.output


def test_columns_of_other_formats_are_known_too() -> None:
    Path("cups.jsonl").write_text('{"Home Team": "Italy"}\n{"Home Team": "Peru", "goals": 2}\n')
    told = run("ingest", "cups.jsonl", "--embed", "hometeam", code=2)
    assert "did you mean 'home_team'" in told
    assert not Path("sessions").exists()
