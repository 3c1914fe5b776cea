"""Contracts on the command line: saved, edited, held to."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app

ROWS = "Id,Team\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(1, 41))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text(ROWS)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, list(arguments))


def test_a_saved_contract_is_kept_by_its_file_and_broken_by_another() -> None:
    saved = call("inspect", "people.csv", "--save-contract", "c/people.contract.yaml")
    assert saved.exit_code == 0, saved.stderr
    assert "contract: c/people.contract.yaml" in saved.stdout
    assert "ingest people.csv --contract c/people.contract.yaml" in saved.stdout
    held = ["ingest", "people.csv", "--contract", "c/people.contract.yaml"]
    done = call(*held)
    assert done.exit_code == 0, done.stderr
    assert "40 read - 0 rejected = 40 written" in done.stdout
    assert "quality of clean: 100.0 of 100" in done.stdout
    assert "report: sessions/people/report.html" in done.stdout
    Path("people.csv").write_text(ROWS + "41,a\n3,b\n7,c\nx,a\n")
    done = call(*held)
    assert done.exit_code == 0, done.stderr
    assert "44 read - 4 rejected = 40 written" in done.stdout
    assert "rejects of all steps: out/people.rejects.parquet" in done.stdout
    found = duckdb.sql(
        "select row, value, reason from 'out/people.rejects.parquet' order by row"
    ).fetchall()
    assert [(row, value) for row, value, _ in found] == [
        (41, "41"),
        (42, "3"),
        (43, "c"),
        (44, "x"),
    ]
    page = Path("sessions/people/report.html").read_text()
    assert "greater than the contract&#39;s max 40" in page


def test_a_frozen_contract_stops_with_code_1_and_nothing_is_loaded() -> None:
    Path("c.yaml").write_text(
        "contract: 1\nmodes: freeze\ncolumns:\n  id: {type: int8, max: 39}\n  team:\n"
    )
    done = call("ingest", "people.csv", "--contract", "c.yaml")
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "c.yaml freezes this: column 'id', row 40 (from people.csv): '40' is greater" in line
    assert not Path("out").exists()


def test_what_is_wrong_with_a_contract_is_told_before_anything_is_made() -> None:
    Path("c.yaml").write_text("contract: 1\ncolumns:\n  id: {typ: int8}\n")
    done = call("ingest", "people.csv", "--contract", "c.yaml")
    assert done.exit_code == 2
    assert "c.yaml line 3: columns.id.typ: unknown key; did you mean 'type'?" in done.stderr
    assert not Path("sessions").exists()


def test_an_edited_contract_is_never_overwritten() -> None:
    Path("c.yaml").write_text("mine")
    done = call("inspect", "people.csv", "--save-contract", "c.yaml")
    assert done.exit_code == 2
    assert "c.yaml: is there already; move it or name another file" in done.stderr
    assert Path("c.yaml").read_text() == "mine"


def test_drift_is_told_once() -> None:
    call("ingest", "people.csv")
    Path("people.csv").write_text(ROWS[: len(ROWS) // 3])
    done = call("ingest", "people.csv")
    assert "major  clean: 40 rows before, " in done.stdout
    assert "rows before, " not in call("ingest", "people.csv").stdout


@pytest.mark.parametrize(
    ("modes", "copy", "told"),
    [
        ("evolve", [], None),
        ("evolve", ["--copy", "evolve=no"], "'more' is only in the files"),
        ("{columns: freeze, data_type: freeze}", [], "more"),
    ],
)
def test_a_table_changes_as_its_contract_lets_it(
    modes: str, copy: list[str], told: str | None
) -> None:
    columns = "columns:\n  id: {type: int8}\n  team:\n"
    Path("c.yaml").write_text(f"contract: 1\nmodes: {modes}\n{columns}")
    Path("days").mkdir()
    Path("days/1.csv").write_text("id,team\n1,a\n")
    ingest = ["ingest", "days/*.csv", "--contract", "c.yaml", "--mode", "append", *copy]
    first = call(*ingest)
    assert first.exit_code == 0, first.stderr
    Path("days/2.csv").write_text("id,team,more\n300,a,x\n")
    second = call(*ingest)
    if told is not None:
        assert second.exit_code == 1
        assert told in second.stderr
        return
    assert second.exit_code == 0, second.stderr
    found = call("query", "out/days.duckdb", "SELECT id, more FROM days ORDER BY 1")
    assert found.stdout.split() == ["id", "more", "1", "NULL", "300", "x"]
