"""Folders that grow: what is read again, what is said, what a table holds, through any kill."""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
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
from dreambolt_steps.errors import SourceError, UsageError, WarehouseError
from dreambolt_steps.session.fast_import import import_datadreamer
from dreambolt_steps.session.session_store import collect_superseded
from dreambolt_steps.sources.journal import Journal
from tests.conftest import ROOT
from tests.sources.test_known_hashes import count_read_bytes
from tests.standins.counting_proxy import count_requests
from tests.standins.warm_command import run_command
from tests.standins.warm_process import finish_process, kill_when, start_process


def write_file(folder: Path, name: str, ids: range | list[int], word: str = "x") -> None:
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{row},{word}{row}\n" for row in ids)
    (folder / name).write_text(f"id,name\n{rows}")


def read_ids(step: Any) -> list[int]:
    return sorted(int(value) for value in step.output.dataset["id"])


def list_parts(folder: Path) -> dict[str, tuple[int, int]]:
    """The parts a session keeps, each with what would show that it was written again."""
    found = (folder / "session/_files/parts").glob("*.arrow")
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def list_journals(folder: Path) -> list[Path]:
    return sorted((folder / "session/_files/journals").glob("**/*.json"))


def test_only_new_and_changed_files_are_read_again(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    for number in range(4):
        write_file(source, f"{number}.csv", [number])
    args = {"source": str(source / "*.csv")}
    with session():
        assert read_ids(LoadTable("load", args=args)) == [0, 1, 2, 3]
    before = list_parts(tmp_path)
    assert len(before) == 4

    write_file(source, "1.csv", [10, 11])
    write_file(source, "9.csv", [9])
    (source / "3.csv").unlink()
    with session():
        step = LoadTable("load", args=args)
        assert read_ids(step) == [0, 2, 9, 10, 11]
        told = "4 files: 1 new, 1 changed, 2 as before, 1 deleted; 2 from the cache"
        assert step.receipt.notes[0] == told
        report = step.receipt.report["files"]
        assert report["deleted"] == [{"uri": str(source / "3.csv"), "rows": 1}]
        assert report["new"] == [str(source / "9.csv")]
        assert report["changed"] == [str(source / "1.csv")]
        assert step.receipt.rows_in == step.receipt.rows_out == 5
    after = list_parts(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == 6

    with session():
        step = LoadTable("load", args=args)
        assert step._resumed
        assert step.receipt.notes[0] == "4 files: 4 as before"


def test_a_deletion_is_told_with_the_rows_that_went(
    session: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in"
    for number in range(6):
        write_file(source, f"{number}.csv", range(number * 10, number * 10 + 10))
    args = {"source": str(source) + "/*"}
    with session():
        LoadTable("load", args=args)
    for number in range(1, 6):
        (source / f"{number}.csv").unlink()
    with session():
        assert read_ids(LoadTable("load", args=args)) == list(range(10))
    told = "load: deleted since the last run: 1.csv, 2.csv, 3.csv and 2 more (50 rows)"
    assert told in [record.message for record in caplog.records]


def test_what_an_earlier_run_knew_comes_back_with_its_files(
    session: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", [2])
    args = {"source": str(source) + "/*"}
    with session():
        LoadTable("load", args=args)
    write_file(source, "c.csv", [3])
    with session():
        LoadTable("load", args=args)
    (source / "c.csv").unlink()
    with session():
        step = LoadTable("load", args=args)
        assert step._resumed
        assert read_ids(step) == [1, 2]
        assert step.receipt.notes[0] == "2 files: 2 as before, 1 deleted"
    assert "load: deleted since the last run: c.csv (1 rows)" in caplog.messages


def test_objects_that_are_known_are_not_fetched_again(
    session: Callable[..., Any],
    tmp_path: Path,
    s3: Any,
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("a", "b", "c"):
        s3.pipe_file(f"s3://bucket/grow/{name}.csv", f"id\n{ord(name)}\n".encode())
    args = {"source": "s3://bucket/grow/*.csv"}
    with count_requests(s3_endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with session():
            LoadTable("load", args=args)
        assert proxy.reads == {f"/bucket/grow/{name}.csv": 1 for name in "abc"}
        s3.pipe_file("s3://bucket/grow/b.csv", b"id\n1\n")
        s3.pipe_file("s3://bucket/grow/d.csv", b"id\n2\n")
        s3.rm_file("s3://bucket/grow/c.csv")
        proxy.forget()
        with session():
            step = LoadTable("load", args=args)
            assert read_ids(step) == [1, 2, 97]
            told = "3 files: 1 new, 1 changed, 1 as before, 1 deleted; 1 from the cache"
            assert step.receipt.notes[0] == told
        assert proxy.reads == {f"/bucket/grow/{name}.csv": 1 for name in "bd"}
        proxy.forget()
        with session():
            assert LoadTable("load", args=args)._resumed
        assert proxy.reads == {}
    assert not any(tmp_path.glob("session/load/run_output/spool"))


def test_a_source_of_one_file_keeps_no_parts(session: Callable[..., Any], tmp_path: Path) -> None:
    write_file(tmp_path / "in", "a.csv", [1, 2])
    with session():
        step = LoadTable("load", args={"source": str(tmp_path / "in/a.csv")})
        assert read_ids(step) == [1, 2]
        assert step.receipt.notes == []
    assert list_parts(tmp_path) == {}


def test_arguments_of_reading_decide_too(session: Callable[..., Any], tmp_path: Path) -> None:
    for name in "ab":
        write_file(tmp_path / "in", f"{name}.csv", [1])
    args: dict[str, Any] = {"source": str(tmp_path / "in/*.csv")}
    with session():
        LoadTable("load", args=args)
        step = LoadTable("without header", args=args | {"header": False})
        assert step.output.dataset["column_1"] == ["id", "1", "id", "1"]
        again = LoadTable("again", args=args)
        assert again.receipt.report["files"]["cached"] == 2


def test_gc_keeps_the_parts_of_the_last_runs(session: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", [2])
    args = {"source": str(source) + "/*"}
    with session():
        LoadTable("load", args=args)
    write_file(source, "b.csv", [3])
    with session():
        LoadTable("load", args=args)
    assert len(list_parts(tmp_path)) == 3
    freed = collect_superseded(tmp_path / "session", dry_run=True)
    assert len(list_parts(tmp_path)) == 3
    assert collect_superseded(tmp_path / "session") == freed > 0
    assert len(list_parts(tmp_path)) == 2
    write_file(source, "c.csv", [4])
    with session():
        step = LoadTable("load", args=args)
        assert read_ids(step) == [1, 3, 4]
        assert step.receipt.report["files"]["cached"] == 2


def test_a_dry_run_settles_nothing(session: Callable[..., Any], tmp_path: Path) -> None:
    from dreambolt_steps.dry_run import rehearse

    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", [2])
    with session(), rehearse():
        append_files(tmp_path, source)
    assert list_journals(tmp_path) == []
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]


def append_files(
    folder: Path,
    source: Path,
    mode: str = "append",
    only: str = "new",
    key: list[str] | None = None,
) -> Any:
    """Load, clean, export, and append what is new."""
    args: dict[str, Any] = {"source": f"{source}/*.csv", "only": only}
    loaded = step = LoadTable("load", args=args)
    step = CleanTable("clean", inputs=columns(step), args={"types": {"id": "int64"}})
    step = ExportParquet("export", inputs=columns(step), args={"path": str(folder / "out/t")})
    args = {"database": str(folder / "out/t.duckdb"), "table": "t", "mode": mode, "key": key or []}
    CopyIntoDuckDB("copy into", inputs=columns(step), args=args)
    return loaded


def append_and_fail(folder: Path, source: Path) -> None:
    append_files(folder, source)
    raise ZeroDivisionError  # such as a step below


def read_table(folder: Path, table: str = "t") -> list[int]:
    with duckdb.connect(str(folder / "out/t.duckdb"), read_only=True) as connection:
        rows = connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()
    return [row[0] for row in rows]


def test_append_takes_each_file_once(session: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1, 2])
    write_file(source, "b.csv", [3])
    for _ in range(2):
        with session():
            append_files(tmp_path, source)
        assert read_table(tmp_path) == [1, 2, 3]
    write_file(source, "c.csv", [4])
    (source / "a.csv").unlink()
    with session():
        step = append_files(tmp_path, source)
        assert read_ids(step) == [4]
        assert step.receipt.notes[0] == "2 files: 1 new, 1 as before, 1 deleted; 1 taken"
    assert read_table(tmp_path) == [1, 2, 3, 4]
    write_file(source, "a.csv", [1, 2])  # it is back, as it was
    write_file(source, "c.csv", [4, 5])
    with session():
        assert read_ids(append_files(tmp_path, source)) == [4, 5]
    assert read_table(tmp_path) == [1, 2, 3, 4, 4, 5]


def test_an_increment_goes_only_where_the_ones_before_are(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    with session():
        append_files(tmp_path, source)
    write_file(source, "b.csv", [2])
    (tmp_path / "out/t.duckdb").rename(tmp_path / "out/kept.duckdb")
    message = "table t does not hold the ones before"
    with pytest.raises(WarehouseError, match=message), session():
        append_files(tmp_path, source)
    with pytest.raises(WarehouseError, match="takes what is not in them for gone"), session():
        append_files(tmp_path, source, "snapshot", key=["id"])
    (tmp_path / "out/kept.duckdb").rename(tmp_path / "out/t.duckdb")
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]


def test_another_source_of_the_same_step_is_another_story(
    session: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_file(tmp_path / "one", "a.csv", [1])
    write_file(tmp_path / "two", "b.csv", [2])
    with session():
        append_files(tmp_path, tmp_path / "one")
    (tmp_path / "out/t.duckdb").unlink()
    with session():
        append_files(tmp_path, tmp_path / "two")
    assert read_table(tmp_path) == [2]
    assert "deleted" not in caplog.text
    assert len(list_journals(tmp_path)) == 2


def test_after_replace_append_goes_on_with_what_is_new(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", [2])
    with session():
        append_files(tmp_path, source, "replace", only="all")
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]
    write_file(source, "c.csv", [3])
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2, 3]
    (source / "a.csv").unlink()
    with session():
        append_files(tmp_path, source, "replace", only="all")
    assert read_table(tmp_path) == [2, 3]


def test_only_new_needs_somebody_who_sees_the_end_of_the_run(tmp_path: Path) -> None:
    write_file(tmp_path / "in", "a.csv", [1])
    session = import_datadreamer().DataDreamer(str(tmp_path / "session"), verbose=False)
    args = {"source": str(tmp_path / "in/*.csv"), "only": "new"}
    with pytest.raises(UsageError, match="works within `open_session` alone"), session:
        LoadTable("load", args=args)
    with (
        pytest.raises(UsageError, match='only is "some", a text; it takes "all"'),
        open_session(tmp_path / "other"),
    ):
        LoadTable("load", args=args | {"only": "some"})


def test_a_run_that_fails_below_is_finished_by_the_next(
    session: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    with session():
        append_files(tmp_path, source)
    write_file(source, "b.csv", [2])
    with pytest.raises(ZeroDivisionError), session():
        append_and_fail(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]
    write_file(source, "b.csv", [2, 3])
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]
    told = "load: this finishes a run that was interrupted; 1 newer files wait for the next run"
    assert told in caplog.messages
    with session():
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2, 2, 3]


def test_afresh_a_table_does_not_take_rows_of_an_interrupted_run_twice(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    with session():
        append_files(tmp_path, source)
    write_file(source, "b.csv", [2])
    with pytest.raises(ZeroDivisionError), session():
        append_and_fail(tmp_path, source)
    write_file(source, "c.csv", [3])
    with pytest.raises(WarehouseError, match="finish that run first"), session(fresh=["load"]):
        append_files(tmp_path, source)
    assert read_table(tmp_path) == [1, 2]


def test_rows_that_can_not_be_read_again_are_not_made_up(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", [2])
    with session():
        append_files(tmp_path, source)
    (source / "a.csv").unlink()
    with pytest.raises(SourceError, match="nothing is new"), session(fresh=["load"]):
        append_files(tmp_path, source)


def write_events(folder: Path, name: str, days: range, value: int = 0) -> None:
    """A Parquet file with one event a day, a day to a row group."""
    folder.mkdir(parents=True, exist_ok=True)
    start = dt.datetime(2026, 1, 1)
    when = pa.array([start + dt.timedelta(days=day) for day in days], pa.timestamp("us"))
    table = pa.table({"id": list(days), "when": when, "value": [value] * len(days)})
    pq.write_table(table, folder / name, row_group_size=1)


def load_events(folder: Path, since: str | None = "last", mode: str = "append", **more: Any) -> Any:
    args = {"source": str(folder / "in/*.parquet"), "since": since, "cursor": "when", **more}
    loaded = LoadTable("load", args=args)
    step = ExportParquet("export", inputs=columns(loaded), args={"path": str(folder / "out/t")})
    args = {"database": str(folder / "out/t.duckdb"), "table": "t", "mode": mode}
    CopyIntoDuckDB("copy into", inputs=columns(step), args=args)
    return loaded


def test_since_a_value_takes_the_rows_from_it_on(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    write_events(tmp_path / "in", "a.parquet", range(10))
    write_events(tmp_path / "in", "b.parquet", range(5, 15))
    with session():
        step = load_events(tmp_path, "2026-01-08")
        assert read_ids(step) == sorted([7, 8, 9, *range(7, 15)])
        assert step.receipt.rows_in == step.receipt.rows_out == 11
        assert "9 rows passed over by when >= 2026-01-08" in step.receipt.notes
        told = step.receipt.report["since"]
        assert (told["passed_over"], told["without_value"]) == (9, 0)
        assert told["largest"] == "2026-01-15 00:00:00.000000"
    with session():
        assert read_ids(load_events(tmp_path, "2026-01-15")) == [14]


def test_since_last_takes_each_row_once(session: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_events(source, "a.parquet", range(3))
    for _ in range(2):
        with session():
            load_events(tmp_path)
        assert read_table(tmp_path) == [0, 1, 2]
    write_events(source, "a.parquet", range(5))  # the file grew
    write_events(source, "b.parquet", range(1, 7))
    with session():
        step = load_events(tmp_path)
        assert "5 rows passed over by when > 2026-01-03 00:00:00.000000" in step.receipt.notes
    assert read_table(tmp_path) == [0, 1, 2, 3, 3, 4, 4, 5, 6]
    write_events(source, "c.parquet", range(2))  # nothing later
    with session():
        assert read_ids(load_events(tmp_path)) == []
    write_events(source, "d.parquet", range(6, 8))
    with session():
        assert read_ids(load_events(tmp_path)) == [7]
    assert read_table(tmp_path) == [0, 1, 2, 3, 3, 4, 4, 5, 6, 7]


def test_since_last_gives_the_same_rows_until_the_run_has_come_to_its_end(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_events(source, "a.parquet", range(3))
    with session():
        load_events(tmp_path)
    write_events(source, "a.parquet", range(5))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), session():
            load_and_fail(tmp_path)
        assert read_table(tmp_path) == [0, 1, 2, 3, 4]
    write_events(source, "a.parquet", range(6))
    with session():
        assert read_ids(load_events(tmp_path)) == [3, 4]
    with session():
        assert read_ids(load_events(tmp_path)) == [5]
    assert read_table(tmp_path) == [0, 1, 2, 3, 4, 5]


def load_and_fail(folder: Path) -> None:
    load_events(folder)
    raise ZeroDivisionError


def test_since_last_begins_where_a_value_was_told(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_events(source, "a.parquet", range(9))
    with session():
        load_events(tmp_path, "2026-01-05")
    write_events(source, "a.parquet", range(11))
    with session():
        assert read_ids(load_events(tmp_path)) == [9, 10]
    assert read_table(tmp_path) == list(range(4, 11))


def test_since_says_what_it_needs(session: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "in"
    write_events(source, "a.parquet", range(3))
    with pytest.raises(UsageError, match="needs a cursor"), session():
        load_events(tmp_path, "2026-01-01", cursor=None)
    with session():
        load_events(tmp_path, None, cursor=None)
    write_events(source, "b.parquet", range(3, 4))
    with pytest.raises(UsageError, match="did not note the largest 'when'"), session():
        load_events(tmp_path)
    plain = import_datadreamer().DataDreamer(str(tmp_path / "plain"), verbose=False)
    with pytest.raises(UsageError, match="since='last' works within `open_session`"), plain:
        load_events(tmp_path)


def test_folders_of_partitions_are_typed_over_all_files(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    for day in ("1", "2", "x"):
        write_events(tmp_path / f"in/day={day}", "a.parquet", range(2))
    args = {"source": str(tmp_path / "in"), "only": "new"}
    with session():
        step = LoadTable("load", args=args)
        assert step.output.dataset["day"] == ["1", "1", "2", "2", "x", "x"]
    write_events(tmp_path / "in/day=3", "a.parquet", range(2))
    with session():
        assert LoadTable("load", args=args).output.dataset["day"] == ["3", "3"]


def test_files_of_several_formats_take_what_is_told_of_some(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    write_events(tmp_path / "in", "a.parquet", range(2))
    (tmp_path / "in/b.csv").write_text("name;city\nAnn;Rome\n")
    args: dict[str, Any] = {"source": str(tmp_path / "in"), "delimiter": ";"}
    with session():
        step = LoadTable("load", args=args)
        assert step.output.dataset["city"] == [None, None, "Rome"]
    with pytest.raises(UsageError, match="sheet='1' is for excel files"), session():
        LoadTable("load", args=args | {"sheet": "1"})


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    write_file(source, "a.csv", [1])
    write_file(source, "b.csv", range(300_000))
    parts = tmp_path / "session/_files/parts"

    def change() -> None:
        while not list(parts.glob("*.partial")):
            time.sleep(0.001)
        write_file(source, "b.csv", [2])

    writer = threading.Thread(target=change)
    writer.start()
    with pytest.raises(SourceError, match=r"b\.csv: changed while it was read"), session():
        LoadTable("load", args={"source": str(source) + "/*"})
    writer.join()
    assert len(list_parts(tmp_path)) <= 1
    with session():
        assert read_ids(LoadTable("load", args={"source": str(source) + "/*"})) == [1, 2]


@pytest.mark.slow
def test_old_files_are_known_without_reading_them(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    for name in "ab":
        write_file(source, f"{name}.csv", range(300_000), name)
    time.sleep(2.1)
    args: dict[str, Any] = {"source": str(source) + "/*"}
    with session():
        LoadTable("load", args=args)
    size = sum(path.stat().st_size for path in source.iterdir())
    for rehash, is_read in ((False, False), (True, True)):
        with session():
            before = count_read_bytes()
            LoadTable("load", args=args | {"rehash": rehash})
            assert (count_read_bytes() - before > size) is is_read


@pytest.mark.slow
def test_the_commands_of_the_page_work_in_their_order(tmp_path: Path) -> None:
    page = (ROOT / "docs/increments.md").read_text(encoding="utf-8")
    commands = [
        line
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for line in block.split("\n")
        if line
    ]
    write_file(tmp_path / "in", "a.csv", [1, 2])
    for day, name in ((1, "a.parquet"), (2, "b.parquet"), (3, "c.parquet")):
        pq.write_table(pa.table({"day": [dt.date(2026, 1, day)]}), tmp_path / "in" / name)
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "dreambolt"
        done = run_command(words[1:], tmp_path, env)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    with duckdb.connect(str(tmp_path / "out/in.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM days").fetchall() == [(2,)]


# Real processes, killed.

FILES, ROWS = 16, 3_000


def run_pipeline(folder: Path, mode: str) -> None:
    with open_session(folder / "session"):
        append_files(folder, folder / "in", mode, only="new" if mode == "append" else "all")


def fill(folder: Path, numbers: range) -> list[int]:
    for number in numbers:
        write_file(folder / "in", f"{number:03}.csv", range(number * ROWS, (number + 1) * ROWS))
    return list(range(numbers.start * ROWS, numbers.stop * ROWS))


def count_parts(folder: Path) -> int:
    return len(list_parts(folder))


KILLS: dict[str, Callable[[Path], bool]] = {
    "half of the files read": lambda folder: count_parts(folder) >= FILES + FILES // 2,
    "a part half written": lambda folder: any((folder / "session/_files/parts").glob("*.partial")),
    "the table being put together": lambda folder: (folder / "session/load/.table.arrow").exists(),
    "read, and noted": lambda folder: any(
        Journal.load(path).pending for path in list_journals(folder)
    ),
    "cleaning": lambda folder: (folder / "session/clean/.table.arrow").exists(),
    "loading": lambda folder: any(folder.glob("out/*.duckdb.wal")),
    "loaded": lambda folder: (folder / "session/copy into/step.json").exists(),
}


CASES = [
    *(("append", kill, kill in ("half of the files read", "cleaning", "loaded")) for kill in KILLS),
    ("replace", "half of the files read", True),
    ("replace", "read, and noted", False),
]


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "kill", "is_late"), CASES)
def test_a_killed_run_ends_like_one_that_was_not(
    tmp_path: Path, mode: str, kill: str, is_late: bool
) -> None:
    known = fill(tmp_path, range(FILES))
    finish_process(run_pipeline, tmp_path, mode)
    for path in tmp_path.glob("session/copy into/step.json"):
        path.rename(path.with_name("seen.json"))
    before = list_parts(tmp_path)
    new = fill(tmp_path, range(FILES, 2 * FILES))
    (tmp_path / "in/000.csv").unlink()
    process = start_process(run_pipeline, tmp_path, mode)
    killed = kill_when(process, lambda: KILLS[kill](tmp_path))
    assert killed or kill in ("loading", "loaded")
    late = fill(tmp_path, range(2 * FILES, 2 * FILES + 1)) if is_late else []
    finish_process(run_pipeline, tmp_path, mode)
    if is_late:  # may wait for the interrupted run to be finished
        finish_process(run_pipeline, tmp_path, mode)
    wanted = known + new + late
    assert read_table(tmp_path) == (wanted if mode == "append" else wanted[ROWS:])
    after = list_parts(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * FILES + len(late) // ROWS
