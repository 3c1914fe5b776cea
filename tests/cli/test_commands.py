from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run
from tests.conftest import ROOT


def one_error(done: object, code: int) -> str:
    """The single line that a failed command prints."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def test_ingest_ends_with_a_table_that_can_be_queried_as_printed(
    dreambolt: Run, cups: Path, tmp_path: Path
) -> None:
    done = dreambolt("ingest", "cups.csv", "--embed", "winner", "--columns", "year=int32")
    assert done.returncode == 0, done.stderr
    assert "3 read - 0 rejected = 3 written" in done.stdout
    rows = duckdb.connect(str(tmp_path / "out/cups.duckdb"), read_only=True).execute(
        "SELECT year, winner, code, typeof(year), typeof(winner_embedding) FROM cups ORDER BY 1"
    )
    assert rows.fetchall() == [
        (1930, "Uruguay", "007", "INTEGER", "FLOAT[384]"),
        (1934, "Italy", "008", "INTEGER", "FLOAT[384]"),
        (1938, "Italy", None, "INTEGER", "FLOAT[384]"),
    ]
    block = done.stdout.split("try next:\n")[1].split("\n\n")[0]
    lines = [line.split(" -m dreambolt_steps ")[1] for line in block.strip().split("\n")]
    assert lines == [
        "query out/cups.duckdb 'SELECT winner, count(*) AS n FROM cups GROUP BY ALL "
        "ORDER BY n DESC LIMIT 5'",
        "search out/cups.duckdb hello",
        "report cups --open",
    ]
    for line in lines[:2]:
        again = dreambolt(*shlex.split(line))
        assert again.returncode == 0, again.stderr
        assert "Italy" in again.stdout
    assert dreambolt("report", "cups").stdout == "sessions/cups/report.html\n"
    assert "Italy" in dreambolt("search", "hello").stdout
    files = list((tmp_path / "out/cups").glob("*.parquet"))
    metadata = pq.read_schema(files[0]).metadata or pq.read_metadata(files[0]).metadata
    assert b"all-MiniLM-L6-v2" in metadata[b"dreambolt.embedding_model"]
    resumed = dreambolt("ingest", "cups.csv", "--embed", "winner", "--columns", "year=int32")
    assert resumed.stdout.count("from the cache") == 10


def test_one_run_id_is_in_every_event_and_in_what_the_run_leaves(
    dreambolt: Run, cups: Path, tmp_path: Path
) -> None:
    done = dreambolt("ingest", "cups.csv", "--json-logs")
    events = [json.loads(line) for line in done.stdout.strip().split("\n")]
    (run_id,) = {event["run_id"] for event in events}
    finished = [event for event in events if event["event"] == "finish"]
    assert [event["step"] for event in finished] == ["load", "clean", "export", "copy into"]
    assert {event["rows_out"] for event in finished} == {3}
    assert {event["made_by_run"] for event in finished} == {run_id}
    assert events[0]["event"] == "run_started"
    assert events[0]["command"].endswith("ingest cups.csv --json-logs")
    last = events[-1]
    assert (last["event"], last["status"], last["exit_code"]) == ("run_finished", "done", 0)
    assert (last["rows_read"], last["rows_rejected"], last["rows_written"]) == (3, 0, 3)
    assert (tmp_path / last["report"]).is_file()
    kept = json.loads((tmp_path / "sessions/cups/clean/receipt.json").read_text())
    assert kept["run_id"] == run_id
    database = duckdb.connect(str(tmp_path / "out/cups.duckdb"), read_only=True)
    (record,) = database.execute("SELECT metadata['run_id'] FROM _dreambolt_loads").fetchall()
    assert record == (run_id,)
    again = dreambolt("ingest", "cups.csv")
    assert f"run: {run_id}" not in again.stdout
    assert json.loads((tmp_path / "sessions/cups/clean/receipt.json").read_text()) == kept


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["nowhere.csv"], 2, "MissingSourceError"),
        (["cups.csv", "--mode", "apend"], 2, "UsageError"),
        (["cups.csv", "--columns", "winner=int8", "--max-rejects", "0"], 1, "RejectLimitError"),
    ],
)
def test_an_error_is_an_event_too(
    dreambolt: Run, cups: Path, arguments: list[str], code: int, kind: str
) -> None:
    done = dreambolt("ingest", *arguments, "--json-logs")
    assert done.returncode == code
    events = [json.loads(line) for line in done.stdout.strip().split("\n")]
    error, last = events[-2:]
    assert (error["event"], error["level"], error["error"]) == ("error", "error", kind)
    assert done.stderr == f"error: {error['message']}\n"
    assert (last["event"], last["status"]) == ("run_finished", "failed")
    assert error["exit_code"] == last["exit_code"] == code


def test_a_dry_run_writes_nothing_outside_the_session(
    dreambolt: Run, cups: Path, tmp_path: Path
) -> None:
    done = dreambolt("ingest", "cups.csv", "--dry-run")
    assert "would write 3 rows to out/cups" in done.stdout
    assert "would make table cups in out/cups.duckdb" in done.stdout
    assert not (tmp_path / "out").exists()
    assert dreambolt("ingest", "cups.csv").stdout.count("holds 3 rows") == 2


def test_a_preview_writes_nothing_at_all(dreambolt: Run, cups: Path, tmp_path: Path) -> None:
    done = dreambolt("preview", "cups.csv", "--rows", "2")
    assert done.returncode == 0, done.stderr
    assert "Uruguay" in done.stdout
    assert "1938" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["cups.csv"]


def test_inspect_tells_rows_and_types(dreambolt: Run, cups: Path) -> None:
    told = dreambolt("inspect", "cups.csv").stdout
    assert "3 rows, 0 rejected, 3 columns" in told
    assert "int16" in told


def test_status_names_credentials_and_never_shows_them(dreambolt: Run) -> None:
    told = dreambolt(
        "status", OPENAI_API_KEY="sk-very-secret", OPENAI_BASE_URL="http://127.0.0.1:9"
    )
    assert "OPENAI_API_KEY: present" in told.stdout
    assert "FIREBOLT_CLIENT_ID: missing" in told.stdout
    assert "127.0.0.1:9 not reachable" in told.stdout
    assert "very-secret" not in told.stdout + told.stderr


def test_sessions_are_listed_shown_and_collected(dreambolt: Run, cups: Path) -> None:
    dreambolt("ingest", "cups.csv")
    cups.write_text(cups.read_text() + "1950,Uruguay,010\n")
    dreambolt("ingest", "cups.csv")
    assert "sessions/cups" in dreambolt("session", "ls").stdout
    assert "4 superseded results" in dreambolt("session", "show", "sessions/cups").stdout
    assert "would be freed" in dreambolt("session", "gc", "sessions/cups", "--dry-run").stdout
    asked = dreambolt("session", "gc", "sessions/cups")
    assert "say --yes" in one_error(asked, 2)
    assert "1 superseded result of clean" in asked.stdout
    assert "4 superseded results" in dreambolt("session", "show", "sessions/cups").stdout
    assert "freed" in dreambolt("session", "gc", "sessions/cups", "--yes").stdout
    assert "nothing to delete" in dreambolt("session", "gc", "sessions/cups").stdout
    assert "0 superseded results" in dreambolt("session", "show", "sessions/cups").stdout


HEAVY = "{'datadreamer', 'torch', 'transformers', 'datasets', 'sklearn', 'scipy'}"
PROBE = """
import sys
from dreambolt_steps.cli.app import app
for command in {commands}:
    try:
        app(command, prog_name="dreambolt")
    except SystemExit as end:
        assert not end.code, (command, end.code)
print("heavy:", sorted({heavy} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("commands", "heavy"),
    [
        ([["--help"]], HEAVY[:-1] + ", 'duckdb', 'pyarrow', 'numpy'}"),
        (
            [
                ["report"],
                ["rejects", "cups", "--format", "csv"],
                ["diff", "cups.csv", "sessions/cups/rows.csv"],
                ["doctor"],
                ["session", "ls"],
            ],
            HEAVY,
        ),
    ],
    ids=["help", "after a run"],
)
def test_commands_import_nothing_that_they_do_not_need(
    cups: Path, tmp_path: Path, commands: list[list[str]], heavy: str
) -> None:
    session = tmp_path / "sessions/cups"
    (session / "load").mkdir(parents=True)
    (session / "load/step.json").write_text("{}")
    (session / "report.html").write_text("<html>")
    (session / "rows.csv").write_text(cups.read_text())
    probe = PROBE.format(commands=commands, heavy=heavy)
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env=env | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("heavy: []")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ingest", "missing.csv"], 2, "missing.csv"),
        (["ingest", "*.none"], 2, "*.none"),
        (["ingest", "empty.csv"], 1, "empty"),
        (["ingest", "folder"], 2, "folder"),
        (["ingest", "picture.csv"], 1, "picture.csv"),
        (["ingest", "torn.parquet"], 1, "torn.parquet"),
        (["ingest", "s3://bucket/x.csv"], 1, "AWS_ACCESS_KEY_ID"),
        (["ingest", "cups.csv", "--columns", "year"], 2, "name=type"),
        (["ingest", "cups.csv", "--columns", "year=number"], 2, "unknown type"),
        (["ingest", "cups.csv", "--columns", "yeer=text"], 2, "yeer"),
        (["ingest", "cups.csv", "--embed", "winnner"], 2, "did you mean 'winner'?"),
        (["ingest", "cups.csv", "--synth", "3"], 2, "--llm"),
        (["ingest", "cups.csv", "--synth", "3", "--llm", "gpt-4o"], 1, "OPENAI_API_KEY"),
        (["ingest", "cups.csv", "--fresh", "lod"], 2, "lod"),
        (["steps", "LoadTabel"], 2, "did you mean 'LoadTable'"),
        (["ingest", "cups.csv", "--fresh", "claen"], 2, "did you mean 'clean'?"),
        (["ingest", "cups.csv", "--clean", "drop=Winer"], 2, "did you mean 'winner'?"),
        (["ingest", "cups.csv", "--columns", "year=integr"], 2, "did you mean 'int"),
        (["ingest", "cups.csv", "--load", "file_format=cvs"], 2, "did you mean 'csv'?"),
        (["ingest", "cups.csv", "--mode", "apend"], 2, "did you mean 'append'?"),
        (["ingest", "cups.csv", "--engine", "loca"], 2, "did you mean 'local'?"),
        (["session", "show", "nowhere"], 2, "is no session"),
        (["query", "nowhere.duckdb", "SELECT 1"], 2, "nowhere.duckdb"),
        (["run", "nowhere.py"], 2, "nowhere.py"),
    ],
)
def test_mistakes_get_one_line_and_leave_nothing_behind(
    dreambolt: Run, cups: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    (tmp_path / "torn.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    done = dreambolt(*arguments, OPENAI_API_KEY="")
    assert words in one_error(done, code)
    assert not (tmp_path / "out").exists() or "fresh" in str(arguments)


def test_usage_errors_exit_with_2(dreambolt: Run) -> None:
    assert dreambolt("run").returncode == 2
    assert dreambolt("fly").returncode == 2
    assert dreambolt("ingest", "x.csv", "--synth", "many").returncode == 2


def test_an_existing_table_of_another_schema_is_not_touched(
    dreambolt: Run, cups: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    connection = duckdb.connect(str(tmp_path / "out/cups.duckdb"))
    connection.execute("CREATE TABLE cups AS SELECT 1 AS other")
    connection.close()
    assert "cups" in one_error(dreambolt("ingest", "cups.csv", "--mode", "create"), 1)
    assert "other" in one_error(dreambolt("ingest", "cups.csv", "--mode", "append"), 1)
    connection = duckdb.connect(str(tmp_path / "out/cups.duckdb"), read_only=True)
    assert connection.execute("SELECT * FROM cups").fetchall() == [(1,)]
