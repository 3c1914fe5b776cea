"""Where things are written: homes, schemes, patterns in names, names that differ in case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dreambolt_steps.cli.app import app
from dreambolt_steps.errors import UsageError
from dreambolt_steps.session.session import open_session
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.duckdb.connection import find_path
from dreambolt_steps.warehouses.protocol import open_warehouse


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home, with an empty folder in it as the working one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("cups.csv").write_text("year,winner\n1930,Uruguay\n1934,Italy\n")
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


def count_rows(path: Path, table: str = "cups") -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0])


def test_a_home_is_a_home_everywhere(home: Path) -> None:
    places = ["--to", "~/x.duckdb", "--out", "~/files", "--session", "~/kept"]
    run("ingest", "cups.csv", *places)
    assert count_rows(home / "x.duckdb") == 2
    assert len(list((home / "files").glob("*.parquet"))) == 1
    assert (home / "kept" / "load" / "step.json").is_file()
    assert sorted(path.name for path in Path().iterdir()) == ["cups.csv"]
    run("ingest", "~/work/cups.csv", *places)
    assert "Italy" in run("query", "~/x.duckdb", "FROM cups")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("duckdb:///out/x.duckdb", "work/out/x.duckdb"),
        ("duckdb://out/x.duckdb", "work/out/x.duckdb"),
        ("duckdb:out/x.duckdb", "work/out/x.duckdb"),
        ("duckdb:///~/x.duckdb", "x.duckdb"),
        ("./md:x", "work/md:x"),
        ("out/a:b.duckdb", "work/out/a:b.duckdb"),
    ],
)
def test_a_database_by_its_scheme_is_that_of_its_path(home: Path, written: str, path: str) -> None:
    assert find_path(written) == home / path
    run("ingest", "cups.csv", "--to", written)
    assert count_rows(home / path) == 2
    assert "2" in run("query", written, "SELECT count(*) FROM cups")


def test_four_slashes_make_a_path_absolute(home: Path) -> None:
    assert find_path(f"duckdb:///{home}/x.duckdb") == home / "x.duckdb"


@pytest.mark.parametrize(
    "target",
    [
        "md:x",
        "motherduck:x",
        "postgresql://host/db",
        "snowflake://a",
        "s3://bucket/x.duckdb",
        "firebolt:lake",
        "file:///x.duckdb",
        "duckdb:///x?access_mode=read_only",
        ":memory:",
        "duckdb:",
    ],
)
def test_a_target_of_an_unknown_scheme_is_refused(target: str, home: Path) -> None:
    before = sorted(home.rglob("*"))
    told = run("ingest", "cups.csv", "--to", target, code=2)
    assert len(told.strip().splitlines()) == 1
    run("query", target, "SELECT 1", code=2)
    with pytest.raises(UsageError):
        open_warehouse(target).holds_load("t", "x")
    assert sorted(home.rglob("*")) == before


def test_exports_and_sessions_are_paths_too(home: Path) -> None:
    import pyarrow as pa

    before = sorted(home.rglob("*"))
    assert "s3:" in run("ingest", "cups.csv", "--out", "s3://bucket/x", code=2)
    run("ingest", "cups.csv", "--session", "gs://bucket/x", code=2)
    with pytest.raises(UsageError, match="no path of an export"):
        write_parquet(pa.table({"a": [1]}).to_reader(), "s3://bucket/x.parquet")
    with pytest.raises(UsageError, match="no path of a session"), open_session("md:x"):
        pass
    assert sorted(home.rglob("*")) == before


def test_patterns_in_names_are_no_patterns(home: Path) -> None:
    for name in ("a[1]", "b*", "c?"):
        place = Path(name)
        place.mkdir()
        (place / f"{name}.csv").write_text("year,winner\n1930,Uruguay\n")
        words = ["--to", f"{name}/x.duckdb", "--out", f"{name}/files", "--session", f"{name}/s"]
        if "?" in name:
            for target in ("c?/x.duckdb", "q?.duckdb"):
                told = run("ingest", "cups.csv", "--to", target, code=2)
                assert "give one without" in told
            words[1] = "c.duckdb"
        told = run("ingest", f"{name}/{name}.csv", *words, "--table", name)
        assert count_rows(Path(words[1]), name) == 1, told
        assert len(list((place / "files").iterdir())) == 2
        again = run("ingest", f"{name}/{name}.csv", *words, "--table", name)
        assert "Uruguay" in run("query", words[1], f'FROM "{name}"')
        assert "error" not in again
        loaded = run("ingest", f"{name}/files", "--to", f"{words[1]}.y", "--out", f"{name}/g")
        assert "holds 1 row" in loaded


def test_duckdb_names_are_one_whatever_their_case(home: Path) -> None:
    run("ingest", "cups.csv", "--to", "x.duckdb", "--table", "Cups")
    Path("cups.csv").write_text("year,winner\n1930,Uruguay\n1934,Italy\n1938,Italy\n")
    run("ingest", "cups.csv", "--to", "x.duckdb", "--table", "CUPS")
    assert count_rows(Path("x.duckdb")) == 3
    Path("cups.csv").write_text("year,winner\n1934,ITALY\n1950,Uruguay\n")
    merge = ["--mode", "merge", "--copy", "key=YEAR"]
    run("ingest", "cups.csv", "--to", "x.duckdb", "--table", "cups", *merge)
    with duckdb.connect("x.duckdb", read_only=True) as connection:
        rows = connection.execute("FROM cups ORDER BY year").fetchall()
    assert rows == [(1930, "Uruguay"), (1934, "ITALY"), (1938, "Italy"), (1950, "Uruguay")]


def test_steps_of_one_folder_are_refused(session: Callable[..., Any]) -> None:
    from dreambolt_steps import LoadTable

    with session():
        LoadTable("load it", args={"source": "cups.csv"})
        with pytest.raises(UsageError, match=r"'Load-It' and step 'load it' would lie in the same"):
            LoadTable("Load-It", args={"source": "cups.csv"})
