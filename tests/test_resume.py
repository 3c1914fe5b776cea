"""Recipes killed in the middle of each step, and everything that has to run again afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.standins.warm_command import WarmCommand

STEPS = ("load", "clean", "embed", "export", "copy-into")
RECIPE = """
from dreambolt_steps import (
    CleanTable, CopyIntoDuckDB, EmbedColumns, ExportParquet, LoadTable, columns,
)


def recipe(source: str, columns_to_embed: list[str] = ["name"], batch: int = 100_000) -> None:
    raw = LoadTable("load", args={"source": source})
    clean = CleanTable("clean", inputs=columns(raw))
    vectors = EmbedColumns("embed", inputs=columns(clean), args={"columns": columns_to_embed})
    args = {"path": "out/files", "row_group_rows": batch}
    files = ExportParquet("export", inputs=columns(vectors), args=args)
    args = {"database": "out/t.duckdb", "table": "t", "mode": "append"}
    CopyIntoDuckDB("copy into", inputs=columns(files), args=args)
"""
ROWS = 12_000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "rows.csv"
    draw = random.Random(7)
    lines = [f"{row},name {draw.randrange(600)},{draw.random():.4f} " for row in range(ROWS)]
    path.write_text("Row Id,Name,Value\n" + "\n".join(lines) + "\n")
    return path


def start(folder: Path, source: Path, *more: str) -> WarmCommand:
    (folder / "r.py").write_text(RECIPE)
    command = ["run", "r.py", "--json-logs", "--set", f"source={source}", "--session", "s", *more]
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    return WarmCommand(command, folder, env)


def finish(folder: Path, source: Path, *more: str) -> dict[str, bool]:
    """Run to the end. Returns: step -> whether it came from the cache."""
    child = start(folder, source, *more)
    out, err = child.communicate(timeout=300)
    assert child.returncode == 0, err
    events = [json.loads(line) for line in out.strip().split("\n")]
    return {event["step"]: event["resumed"] for event in events if event["event"] == "finish"}


def check_result(folder: Path, rows: int = ROWS) -> None:
    """All rows once, in the files and in the table, and nothing else left behind."""
    connection = duckdb.connect(str(folder / "out/t.duckdb"), read_only=True)
    found = connection.execute(
        "SELECT count(*), count(DISTINCT row_id), sum(row_id), count(name_embedding) FROM t"
    ).fetchone()
    assert found == (rows, rows, sum(range(rows)), rows)
    files = sorted((folder / "out/files").glob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == rows
    left = [p.name for p in folder.rglob("*") if "partial" in p.name or ".dreambolt-" in p.name]
    assert left == []
    assert sorted(p.name for p in (folder / "out").iterdir()) == ["files", "t.duckdb"]
    spools = [str(p) for p in (folder / "s").rglob("*") if p.name in (".table.arrow", "spool")]
    assert spools == []


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("delay", [0.0, 0.08])
def test_a_run_killed_inside_any_step_ends_like_one_that_was_not(
    tmp_path: Path, source: Path, step: str, delay: float
) -> None:
    child = start(tmp_path, source)
    name = step.replace("-", " ")
    before = []
    assert child.stdout is not None
    for line in child.stdout:
        event = json.loads(line)
        if event["event"] == "finish":
            before.append(event["step"])
        if event["event"] == "start" and event["step"] == name:
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            break
    assert child.wait(timeout=240) == -signal.SIGKILL
    resumed = finish(tmp_path, source)
    assert {done: resumed[done] for done in before} == dict.fromkeys(before, True)
    check_result(tmp_path)


@pytest.mark.slow
def test_exactly_the_steps_below_a_change_run_again(tmp_path: Path, source: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = source.read_text().split("\n")[:2001]
    path.write_text("\n".join(lines) + "\n")
    assert finish(tmp_path, path) == dict.fromkeys(
        ("load", "clean", "embed", "export", "copy into"), False
    )
    check_result(tmp_path, 2000)
    assert set(finish(tmp_path, path).values()) == {True}

    changed = finish(tmp_path, path, "--set", "batch=500")
    assert changed == {
        "load": True, "clean": True, "embed": True, "export": False, "copy into": False,
    }  # fmt: skip
    assert set(finish(tmp_path, path).values()) == {True, False}

    for file in (tmp_path / "out/files").glob("*.parquet"):
        file.unlink()
    assert finish(tmp_path, path)["export"] is False
    (tmp_path / "out/t.duckdb").unlink()
    again = finish(tmp_path, path)
    assert (again["embed"], again["copy into"]) == (True, False)
    check_result(tmp_path, 2000)

    (tmp_path / "s/clean/step.json").write_text('{"finger')
    healed = finish(tmp_path, path)
    assert (healed["load"], healed["clean"], healed["embed"]) == (True, False, True)

    os.utime(path)
    assert set(finish(tmp_path, path).values()) == {True}
    path.write_text("\n".join(lines[:1001]) + "\n")
    assert set(finish(tmp_path, path).values()) == {False}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_to_resume(
    tmp_path: Path, source: Path, number: signal.Signals
) -> None:
    child = start(tmp_path, source)
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "start" and '"embed"' in line:
            child.send_signal(number)
            break
    _, err = child.communicate(timeout=240)
    assert child.returncode == 130
    assert err.startswith("interrupted; finished steps are kept, the same command resumes: ")
    assert "run r.py --json-logs" in err
    assert finish(tmp_path, source)["load"] is True
    check_result(tmp_path)
