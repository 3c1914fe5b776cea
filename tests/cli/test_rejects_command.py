from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app
from dreambolt_steps.log import Receipt
from dreambolt_steps.session.step_cache import write_receipt
from dreambolt_steps.tables.rejects.schema import Reject, build_rejects

LOADED = [Reject("a.csv", 4, 42, None, None, "4 fields where the table has 3", "3,c,[d],e")]
CLEANED = [
    Reject("a.csv", line, None, "day", f"2020-13-{line}", "not a value of type date", "raw")
    for line in range(30)
] + [Reject("a.csv", 99, None, "id", "x", "Not a number", "raw")]


def keep(folder: Path, step: str, rejects: Sequence[Reject]) -> None:
    folder.mkdir(parents=True)
    (folder / "step.json").write_text("{}")
    write_receipt(folder, Receipt(step, "CleanTable"))
    if rejects:
        pq.write_table(build_rejects(rejects), folder / "rejects.parquet")


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(Path("sessions/a/load"), "load", LOADED)
    keep(Path("sessions/a/clean"), "clean's", CLEANED)
    keep(Path("sessions/a/_backups/clean/old"), "clean's", CLEANED)
    keep(Path("sessions/none/load"), "load", [])


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["rejects", *arguments])


def test_a_pipe_gets_every_row_whole() -> None:
    done = run("a")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.rstrip("\n").split("\n")
    assert lines[0].split() == (
        ["step", "file", "line", "column", "value", "reason", "kept", "raw", "byte_offset", "row"]
    )
    assert len(lines) == 1 + 30 + 1 + 1


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--reason", "NUMBER"], [99]),
        (["--reason", "day: not"], list(range(30))),
        (["--step", "load"], [4]),
        (["--step", "load", "--reason", "fields"], [4]),
        (["--limit", "2", "--step", "clean's"], [0, 1]),
    ],
)
def test_rejects_are_chosen_by_step_and_reason(arguments: list[str], lines: list[int]) -> None:
    done = run("a", *arguments, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [int(row["line"]) for row in found] == lines


def test_counts_by_reason_are_written_in_any_format(tmp_path: Path) -> None:
    done = run("a", "--by-reason", "--format", "json")
    assert [(row["rejects"], row["column"]) for row in json.loads(done.stdout)] == [
        (30, "day"),
        (1, None),
        (1, "id"),
    ]
    done = run("a", "-o", "all.parquet")
    assert done.stderr == "32 rows in all.parquet\n"
    assert pq.read_table(tmp_path / "all.parquet")["raw"].to_pylist().count("3,c,[d],e") == 1


def test_a_session_without_rejects_gives_the_names_of_the_columns_alone() -> None:
    done = run("none", "--format", "csv")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert run("none", "--format", "jsonl").stdout == ""


def test_a_terminal_gets_counts_and_the_first_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    from dreambolt_steps.cli.result_output import ResultOutput

    monkeypatch.setattr(ResultOutput, "is_screen", property(lambda self: True))
    told = run("a").stdout
    assert told.startswith("32 rejects in sessions/a\n")
    assert "20 of 32 rows; --limit N shows more, -o FILE writes all" in told
    assert "byte_offset" not in told  # of no row that is shown
    assert run("none").stdout == "no rejects in sessions/none\n"
    assert run("a", "--by-reason").stdout.split("\n")[1].split()[:2] == ["30", "day"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["b"], "no session 'b'"),
        (["a", "--step", "laod"], "--step laod: no step of sessions/a; did you mean 'load'?"),
        (["a", "--reason", "frob"], "--reason frob: no such reason; there are day: not a value"),
        (["a", "--format", "cvs"], "did you mean 'csv'?"),
    ],
)
def test_names_that_are_none_are_usage_errors(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
