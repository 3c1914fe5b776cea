"""Loads into real DuckDB files: what is in them afterwards, whatever happened on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import (
    SchemaError,
    SourceError,
    UsageError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.duckdb.warehouse import (
    describe_table,
    holds_load,
    load_parquet,
    query_database,
)
from dreambolt_steps.warehouses.sql import search_sql

ROOT = Path(__file__).resolve().parents[2]

LOAD_CHILD = """
import sys, time
import dreambolt_steps.warehouses.duckdb.warehouse as warehouse
import dreambolt_steps.warehouses.duckdb.load as warehouse_load

def tell(rows):
    print(rows, flush=True)
    time.sleep(float(sys.argv[2]))

warehouse_load.BATCH_ROWS = 1
warehouse.load_parquet(
    sys.argv[1], "t", sys.argv[4:], mode=sys.argv[3], load_id="big", on_progress=tell
)
print("done", flush=True)
"""
HOLD_CHILD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "x.duckdb"


@pytest.fixture
def small_disk(mount_disk: Callable[[int], Path]) -> Path:
    """A disk of 6 MiB."""
    return mount_disk(6)


def export(folder: Path, values: list, kind: pa.DataType | None = None, name: str = "a") -> Path:
    table = pa.table({name: pa.array(values, kind or pa.int64())})
    path = folder / f"{len(list(folder.glob('*.parquet')))}.parquet"
    write_parquet(table.to_reader(), path, metadata={"embedding.name": "mini"})
    return path


def read_column(database: Path, table: str = "t") -> list:
    found = query_database(database, f"SELECT * FROM {table}")
    return found.column(0).to_pylist()


def start(script: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_create_makes_folder_schema_table_and_record(tmp_path: Path, database: Path) -> None:
    files = [export(tmp_path, [3, 1]), export(tmp_path, [2])]
    seen: list[int] = []
    receipt = load_parquet(database, "sport.t", files, load_id="one", on_progress=seen.append)
    assert (receipt.rows, receipt.skipped, receipt.load_id) == (3, False, "one")
    assert read_column(database, "sport.t") == [3, 1, 2]
    assert seen == [3]
    [record] = query_database(database, "FROM _dreambolt_loads").to_pylist()
    assert record["load_id"] == "one"
    assert record["table_name"] == "sport.t"
    assert (record["mode"], record["rows"]) == ("create", 3)
    assert record["files"] == [str(file) for file in files]
    assert record["embedding_model"] == "mini"
    assert ("embedding.name", "mini") in record["metadata"]


def test_many_files_come_in_batches_in_their_order(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreambolt_steps.warehouses.duckdb.load.BATCH_ROWS", 4)
    files = [export(tmp_path, [n, -n]) for n in range(5)]
    seen: list[int] = []
    load_parquet(database, "t", files, load_id="one", on_progress=seen.append)
    assert seen == [4, 8, 10]
    assert read_column(database) == [0, 0, 1, -1, 2, -2, 3, -3, 4, -4]


def test_create_refuses_a_table_of_another_load(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "t", [export(tmp_path, [1])], load_id="one")
    with pytest.raises(WarehouseError, match=r"table T exists in .*replace or append"):
        load_parquet(database, "T", [export(tmp_path, [2])], load_id="two")
    assert read_column(database) == [1]


@pytest.mark.parametrize("mode", ["create", "replace", "append"])
def test_the_same_load_is_made_once(tmp_path: Path, database: Path, mode: str) -> None:
    file = export(tmp_path, [1, 2])
    first = load_parquet(database, "t", [file], mode=mode, load_id="one")
    again = load_parquet(database, "main.T", [file], mode=mode, load_id="one")
    assert (first.skipped, again.skipped, again.rows) == (False, True, 2)
    assert read_column(database) == [1, 2]


def test_append_adds_and_replace_starts_over(tmp_path: Path, database: Path) -> None:
    one, two = export(tmp_path, [1]), export(tmp_path, [2])
    load_parquet(database, "t", [one], mode="append", load_id="one")
    load_parquet(database, "t", [two], mode="append", load_id="two")
    assert read_column(database) == [1, 2]
    assert [load.load_id for load in describe_table(database, "t").loads] == ["one", "two"]
    assert holds_load(database, "t", "one")
    # the table holds more than load one, so replacing by it is work to do
    assert not load_parquet(database, "t", [one], mode="replace", load_id="one").skipped
    assert read_column(database) == [1]
    assert not holds_load(database, "t", "two")
    # and load two is no longer in it, so it can be appended again
    assert not load_parquet(database, "t", [two], mode="append", load_id="two").skipped
    assert read_column(database) == [1, 2]


def test_replace_there_and_back(tmp_path: Path, database: Path) -> None:
    one, two = export(tmp_path, [1]), export(tmp_path, ["x"], pa.string(), name="other")
    for turn in range(2):
        for load_id, file, expected in (("one", one, 1), ("two", two, "x")):
            receipt = load_parquet(database, "t", [file], mode="replace", load_id=load_id)
            assert not receipt.skipped, turn
            assert read_column(database) == [expected]


@pytest.mark.parametrize("statement", ["DROP TABLE t", "DELETE FROM t"])
@pytest.mark.parametrize("mode", ["create", "append"])
def test_a_table_that_is_gone_or_emptied_is_loaded_again(
    tmp_path: Path, database: Path, statement: str, mode: str
) -> None:
    file = export(tmp_path, [1])
    load_parquet(database, "t", [file], load_id="one")
    assert holds_load(database, "t", "one")
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)
    assert not holds_load(database, "t", "one")
    if statement.startswith("DELETE") and mode == "create":
        with pytest.raises(WarehouseError, match="exists"):
            load_parquet(database, "t", [file], mode=mode, load_id="one")
        return
    load_parquet(database, "t", [file], mode=mode, load_id="one")
    assert read_column(database) == [1]
    assert holds_load(database, "t", "one")


def test_holds_load_of_a_missing_database(tmp_path: Path) -> None:
    assert not holds_load(tmp_path / "none.duckdb", "t", "one")
    assert list(tmp_path.iterdir()) == []


def test_zero_rows_make_an_empty_table(tmp_path: Path, database: Path) -> None:
    file = export(tmp_path, [], pa.list_(pa.float32(), 4), name="v")
    assert load_parquet(database, "t", [file], load_id="none").rows == 0
    assert describe_table(database, "t").columns == {"v": "FLOAT[4]"}
    assert holds_load(database, "t", "none")


def test_vectors_become_arrays_that_can_be_searched(tmp_path: Path, database: Path) -> None:
    file = export(tmp_path, [[1, 0], None, [0, 1]], pa.list_(pa.float32(), 2), name="v")
    load_parquet(database, "t", [file], load_id="one")
    load_parquet(database, "t", [file], mode="append", load_id="two")
    assert describe_table(database, "t").columns == {"v": "FLOAT[2]"}
    found = query_database(database, "FROM t")
    assert found.schema.field("v").type == pa.list_(pa.float32(), 2)
    assert found.column("v").to_pylist()[:3] == [[1, 0], None, [0, 1]]
    near = query_database(database, search_sql("t", "v", 2, 2), {"vector": [1.0, 0.1]})
    assert [round(s, 3) for s in near.column("similarity").to_pylist()] == [0.995, 0.995]


def test_append_matches_by_name_and_widens(tmp_path: Path, database: Path) -> None:
    first = pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]})
    second = pa.table({"B": ["y"], "a": pa.array([2], pa.int8())})
    for number, table in enumerate((first, second)):
        path = tmp_path / f"{number}.parquet"
        write_parquet(table.to_reader(), path)
        load_parquet(database, "t", [path], mode="append", load_id=str(number))
    assert query_database(database, "FROM t").to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


def test_append_of_another_schema_names_the_columns(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "t", [export(tmp_path, [1], pa.int8())], load_id="one")
    other = pa.table({"a": ["text"], "extra": [1]})
    path = tmp_path / "other.parquet"
    write_parquet(other.to_reader(), path)
    with pytest.raises(
        SchemaError, match=r"'a' is VARCHAR .* TINYINT .*'extra' is only in the fil"
    ):
        load_parquet(database, "t", [path], mode="append", load_id="two")
    assert read_column(database) == [1]
    assert not holds_load(database, "t", "two")


def test_files_of_different_schemas(tmp_path: Path, database: Path) -> None:
    files = [export(tmp_path, [1]), export(tmp_path, ["x"], pa.string())]
    with pytest.raises(SchemaError, match=r"'a' is string in .*1.parquet and int64 in .*0.parquet"):
        load_parquet(database, "t", files, load_id="one")
    assert not database.exists()


@pytest.mark.parametrize(
    ("columns", "pattern"),
    [
        ({"A": [1], "a": [2]}, "'A' and 'a'"),
        ({"": [1]}, "column 1 has no name"),
        ({"d": pa.array([None], pa.decimal256(50, 2))}, r"decimal256\(50, 2\)"),
        ({"s": pa.array([None], pa.struct([("t", pa.duration("s"))]))}, r"duration\[s\]"),
    ],
)
def test_columns_that_duckdb_would_change(
    tmp_path: Path, database: Path, columns: dict, pattern: str
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(SchemaError, match=pattern):
        load_parquet(database, "t", [path], load_id="one")


def test_file_names_are_no_patterns(tmp_path: Path, database: Path) -> None:
    folder = tmp_path / "year=2026" / "a[1]*?"
    folder.mkdir(parents=True)
    other = tmp_path / "year=2026" / "a1"
    other.mkdir()
    file = export(folder, [1])
    export(other, [2])
    load_parquet(database, "t", [file], load_id="one")
    assert query_database(database, "FROM t").to_pydict() == {"a": [1]}


@pytest.mark.parametrize(
    ("content", "pattern"),
    [(None, "no such file"), (b"", "no Parquet file"), (b"PAR1 text PAR1", "no Parquet file")],
)
def test_bad_files(tmp_path: Path, database: Path, content: bytes | None, pattern: str) -> None:
    path = tmp_path / "x.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=pattern):
        load_parquet(database, "t", [path], load_id="one")
    assert not database.exists()


def test_damage_in_a_later_file_loads_nothing(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "t", [export(tmp_path, [0])], load_id="zero")
    good, bad = export(tmp_path, [1]), export(tmp_path, list(range(50_000)))
    content = bytearray(bad.read_bytes())
    content[4:4000] = b"\xff" * 3996
    bad.write_bytes(content)
    with pytest.raises(WarehouseError):
        load_parquet(database, "t", [good, bad], mode="append", load_id="one")
    assert read_column(database) == [0]
    assert not holds_load(database, "t", "one")


def test_a_file_that_changed_after_its_footer_was_read_loads_nothing(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreambolt_steps.warehouses.duckdb.load.BATCH_ROWS", 1)
    files = [export(tmp_path, [1]), export(tmp_path, [2])]

    def rewrite(rows: int) -> None:
        if rows == 1:
            write_parquet(pa.table({"a": [7, 8, 9]}).to_reader(), files[1])

    with pytest.raises(WarehouseError, match=r"4 rows came into table t .* hold 2"):
        load_parquet(database, "t", files, load_id="one", on_progress=rewrite)
    assert not database.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "upsert"},
        {"mode": "merge"},
        {"key": ["a"]},
        {"load_id": ""},
        {"files": []},
        {"table": "a.b.c"},
        {"table": "_dreambolt_loads"},
        {"database": ":memory:"},
        {"database": "s3://bucket/x.duckdb"},
    ],
)
def test_wrong_arguments(tmp_path: Path, database: Path, options: dict) -> None:
    args = {"database": database, "table": "t", "files": [export(tmp_path, [1])], "load_id": "x"}
    with pytest.raises(UsageError):
        load_parquet(**(args | options))
    assert not database.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"hello" * 5000])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    file = export(tmp_path, [1])
    for attempt in (
        lambda: load_parquet(path, "t", [file], load_id="x"),
        lambda: holds_load(path, "t", "x"),
        lambda: query_database(path, "SELECT 1"),
    ):
        with pytest.raises(WarehouseError, match="is no DuckDB database"):
            attempt()
    assert path.read_bytes() == content
    with pytest.raises(WarehouseError, match="is no DuckDB database"):
        load_parquet(tmp_path, "t", [file], load_id="x")


def test_a_database_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WarehouseError, match="can't be made"):
        load_parquet(tmp_path / "file" / "x.duckdb", "t", ["x.parquet"], load_id="x")


def test_a_database_open_in_another_process(tmp_path: Path, database: Path) -> None:
    file = export(tmp_path, [1])
    load_parquet(database, "t", [file], load_id="one")
    child = start(HOLD_CHILD, database)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    for attempt in (
        lambda: load_parquet(database, "t", [file], mode="append", load_id="two"),
        lambda: holds_load(database, "t", "one"),
    ):
        with pytest.raises(WarehouseBusyError, match=rf"x.duckdb is open .*PID {child.pid}.*close"):
            attempt()
    child.communicate("")
    assert holds_load(database, "t", "one")


def test_a_failed_load_keeps_the_tables_that_others_made_meanwhile(
    tmp_path: Path, database: Path
) -> None:
    def fail(rows: int) -> None:
        with duckdb.connect(str(database)) as other:
            other.execute("CREATE TABLE other AS SELECT 1 AS a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_parquet(database, "t", [export(tmp_path, [1])], load_id="one", on_progress=fail)
    assert query_database(database, "SHOW TABLES").to_pydict() == {"name": ["other"]}


def test_an_interrupted_load_leaves_no_new_database(tmp_path: Path, database: Path) -> None:
    def fail(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_parquet(database, "t", [export(tmp_path, [1])], load_id="one", on_progress=fail)
    assert list(database.parent.iterdir()) == []


def test_a_database_open_in_this_process(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "t", [export(tmp_path, [1])], load_id="one")
    with duckdb.connect(str(database)), pytest.raises(WarehouseBusyError, match="this process"):
        query_database(database, "FROM t")


@pytest.mark.parametrize("mode", ["create", "append", "replace"])
def test_a_load_killed_between_two_files_leaves_the_old_table(
    tmp_path: Path, database: Path, mode: str
) -> None:
    files = [export(tmp_path, list(range(n, n + 200_000))) for n in range(3)]
    if mode != "create":
        load_parquet(database, "t", [export(tmp_path, [7])], load_id="old")
    child = start(LOAD_CHILD, database, 60, mode, *files)
    assert child.stdout is not None
    assert child.stdout.readline() == "200000\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    if mode != "create":
        assert read_column(database) == [7]
    assert not holds_load(database, "t", "big")
    load_parquet(database, "t", files, mode=mode, load_id="big")
    expected = [value for n in range(3) for value in range(n, n + 200_000)]
    assert read_column(database) == ([7] if mode == "append" else []) + expected
    assert [entry.name for entry in database.parent.iterdir()] == ["x.duckdb"]


def test_a_load_killed_at_any_time_is_all_or_nothing(tmp_path: Path, database: Path) -> None:
    files = [export(tmp_path, list(range(200_000))) for _ in range(3)]
    for turn in range(5):
        child = start(LOAD_CHILD, database, 0, "append", *files)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.01 * turn)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if database.exists() and holds_load(database, "t", "big"):
            break
    load_parquet(database, "t", files, mode="append", load_id="big")
    assert read_column(database) == list(range(200_000)) * 3
    assert len(describe_table(database, "t").loads) == 1


def test_a_load_larger_than_its_memory_spills_and_cleans_up(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, dims = 40_000, 256  # 41 MB of vectors
    values = pa.array(range(rows * dims), pa.float32())
    table = pa.table({"v": pa.FixedSizeListArray.from_arrays(values, dims)})
    files = write_parquet(table.to_reader(5000), tmp_path / "v", row_group_rows=5000)
    spill = database.parent / "x.duckdb.tmp"
    spill.mkdir(parents=True)
    (spill / "duckdb_temp_1_0_storage_DEFAULT-0.tmp").write_text("of a killed run")
    seen = []
    monkeypatch.setattr("dreambolt_steps.warehouses.duckdb.connection.LOAD_MEMORY", "40MiB")
    load_parquet(
        database,
        "t",
        [file.path for file in files],
        load_id="one",
        on_progress=lambda _: seen.extend(spill.iterdir()),
    )
    assert seen  # it did spill
    assert [entry.name for entry in database.parent.iterdir()] == ["x.duckdb"]
    assert query_database(database, "SELECT v FROM t").equals(table)


def test_the_memory_limit_of_a_shared_connection_comes_back(tmp_path: Path, database: Path) -> None:
    database.parent.mkdir(parents=True)
    with duckdb.connect(str(database)) as shared:
        shared.execute("SET memory_limit = '2GiB'")
        load_parquet(database, "t", [export(tmp_path, [1])], load_id="one")
        limit = shared.execute("SELECT current_setting('memory_limit')").fetchone()
        assert limit == ("2.0 GiB",)


def test_a_full_disk_leaves_the_old_table(tmp_path: Path, small_disk: Path) -> None:
    database = small_disk / "x.duckdb"
    load_parquet(database, "t", [export(tmp_path, list(range(1000)))], load_id="old")
    # squares defeat the table's compression
    big = export(tmp_path, [(n * 2654435761 + n**5) % 2**63 for n in range(2_000_000)])
    for mode in ("append", "replace"):
        with pytest.raises(WarehouseError, match=r"disk of .* is full .* MiB free"):
            load_parquet(database, "t", [big], mode=mode, load_id="big")
        assert read_column(database) == list(range(1000))
    with pytest.raises(WarehouseError, match="full"):
        load_parquet(small_disk / "new.duckdb", "t", [big], load_id="big")
    assert [entry.name for entry in small_disk.iterdir()] == ["x.duckdb"]


def test_a_read_only_disk(tmp_path: Path, small_disk: Path) -> None:
    file = export(tmp_path, [1])
    load_parquet(small_disk / "x.duckdb", "t", [file], load_id="one")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for name in ("x.duckdb", "new.duckdb"):
        with pytest.raises(WarehouseError, match=r"can't be written; change its permissions"):
            load_parquet(small_disk / name, "t", [file], mode="append", load_id="two")
    assert read_column(small_disk / "x.duckdb") == [1]
    assert holds_load(small_disk / "x.duckdb", "t", "one")


def test_queries_take_parameters_and_a_limit(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "t", [export(tmp_path, [1, 2, 3, 4])], load_id="one")
    found = query_database(database, "SELECT a FROM t WHERE a > ? ORDER BY a", [1], limit=2)
    assert found.to_pydict() == {"a": [2, 3]}
    found = query_database(database, "SELECT a FROM t WHERE a = $a", {"a": 4})
    assert found.to_pydict() == {"a": [4]}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (2)",
        "DELETE FROM t",
        "DROP TABLE t",
        "CREATE TABLE u (a INTEGER)",
        "COPY t TO '{folder}/stolen.csv'",
        "COPY (SELECT 1) TO '{folder}/stolen.parquet'",
        "ATTACH '{folder}/stolen.duckdb'",
        "EXPORT DATABASE '{folder}/stolen'",
        "SELECT 1; DROP TABLE t",
        "SET enable_external_access = true",
    ],
)
def test_queries_never_write(tmp_path: Path, database: Path, statement: str) -> None:
    load_parquet(database, "t", [export(tmp_path, [1])], load_id="one")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    content = database.read_bytes()
    with pytest.raises(WarehouseError, match="only reads"):
        query_database(database, statement.format(folder=tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert database.read_bytes() == content


def test_errors_of_queries_are_one_line(tmp_path: Path, database: Path) -> None:
    load_parquet(database, "s.players", [export(tmp_path, [1])], load_id="one")
    with pytest.raises(WarehouseError) as caught:
        query_database(database, "SELEC 1")
    assert re.search(r"x.duckdb: Parser Error: .*SELEC", str(caught.value))
    assert "\n" not in str(caught.value)
    with pytest.raises(WarehouseError, match=r"no table t in .*there are s.players"):
        describe_table(database, "t")
    with pytest.raises(WarehouseError, match="does not exist"):
        query_database(tmp_path / "none.duckdb", "SELECT 1")
    assert not (tmp_path / "none.duckdb").exists()


def test_files_on_s3_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"s3://b/x.parquet: DuckDB loads .*; use LoadTable"):
        load_parquet(tmp_path / "x.duckdb", "t", ["s3://b/x.parquet"], load_id="one")
    assert not (tmp_path / "x.duckdb").exists()


def test_a_disk_that_is_full_at_the_commit_is_called_full(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = small_disk / "x.duckdb"
    load_parquet(database, "t", [export(tmp_path, ["old"], pa.string())], load_id="old")
    # of one row group, which is not written before the commit
    noise = [os.urandom(60).hex() for _ in range(100_000)]
    file = export(tmp_path, noise, pa.string())
    brought: list[int] = []
    with pytest.raises(WarehouseError, match=r"disk of .* is full .* nothing was loaded"):
        load_parquet(
            database, "t", [file], mode="append", load_id="big", on_progress=brought.append
        )
    assert brought == [100_000]  # so it was the commit that failed
    assert read_column(database) == ["old"]
